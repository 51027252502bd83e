-- One row per study and alert that it raises.
-- Limits of deid_rules/dose/alerts.yaml, each raised once per study however many reports tell of it. `value` and `above` are in the unit of the
-- quantity; reference_level is the DLP in multiples of the exam's level (adults), dose_check the forward estimate in multiples of the scanner's
-- own alert value. An alert is a reason to look, not a finding: levels are for groups of patients.
WITH levels AS (
    SELECT * FROM UNNEST(
        -- rules levels
        ARRAY<STRUCT<exam STRING, quantity STRING, level FLOAT64, authority STRING, year INT64, indication STRING>>[
            ('head', 'ctdivol_mGy', 47.0, 'UK', 2022, 'Acute stroke'),
            ('head', 'dlp_mGycm', 790.0, 'UK', 2022, 'Acute stroke'),
            ('sinuses', 'ctdivol_mGy', 12.0, 'UK', 2022, 'Sinus disease'),
            ('sinuses', 'dlp_mGycm', 160.0, 'UK', 2022, 'Sinus disease'),
            ('cervical_spine', 'ctdivol_mGy', 16.0, 'UK', 2022, 'Fracture'),
            ('cervical_spine', 'dlp_mGycm', 400.0, 'UK', 2022, 'Fracture'),
            ('neck_chest_abdomen_pelvis', 'dlp_mGycm', 850.0, 'UK', 2022, 'Cancer'),
            ('chest', 'ctdivol_mGy', 8.5, 'UK', 2022, 'Lung cancer'),
            ('chest', 'dlp_mGycm', 290.0, 'UK', 2022, 'Lung cancer'),
            ('chest_abdomen', 'dlp_mGycm', 470.0, 'UK', 2022, 'Lung cancer'),
            ('chest_high_resolution', 'ctdivol_mGy', 8.0, 'UK', 2022, 'Interstitial lung disease (helical)'),
            ('chest_high_resolution', 'dlp_mGycm', 300.0, 'UK', 2022, 'Interstitial lung disease (helical)'),
            ('chest_abdomen_pelvis', 'dlp_mGycm', 660.0, 'UK', 2022, 'Cancer'),
            ('ct_pulmonary_angiography', 'ctdivol_mGy', 9.1, 'UK', 2022, 'Pulmonary embolism'),
            ('ct_pulmonary_angiography', 'dlp_mGycm', 310.0, 'UK', 2022, 'Pulmonary embolism'),
            ('abdomen_pelvis', 'ctdivol_mGy', 10.0, 'UK', 2022, 'Abscess'),
            ('abdomen_pelvis', 'dlp_mGycm', 530.0, 'UK', 2022, 'Abscess'),
            ('colonography', 'dlp_mGycm', 690.0, 'UK', 2022, 'Polyps/Tumour'),
            ('kidneys_ureters_bladder', 'ctdivol_mGy', 6.3, 'UK', 2022, 'Stones/Colic'),
            ('kidneys_ureters_bladder', 'dlp_mGycm', 290.0, 'UK', 2022, 'Stones/Colic'),
            ('urogram', 'dlp_mGycm', 890.0, 'UK', 2022, 'Tumour/Stones/Colic')
        ]
        -- end
    )
),

exams AS (
    SELECT
        studies.*,
        IF(studies.age_group = 'adult', studies.total_dlp_mGycm / levels.level, NULL) AS times_level
    FROM `physics.dose_studies` AS studies
    LEFT JOIN levels
        ON studies.exam = levels.exam AND levels.quantity = 'dlp_mGycm'
)

SELECT
    exams.site,
    exams.study_key,
    exams.patient_key,
    exams.device_key,
    exams.modality,
    exams.StudyDate,
    exams.protocol,
    exams.exam,
    raised.alert,
    raised.severity,
    raised.quantity,
    raised.value,
    raised.above
FROM exams
CROSS JOIN
    UNNEST([
        -- rules alerts
        STRUCT('fluoroscopy_2_gy' AS alert, 'look' AS severity, 'total_rp_dose_Gy' AS quantity, 2.0 AS above, IF(modality IN ('RF'), total_rp_dose_Gy, NULL) AS value),
        STRUCT('reference_level' AS alert, 'note' AS severity, 'reference_level' AS quantity, 1.0 AS above, IF(modality IN ('CT'), times_level, NULL) AS value),
        STRUCT('twice_reference_level' AS alert, 'look' AS severity, 'reference_level' AS quantity, 2.0 AS above, IF(modality IN ('CT'), times_level, NULL) AS value),
        STRUCT('dose_check' AS alert, 'look' AS severity, 'dose_check' AS quantity, 1.0 AS above, IF(modality IN ('CT'), times_dose_check, NULL) AS value)
        -- end
    ]) AS raised
WHERE raised.value > raised.above
