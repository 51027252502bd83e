-- One row per study that is to be settled: site and study_key.
-- All that physics.dose_studies, dose_exams and dose_effective show of a study; there it is said what the columns mean.
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
    FROM `physics.settling_estimates`
    GROUP BY site, study_key, modality
),

estimated AS (
    SELECT
        site,
        study_key,
        COUNT(*) AS settled_events,
        SUM(IF(modality = 'CT', dlp_mGycm, NULL)) AS dlp_mGycm,
        SUM(effective_icrp60_mSv) AS icrp60_mSv,
        SUM(effective_icrp103_mSv) AS icrp103_mSv,
        SUM(IF(effective_icrp60_mSv IS NULL, 0, dlp_mGycm)) AS covered_60,
        SUM(IF(effective_icrp103_mSv IS NULL, 0, dlp_mGycm)) AS covered_103,
        LOGICAL_OR(effective_converted) AS converted,
        SUM(IF(modality = 'NM', effective_dose_mSv, NULL)) AS stated_mSv,
        MAX(GREATEST(
            COALESCE(IF(alert_dlp_mGycm > 0, fwd_dlp_mGycm / alert_dlp_mGycm, NULL), 0),
            COALESCE(IF(alert_ctdivol_mGy > 0, fwd_ctdivol_mGy / alert_ctdivol_mGy, NULL), 0)
        )) AS times_dose_check
    FROM `physics.settling_estimates`
    GROUP BY site, study_key
),

effective AS (
    SELECT
        site,
        study_key,
        settled_events,
        converted,
        times_dose_check,
        IF(covered_60 >= 0.95 * dlp_mGycm, icrp60_mSv, NULL) AS effective_icrp60_mSv,
        IF(covered_103 >= 0.95 * dlp_mGycm, icrp103_mSv, NULL) AS effective_icrp103_mSv,
        stated_mSv AS effective_stated_mSv
    FROM estimated
),

joined AS (
    SELECT
        totals.* EXCEPT (StudyDate, started_local),
        waiting.study_group,
        waiting.settling,
        COALESCE(effective.settled_events, 0) AS settled_events,
        COALESCE(totals.StudyDate, DATE(totals.started_local), DATE(told.started_local)) AS StudyDate,
        COALESCE(told.started_local, totals.started_local) AS started_local,
        NULLIF(ARRAY_TO_STRING(totals.SoftwareVersions, ', '), '') AS software,
        COALESCE(told.events, totals.n_events) AS events,
        NULLIF(SUBSTR(told.greatest, 18), '') AS protocol,
        NULLIF(SUBSTR(told.greatest_region, 18), '') AS target_region_code,
        told.ctdivol_mGy,
        told.phantom_cm,
        told.agd_mGy,
        told.activity_MBq,
        effective.effective_icrp60_mSv,
        effective.effective_icrp103_mSv,
        effective.effective_stated_mSv,
        effective.converted,
        COALESCE(effective.effective_icrp103_mSv, effective.effective_icrp60_mSv) AS ct_mSv,
        COALESCE(effective.times_dose_check, 0) AS times_dose_check
    FROM `physics.settling_totals` AS totals
    INNER JOIN `physics.settling_keys` AS waiting
        ON
            totals.site = waiting.site
            AND totals.study_key = waiting.study_key
    LEFT JOIN effective
        ON
            totals.site = effective.site
            AND totals.study_key = effective.study_key
    LEFT JOIN told
        ON
            totals.site = told.site
            AND totals.study_key = told.study_key
            AND totals.modality = told.modality
)

SELECT
    joined.* EXCEPT (ct_mSv),
    CASE
        WHEN joined.ct_mSv IS NULL AND joined.effective_stated_mSv IS NULL THEN NULL
        ELSE COALESCE(joined.ct_mSv, 0) + COALESCE(joined.effective_stated_mSv, 0)
    END AS effective_mSv,
    CASE
        WHEN joined.ct_mSv IS NULL AND joined.effective_stated_mSv IS NULL THEN NULL
        ELSE CONCAT(
            CASE
                WHEN joined.effective_icrp103_mSv IS NOT NULL THEN 'NCI_ICRP103 2012'
                WHEN joined.effective_icrp60_mSv IS NOT NULL THEN 'AAPM96_ICRP60 2008'
                ELSE ''
            END,
            IF(joined.ct_mSv IS NOT NULL AND joined.effective_stated_mSv IS NOT NULL, ' + ', ''),
            IF(joined.effective_stated_mSv IS NULL, '', 'stated by the device')
        )
    END AS method,
    ('CT' IN UNNEST(joined.modalities) AND joined.ct_mSv IS NULL) OR ('NM' IN UNNEST(joined.modalities) AND joined.effective_stated_mSv IS NULL) AS effective_lacking,
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
