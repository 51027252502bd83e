-- Which manufacturers made the de-identified series, and with how many models?
SELECT
    Manufacturer,
    COUNT(*) AS series,
    COUNT(DISTINCT ManufacturerModelName) AS models,
    SUM(instances) AS instances
FROM `research.series`
GROUP BY Manufacturer
ORDER BY series DESC, Manufacturer ASC
