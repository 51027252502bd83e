-- One row per study: site and StudyInstanceUID.
-- Totals as physics.dose_studies decides them, of released objects and with shifted dates: those of a report that tells of all events, else the
-- sum of reports that share none, else of events that all have a value (totals_from). What none of them gives is unknown, never 0.
WITH shown AS (
    SELECT
        site,
        StudyInstanceUID,
        modality,
        COUNT(*) AS events,
        IF(COUNT(*) = COUNT(dlp_mGycm), SUM(dlp_mGycm), NULL) AS dlp_mGycm,
        IF(COUNT(*) = COUNT(dap_Gym2), SUM(dap_Gym2), NULL) AS dap_Gym2,
        IF(COUNT(*) = COUNT(rp_dose_Gy), SUM(rp_dose_Gy), NULL) AS rp_dose_Gy,
        IF(
            COUNTIF(laterality = 'Left') = COUNTIF(laterality = 'Left' AND agd_mGy IS NOT NULL),
            SUM(IF(laterality = 'Left', agd_mGy, NULL)),
            NULL
        ) AS left_mGy,
        IF(
            COUNTIF(laterality = 'Right') = COUNTIF(laterality = 'Right' AND agd_mGy IS NOT NULL),
            SUM(IF(laterality = 'Right', agd_mGy, NULL)),
            NULL
        ) AS right_mGy
    FROM `research.dose_events`
    GROUP BY site, StudyInstanceUID, modality
),

reports AS (
    SELECT told.*
    FROM `lake.dose_studies` AS told
    LEFT JOIN `research.hidden` AS hidden
        ON
            told.site = hidden.site
            AND told.delivery_key = hidden.delivery_key
            AND (hidden.object IS NULL OR told.object = hidden.object)
    WHERE hidden.site IS NULL AND told.StudyInstanceUID IS NOT NULL AND told.modality IS NOT NULL
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY told.site, told.StudyInstanceUID, told.modality, told.SOPInstanceUID
        ORDER BY told.source_rank, told.content_key, told.row_key, told.pipeline_version, told.rules_version, told.release_month
    ) = 1
),

trusted AS (
    SELECT *
    FROM reports
    QUALIFY source_rank = MIN(source_rank) OVER (PARTITION BY site, StudyInstanceUID, modality)
),

best AS (
    SELECT *
    FROM trusted
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY site, StudyInstanceUID, modality
        ORDER BY n_events DESC, ARRAY_LENGTH(doubts) ASC, content_key ASC, row_key ASC
    ) = 1
),

added AS (
    SELECT
        site,
        StudyInstanceUID,
        modality,
        COUNT(*) AS objects,
        SUM(n_events) AS events,
        IF(COUNT(*) = COUNT(total_dlp_mGycm), SUM(total_dlp_mGycm), NULL) AS total_dlp_mGycm,
        IF(COUNT(*) = COUNT(total_dap_Gym2), SUM(total_dap_Gym2), NULL) AS total_dap_Gym2,
        IF(COUNT(*) = COUNT(total_fluoro_dap_Gym2), SUM(total_fluoro_dap_Gym2), NULL) AS total_fluoro_dap_Gym2,
        IF(COUNT(*) = COUNT(total_acq_dap_Gym2), SUM(total_acq_dap_Gym2), NULL) AS total_acq_dap_Gym2,
        IF(COUNT(*) = COUNT(total_rp_dose_Gy), SUM(total_rp_dose_Gy), NULL) AS total_rp_dose_Gy,
        IF(COUNT(*) = COUNT(total_fluoro_rp_Gy), SUM(total_fluoro_rp_Gy), NULL) AS total_fluoro_rp_Gy,
        IF(COUNT(*) = COUNT(total_acq_rp_Gy), SUM(total_acq_rp_Gy), NULL) AS total_acq_rp_Gy,
        IF(COUNT(*) = COUNT(total_fluoro_time_s), SUM(total_fluoro_time_s), NULL) AS total_fluoro_time_s,
        IF(COUNT(*) = COUNT(total_acq_time_s), SUM(total_acq_time_s), NULL) AS total_acq_time_s,
        IF(COUNT(*) = COUNT(agd_left_mGy), SUM(agd_left_mGy), NULL) AS agd_left_mGy,
        IF(COUNT(*) = COUNT(agd_right_mGy), SUM(agd_right_mGy), NULL) AS agd_right_mGy
    FROM trusted
    GROUP BY site, StudyInstanceUID, modality
),

