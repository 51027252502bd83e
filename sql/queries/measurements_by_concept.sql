-- Which numbers do structured reports measure, in which units, how often and of what size?
SELECT
    concept_scheme,
    concept_code,
    concept_meaning,
    unit_code,
    COUNT(*) AS measurements,
    COUNT(DISTINCT PatientID) AS patients,
    MIN(value) AS smallest,
    AVG(value) AS mean,
    MAX(value) AS largest
FROM `research.measurements`
WHERE value IS NOT NULL
GROUP BY concept_scheme, concept_code, concept_meaning, unit_code
ORDER BY measurements DESC, concept_scheme ASC, concept_code ASC, concept_meaning ASC, unit_code ASC
