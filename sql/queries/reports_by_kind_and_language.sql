-- How many de-identified reports are there of each kind and language, and how much was taken out of them?
SELECT
    kind,
    language,
    target_language,
    COUNT(*) AS reports,
    SUM(findings_count) AS replaced,
    COUNTIF(StudyInstanceUID IS NOT NULL) AS with_study
FROM `research.reports`
GROUP BY kind, language, target_language
ORDER BY kind ASC, language ASC, target_language ASC