totals AS (
    SELECT
        best.* EXCEPT (n_events, total_dlp_mGycm, total_dap_Gym2, total_fluoro_dap_Gym2, total_acq_dap_Gym2, total_rp_dose_Gy, total_fluoro_rp_Gy, total_acq_rp_Gy, total_fluoro_time_s, total_acq_time_s, agd_left_mGy, agd_right_mGy),
        added.objects,
        COALESCE(shown.events, best.n_events) AS n_events,
        CASE
            WHEN best.n_events >= COALESCE(shown.events, 0) THEN 'report'
            WHEN added.events = COALESCE(shown.events, 0) THEN 'reports'
            ELSE 'events'
        END AS totals_from,
        CASE best.modality WHEN 'CT' THEN 1 WHEN 'RF' THEN 2 WHEN 'MG' THEN 3 WHEN 'DX' THEN 4 WHEN 'PX' THEN 5 ELSE 6 END AS precedence,
        CASE
            WHEN best.n_events >= COALESCE(shown.events, 0) AND best.total_dlp_mGycm IS NOT NULL THEN best.total_dlp_mGycm
            WHEN added.events = COALESCE(shown.events, 0) AND added.total_dlp_mGycm IS NOT NULL THEN added.total_dlp_mGycm
            ELSE shown.dlp_mGycm
        END AS total_dlp_mGycm,
        CASE
            WHEN best.n_events >= COALESCE(shown.events, 0) AND best.total_dap_Gym2 IS NOT NULL THEN best.total_dap_Gym2
            WHEN added.events = COALESCE(shown.events, 0) AND added.total_dap_Gym2 IS NOT NULL THEN added.total_dap_Gym2
            ELSE shown.dap_Gym2
        END AS total_dap_Gym2,
        CASE
            WHEN best.n_events >= COALESCE(shown.events, 0) AND best.total_fluoro_dap_Gym2 IS NOT NULL THEN best.total_fluoro_dap_Gym2
            WHEN added.events = COALESCE(shown.events, 0) AND added.total_fluoro_dap_Gym2 IS NOT NULL THEN added.total_fluoro_dap_Gym2
            ELSE CAST(NULL AS FLOAT64)
        END AS total_fluoro_dap_Gym2,
        CASE
            WHEN best.n_events >= COALESCE(shown.events, 0) AND best.total_acq_dap_Gym2 IS NOT NULL THEN best.total_acq_dap_Gym2
            WHEN added.events = COALESCE(shown.events, 0) AND added.total_acq_dap_Gym2 IS NOT NULL THEN added.total_acq_dap_Gym2
            ELSE CAST(NULL AS FLOAT64)
        END AS total_acq_dap_Gym2,
        CASE
            WHEN best.n_events >= COALESCE(shown.events, 0) AND best.total_rp_dose_Gy IS NOT NULL THEN best.total_rp_dose_Gy
            WHEN added.events = COALESCE(shown.events, 0) AND added.total_rp_dose_Gy IS NOT NULL THEN added.total_rp_dose_Gy
            ELSE shown.rp_dose_Gy
        END AS total_rp_dose_Gy,
        CASE
            WHEN best.n_events >= COALESCE(shown.events, 0) AND best.total_fluoro_rp_Gy IS NOT NULL THEN best.total_fluoro_rp_Gy
            WHEN added.events = COALESCE(shown.events, 0) AND added.total_fluoro_rp_Gy IS NOT NULL THEN added.total_fluoro_rp_Gy
            ELSE CAST(NULL AS FLOAT64)
        END AS total_fluoro_rp_Gy,
        CASE
            WHEN best.n_events >= COALESCE(shown.events, 0) AND best.total_acq_rp_Gy IS NOT NULL THEN best.total_acq_rp_Gy
            WHEN added.events = COALESCE(shown.events, 0) AND added.total_acq_rp_Gy IS NOT NULL THEN added.total_acq_rp_Gy
            ELSE CAST(NULL AS FLOAT64)
        END AS total_acq_rp_Gy,
        CASE
            WHEN best.n_events >= COALESCE(shown.events, 0) AND best.total_fluoro_time_s IS NOT NULL THEN best.total_fluoro_time_s
            WHEN added.events = COALESCE(shown.events, 0) AND added.total_fluoro_time_s IS NOT NULL THEN added.total_fluoro_time_s
            ELSE CAST(NULL AS FLOAT64)
        END AS total_fluoro_time_s,
        CASE
            WHEN best.n_events >= COALESCE(shown.events, 0) AND best.total_acq_time_s IS NOT NULL THEN best.total_acq_time_s
            WHEN added.events = COALESCE(shown.events, 0) AND added.total_acq_time_s IS NOT NULL THEN added.total_acq_time_s
            ELSE CAST(NULL AS FLOAT64)
        END AS total_acq_time_s,
        CASE
            WHEN best.n_events >= COALESCE(shown.events, 0) AND best.agd_left_mGy IS NOT NULL THEN best.agd_left_mGy
            WHEN added.events = COALESCE(shown.events, 0) AND added.agd_left_mGy IS NOT NULL THEN added.agd_left_mGy
            ELSE shown.left_mGy
        END AS agd_left_mGy,
        CASE
            WHEN best.n_events >= COALESCE(shown.events, 0) AND best.agd_right_mGy IS NOT NULL THEN best.agd_right_mGy
            WHEN added.events = COALESCE(shown.events, 0) AND added.agd_right_mGy IS NOT NULL THEN added.agd_right_mGy
            ELSE shown.right_mGy
        END AS agd_right_mGy
    FROM best
    INNER JOIN added
        ON
            best.site = added.site
            AND best.StudyInstanceUID = added.StudyInstanceUID
            AND best.modality = added.modality
    LEFT JOIN shown
        ON
            best.site = shown.site
            AND best.StudyInstanceUID = shown.StudyInstanceUID
            AND best.modality = shown.modality
),

