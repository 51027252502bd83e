-- One row per content of an arrived object that does not count for operations: site, generation and content_key.
-- What is retracted, and what the decision that stands (chosen as in clinic.receipts) holds for the operations side. Reads whole only the few
-- objects that some decision held or a retraction names, so that a view which leaves them out need not settle every receipt.
WITH suspects AS (
    SELECT
        site,
        object_key,
        generation
    FROM `ops.receipts`
    WHERE operations_outcome = 'quarantined'
    UNION DISTINCT
    SELECT
        site,
        object_key,
        generation
    FROM `ops.retractions`
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
    SELECT
        told.site,
        told.object_key,
        told.generation,
        told.content_key,
        told.outcome,
        told.operations_outcome,
        told.code,
        told.turn,
        told.decided_at,
        told.row_key
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
    latest.generation,
    latest.content_key
FROM latest
LEFT JOIN retractions
    ON
        latest.site = retractions.site
        AND latest.object_key = retractions.object_key
        AND latest.generation = retractions.generation
WHERE
    (retractions.object_key IS NOT NULL OR latest.operations_outcome = 'quarantined')
    AND latest.content_key IS NOT NULL
GROUP BY latest.site, latest.generation, latest.content_key
