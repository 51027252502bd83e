-- One row per device and month with CT images or dose.
-- Studies with original CT images, how many of them have a dose object, and the share; of devices without CT images only studies with
-- dose. `studies_without_value` lack the quantity of their modality (total DLP, DAP, glandular dose, activity) though an object tells of them.
WITH dosed AS (
    SELECT
        site,
        study_key,
        device_key,
        Manufacturer,
        ManufacturerModelName,
        modality,
        StudyDate,
        object_kind != 'image' AS reported,
        CASE modality
            WHEN 'CT' THEN total_dlp_mGycm
            WHEN 'MG' THEN agd_mGy
            WHEN 'NM' THEN activity_MBq
            ELSE total_dap_Gym2
        END IS NULL AS without_value
    FROM `physics.dose_studies`
),

studies AS (
    SELECT
        COALESCE(imaged.site, dosed.site) AS site,
        COALESCE(imaged.device_key, dosed.device_key) AS device_key,
        COALESCE(imaged.Manufacturer, dosed.Manufacturer) AS Manufacturer,
        COALESCE(imaged.ManufacturerModelName, dosed.ManufacturerModelName) AS ManufacturerModelName,
        COALESCE(dosed.modality, 'CT') AS modality,
        COALESCE(imaged.StudyDate, dosed.StudyDate) AS StudyDate,
        imaged.study_key IS NOT NULL AS with_images,
        dosed.study_key IS NOT NULL AS with_dose,
        COALESCE(dosed.reported, FALSE) AS reported,
        COALESCE(dosed.without_value, FALSE) AS without_value
    FROM `physics.dose_imaged` AS imaged
    FULL JOIN dosed
        ON imaged.site = dosed.site AND imaged.study_key = dosed.study_key
)

SELECT
    site,
    device_key,
    modality,
    MIN(Manufacturer) AS Manufacturer,
    MIN(ManufacturerModelName) AS ManufacturerModelName,
    DATE_TRUNC(StudyDate, MONTH) AS month,
    COUNT(*) AS studies,
    COUNTIF(with_dose) AS studies_with_dose,
    COUNTIF(with_images) AS ct_image_studies,
    COUNTIF(with_images AND reported) AS ct_image_studies_with_report,
    COUNTIF(reported) AS studies_with_report,
    COUNTIF(without_value) AS studies_without_value
FROM studies
GROUP BY site, device_key, modality, month
