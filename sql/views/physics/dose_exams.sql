-- One row per study with dose: site and study_key.
-- What a physicist compares, of the modality with the most to say: totals as physics.dose_studies settles them, protocol and target region of the
-- principal event (greatest dose, localisers last), the greatest CTDIvol other than of localisers, the exam that this protocol, the study or the
-- region name, local begin, age and weight groups (European Commission RP 185). Doses in the units of their names; agd_mGy: mean per image.
WITH codes AS (
    SELECT * FROM UNNEST(
        -- rules region_codes
        ARRAY<STRUCT<code STRING, exam STRING, region STRING>>[
            ('416319003', 'neck_chest_abdomen_pelvis', NULL),
            ('416775004', 'chest_abdomen_pelvis', 'trunk'),
            ('416550000', 'chest_abdomen', 'trunk'),
            ('416949008', 'abdomen_pelvis', 'abdomen_pelvis'),
            ('818982008', 'abdomen_pelvis', 'abdomen_pelvis'),
            ('2095001', 'sinuses', 'head'),
            ('120228005', 'sinuses', 'head'),
            ('122494005', 'cervical_spine', 'neck'),
            ('122496007', 'lumbar_spine', 'abdomen_pelvis'),
            ('113345001', 'abdomen', 'abdomen_pelvis'),
            ('818981001', 'abdomen', 'abdomen_pelvis'),
            ('10200004', 'abdomen', 'abdomen_pelvis'),
            ('12921003', 'pelvis', 'abdomen_pelvis'),
            ('816092008', 'pelvis', 'abdomen_pelvis'),
            ('45048000', 'neck', 'neck'),
            ('69536005', 'head', 'head'),
            ('12738006', 'head', 'head'),
            ('89546000', 'head', 'head'),
            ('51185008', 'chest', 'chest'),
            ('39607008', 'chest', 'chest')
        ]
        -- end
    )
),

told AS (
    SELECT
        site,
        study_key,
        modality,
        -- Texts that begin with a number of fixed width: of equal doses the later name in the alphabet counts, whatever the order of the rows.
        MAX(CONCAT(
            IF(localiser, '0', '1'),
            CAST(CAST(1e15 + 1e6 * COALESCE(dlp_mGycm, 1e3 * dap_Gym2, rp_dose_Gy, agd_mGy, administered_activity_MBq, 0) AS INT64) AS STRING),
            COALESCE(protocol, '')
        )) AS greatest,
        MAX(CONCAT(
            IF(localiser, '0', '1'),
            CAST(CAST(1e15 + 1e6 * COALESCE(dlp_mGycm, 0) AS INT64) AS STRING),
            COALESCE(target_region_code, '')
        )) AS greatest_region,
        MAX(IF(localiser, NULL, ctdivol_mGy)) AS ctdivol_mGy,
        MIN(started_local) AS started_local,
        COUNT(*) AS events,
        IF(MIN(phantom_cm) = MAX(phantom_cm), MIN(phantom_cm), NULL) AS phantom_cm,
        AVG(agd_mGy) AS agd_mGy,
        SUM(administered_activity_MBq) AS activity_MBq
    FROM `physics.dose_events`
    GROUP BY site, study_key, modality
),

joined AS (
    SELECT
        studies.site,
        studies.study_key,
        studies.patient_key,
        studies.accession_key,
        studies.device_key,
        studies.modality,
        studies.modalities,
        studies.object_kind,
        studies.Manufacturer,
        studies.ManufacturerModelName,
        NULLIF(ARRAY_TO_STRING(studies.SoftwareVersions, ', '), '') AS software,
        studies.StudyDescription,
        studies.PatientSex,
        studies.patient_age_years,
        studies.PatientWeight,
        COALESCE(studies.StudyDate, DATE(studies.started_local), DATE(told.started_local)) AS StudyDate,
        COALESCE(told.started_local, studies.started_local) AS started_local,
        COALESCE(told.events, studies.n_events) AS events,
        studies.n_events_declared,
        NULLIF(SUBSTR(told.greatest, 18), '') AS protocol,
        NULLIF(SUBSTR(told.greatest_region, 18), '') AS target_region_code,
        told.ctdivol_mGy,
        told.phantom_cm,
        studies.total_dlp_mGycm,
        studies.total_dap_Gym2,
        studies.total_rp_dose_Gy,
        studies.totals_from,
        studies.total_fluoro_time_s,
        told.agd_mGy,
        studies.agd_left_mGy,
        studies.agd_right_mGy,
        told.activity_MBq,
        studies.doubts
    FROM `physics.dose_studies` AS studies
    LEFT JOIN told
        ON
            studies.site = told.site
            AND studies.study_key = told.study_key
            AND studies.modality = told.modality
)

SELECT
    joined.*,
    COALESCE(by_protocol.exam, by_study.exam, codes.exam) AS exam,
    CASE
        WHEN joined.patient_age_years < 1 THEN '0'
        WHEN joined.patient_age_years < 4 THEN '1-3'
        WHEN joined.patient_age_years < 10 THEN '4-9'
        WHEN joined.patient_age_years < 14 THEN '10-13'
        WHEN joined.patient_age_years < 18 THEN '14-17'
        WHEN joined.patient_age_years >= 18 THEN 'adult'
    END AS age_group,
    CASE
        WHEN joined.PatientWeight <= 0 THEN NULL
        WHEN joined.PatientWeight < 5 THEN '<5'
        WHEN joined.PatientWeight < 15 THEN '5-<15'
        WHEN joined.PatientWeight < 30 THEN '15-<30'
        WHEN joined.PatientWeight < 50 THEN '30-<50'
        WHEN joined.PatientWeight < 80 THEN '50-<80'
        WHEN joined.PatientWeight >= 80 THEN '>=80'
    END AS weight_group_kg
FROM joined
LEFT JOIN `physics.dose_names` AS by_protocol
    ON joined.site = by_protocol.site AND joined.protocol = by_protocol.name
LEFT JOIN `physics.dose_names` AS by_study
    ON joined.site = by_study.site AND joined.StudyDescription = by_study.name
LEFT JOIN codes
    ON joined.modality = 'CT' AND joined.target_region_code = codes.code
