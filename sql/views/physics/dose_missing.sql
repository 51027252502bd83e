-- One row per study with original CT images for which no dose object came.
-- `found` tells what there is instead: header (CTDIvol in the image headers only, no DLP of the scanner) or nothing.
WITH imaged AS (
    SELECT
        site,
        study_key,
        MIN(device_key) AS device_key,
        MIN(Manufacturer) AS Manufacturer,
        MIN(ManufacturerModelName) AS ManufacturerModelName,
        MIN(COALESCE(StudyDate, DATE(acquired_local))) AS StudyDate,
        COUNT(*) AS images
    FROM `clinic.acquisitions`
    WHERE Modality = 'CT' AND 'ORIGINAL' IN UNNEST(ImageType)
    GROUP BY site, study_key
),

dosed AS (
    SELECT
        site,
        study_key,
        object_kind != 'image' AS reported
    FROM `physics.dose_studies`
    WHERE modality = 'CT'
)

SELECT
    imaged.site,
    imaged.study_key,
    imaged.device_key,
    imaged.Manufacturer,
    imaged.ManufacturerModelName,
    imaged.StudyDate,
    imaged.images,
    IF(dosed.study_key IS NULL, 'nothing', 'header') AS found
FROM imaged
LEFT JOIN dosed
    ON imaged.site = dosed.site AND imaged.study_key = dosed.study_key
WHERE dosed.reported IS NULL OR NOT dosed.reported
