-- One row per site, modality, device, protocol, software, month and quantity.
-- Number of studies, quartiles (linear interpolation, type 7 of Hyndman and Fan), mean and range. In a month in which a device changed its software there is a row for each. Changes: physics.dose_software.
WITH spread AS (
    SELECT
        site,
        modality,
        device_key,
        protocol,
        software,
        DATE_TRUNC(StudyDate, MONTH) AS month,
        quantity,
        value,
        PERCENTILE_CONT(value, 0.25) OVER (PARTITION BY site, modality, device_key, protocol, software, DATE_TRUNC(StudyDate, MONTH), quantity) AS lower_quartile,
        PERCENTILE_CONT(value, 0.5) OVER (PARTITION BY site, modality, device_key, protocol, software, DATE_TRUNC(StudyDate, MONTH), quantity) AS median,
        PERCENTILE_CONT(value, 0.75) OVER (PARTITION BY site, modality, device_key, protocol, software, DATE_TRUNC(StudyDate, MONTH), quantity) AS upper_quartile
    FROM `physics.dose_values`
)

SELECT
    site,
    modality,
    device_key,
    protocol,
    software,
    month,
    quantity,
    COUNT(*) AS studies,
    MIN(value) AS least,
    MIN(lower_quartile) AS lower_quartile,
    MIN(median) AS median,
    MIN(upper_quartile) AS upper_quartile,
    MAX(value) AS greatest,
    AVG(value) AS mean
FROM spread
GROUP BY site, modality, device_key, protocol, software, month, quantity
