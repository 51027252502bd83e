-- One row per study whose dose is missing: site and study_key.
-- Studies with original CT images for which no dose object came, and studies of any modality whose objects do not tell the quantity that theirs
-- is judged by (`lacks`: dlp_mGycm, dap_Gym2, agd_mGy, activity_MBq, or report). `found` tells what there is instead: nothing, header
-- (CTDIvol in the image headers only, no DLP of the scanner), or the kind of object that tells of the exposures.
WITH dosed AS (
    SELECT
        site,
        study_key,
        device_key,
        Manufacturer,
        ManufacturerModelName,
        modality,
        StudyDate,
        object_kind,
        ctdivol_mGy,
        CASE modality
            WHEN 'CT' THEN IF(total_dlp_mGycm IS NULL, 'dlp_mGycm', NULL)
            WHEN 'MG' THEN IF(agd_mGy IS NULL, 'agd_mGy', NULL)
            WHEN 'NM' THEN IF(activity_MBq IS NULL, 'activity_MBq', NULL)
            ELSE IF(total_dap_Gym2 IS NULL, 'dap_Gym2', NULL)
        END AS lacks
    FROM `physics.dose_studies`
),

unreported AS (
    SELECT
        imaged.*,
        IF(dosed.ctdivol_mGy IS NULL, 'nothing', 'header') AS found
    FROM `physics.dose_imaged` AS imaged
    LEFT JOIN dosed
        ON imaged.site = dosed.site AND imaged.study_key = dosed.study_key AND dosed.modality = 'CT'
    WHERE dosed.study_key IS NULL OR dosed.object_kind = 'image'
),

pictures AS (
    SELECT
        told.site,
        told.study_key,
        COUNT(DISTINCT told.instance_key) AS images
    FROM `ops.acquisitions` AS told
    INNER JOIN unreported
        ON told.site = unreported.site AND told.study_key = unreported.study_key
    LEFT JOIN `clinic.hidden` AS hidden
        ON
            told.site = hidden.site
            AND told.generation = hidden.generation
            AND told.content_key = hidden.content_key
    WHERE hidden.site IS NULL AND told.Modality = 'CT' AND 'ORIGINAL' IN UNNEST(told.ImageType)
    GROUP BY told.site, told.study_key
)

SELECT
    unreported.site,
    unreported.study_key,
    'CT' AS modality,
    unreported.device_key,
    unreported.Manufacturer,
    unreported.ManufacturerModelName,
    unreported.StudyDate,
    pictures.images,
    'report' AS lacks,
    unreported.found
FROM unreported
INNER JOIN pictures
    ON unreported.site = pictures.site AND unreported.study_key = pictures.study_key
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
LEFT JOIN `physics.dose_imaged` AS imaged
    ON dosed.site = imaged.site AND dosed.study_key = imaged.study_key AND dosed.modality = 'CT' AND dosed.object_kind = 'image'
WHERE dosed.lacks IS NOT NULL AND imaged.study_key IS NULL
