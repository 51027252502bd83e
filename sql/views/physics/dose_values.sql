-- One row per study and quantity that was measured: site, study_key and quantity.
-- The long form of physics.dose_exams, one quantity per row, for statistics; the unit stands in the name of the quantity.
SELECT
    exams.site,
    exams.study_key,
    exams.modality,
    exams.device_key,
    exams.protocol,
    exams.exam,
    exams.age_group,
    exams.weight_group_kg,
    exams.StudyDate,
    exams.software,
    measured.quantity,
    measured.value
FROM `physics.dose_exams` AS exams
CROSS JOIN
    UNNEST(IF(
        exams.modality = 'CT',
        [STRUCT('dlp_mGycm' AS quantity, exams.total_dlp_mGycm AS value), STRUCT('ctdivol_mGy', exams.ctdivol_mGy)],
        [
            STRUCT(
                CASE exams.modality WHEN 'MG' THEN 'agd_mGy' WHEN 'NM' THEN 'activity_MBq' ELSE 'dap_Gym2' END AS quantity,
                CASE exams.modality WHEN 'MG' THEN exams.agd_mGy WHEN 'NM' THEN exams.activity_MBq ELSE exams.total_dap_Gym2 END AS value
            ),
            STRUCT('rp_dose_Gy', exams.total_rp_dose_Gy)
        ]
    )) AS measured
WHERE measured.value IS NOT NULL
