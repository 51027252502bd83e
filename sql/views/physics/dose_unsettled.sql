-- One row per group of studies whose dose is to be settled when it is asked for: site and study_group.
-- Studies fall into groups by the end of their key (a UID, and all begin with 2.25). What the log holds of a group now, how much of it is
-- hidden, and by which text the views decide make up `settling`; a group is settled when every row of ops.settled_dose_studies and
-- ops.settled_dose_events that it has says the same and was written by one statement, and none lacks. So a row that came after the last
-- settling, a retraction or a changed rule puts its group here, and the views of dose work it out anew: a settled table is never shown when
-- it is old.
WITH logged AS (
    SELECT
        site,
        RIGHT(study_key, 5) AS study_group,
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
        RIGHT(study_key, 5) AS study_group,
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
        RIGHT(told.study_key, 5) AS study_group,
        0 AS events,
        0 AS studies,
        COUNT(*) AS hidden,
        SUM(MOD(told.generation, 1000003)) AS generations
    FROM (
        SELECT
            site,
            study_key,
            generation,
            content_key
        FROM `ops.dose_studies`
        UNION ALL
        SELECT
            site,
            study_key,
            generation,
            content_key
        FROM `ops.dose_events`
    ) AS told
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
        SUM(studies) AS studies,
        CONCAT(
            -- rules settled_by
            'e65d675935e4',
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
        ANY_VALUE(settling) AS settling,  -- one statement writes one
        MIN(settled_at) = MAX(settled_at) AS at_once,
        SUM(settled_events) AS events
    FROM `ops.settled_dose_studies`
    GROUP BY site, study_group
),

events AS (
    SELECT
        site,
        study_group,
        ANY_VALUE(settling) AS settling,  -- one statement writes one
        MIN(settled_at) = MAX(settled_at) AS at_once,
        COUNT(*) AS events
    FROM `ops.settled_dose_events`
    GROUP BY site, study_group
)

SELECT
    wanted.site,
    wanted.study_group,
    wanted.settling,
    wanted.studies
FROM wanted
LEFT JOIN studies
    ON
        wanted.site = studies.site
        AND wanted.study_group = studies.study_group
        AND wanted.settling = studies.settling
        AND studies.at_once
LEFT JOIN events
    ON
        wanted.site = events.site
        AND wanted.study_group = events.study_group
WHERE
    studies.site IS NULL
    OR studies.events != COALESCE(events.events, 0)
    OR wanted.settling != COALESCE(events.settling, wanted.settling)
    OR NOT COALESCE(events.at_once, TRUE)
