-- One row per de-identified study: site and StudyInstanceUID.
-- Instances in conflict are not counted. Where instances of a study disagree the smallest value is shown.
SELECT
    site,
    MIN(PatientID) AS PatientID,
    StudyInstanceUID,
    MIN(StudyDate) AS StudyDate,
    MIN(StudyTime) AS StudyTime,
    MIN(StudyDescription) AS StudyDescription,
    MIN(PatientSex) AS PatientSex,
    MIN(patient_age_years) AS patient_age_years,
    ARRAY_AGG(DISTINCT Modality IGNORE NULLS ORDER BY Modality) AS modalities,
    ARRAY_AGG(DISTINCT BodyPartExamined IGNORE NULLS ORDER BY BodyPartExamined) AS body_parts,
    COUNT(DISTINCT SeriesInstanceUID) AS series,
    COUNT(*) AS instances,
    SUM(object_bytes) AS object_bytes
FROM `research.instances`
WHERE NOT conflict
GROUP BY site, StudyInstanceUID
