-- One row per site, modality, device, protocol, age group, weight group and quantity.
-- Number of studies, quartiles (linear interpolation, type 7 of Hyndman and Fan), mean and range of one device. Groups as in physics.dose_exams; NULL: unknown.
WITH spread AS (
    SELECT
        site,
        modality,
        device_key,
        protocol,
        age_group,
        weight_group_kg,
        quantity,
        value,
        PERCENTILE_CONT(value, 0.25) OVER (PARTITION BY site, modality, device_key, protocol, age_group, weight_group_kg, quantity) AS lower_quartile,
        PERCENTILE_CONT(value, 0.5) OVER (PARTITION BY site, modality, device_key, protocol, age_group, weight_group_kg, quantity) AS median,
        PERCENTILE_CONT(value, 0.75) OVER (PARTITION BY site, modality, device_key, protocol, age_group, weight_group_kg, quantity) AS upper_quartile
    FROM `physics.dose_values`
)

SELECT
    site,
    modality,
    device_key,
    protocol,
    age_group,
    weight_group_kg,
    quantity,
    COUNT(*) AS studies,
    MIN(value) AS least,
    MIN(lower_quartile) AS lower_quartile,
    MIN(median) AS median,
    MIN(upper_quartile) AS upper_quartile,
    MAX(value) AS greatest,
    AVG(value) AS mean
FROM spread
GROUP BY site, modality, device_key, protocol, age_group, weight_group_kg, quantity
