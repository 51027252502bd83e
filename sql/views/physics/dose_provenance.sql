-- One row per dose object that was read: site, study_key and content_key.
-- How it was read, its rank (1 is the best), whether its totals are the ones that physics.dose_studies shows, and what in it could not be read
-- for certain: such fields are NULL, never guessed.
SELECT
    objects.site,
    objects.study_key,
    objects.content_key,
    objects.generation,
    objects.received_at,
    objects.device_key,
    objects.modality,
    objects.object_kind,
    objects.source_rank,
    objects.n_events,
    objects.n_events_declared,
    COALESCE(objects.row_key = studies.row_key, FALSE) AS shown,
    objects.doubts,
    COALESCE(objects.n_events != objects.n_events_declared, FALSE) AS counts_differ
FROM `ops.dose_studies` AS objects
LEFT JOIN `physics.dose_studies` AS studies
    ON objects.site = studies.site AND objects.study_key = studies.study_key
QUALIFY ROW_NUMBER() OVER (PARTITION BY objects.site, objects.study_key, objects.content_key ORDER BY objects.generation, objects.row_key) = 1
