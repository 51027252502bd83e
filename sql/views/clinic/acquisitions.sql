-- One row per SOP instance as acquired: site, study_key and instance_key.
-- Of several contents under one instance the first arrival stands. What is retracted is left out; what research holds still counts here.
WITH facts AS (
    SELECT *
    FROM `ops.acquisitions`
    WHERE study_key IS NOT NULL AND instance_key IS NOT NULL
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY site, row_key
        ORDER BY pipeline_version, rules_version, event_id
    ) = 1
),

retracted AS (
    SELECT
        site,
        generation,
        content_key
    FROM `clinic.receipts`
    WHERE (retracted OR operations_outcome = 'quarantined') AND content_key IS NOT NULL
    GROUP BY site, generation, content_key
),

sizes AS (
    SELECT
        site,
        content_key,
        MAX(bytes) AS bytes
    FROM `clinic.receipts`
    WHERE content_key IS NOT NULL
    GROUP BY site, content_key
)

SELECT
    facts.*,
    sizes.bytes
FROM facts
LEFT JOIN retracted
    ON
        facts.site = retracted.site
        AND facts.generation = retracted.generation
        AND facts.content_key = retracted.content_key
LEFT JOIN sizes
    ON
        facts.site = sizes.site
        AND facts.content_key = sizes.content_key
WHERE retracted.site IS NULL
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY facts.site, facts.study_key, facts.instance_key
    ORDER BY facts.generation, facts.content_key, facts.row_key
) = 1
