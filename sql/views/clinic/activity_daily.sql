-- One row per local day, device, modality and body part.
-- What was made, by the day on which it was acquired (else the date of its study).
SELECT
    site,
    COALESCE(DATE(acquired_local), StudyDate) AS day,
    device_key,
    Modality,
    BodyPartExamined,
    COUNT(DISTINCT patient_key) AS patients,
    COUNT(DISTINCT study_key) AS studies,
    COUNT(DISTINCT CONCAT(study_key, ' ', series_key)) AS series,
    COUNT(*) AS instances,
    SUM(bytes) AS bytes
FROM `clinic.acquisitions`
GROUP BY site, day, device_key, Modality, BodyPartExamined
