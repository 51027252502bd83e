-- One row per batch and accession, announced or arrived; accession_key NULL stands for files without an accession number.
-- Verdict, in this order: unverifiable (no manifest), missing (announced, nothing came), duplicate_of_other_batch or unexpected (came
-- unannounced, and came in another batch too or not), partial (fewer whole files than announced), hash_mismatch, complete.
WITH batches AS (
    SELECT
        site,
        COALESCE(batch, '') AS batch_name
    FROM `ops.batches`
    UNION DISTINCT
    SELECT
        site,
        COALESCE(batch, '') AS batch_name
    FROM `ops.manifests`
),

lines AS (
    SELECT
        site,
        COALESCE(batch, '') AS batch_name,
        COALESCE(accession_key, '') AS accession,
        study_key,
        object_key,
        content_key,
        expected_files
    FROM `clinic.announced_files`
),

files AS (
    SELECT
        site,
        COALESCE(batch, '') AS batch_name,
        COALESCE(accession_key, '') AS accession,
        outcome,
        content_key,
        arrived,
        good,
        differs
    FROM `clinic.batch_files`
),

-- A line that is repeated announces no more files: of the lines about one study of an accession the largest number counts.
study_lines AS (
    SELECT
        site,
        batch_name,
        accession,
        study_key,
        MAX(expected_files) AS expected_files
    FROM lines
    GROUP BY site, batch_name, accession, study_key
),

expected AS (
    SELECT
        site,
        batch_name,
        accession,
        SUM(expected_files) AS files
    FROM study_lines
    GROUP BY site, batch_name, accession
),

arrived_contents AS (
    SELECT
        site,
        batch_name,
        content_key
    FROM files
    WHERE arrived AND content_key IS NOT NULL
    GROUP BY site, batch_name, content_key
),

announced AS (
    SELECT
        lines.site,
        lines.batch_name,
        lines.accession,
        COUNT(DISTINCT lines.object_key) AS named_files,
        COUNT(DISTINCT lines.content_key) AS hashes,
        COUNT(DISTINCT IF(lines.object_key IS NULL AND arrived_contents.content_key IS NULL, lines.content_key, NULL)) AS hashes_not_found
    FROM lines
    LEFT JOIN arrived_contents
        ON
            lines.site = arrived_contents.site
            AND lines.batch_name = arrived_contents.batch_name
            AND lines.content_key = arrived_contents.content_key
    GROUP BY lines.site, lines.batch_name, lines.accession
),

came AS (
    SELECT
        site,
        batch_name,
        accession,
        COUNTIF(arrived) AS files,
        COUNTIF(good) AS good_files,
        COUNTIF(arrived AND differs) AS different_files,
        COUNTIF(outcome = 'duplicate') AS duplicate_files
    FROM files
    GROUP BY site, batch_name, accession
),

elsewhere AS (
    SELECT
        site,
        accession,
        COUNT(DISTINCT batch_name) AS batches
    FROM came
    WHERE accession != '' AND files > 0
    GROUP BY site, accession
),

joined AS (
    SELECT
        COALESCE(announced.site, came.site) AS site,
        COALESCE(announced.batch_name, came.batch_name) AS batch_name,
        COALESCE(announced.accession, came.accession) AS accession,
        announced.site IS NOT NULL AS announced,
        COALESCE(announced.named_files, 0) AS named_files,
        COALESCE(announced.hashes, 0) AS hashes,
        COALESCE(announced.hashes_not_found, 0) AS hashes_not_found,
        COALESCE(came.files, 0) AS files,
        COALESCE(came.good_files, 0) AS good_files,
        COALESCE(came.different_files, 0) AS different_files,
        COALESCE(came.duplicate_files, 0) AS duplicate_files
    FROM announced
    FULL OUTER JOIN came
        ON
            announced.site = came.site
            AND announced.batch_name = came.batch_name
            AND announced.accession = came.accession
),

counted AS (
    SELECT
        joined.*,
        batches.site IS NOT NULL AS has_manifest,
        COALESCE(elsewhere.batches, 0) > 1 AS came_elsewhere,
        IF(joined.announced, GREATEST(COALESCE(expected.files, 0), joined.named_files, joined.hashes, 1), NULL) AS expected_files
    FROM joined
    LEFT JOIN batches
        ON
            joined.site = batches.site
            AND joined.batch_name = batches.batch_name
    LEFT JOIN expected
        ON
            joined.site = expected.site
            AND joined.batch_name = expected.batch_name
            AND joined.accession = expected.accession
    LEFT JOIN elsewhere
        ON
            joined.site = elsewhere.site
            AND joined.accession = elsewhere.accession
)

SELECT
    site,
    NULLIF(batch_name, '') AS batch,
    NULLIF(accession, '') AS accession_key,
    CASE
        WHEN NOT has_manifest THEN 'unverifiable'
        WHEN files = 0 THEN 'missing'
        WHEN NOT announced AND came_elsewhere THEN 'duplicate_of_other_batch'
        WHEN NOT announced THEN 'unexpected'
        WHEN good_files < expected_files THEN 'partial'
        WHEN different_files > 0 OR hashes_not_found > 0 THEN 'hash_mismatch'
        ELSE 'complete'
    END AS verdict,
    announced,
    expected_files,
    files,
    good_files,
    different_files,
    duplicate_files
FROM counted
