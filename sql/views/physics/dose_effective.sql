-- One row per CT study, or study with a radiopharmaceutical whose device states effective dose.
-- Sum of the estimates of physics.dose_ct_events by method, only where the events with an estimate hold at least 95 % of the study's DLP; a
-- dose stated by the device counts as it is. effective_mSv is the ICRP 103 estimate, else the ICRP 60 one, plus what is stated of
-- radiopharmaceuticals; `method` says which, and `effective_lacking` that a part of the study (CT or nuclear) has none.
SELECT
    site,
    study_key,
    effective_icrp60_mSv,
    effective_icrp103_mSv,
    effective_stated_mSv,
    converted,
    effective_mSv,
    method,
    effective_lacking
FROM `physics.dose_studies`
WHERE 'CT' IN UNNEST(modalities) OR effective_stated_mSv IS NOT NULL
