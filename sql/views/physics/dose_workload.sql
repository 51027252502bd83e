-- One row per site, modality, device, month, weekday and hour in which studies began.
-- Local time of the first irradiation event; weekday 1 is Monday, 7 Sunday.
SELECT
    site,
    modality,
    device_key,
    DATE_TRUNC(DATE(started_local), MONTH) AS month,
    MOD(EXTRACT(DAYOFWEEK FROM started_local) + 5, 7) + 1 AS weekday,
    EXTRACT(HOUR FROM started_local) AS hour,
    COUNT(*) AS studies
FROM `physics.dose_exams`
WHERE started_local IS NOT NULL
GROUP BY site, modality, device_key, month, weekday, hour
