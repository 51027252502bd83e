CREATE TABLE IF NOT EXISTS `ops.retractions` (
    row_key STRING NOT NULL OPTIONS (description = 'Key of the row, made from what it is about: the same event always gives the same key. Rows that share it are one row.'),
    site STRING NOT NULL OPTIONS (description = 'Sender, as named in the settings.'),
    received_at TIMESTAMP OPTIONS (description = 'UTC time at which the object was complete in the landing bucket (timeCreated of its generation). Partition.'),
    event_id STRING OPTIONS (description = 'Keyed id of the event that brought the object.'),
    generation INT64 OPTIONS (description = 'Generation of the object in Cloud Storage: a number that grows with each write.'),
    batch STRING OPTIONS (description = 'Batch (first folder of the object name): in clear when it is a label of our own uploader, else its key.'),
    object_key STRING OPTIONS (description = 'Keyed name of the object (letter O); with generation it names the arrived object.'),
    code STRING OPTIONS (description = 'Reason code: why it is hidden.'),
    decided_at TIMESTAMP OPTIONS (description = 'UTC time of the decision.'),
    pipeline_version STRING OPTIONS (description = 'Version of the pipeline that wrote the row.'),
    rules_version STRING OPTIONS (description = 'Version of the rule files: first 12 hexadecimal digits of their SHA-256.'),
    key_version STRING OPTIONS (description = 'Check value of the operations key: 8 hexadecimal digits. Pseudonyms compare only under one key.')
)
PARTITION BY TIMESTAMP_TRUNC(received_at, MONTH)
CLUSTER BY site, object_key
OPTIONS (description = 'An arrived object hidden from every view: withdrawn, or retracted by its manifest. A retraction is never taken back by a later receipt.');
