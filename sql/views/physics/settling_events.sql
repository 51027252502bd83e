-- One row per irradiation event of the studies that are to be settled: site, study_key and event_key.
-- One truth of all that objects tell of it; physics.dose_events shows it. What is retracted is left out; what research holds counts here. Per study and modality only the best kind of source counts (source_rank: a
-- report before an exposure sequence, an image header, a text, a screen), since worse ones tell of the same events under other keys. Of
-- several objects of that kind that tell of an event, the one with the fewest doubts stands, then the first arrival: cumulative reports,
-- repeats and both pictures of one mammogram are one event. CT slices of one event are one row: mean CTDIvol, and a dlp_mGycm that is
-- that mean times the length they cover (dlp_estimated); series of one acquisition number that overlap in time are reconstructions of it.
-- The patient's size is the mean over the slices measured, whatever the source of the dose: of the event's own slices, else (one scan in the
-- study) of the study's. Of several reconstructions the one that cuts off the least and has the most slices is measured.
WITH visible AS (
    SELECT told.*
    FROM `ops.dose_events` AS told
    INNER JOIN `physics.settling_keys` AS waiting
        ON
            told.site = waiting.site
            AND told.study_key = waiting.study_key
    LEFT JOIN `clinic.hidden` AS hidden
        ON
            told.site = hidden.site
            AND told.generation = hidden.generation
            AND told.content_key = hidden.content_key
    WHERE hidden.site IS NULL
),

best AS (
    SELECT *
    FROM visible
    WHERE event_key IS NOT NULL
    QUALIFY source_rank = MIN(source_rank) OVER (PARTITION BY site, study_key, modality)
),

slices AS (
    SELECT *
    FROM best
    WHERE object_kind = 'image' AND modality = 'CT'
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY site, study_key, instance_key
        ORDER BY ARRAY_LENGTH(doubts), generation, content_key, row_key, pipeline_version, rules_version, event_id
    ) = 1
),

measured AS (
    SELECT
        *,
        COUNT(*) OVER acquisition AS slices,
        AVG(ctdivol_mGy) OVER acquisition AS mean_ctdivol_mGy,
        (MAX(slice_position_mm) OVER acquisition - MIN(slice_position_mm) OVER acquisition)
        + AVG(slice_thickness_mm) OVER acquisition AS covered_mm,
        MIN(started_local) OVER acquisition AS begins,
        MAX(started_local) OVER acquisition AS ends,
        MIN(started_at) OVER acquisition AS begins_at
    FROM slices
    WINDOW acquisition AS (PARTITION BY site, study_key, event_key)
),

acquired AS (
    SELECT *
    FROM measured
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY site, study_key, event_key
        ORDER BY slice_position_mm, instance_key, row_key
    ) = 1
),

reconstructions AS (
    SELECT
        *,
        MAX(COALESCE(ends, DATETIME '1900-01-01 00:00:00')) OVER (
            PARTITION BY site, study_key, device_key, AcquisitionNumber, localiser, event_key_kind
            ORDER BY COALESCE(begins, DATETIME '1900-01-01 00:00:00') ASC, covered_mm DESC, event_key ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS ended_before
    FROM acquired
),

from_slices AS (
    SELECT
        * EXCEPT (mean_ctdivol_mGy, covered_mm, begins, ends, begins_at, ended_before)
        REPLACE (
            mean_ctdivol_mGy AS ctdivol_mGy,
            begins AS started_local,
            begins_at AS started_at,
            IF(localiser, NULL, mean_ctdivol_mGy * covered_mm / 10) AS dlp_mGycm,
            IF(localiser, NULL, covered_mm) AS scanning_length_mm,
            CAST(NULL AS FLOAT64) AS slice_position_mm
        ),
        NOT COALESCE(localiser, FALSE) AND covered_mm IS NOT NULL AND mean_ctdivol_mGy IS NOT NULL AS dlp_estimated
    FROM reconstructions
    WHERE
        event_key_kind = 'uid'
        OR AcquisitionNumber IS NULL
        OR ended_before IS NULL
        OR COALESCE(begins, DATETIME '1900-01-01 00:00:00') > ended_before
),

told_whole AS (
    SELECT
        *,
        CAST(NULL AS INT64) AS slices,
        FALSE AS dlp_estimated
    FROM best
    WHERE NOT (object_kind = 'image' AND modality = 'CT')
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY site, study_key, event_key
        ORDER BY ARRAY_LENGTH(doubts), generation, content_key, row_key, pipeline_version, rules_version, event_id
    ) = 1
),

told AS (
    SELECT *
    FROM told_whole
    UNION ALL
    SELECT *
    FROM from_slices
),

measured_slices AS (
    SELECT *
    FROM visible
    WHERE measured_dw_mm IS NOT NULL AND event_key IS NOT NULL
    QUALIFY ROW_NUMBER() OVER (PARTITION BY site, study_key, instance_key ORDER BY generation, content_key, row_key) = 1
),

measured_series AS (
    SELECT
        site,
        study_key,
        event_key,
        series_key,
        COUNT(*) AS dw_slices,
        SUM(measured_dw_mm) AS dw_sum_mm,
        COUNTIF(dw_truncated) AS dw_cut
    FROM measured_slices
    GROUP BY site, study_key, event_key, series_key
),

sizes AS (
    SELECT *
    FROM measured_series
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY site, study_key, event_key
        ORDER BY dw_cut / dw_slices ASC, dw_slices DESC, series_key ASC
    ) = 1
),

study_sizes AS (
    SELECT *
    FROM measured_series
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY site, study_key
        ORDER BY dw_cut / dw_slices ASC, dw_slices DESC, series_key ASC, event_key ASC
    ) = 1
),

counted AS (
    SELECT
        *,
        modality = 'CT' AND NOT COALESCE(localiser, FALSE) AS is_scan,
        COUNTIF(modality = 'CT' AND NOT COALESCE(localiser, FALSE)) OVER (PARTITION BY site, study_key) AS scans
    FROM told
)

SELECT
    counted.* EXCEPT (is_scan, scans)
    REPLACE (
        IF(
            counted.is_scan, COALESCE(sizes.dw_sum_mm / sizes.dw_slices, study_sizes.dw_sum_mm / study_sizes.dw_slices), NULL
        ) AS measured_dw_mm,
        IF(counted.is_scan, COALESCE(sizes.dw_cut, study_sizes.dw_cut) > 0, NULL) AS dw_truncated
    ),
    IF(counted.is_scan, COALESCE(sizes.dw_slices, study_sizes.dw_slices), NULL) AS dw_slices
FROM counted
LEFT JOIN sizes
    ON
        counted.site = sizes.site
        AND counted.study_key = sizes.study_key
        AND counted.event_key = sizes.event_key
LEFT JOIN study_sizes
    ON
        counted.scans = 1
        AND counted.site = study_sizes.site
        AND counted.study_key = study_sizes.study_key
