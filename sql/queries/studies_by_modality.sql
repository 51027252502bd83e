-- How many de-identified studies, series and instances are there of each modality?
SELECT
    Modality,
    COUNT(DISTINCT CONCAT(site, ' ', StudyInstanceUID)) AS studies,
    COUNT(*) AS series,
    SUM(instances) AS instances
FROM `research.series`
GROUP BY Modality
ORDER BY studies DESC, Modality ASC
