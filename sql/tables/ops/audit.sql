CREATE TABLE IF NOT EXISTS `ops.audit` (
    row_key STRING NOT NULL OPTIONS (description = 'Key of the row, made from what it is about: the same event always gives the same key. Rows that share it are one row.'),
    site STRING OPTIONS (description = 'Site whose data was touched; NULL when it was no single one.'),
    actor STRING OPTIONS (description = 'Keyed name of who acted (letter U).'),
    action STRING OPTIONS (description = 'What was done, for example quarantine_approve.'),
    object_key STRING OPTIONS (description = 'Keyed name of the object it was done to, when it was one (letter O).'),
    code STRING OPTIONS (description = 'Reason code of the object at that time.'),
    decided_at TIMESTAMP OPTIONS (description = 'UTC time of the action. Partition.'),
    detail STRING OPTIONS (description = 'A slug of our own that says more; never a value of the input.'),
    pipeline_version STRING OPTIONS (description = 'Version of the pipeline that wrote the row.'),
    rules_version STRING OPTIONS (description = 'Version of the rule files: first 12 hexadecimal digits of their SHA-256.'),
    key_version STRING OPTIONS (description = 'Check value of the operations key: 8 hexadecimal digits. Pseudonyms compare only under one key.')
)
PARTITION BY TIMESTAMP_TRUNC(decided_at, MONTH)
CLUSTER BY site, action
OPTIONS (description = 'A decision of a steward, query, export or read through the platform.');
