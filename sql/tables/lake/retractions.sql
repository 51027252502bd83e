CREATE TABLE IF NOT EXISTS `lake.retractions` (
    row_key STRING NOT NULL OPTIONS (description = 'Key of the row, made from what it is about: the same delivery always gives the same key. Rows that share it are one row.'),
    site STRING NOT NULL OPTIONS (description = 'Sender, as named in the settings.'),
    release_month DATE OPTIONS (description = 'First day of the month in which the row was written; the finest time this side knows. Partition.'),
    delivery_key STRING OPTIONS (description = 'The delivery that is hidden, as in lake.instances; other deliveries of the same content stand.'),
    object STRING OPTIONS (description = 'Only this clean object of the delivery, superseded by a later judgement of it; NULL: the whole delivery.'),
    code STRING OPTIONS (description = 'Reason code: why it is hidden.'),
    pipeline_version STRING OPTIONS (description = 'Version of the pipeline that wrote the row.'),
    rules_version STRING OPTIONS (description = 'Version of the rule files: first 12 hexadecimal digits of their SHA-256.'),
    key_version STRING OPTIONS (description = 'Check value of the research key: 8 hexadecimal digits. Pseudonyms compare only under one key.')
)
PARTITION BY DATE_TRUNC(release_month, MONTH)
CLUSTER BY site, delivery_key
OPTIONS (description = 'Deliveries hidden from every view of the research side: withdrawn, or retracted by its manifest.');
