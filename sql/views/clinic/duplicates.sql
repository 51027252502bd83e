-- One row per object that repeats the content of an earlier one.
-- The earlier arrival is the one with the smaller generation, then the smaller object_key.
SELECT
    site,
    batch,
    object_key,
    generation,
    received_at,
    bytes,
    first_batch,
    first_object_key,
    first_generation,
    content_key,
    study_key,
    accession_key,
    modality,
    batch IS DISTINCT FROM first_batch AS other_batch
FROM `clinic.receipts`
WHERE outcome = 'duplicate'
