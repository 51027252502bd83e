-- One row per study whose dose is to be settled when it is asked for: site and study_key.
-- Studies fall into groups by the beginning of their key. What the log holds of a group now, how much of it is hidden, and by which text the
-- views decide make up `settling`; a group is settled when every row of ops.settled_dose_studies and ops.settled_dose_events that it has says
-- the same and was written by one statement, and none lacks. So a row that came after the last settling, a retraction or a changed rule puts its group here, and the views of
-- dose work it out anew: a settled table is never shown when it is old.
WITH logged AS (
    SELECT
        site,
        SUBSTR(study_key, 1, 4) AS study_group,
        COUNT(*) AS events,
        0 AS studies,
        0 AS hidden,
        SUM(MOD(COALESCE(generation, 0), 1000003)) AS generations
    FROM `ops.dose_events`
    WHERE study_key IS NOT NULL
    GROUP BY site, study_group
    UNION ALL
    SELECT
        site,
        SUBSTR(study_key, 1, 4) AS study_group,
        0 AS events,
        COUNT(*) AS studies,
        0 AS hidden,
        SUM(MOD(COALESCE(generation, 0), 1000003)) AS generations
    FROM `ops.dose_studies`
    WHERE study_key IS NOT NULL
    GROUP BY site, study_group
    UNION ALL
    SELECT
        told.site,
        SUBSTR(told.study_key, 1, 4) AS study_group,
        0 AS events,
        0 AS studies,
        COUNT(*) AS hidden,
        SUM(MOD(told.generation, 1000003)) AS generations
    FROM `ops.dose_studies` AS told
    INNER JOIN `clinic.hidden` AS hidden
        ON
            told.site = hidden.site
            AND told.generation = hidden.generation
            AND told.content_key = hidden.content_key
    WHERE told.study_key IS NOT NULL
    GROUP BY told.site, study_group
),

wanted AS (
    SELECT
        site,
        study_group,
        CONCAT(
            -- rules settled_by
            'fce9a6139ff5',
            -- end
            '/',
            CAST(SUM(events) AS STRING),
            '/',
            CAST(SUM(studies) AS STRING),
            '/',
            CAST(SUM(hidden) AS STRING),
            '/',
            CAST(SUM(generations) AS STRING)
        ) AS settling
    FROM logged
    GROUP BY site, study_group
),

studies AS (
    SELECT
        site,
        study_group,
        MIN(settling) AS settling,
        MAX(settling) AS other,
        MIN(settled_at) = MAX(settled_at) AS at_once,
        SUM(settled_events) AS events
    FROM `ops.settled_dose_studies`
    GROUP BY site, study_group
),

events AS (
    SELECT
        site,
        study_group,
        MIN(settling) AS settling,
        MAX(settling) AS other,
        MIN(settled_at) = MAX(settled_at) AS at_once,
        COUNT(*) AS events
    FROM `ops.settled_dose_events`
    GROUP BY site, study_group
),

unsettled AS (
    SELECT
        wanted.site,
        wanted.study_group,
        wanted.settling
    FROM wanted
    LEFT JOIN studies
        ON
            wanted.site = studies.site
            AND wanted.study_group = studies.study_group
            AND wanted.settling = studies.settling
            AND wanted.settling = studies.other
            AND studies.at_once
    LEFT JOIN events
        ON
            wanted.site = events.site
            AND wanted.study_group = events.study_group
    WHERE
        studies.site IS NULL
        OR studies.events != COALESCE(events.events, 0)
        OR wanted.settling != COALESCE(events.settling, wanted.settling)
        OR wanted.settling != COALESCE(events.other, wanted.settling)
        OR NOT COALESCE(events.at_once, TRUE)
),

told AS (
    SELECT
        site,
        study_key
    FROM `ops.dose_studies`
    WHERE study_key IS NOT NULL
    UNION ALL
    SELECT
        site,
        study_key
    FROM `ops.dose_events`
    WHERE study_key IS NOT NULL
)

SELECT
    unsettled.site,
    told.study_key,
    unsettled.study_group,
    unsettled.settling
FROM told
INNER JOIN unsettled
    ON
        told.site = unsettled.site
        AND SUBSTR(told.study_key, 1, 4) = unsettled.study_group
GROUP BY unsettled.site, told.study_key, unsettled.study_group, unsettled.settling
