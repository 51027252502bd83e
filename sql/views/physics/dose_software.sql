-- One row per device and software version.
-- First and last study with it, how many, and whether it came after another one: a change to mark in trends.
SELECT
    site,
    device_key,
    MIN(Manufacturer) AS Manufacturer,
    MIN(ManufacturerModelName) AS ManufacturerModelName,
    software,
    MIN(StudyDate) AS first_study,
    MAX(StudyDate) AS last_study,
    COUNT(*) AS studies,
    ROW_NUMBER() OVER (PARTITION BY site, device_key ORDER BY MIN(StudyDate), software) > 1 AS changed
FROM `physics.dose_exams`
WHERE device_key IS NOT NULL AND software IS NOT NULL AND StudyDate IS NOT NULL
GROUP BY site, device_key, software