studies AS (
    SELECT
        site,
        StudyInstanceUID,
        ARRAY_AGG(modality ORDER BY precedence, modality) AS modalities,
        SUM(n_events) AS n_events,
        SUM(objects) AS objects,
        SUM(total_dlp_mGycm) AS total_dlp_mGycm,
        SUM(total_dap_Gym2) AS total_dap_Gym2,
        SUM(total_fluoro_dap_Gym2) AS total_fluoro_dap_Gym2,
        SUM(total_acq_dap_Gym2) AS total_acq_dap_Gym2,
        SUM(total_rp_dose_Gy) AS total_rp_dose_Gy,
        SUM(total_fluoro_rp_Gy) AS total_fluoro_rp_Gy,
        SUM(total_acq_rp_Gy) AS total_acq_rp_Gy,
        SUM(total_fluoro_time_s) AS total_fluoro_time_s,
        SUM(total_acq_time_s) AS total_acq_time_s,
        SUM(agd_left_mGy) AS agd_left_mGy,
        SUM(agd_right_mGy) AS agd_right_mGy
    FROM totals
    GROUP BY site, StudyInstanceUID
)

SELECT
    totals.* EXCEPT (n_events, objects, precedence, total_dlp_mGycm, total_dap_Gym2, total_fluoro_dap_Gym2, total_acq_dap_Gym2, total_rp_dose_Gy, total_fluoro_rp_Gy, total_acq_rp_Gy, total_fluoro_time_s, total_acq_time_s, agd_left_mGy, agd_right_mGy),
    studies.* EXCEPT (site, StudyInstanceUID)
FROM totals
INNER JOIN studies
    ON
        totals.site = studies.site
        AND totals.StudyInstanceUID = studies.StudyInstanceUID
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY totals.site, totals.StudyInstanceUID
    ORDER BY totals.precedence, totals.modality, totals.row_key
) = 1
