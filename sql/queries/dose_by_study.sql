-- Which radiation dose was given in each study, and how is it known?
SELECT
    modality,
    StudyDate,
    n_events,
    total_dlp_mGycm,
    total_dap_Gym2,
    totals_from
FROM `physics.dose_studies`
ORDER BY StudyDate ASC, modality ASC
LIMIT 20
