-- One row per site, modality, protocol and quantity.
-- Number of studies, quartiles (linear interpolation, type 7 of Hyndman and Fan), mean and range of all time; age and weight apart.
WITH spread AS (
    SELECT
        site,
        modality,
        protocol,
        exam,
        quantity,
        value,
        PERCENTILE_CONT(value, 0.25) OVER (PARTITION BY site, modality, protocol, exam, quantity) AS lower_quartile,
        PERCENTILE_CONT(value, 0.5) OVER (PARTITION BY site, modality, protocol, exam, quantity) AS median,
        PERCENTILE_CONT(value, 0.75) OVER (PARTITION BY site, modality, protocol, exam, quantity) AS upper_quartile
    FROM `physics.dose_values`
)

SELECT
    site,
    modality,
    protocol,
    exam,
    quantity,
    COUNT(*) AS studies,
    MIN(value) AS least,
    MIN(lower_quartile) AS lower_quartile,
    MIN(median) AS median,
    MIN(upper_quartile) AS upper_quartile,
    MAX(value) AS greatest,
    AVG(value) AS mean
FROM spread
GROUP BY site, modality, protocol, exam, quantity
