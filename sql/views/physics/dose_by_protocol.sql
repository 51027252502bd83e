-- One row per site, modality, protocol and quantity.
-- Number of studies, quartiles (linear interpolation, type 7 of Hyndman and Fan), mean and range of all time; age and weight apart.
WITH spread AS (
    SELECT
        site,
        modality,
        protocol,
        exam,
        quantity,
        COUNT(*) AS studies,
        COUNT(*) - 1 AS last,
        ARRAY_AGG(value ORDER BY value) AS ordered,
        AVG(value) AS mean
    FROM `physics.dose_values`
    GROUP BY site, modality, protocol, exam, quantity
)

SELECT
    site,
    modality,
    protocol,
    exam,
    quantity,
    studies,
    ordered[OFFSET(0)] AS least,
    ordered[OFFSET(DIV(last, 4))] * (4 - MOD(last, 4)) / 4 + ordered[OFFSET(LEAST(DIV(last, 4) + 1, last))] * MOD(last, 4) / 4 AS lower_quartile,
    ordered[OFFSET(DIV(last, 2))] * (2 - MOD(last, 2)) / 2 + ordered[OFFSET(LEAST(DIV(last, 2) + 1, last))] * MOD(last, 2) / 2 AS median,
    ordered[OFFSET(DIV(3 * last, 4))] * (4 - MOD(3 * last, 4)) / 4 + ordered[OFFSET(LEAST(DIV(3 * last, 4) + 1, last))] * MOD(3 * last, 4) / 4 AS upper_quartile,
    ordered[OFFSET(last)] AS greatest,
    mean
FROM spread
