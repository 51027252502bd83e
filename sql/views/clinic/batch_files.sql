-- One row per file name of a batch, announced or arrived: site, batch and object_key.
-- Of several generations under one name the latest is the file. Its accession is the one in its own header, else the one that a manifest
-- gives for its name, else the one that a manifest gives for its study. Manifests and ignored objects are no files; archives and access
-- logs are files only where a manifest names them.
WITH arrived AS (
    SELECT *
    FROM `clinic.receipts`
    WHERE COALESCE(kind, 'other') != 'manifest' AND outcome != 'ignored'
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY site, batch, object_key
        ORDER BY generation DESC
    ) = 1
),

named AS (
    SELECT
        site,
        batch,
        object_key,
        MIN(accession_key) AS accession_key,
        MIN(content_key) AS content_key,
        MAX(content_key) AS other_content_key,
        MIN(bytes) AS bytes,
        MAX(bytes) AS other_bytes
    FROM `clinic.announced_files`
    WHERE object_key IS NOT NULL
    GROUP BY site, batch, object_key
),

studies AS (
    SELECT
        site,
        batch,
        study_key,
        MIN(accession_key) AS accession_key
    FROM `clinic.announced_files`
    WHERE study_key IS NOT NULL
    GROUP BY site, batch, study_key
),

files AS (
    SELECT
        COALESCE(arrived.site, named.site) AS site,
        COALESCE(arrived.batch, named.batch) AS batch,
        COALESCE(arrived.object_key, named.object_key) AS object_key,
        COALESCE(arrived.accession_key, named.accession_key) AS accession_key,
        arrived.study_key,
        arrived.kind,
        arrived.outcome,
        arrived.code,
        arrived.content_key,
        arrived.object_key IS NOT NULL AS arrived,
        named.object_key IS NOT NULL AS named,
        -- Whole as it arrived, whatever is decided about it: held for review, waiting or a copy of another file is no fault of the transfer.
        arrived.object_key IS NOT NULL
        AND COALESCE(arrived.code, 'none') NOT IN (
            'empty', 'not_dicom', 'corrupt', 'unsupported', 'missing_uid', 'invalid_uid', 'encrypted', 'unsafe_xml', 'unsafe_archive'
        ) AS good,
        COALESCE(arrived.code IN ('hash_mismatch', 'size_mismatch'), FALSE)
        OR COALESCE(arrived.content_key != named.content_key, FALSE)
        OR COALESCE(arrived.content_key != named.other_content_key, FALSE)
        OR COALESCE(arrived.bytes != named.bytes, FALSE)
        OR COALESCE(arrived.bytes != named.other_bytes, FALSE) AS differs
    FROM arrived
    FULL OUTER JOIN named
        ON
            arrived.site = named.site
            AND COALESCE(arrived.batch, '') = COALESCE(named.batch, '')
            AND arrived.object_key = named.object_key
)

SELECT
    files.site,
    files.batch,
    files.object_key,
    COALESCE(files.accession_key, studies.accession_key) AS accession_key,
    files.kind,
    files.outcome,
    files.code,
    files.content_key,
    files.arrived,
    files.named,
    files.good,
    files.differs
FROM files
LEFT JOIN studies
    ON
        files.site = studies.site
        AND COALESCE(files.batch, '') = COALESCE(studies.batch, '')
        AND files.study_key = studies.study_key
WHERE files.named OR files.accession_key IS NOT NULL OR COALESCE(files.kind, 'other') NOT IN ('archive', 'access_log')
