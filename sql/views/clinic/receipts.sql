-- One row per arrived object: site, object_key and generation.
-- The settled outcome, the same whatever the order and however often the rows of ops.receipts and ops.retractions came.
-- Decision: rows of one row_key are one decision, made when it was last made. Of several decisions about an object the one that knew most
-- counts (its turn: manifests seen and stewards' decisions), of those of one turn the latest; but no `pending` counts once there is any
-- other, and no `internal_error`: a repeated event may say it after the work was done.
-- Then, in this order: a retracted object is quarantined; of equal released content the first arrival stands and the others are
-- duplicates (a copy of a held object is held for the same reason, and shows it); released objects that share study and instance but
-- not content are in conflict with each other.
WITH decisions AS (
    SELECT *
    FROM `ops.receipts`
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY site, row_key
        ORDER BY decided_at DESC, pipeline_version DESC, rules_version DESC, event_id ASC
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
),

retractions AS (
    SELECT
        site,
        object_key,
        generation,
        code
    FROM `ops.retractions`
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY site, object_key, generation
        ORDER BY IF(code = 'withdrawn', 0, 1), decided_at, row_key, code
    ) = 1
),

standing AS (
    SELECT
        latest.* EXCEPT (outcome, code),
        retractions.object_key IS NOT NULL AS retracted,
        IF(retractions.object_key IS NULL, latest.outcome, 'quarantined') AS outcome,
        IF(retractions.object_key IS NULL, latest.code, retractions.code) AS code
    FROM latest
    LEFT JOIN retractions
        ON
            latest.site = retractions.site
            AND latest.object_key = retractions.object_key
            AND latest.generation = retractions.generation
),

eligible AS (
    SELECT
        *,
        -- Every empty file has the same content and each is a fault of its own; a manifest speaks for its batch, not for its bytes.
        content_key IS NOT NULL
        AND NOT retracted
        AND outcome = 'released'
        AND COALESCE(bytes, 1) > 0
        AND COALESCE(kind, 'other') != 'manifest' AS comparable
    FROM standing
),

copies AS (
    SELECT
        *,
        ROW_NUMBER() OVER arrivals AS copy,
        FIRST_VALUE(object_key) OVER arrivals AS first_object_key,
        FIRST_VALUE(generation) OVER arrivals AS first_generation,
        FIRST_VALUE(batch) OVER arrivals AS first_batch
    FROM eligible
    WINDOW arrivals AS (
        PARTITION BY site, content_key, outcome, code, comparable
        ORDER BY generation, object_key
    )
),

contents AS (
    SELECT
        site,
        study_key,
        instance_key,
        COUNT(DISTINCT content_key) AS contents
    FROM standing
    WHERE outcome = 'released' AND study_key IS NOT NULL AND instance_key IS NOT NULL
    GROUP BY site, study_key, instance_key
),

settled AS (
    SELECT
        copies.*,
        copies.comparable AND copies.copy > 1 AS duplicate,
        copies.outcome = 'released' AND COALESCE(contents.contents, 0) > 1 AS conflict
    FROM copies
    LEFT JOIN contents
        ON
            copies.site = contents.site
            AND copies.study_key = contents.study_key
            AND copies.instance_key = contents.instance_key
)

SELECT
    site,
    batch,
    object_key,
    generation,
    received_at,
    bytes,
    kind,
    status,
    IF(duplicate, 'duplicate', outcome) AS outcome,
    CASE
        WHEN duplicate THEN 'duplicate'
        WHEN conflict THEN 'conflict'
        ELSE code
    END AS code,
    detail,
    operations_outcome,
    research_outcome,
    retracted,
    conflict,
    IF(duplicate, first_object_key, NULL) AS first_object_key,
    IF(duplicate, first_generation, NULL) AS first_generation,
    IF(duplicate, first_batch, NULL) AS first_batch,
    content_key,
    patient_key,
    study_key,
    series_key,
    instance_key,
    accession_key,
    modality,
    decided_at,
    event_id,
    row_key,
    pipeline_version,
    rules_version,
    key_version
FROM settled
