-- One row per study whose dose is missing: site and study_key.
-- Studies with original CT images for which no dose object came, and studies of any modality whose objects do not tell the quantity that theirs
-- is judged by (`lacks`: dlp_mGycm, dap_Gym2, agd_mGy, activity_MBq, or report). `found` tells what there is instead: nothing, header
-- (CTDIvol in the image headers only, no DLP of the scanner), or the kind of object that tells of the exposures.
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
        device_key,
        Manufacturer,
        ManufacturerModelName,
        modality,
        StudyDate,
        object_kind,
        CASE modality
            WHEN 'CT' THEN IF(total_dlp_mGycm IS NULL, 'dlp_mGycm', NULL)
            WHEN 'MG' THEN IF(agd_mGy IS NULL, 'agd_mGy', NULL)
            WHEN 'NM' THEN IF(activity_MBq IS NULL, 'activity_MBq', NULL)
            ELSE IF(total_dap_Gym2 IS NULL, 'dap_Gym2', NULL)
        END AS lacks
    FROM `physics.dose_studies`
)

SELECT
    imaged.site,
    imaged.study_key,
    'CT' AS modality,
    imaged.device_key,
    imaged.Manufacturer,
    imaged.ManufacturerModelName,
    imaged.StudyDate,
    imaged.images,
    'report' AS lacks,
    IF(dosed.study_key IS NULL, 'nothing', 'header') AS found
FROM imaged
LEFT JOIN dosed
    ON imaged.site = dosed.site AND imaged.study_key = dosed.study_key AND dosed.modality = 'CT'
WHERE dosed.study_key IS NULL OR dosed.object_kind = 'image'
UNION ALL
SELECT
    dosed.site,
    dosed.study_key,
    dosed.modality,
    dosed.device_key,
    dosed.Manufacturer,
    dosed.ManufacturerModelName,
    dosed.StudyDate,
    CAST(NULL AS INT64) AS images,
    dosed.lacks,
    dosed.object_kind AS found
FROM dosed
LEFT JOIN imaged
    ON dosed.site = imaged.site AND dosed.study_key = imaged.study_key AND dosed.modality = 'CT' AND dosed.object_kind = 'image'
WHERE dosed.lacks IS NOT NULL AND imaged.study_key IS NULL
