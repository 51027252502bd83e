-- One row per CT irradiation event other than localisers, with what dose surveys ask for.
-- Fields of national surveys and of the Spanish patient dose bank (BOE-A-2025-4399), one acquisition per row, with the study's total beside it.
-- Filter adults of standard size with age_group and PatientWeight (ICRP 135: mean of 70 kg, plus or minus 20 kg).
SELECT
    events.site,
    events.study_key,
    events.event_key,
    exams.StudyDate,
    exams.device_key,
    exams.Manufacturer,
    exams.ManufacturerModelName,
    exams.exam,
    exams.StudyDescription,
    exams.PatientSex,
    exams.patient_age_years,
    exams.age_group,
    exams.PatientWeight,
    exams.total_dlp_mGycm,
    exams.events AS n_events,
    events.event_index,
    events.protocol,
    events.target_region,
    events.acq_type,
    events.ctdivol_mGy,
    events.phantom_cm,
    events.dlp_mGycm,
    events.ssde_mGy,
    events.ssde_stated_mGy,
    events.kvp_mean AS kvp,
    events.tube_current_mA[SAFE_OFFSET(0)] AS tube_current_mA,
    events.max_tube_current_mA[SAFE_OFFSET(0)] AS max_tube_current_mA,
    events.time_per_rotation_s[SAFE_OFFSET(0)] AS time_per_rotation_s,
    events.exposure_time_s,
    events.pitch,
    events.total_collimation_mm,
    events.scanning_length_mm,
    events.modulation
FROM `physics.dose_ct_events` AS events
INNER JOIN `physics.dose_exams` AS exams
    ON events.site = exams.site AND events.study_key = exams.study_key
WHERE NOT COALESCE(events.localiser, FALSE)
