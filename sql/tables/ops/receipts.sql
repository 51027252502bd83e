CREATE TABLE IF NOT EXISTS `ops.receipts` (
    row_key STRING NOT NULL OPTIONS (description = 'Key of the row, made from what it is about: the same event always gives the same key. Rows that share it are one row.'),
    site STRING NOT NULL OPTIONS (description = 'Sender, as named in the settings.'),
    received_at TIMESTAMP OPTIONS (description = 'UTC time at which the object was complete in the landing bucket (timeCreated of its generation). Partition.'),
    event_id STRING OPTIONS (description = 'Keyed id of the event that brought the object.'),
    generation INT64 OPTIONS (description = 'Generation of the object in Cloud Storage: a number that grows with each write.'),
    batch STRING OPTIONS (description = 'Batch (first folder of the object name): in clear when it is a label of our own uploader, else its key.'),
    object_key STRING OPTIONS (description = 'Keyed name of the object in the landing bucket (letter O).'),
    content_key STRING OPTIONS (description = 'Keyed SHA-256 of the bytes of the object (letter C); NULL when it could not be read.'),
    bytes INT64 OPTIONS (description = 'Size of the object in bytes.'),
    kind STRING OPTIONS (description = 'What it is by content: dicom_image, dicom_sr, dicom_encapsulated, dicom_other, pdf, text, rtf, office, hl7, xml, archive, manifest, access_log or other.'),
    status STRING OPTIONS (description = 'How it is stored: modern, legacy, corrupt or not_dicom; NULL for manifests.'),
    outcome STRING OPTIONS (description = 'Decision of the side that decides for the site: released, quarantined, pending or ignored.'),
    code STRING OPTIONS (description = 'Reason code, NULL when there is nothing to say.'),
    operations_outcome STRING OPTIONS (description = 'Decision of the operations side.'),
    research_outcome STRING OPTIONS (description = 'Decision of the research side.'),
    detail STRING OPTIONS (description = 'A slug of our own that says more than the code; never a value of the input.'),
    patient_key STRING OPTIONS (description = 'Operations pseudonym of the patient (letter P).'),
    study_key STRING OPTIONS (description = 'Keyed StudyInstanceUID.'),
    series_key STRING OPTIONS (description = 'Keyed SeriesInstanceUID.'),
    instance_key STRING OPTIONS (description = 'Keyed SOPInstanceUID.'),
    accession_key STRING OPTIONS (description = 'Keyed accession number, normalised by the rules of the site (letter A).'),
    modality STRING OPTIONS (description = 'DICOM (0008,0060) Modality, defined term.'),
    turn INT64 OPTIONS (description = 'How many manifests and decisions of stewards the judgement knew of: of several decisions about one object that with the highest turn counts.'),
    decided_at TIMESTAMP OPTIONS (description = 'UTC time of the decision; of several decisions of one turn the latest counts.'),
    pipeline_version STRING OPTIONS (description = 'Version of the pipeline that wrote the row.'),
    rules_version STRING OPTIONS (description = 'Version of the rule files: first 12 hexadecimal digits of their SHA-256.'),
    key_version STRING OPTIONS (description = 'Check value of the operations key: 8 hexadecimal digits. Pseudonyms compare only under one key.')
)
PARTITION BY TIMESTAMP_TRUNC(received_at, MONTH)
CLUSTER BY site, batch, object_key
OPTIONS (description = 'A decision about an arrived object. Append-only: read it through clinic.receipts.');
