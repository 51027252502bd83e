CREATE TABLE IF NOT EXISTS `lake.reports` (
    row_key STRING NOT NULL OPTIONS (description = 'Key of the row, made from what it is about: the same delivery always gives the same key. Rows that share it are one row.'),
    site STRING NOT NULL OPTIONS (description = 'Sender, as named in the settings.'),
    release_month DATE OPTIONS (description = 'First day of the month in which the row was written; the finest time this side knows. Partition.'),
    delivery_key STRING OPTIONS (description = 'The arrival this row came from, keyed (letter O): what a retraction names. It joins to nothing on the operations side.'),
    content_key STRING OPTIONS (description = 'Keyed hash of the original bytes (letter C): equal for equal files, of no use without the key.'),
    report_key STRING OPTIONS (description = 'The report, keyed (letter T): the same for a report and its translations.'),
    kind STRING OPTIONS (description = 'What the report came as: pdf, text, rtf, office, hl7, xml, dicom_sr or dicom_encapsulated.'),
    object STRING OPTIONS (description = 'Name of the clean object in the research bucket: the rebuilt document, the DICOM object, or the text itself.'),
    text_object STRING OPTIONS (description = 'Name of the clean plain text in the research bucket; NULL where the text stands in a DICOM object.'),
    PatientID STRING OPTIONS (description = 'Research pseudonym of the patient, P and 20 characters; of a report that belongs to no known study, one of its own.'),
    StudyInstanceUID STRING OPTIONS (description = 'Research pseudonym of the study, under 2.25; NULL where only the patient is known.'),
    accession_key STRING OPTIONS (description = 'Research pseudonym of the accession number (letter A).'),
    language STRING OPTIONS (description = 'Language the report is written in: en, es, fr, de, it or pt.'),
    target_language STRING OPTIONS (description = 'Language of the translation; NULL in the row of the report itself.'),
    text STRING OPTIONS (description = 'Scrubbed text: names, numbers and places are placeholders, dates are shifted with the DICOM dates of the patient. Form feeds part pages, tabs cells.'),
    translation STRING OPTIONS (description = 'Machine translation of the scrubbed text; NULL in the row of the report itself.'),
    engine STRING OPTIONS (description = 'What translated, with its version.'),
    untranslated_sentences INT64 OPTIONS (description = 'Sentences kept in the source language, since their translation failed its checks; they are marked in the text.'),
    untranslated_words INT64 OPTIONS (description = 'Words that the engine does not know, kept as they are and marked in the text; engines that do not tell give 0.'),
    findings_count INT64 OPTIONS (description = 'How many places of the text were replaced.'),
    findings JSON OPTIONS (description = 'The same by label and by the layer that found it; no values.'),
    pages INT64 OPTIONS (description = 'Pages of the original.'),
    read_by STRING OPTIONS (description = 'How the original was read: text, or ocr when at least one page was read from its picture.'),
    left_behind JSON OPTIONS (description = 'What the original held and no copy has: attachments, earlier revisions, pictures and the like, counted.'),
    pipeline_version STRING OPTIONS (description = 'Version of the pipeline that wrote the row.'),
    rules_version STRING OPTIONS (description = 'Version of the rule files: first 12 hexadecimal digits of their SHA-256.'),
    key_version STRING OPTIONS (description = 'Check value of the research key: 8 hexadecimal digits. Pseudonyms compare only under one key.')
)
PARTITION BY DATE_TRUNC(release_month, MONTH)
CLUSTER BY site, StudyInstanceUID
OPTIONS (description = 'A delivery of a de-identified report, or of its translation into one language. Append-only: read it through research.reports.');
