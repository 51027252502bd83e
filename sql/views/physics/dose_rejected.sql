-- One row per structured report that arrived and gave no dose: site, object_key and generation.
-- `why`: the code under which operations hold it (the decision that stands, chosen as in clinic.receipts), retracted, or no_dose where it was
-- read and holds none. Settles only the decisions about reports of which no dose is known.
WITH dosed AS (
    SELECT
        site,
        content_key
    FROM `ops.dose_studies`
    WHERE content_key IS NOT NULL
    GROUP BY site, content_key
),

suspects AS (
    SELECT
        told.site,
        told.object_key,
        told.generation
    FROM `ops.receipts` AS told
    LEFT JOIN dosed
        ON told.site = dosed.site AND told.content_key = dosed.content_key
    WHERE told.kind = 'dicom_sr' AND dosed.content_key IS NULL
    GROUP BY told.site, told.object_key, told.generation
),

retractions AS (
    SELECT
        site,
        object_key,
        generation
    FROM `ops.retractions`
    GROUP BY site, object_key, generation
),

decisions AS (
    SELECT told.*
    FROM `ops.receipts` AS told
    INNER JOIN suspects
        ON
            told.site = suspects.site
            AND told.object_key = suspects.object_key
            AND told.generation = suspects.generation
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY told.site, told.row_key
        ORDER BY told.decided_at DESC, told.pipeline_version DESC, told.rules_version DESC, told.event_id ASC
    ) = 1
),

latest AS (
    SELECT *
    FROM decisions
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY site, object_key, generation
        ORDER BY
            IF(outcome = 'pending', 1, 0) ASC,
            IF(code = 'internal_error', 1, 0) ASC,
            COALESCE(turn, 0) DESC,
            decided_at DESC,
            row_key ASC
    ) = 1
)

SELECT
    latest.site,
    latest.object_key,
    latest.generation,
    latest.batch,
    latest.received_at,
    latest.study_key,
    latest.content_key,
    CASE
        WHEN retractions.object_key IS NOT NULL THEN 'retracted'
        WHEN latest.operations_outcome = 'quarantined' THEN COALESCE(latest.code, 'quarantined')
        ELSE 'no_dose'
    END AS why
FROM latest
LEFT JOIN retractions
    ON
        latest.site = retractions.site
        AND latest.object_key = retractions.object_key
        AND latest.generation = retractions.generation
LEFT JOIN dosed
    ON latest.site = dosed.site AND latest.content_key = dosed.content_key
WHERE latest.kind = 'dicom_sr' AND dosed.content_key IS NULL
