-- One row per exam: a stay of one patient on one scanner.
-- Studies of a patient on a scanner less than 20 minutes apart are one exam, also across midnight. Times are local, from the first to the
-- last original image of CT, MR or projection radiography; an exam of a single image has a duration of 0 s.
WITH studies AS (
    SELECT
        site,
        device_key,
        patient_key,
        study_key,
        MIN(acquired_local) AS first_image,
        MAX(acquired_local) AS last_image,
        COUNT(*) AS images
    FROM `clinic.acquisitions`
    WHERE
        acquired_local IS NOT NULL
        AND device_key IS NOT NULL
        AND patient_key IS NOT NULL
        AND Modality IN ('CT', 'MR', 'CR', 'DR', 'DX', 'XR')
        AND 'ORIGINAL' IN UNNEST(ImageType)
    GROUP BY site, device_key, patient_key, study_key
),

ends AS (
    SELECT
        *,
        MAX(last_image) OVER (
            PARTITION BY site, device_key, patient_key
            ORDER BY first_image, study_key
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS last_before
    FROM studies
),

breaks AS (
    SELECT
        *,
        IF(COALESCE(DATETIME_DIFF(first_image, last_before, SECOND), 1200) < 1200, 0, 1) AS begins
    FROM ends
),

numbered AS (
    SELECT
        *,
        SUM(begins) OVER (
            PARTITION BY site, device_key, patient_key
            ORDER BY first_image, study_key
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS exam
    FROM breaks
)

SELECT
    site,
    device_key,
    patient_key,
    exam,
    MIN(first_image) AS begins_local,
    MAX(last_image) AS ends_local,
    DATETIME_DIFF(MAX(last_image), MIN(first_image), SECOND) AS duration_s,
    COUNT(*) AS studies,
    SUM(images) AS images
FROM numbered
GROUP BY site, device_key, patient_key, exam
