-- One row per batch from which anything arrived or for which anything was announced.
-- Verdict of the whole batch: unverifiable without a manifest that could be read; missing when nothing announced came; else the gravest of
-- its accessions, in the order hash_mismatch, partial (also when some accessions are missing), unexpected, duplicate_of_other_batch; else
-- complete.
WITH mentions AS (
    SELECT
        site,
        COALESCE(batch, '') AS batch_name,
        FALSE AS has_manifest
    FROM `clinic.receipts`
    WHERE outcome != 'ignored'
    UNION ALL
    SELECT
        site,
        COALESCE(batch, '') AS batch_name,
        TRUE AS has_manifest
    FROM `ops.batches`
    UNION ALL
    SELECT
        site,
        COALESCE(batch, '') AS batch_name,
        TRUE AS has_manifest
    FROM `ops.manifests`
),

batches AS (
    SELECT
        site,
        batch_name,
        COUNTIF(has_manifest) > 0 AS has_manifest
    FROM mentions
    GROUP BY site, batch_name
),

verdicts AS (
    SELECT
        site,
        COALESCE(batch, '') AS batch_name,
        verdict,
        announced,
        expected_files,
        files,
        good_files,
        different_files,
        duplicate_files
    FROM `clinic.batch_accessions`
),

counts AS (
    SELECT
        batches.site,
        batches.batch_name,
        batches.has_manifest,
        COUNTIF(COALESCE(verdicts.announced, FALSE)) AS announced,
        COUNTIF(verdicts.verdict = 'complete') AS complete,
        COUNTIF(verdicts.verdict = 'partial') AS partial,
        COUNTIF(verdicts.verdict = 'missing') AS missing,
        COUNTIF(verdicts.verdict = 'unexpected') AS unexpected,
        COUNTIF(verdicts.verdict = 'duplicate_of_other_batch') AS duplicate_of_other_batch,
        COUNTIF(verdicts.verdict = 'hash_mismatch') AS hash_mismatch,
        COUNTIF(verdicts.verdict = 'unverifiable') AS unverifiable,
        SUM(verdicts.expected_files) AS expected_files,
        COALESCE(SUM(verdicts.files), 0) AS files,
        COALESCE(SUM(verdicts.good_files), 0) AS good_files,
        COALESCE(SUM(verdicts.different_files), 0) AS different_files,
        COALESCE(SUM(verdicts.duplicate_files), 0) AS duplicate_files
    FROM batches
    LEFT JOIN verdicts
        ON
            batches.site = verdicts.site
            AND batches.batch_name = verdicts.batch_name
    GROUP BY batches.site, batches.batch_name, batches.has_manifest
)

SELECT
    site,
    NULLIF(batch_name, '') AS batch,
    CASE
        WHEN NOT has_manifest THEN 'unverifiable'
        WHEN announced > 0 AND missing = announced THEN 'missing'
        WHEN hash_mismatch > 0 THEN 'hash_mismatch'
        WHEN partial + missing > 0 THEN 'partial'
        WHEN unexpected > 0 THEN 'unexpected'
        WHEN duplicate_of_other_batch > 0 THEN 'duplicate_of_other_batch'
        ELSE 'complete'
    END AS verdict,
    announced AS announced_accessions,
    complete,
    partial,
    missing,
    unexpected,
    duplicate_of_other_batch,
    hash_mismatch,
    unverifiable,
    expected_files,
    files,
    good_files,
    different_files,
    duplicate_files
FROM counts
