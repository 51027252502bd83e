-- One row per de-identified series: site, StudyInstanceUID and SeriesInstanceUID.
-- Instances in conflict are not counted. Where instances of a series disagree the smallest value is shown.
SELECT
    site,
    MIN(PatientID) AS PatientID,
    StudyInstanceUID,
    SeriesInstanceUID,
    MIN(Modality) AS Modality,
    MIN(Manufacturer) AS Manufacturer,
    MIN(ManufacturerModelName) AS ManufacturerModelName,
    MIN(BodyPartExamined) AS BodyPartExamined,
    MIN(SeriesDescription) AS SeriesDescription,
    MIN(ProtocolName) AS ProtocolName,
    MIN(SeriesNumber) AS SeriesNumber,
    MIN(SeriesDate) AS SeriesDate,
    MIN(SeriesTime) AS SeriesTime,
    MIN(SliceThickness) AS SliceThickness,
    MIN(KVP) AS KVP,
    MIN(MagneticFieldStrength) AS MagneticFieldStrength,
    COUNT(*) AS instances,
    SUM(COALESCE(NumberOfFrames, 1)) AS frames,
    SUM(object_bytes) AS object_bytes
FROM `research.instances`
WHERE NOT conflict
GROUP BY site, StudyInstanceUID, SeriesInstanceUID
