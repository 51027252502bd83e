-- One row per content among released objects that share study and instance but not content.
-- The steward chooses by retracting the others; until then none of them is part of a release.
SELECT
    site,
    study_key,
    instance_key,
    content_key,
    MIN(modality) AS modality,
    COUNT(*) AS objects,
    MIN(generation) AS first_generation,
    MIN(received_at) AS first_received_at,
    ROW_NUMBER() OVER (
        PARTITION BY site, study_key, instance_key
        ORDER BY MIN(generation), content_key
    ) AS arrival
FROM `clinic.receipts`
WHERE conflict
GROUP BY site, study_key, instance_key, content_key
