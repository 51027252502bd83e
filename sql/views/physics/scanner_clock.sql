-- One row per scanner.
-- How its clock stands to ours: the lag from an acquisition to its first arrival, per study the smallest one, since sending takes time but
-- never less than none. Acquisitions without a known zone have no lag. Verdict, in this order: not_assessable (fewer than 5 studies, or a
-- median over 7 days: an archive), drift (daily medians lie on a line, R squared 0.8, of 60 s a day or more over at least 5
-- days), ok (median from 0 s to 20 min), zone (steady, within 10 min of a multiple of half an hour), early, late.
WITH studies AS (
    SELECT
        site,
        device_key,
        study_key,
        MIN(DATE(acquired_at)) AS day,
        MIN(TIMESTAMP_DIFF(received_at, acquired_at, SECOND)) AS lag_s
    FROM `clinic.acquisitions`
    WHERE acquired_at IS NOT NULL AND received_at IS NOT NULL AND device_key IS NOT NULL AND 'ORIGINAL' IN UNNEST(ImageType)
    GROUP BY site, device_key, study_key
),

spread AS (
    SELECT
        site,
        device_key,
        day,
        PERCENTILE_CONT(lag_s, 0.5) OVER (PARTITION BY site, device_key) AS median_s,
        PERCENTILE_CONT(lag_s, 0.25) OVER (PARTITION BY site, device_key) AS lower_s,
        PERCENTILE_CONT(lag_s, 0.75) OVER (PARTITION BY site, device_key) AS upper_s,
        PERCENTILE_CONT(lag_s, 0.5) OVER (PARTITION BY site, device_key, day) AS day_median_s,
        IF(lag_s > 1200 OR lag_s < 0, 1, 0) AS beyond
    FROM studies
),

days AS (
    SELECT
        site,
        device_key,
        day,
        MIN(median_s) AS median_s,
        MIN(upper_s) - MIN(lower_s) AS spread_s,
        MIN(day_median_s) AS day_median_s,
        COUNT(*) AS studies,
        SUM(beyond) AS beyond
    FROM spread
    GROUP BY site, device_key, day
),

scanners AS (
    SELECT
        site,
        device_key,
        COUNT(*) AS days,
        SUM(studies) AS studies,
        SUM(beyond) AS beyond,
        MIN(median_s) AS median_s,
        MIN(spread_s) AS spread_s,
        SAFE_DIVIDE(COVAR_POP(UNIX_DATE(day), day_median_s), VAR_POP(UNIX_DATE(day))) AS drift_s_per_day,
        SAFE_DIVIDE(
            POW(COVAR_POP(UNIX_DATE(day), day_median_s), 2),
            VAR_POP(UNIX_DATE(day)) * VAR_POP(day_median_s)
        ) AS drift_fit
    FROM days
    GROUP BY site, device_key
)

SELECT
    site,
    device_key,
    CASE
        WHEN studies < 5 OR median_s > 604800 THEN 'not_assessable'
        WHEN days >= 5 AND ABS(drift_s_per_day) >= 60 AND drift_fit >= 0.8 THEN 'drift'
        WHEN median_s BETWEEN 0 AND 1200 THEN 'ok'
        WHEN spread_s < 600 AND ROUND(median_s / 1800) != 0 AND ABS(median_s - 1800 * ROUND(median_s / 1800)) < 600 THEN 'zone'
        WHEN median_s < 0 THEN 'early'
        ELSE 'late'
    END AS verdict,
    days,
    studies,
    median_s,
    spread_s,
    beyond / studies AS share_beyond,
    drift_s_per_day,
    drift_fit
FROM scanners
