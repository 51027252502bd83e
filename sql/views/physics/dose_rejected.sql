-- One row per structured report that arrived and gave no dose: site, object_key and generation.
-- `why`: the code under which operations hold it, retracted, or no_dose where it was read and holds none.
SELECT
    receipts.site,
    receipts.object_key,
    receipts.generation,
    receipts.batch,
    receipts.received_at,
    receipts.study_key,
    receipts.content_key,
    CASE
        WHEN receipts.retracted THEN 'retracted'
        WHEN receipts.operations_outcome = 'quarantined' THEN COALESCE(receipts.code, 'quarantined')
        ELSE 'no_dose'
    END AS why
FROM `clinic.receipts` AS receipts
LEFT JOIN `physics.dose_provenance` AS dose
    ON receipts.site = dose.site AND receipts.content_key = dose.content_key
WHERE receipts.kind = 'dicom_sr' AND dose.content_key IS NULL
