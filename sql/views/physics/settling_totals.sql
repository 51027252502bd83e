-- One row per study that is to be settled: site and study_key.
-- Totals of each quantity, in this order: as a report states them that tells of all events of the study (a cumulative report does); the sum of
-- reports that share no event (a continued procedure); the sum of the events, where each has a value (images without a report). A total that
-- none of them gives is unknown, never 0. What a report states is not checked against its events here. `modality` is the one with the most
-- to say (CT, RF, MG, DX, PX, NM), `modalities` are all; totals stand beside each other, since no two modalities share one.
WITH shown AS (
    SELECT
        site,
        study_key,
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
    FROM `physics.settling_events`
    GROUP BY site, study_key, modality
),

reports AS (
    SELECT told.*
    FROM `ops.dose_studies` AS told
    INNER JOIN `physics.settling_keys` AS waiting
        ON
            told.site = waiting.site
            AND told.study_key = waiting.study_key
    LEFT JOIN `clinic.hidden` AS hidden
        ON
            told.site = hidden.site
            AND told.generation = hidden.generation
            AND told.content_key = hidden.content_key
    WHERE hidden.site IS NULL AND told.modality IS NOT NULL
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY told.site, told.study_key, told.modality, told.instance_key
        ORDER BY told.source_rank, told.generation, told.content_key, told.row_key, told.pipeline_version, told.rules_version, told.event_id
    ) = 1
),

trusted AS (
    SELECT *
    FROM reports
    QUALIFY source_rank = MIN(source_rank) OVER (PARTITION BY site, study_key, modality)
),

best AS (
    SELECT *
    FROM trusted
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY site, study_key, modality
        ORDER BY n_events DESC, ARRAY_LENGTH(doubts) ASC, generation ASC, content_key ASC, row_key ASC
    ) = 1
),

added AS (
    SELECT
        site,
        study_key,
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
    GROUP BY site, study_key, modality
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
            AND best.study_key = added.study_key
            AND best.modality = added.modality
    LEFT JOIN shown
        ON
            best.site = shown.site
            AND best.study_key = shown.study_key
            AND best.modality = shown.modality
),

studies AS (
    SELECT
        site,
        study_key,
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
    GROUP BY site, study_key
)

SELECT
    totals.* EXCEPT (n_events, objects, precedence, total_dlp_mGycm, total_dap_Gym2, total_fluoro_dap_Gym2, total_acq_dap_Gym2, total_rp_dose_Gy, total_fluoro_rp_Gy, total_acq_rp_Gy, total_fluoro_time_s, total_acq_time_s, agd_left_mGy, agd_right_mGy),
    studies.* EXCEPT (site, study_key)
FROM totals
INNER JOIN studies
    ON
        totals.site = studies.site
        AND totals.study_key = studies.study_key
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY totals.site, totals.study_key
    ORDER BY totals.precedence, totals.modality, totals.row_key
) = 1
