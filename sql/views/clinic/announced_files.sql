-- One row per line of a manifest that counts.
-- Of several versions (generations) of one manifest the latest counts; manifests with different names in a batch add up.
WITH lines AS (
    SELECT *
    FROM `ops.manifests`
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY site, row_key
        ORDER BY pipeline_version, rules_version, event_id
    ) = 1
),

versions AS (
    SELECT
        site,
        manifest_key,
        MAX(generation) AS generation
    FROM (
        SELECT
            site,
            manifest_key,
            generation
        FROM `ops.manifests`
        UNION ALL
        SELECT
            site,
            manifest_key,
            generation
        FROM `ops.batches`
    ) AS announcements
    GROUP BY site, manifest_key
)

SELECT
    lines.site,
    lines.batch,
    lines.manifest_key,
    lines.generation,
    lines.line,
    lines.accession_key,
    lines.study_key,
    lines.object_key,
    lines.content_key,
    lines.bytes,
    lines.expected_files
FROM lines
INNER JOIN versions
    ON
        lines.site = versions.site
        AND lines.manifest_key = versions.manifest_key
        AND lines.generation = versions.generation
