-- One row per scanner and local day on which exams began.
-- Share of the time from the begin of the first exam to the end of the last one in which an exam ran. Exams that overlap on a scanner count
-- once: the time is that of their union. An exam belongs to the day on which it begins.
WITH exams AS (
    SELECT
        site,
        device_key,
        patient_key,
        DATE(begins_local) AS day,
        begins_local,
        ends_local,
        MAX(ends_local) OVER (
            PARTITION BY site, device_key, DATE(begins_local)
            ORDER BY begins_local, ends_local, patient_key, exam
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS ended_before
    FROM `physics.scanner_exams`
),

parts AS (
    SELECT
        *,
        CASE
            WHEN ended_before IS NULL OR ended_before <= begins_local THEN DATETIME_DIFF(ends_local, begins_local, SECOND)
            WHEN ended_before >= ends_local THEN 0
            ELSE DATETIME_DIFF(ends_local, ended_before, SECOND)
        END AS busy_s
    FROM exams
)

SELECT
    site,
    device_key,
    day,
    COUNT(*) AS exams,
    COUNT(DISTINCT patient_key) AS patients,
    COUNTIF(ended_before > begins_local) AS overlapping,
    MIN(begins_local) AS first_begins_local,
    MAX(ends_local) AS last_ends_local,
    SUM(busy_s) AS busy_s,
    DATETIME_DIFF(MAX(ends_local), MIN(begins_local), SECOND) AS window_s,
    SAFE_DIVIDE(SUM(busy_s), DATETIME_DIFF(MAX(ends_local), MIN(begins_local), SECOND)) AS utilisation
FROM parts
GROUP BY site, device_key, day
