CREATE TABLE IF NOT EXISTS `ops.batches` (
    row_key STRING NOT NULL OPTIONS (description = 'Key of the row, made from what it is about: the same event always gives the same key. Rows that share it are one row.'),
    site STRING NOT NULL OPTIONS (description = 'Sender, as named in the settings.'),
    received_at TIMESTAMP OPTIONS (description = 'UTC time at which the object was complete in the landing bucket (timeCreated of its generation). Partition.'),
    event_id STRING OPTIONS (description = 'Keyed id of the event that brought the object.'),
    generation INT64 OPTIONS (description = 'Generation of the object in Cloud Storage: a number that grows with each write.'),
    batch STRING OPTIONS (description = 'Batch (first folder of the object name): in clear when it is a label of our own uploader, else its key.'),
    manifest_key STRING OPTIONS (description = 'Keyed name of the manifest (letter O).'),
    lines INT64 OPTIONS (description = 'Lines of data in the manifest.'),
    accessions INT64 OPTIONS (description = 'Different accession numbers in the manifest, after normalising.'),
    delimiter STRING OPTIONS (description = 'Column delimiter found, a comma or a semicolon.'),
    pipeline_version STRING OPTIONS (description = 'Version of the pipeline that wrote the row.'),
    rules_version STRING OPTIONS (description = 'Version of the rule files: first 12 hexadecimal digits of their SHA-256.'),
    key_version STRING OPTIONS (description = 'Check value of the operations key: 8 hexadecimal digits. Pseudonyms compare only under one key.')
)
PARTITION BY TIMESTAMP_TRUNC(received_at, MONTH)
CLUSTER BY site, batch
OPTIONS (description = 'A manifest as announced: one row per version of a manifest. Its lines stand in ops.manifests.');
