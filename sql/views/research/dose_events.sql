-- One row per irradiation event: site, StudyInstanceUID and event_key.
-- As physics.dose_events decides it, of released objects and with shifted dates: per study and modality the best kind of source, of several
-- objects that tell of one event the one with the fewest doubts, then the smaller content_key; CT slices of one event are one row, with a
-- dlp_mGycm that is estimated from them (dlp_estimated). Retracted deliveries and superseded objects are left out.
WITH visible AS (
    SELECT told.*
    FROM `lake.dose_events` AS told
    LEFT JOIN `research.hidden` AS hidden
        ON
            told.site = hidden.site
            AND told.delivery_key = hidden.delivery_key
            AND (hidden.object IS NULL OR told.object = hidden.object)
    WHERE hidden.site IS NULL
),

best AS (
    SELECT *
    FROM visible
    WHERE StudyInstanceUID IS NOT NULL AND event_key IS NOT NULL
    QUALIFY source_rank = MIN(source_rank) OVER (PARTITION BY site, StudyInstanceUID, modality)
),

slices AS (
    SELECT *
    FROM best
    WHERE object_kind = 'image' AND modality = 'CT'
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY site, StudyInstanceUID, SOPInstanceUID
        ORDER BY ARRAY_LENGTH(doubts), content_key, row_key, pipeline_version, rules_version, release_month
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
        MAX(started_local) OVER acquisition AS ends
    FROM slices
    WINDOW acquisition AS (PARTITION BY site, StudyInstanceUID, event_key)
),

acquired AS (
    SELECT *
    FROM measured
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY site, StudyInstanceUID, event_key
        ORDER BY slice_position_mm, SOPInstanceUID, row_key
    ) = 1
),

reconstructions AS (
    SELECT
        *,
        MAX(COALESCE(ends, DATETIME '1900-01-01 00:00:00')) OVER (
            PARTITION BY site, StudyInstanceUID, ManufacturerModelName, AcquisitionNumber, localiser, event_key_kind
            ORDER BY COALESCE(begins, DATETIME '1900-01-01 00:00:00') ASC, covered_mm DESC, event_key ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS ended_before
    FROM acquired
),

from_slices AS (
    SELECT
        * EXCEPT (mean_ctdivol_mGy, covered_mm, begins, ends, ended_before)
        REPLACE (
            mean_ctdivol_mGy AS ctdivol_mGy,
            begins AS started_local,
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
        PARTITION BY site, StudyInstanceUID, event_key
        ORDER BY ARRAY_LENGTH(doubts), content_key, row_key, pipeline_version, rules_version, release_month
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
    QUALIFY ROW_NUMBER() OVER (PARTITION BY site, StudyInstanceUID, SOPInstanceUID ORDER BY content_key, row_key) = 1
),

measured_series AS (
    SELECT
        site,
        StudyInstanceUID,
        event_key,
        SeriesInstanceUID,
        COUNT(*) AS dw_slices,
        SUM(measured_dw_mm) AS dw_sum_mm,
        COUNTIF(dw_truncated) AS dw_cut
    FROM measured_slices
    GROUP BY site, StudyInstanceUID, event_key, SeriesInstanceUID
),

sizes AS (
    SELECT *
    FROM measured_series
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY site, StudyInstanceUID, event_key
        ORDER BY dw_cut / dw_slices ASC, dw_slices DESC, SeriesInstanceUID ASC
    ) = 1
),

study_sizes AS (
    SELECT *
    FROM measured_series
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY site, StudyInstanceUID
        ORDER BY dw_cut / dw_slices ASC, dw_slices DESC, SeriesInstanceUID ASC, event_key ASC
    ) = 1
),

counted AS (
    SELECT
        *,
        modality = 'CT' AND NOT COALESCE(localiser, FALSE) AS is_scan,
        COUNTIF(modality = 'CT' AND NOT COALESCE(localiser, FALSE)) OVER (PARTITION BY site, StudyInstanceUID) AS scans
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
        AND counted.StudyInstanceUID = sizes.StudyInstanceUID
        AND counted.event_key = sizes.event_key
LEFT JOIN study_sizes
    ON
        counted.scans = 1
        AND counted.site = study_sizes.site
        AND counted.StudyInstanceUID = study_sizes.StudyInstanceUID
