-- One row per site, modality, device, year, weekday and hour in which studies began.
-- Local time of the first irradiation event; weekday 1 is Monday, 7 Sunday. A month of it: the same of physics.dose_exams.
SELECT
    site,
    modality,
    device_key,
    EXTRACT(YEAR FROM started_local) AS year,
    MOD(EXTRACT(DAYOFWEEK FROM started_local) + 5, 7) + 1 AS weekday,
    EXTRACT(HOUR FROM started_local) AS hour,
    COUNT(*) AS studies
FROM `physics.dose_exams`
WHERE started_local IS NOT NULL
GROUP BY site, modality, device_key, year, weekday, hour
