CREATE TABLE IF NOT EXISTS `ops.manifests` (
    row_key STRING NOT NULL OPTIONS (description = 'Key of the row, made from what it is about: the same event always gives the same key. Rows that share it are one row.'),
    site STRING NOT NULL OPTIONS (description = 'Sender, as named in the settings.'),
    received_at TIMESTAMP OPTIONS (description = 'UTC time at which the object was complete in the landing bucket (timeCreated of its generation). Partition.'),
    event_id STRING OPTIONS (description = 'Keyed id of the event that brought the object.'),
    generation INT64 OPTIONS (description = 'Generation of the object in Cloud Storage: a number that grows with each write.'),
    batch STRING OPTIONS (description = 'Batch (first folder of the object name): in clear when it is a label of our own uploader, else its key.'),
    manifest_key STRING OPTIONS (description = 'Keyed name of the manifest (letter O).'),
    line INT64 OPTIONS (description = 'Line number in the manifest; the header is line 1.'),
    accession_key STRING OPTIONS (description = 'Keyed accession number, normalised by the rules of the site (letter A); NULL when the field is empty.'),
    study_key STRING OPTIONS (description = 'Keyed StudyInstanceUID, when announced.'),
    object_key STRING OPTIONS (description = 'Keyed name of the announced file, in the form of ops.receipts, when a file is named.'),
    content_key STRING OPTIONS (description = 'Keyed SHA-256 of the announced file, in the form of ops.receipts, when announced.'),
    bytes INT64 OPTIONS (description = 'Announced size of the file in bytes.'),
    expected_files INT64 OPTIONS (description = 'Announced number of files of this accession, or of this study of it when the line names one.'),
    pipeline_version STRING OPTIONS (description = 'Version of the pipeline that wrote the row.'),
    rules_version STRING OPTIONS (description = 'Version of the rule files: first 12 hexadecimal digits of their SHA-256.'),
    key_version STRING OPTIONS (description = 'Check value of the operations key: 8 hexadecimal digits. Pseudonyms compare only under one key.')
)
PARTITION BY TIMESTAMP_TRUNC(received_at, MONTH)
CLUSTER BY site, batch, accession_key
OPTIONS (description = 'A line of a manifest, as announced. Append-only: of several versions of one manifest the latest generation counts.');
