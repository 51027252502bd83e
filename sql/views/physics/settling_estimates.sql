-- One row per irradiation event of the studies that are to be settled, with what is estimated of CT.
-- Size-specific dose (AAPM Reports 204 and 220, from the diameter that the device states; not for the head) and effective dose by two
-- methods: k factors of AAPM Report 96 (2008, ICRP 60 weighting) and of Lee et al. (2012, ICRP 103 weighting), by region, age and tube
-- voltage. E is an estimate for a reference person of that age, good to about 40 %, never a dose or a risk of this patient.
-- Region: of the target region's code, else of the exam that the protocol names. A DLP of the other phantom is brought to the factor's by
-- the ratio of the AAPM 204 curves, and `effective_converted` says so. Without a verified factor there is no estimate; `effective_lacks`
-- says what lacks.
WITH exams AS (
    SELECT * FROM UNNEST(
        -- rules exam_regions
        ARRAY<STRUCT<exam STRING, region STRING>>[
            ('neck_chest_abdomen_pelvis', NULL),
            ('chest_abdomen_pelvis', 'trunk'),
            ('chest_abdomen', 'trunk'),
            ('ct_pulmonary_angiography', 'chest'),
            ('coronary_ct_angiography', 'chest'),
            ('chest_high_resolution', 'chest'),
            ('colonography', 'abdomen_pelvis'),
            ('urogram', 'abdomen_pelvis'),
            ('kidneys_ureters_bladder', 'abdomen_pelvis'),
            ('abdomen_multiphase', 'abdomen_pelvis'),
            ('abdomen_pelvis', 'abdomen_pelvis'),
            ('sinuses', 'head'),
            ('cervical_spine', 'neck'),
            ('lumbar_spine', 'abdomen_pelvis'),
            ('abdomen', 'abdomen_pelvis'),
            ('pelvis', 'abdomen_pelvis'),
            ('neck', 'neck'),
            ('head', 'head'),
            ('chest', 'chest')
        ]
        -- end
    )
),

codes AS (
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

factors AS (
    SELECT * FROM UNNEST(
        -- rules factors
        ARRAY<STRUCT<region STRING, age_from INT64, kvp INT64, k_icrp60 FLOAT64, phantom_icrp60 INT64, k_icrp103 FLOAT64, phantom_icrp103 INT64>>[
            ('abdomen_pelvis', 0, 0, 0.049, 16, NULL, NULL),
            ('abdomen_pelvis', 0, 80, 0.049, 16, NULL, NULL),
            ('abdomen_pelvis', 0, 100, 0.049, 16, NULL, NULL),
            ('abdomen_pelvis', 0, 120, 0.049, 16, NULL, NULL),
            ('abdomen_pelvis', 1, 0, 0.03, 16, NULL, NULL),
            ('abdomen_pelvis', 1, 80, 0.03, 16, NULL, NULL),
            ('abdomen_pelvis', 1, 100, 0.03, 16, NULL, NULL),
            ('abdomen_pelvis', 1, 120, 0.03, 16, NULL, NULL),
            ('abdomen_pelvis', 4, 0, 0.02, 16, NULL, NULL),
            ('abdomen_pelvis', 4, 80, 0.02, 16, NULL, NULL),
            ('abdomen_pelvis', 4, 100, 0.02, 16, NULL, NULL),
            ('abdomen_pelvis', 4, 120, 0.02, 16, NULL, NULL),
            ('abdomen_pelvis', 10, 0, 0.015, 16, NULL, NULL),
            ('abdomen_pelvis', 10, 80, 0.015, 16, NULL, NULL),
            ('abdomen_pelvis', 10, 100, 0.015, 16, NULL, NULL),
            ('abdomen_pelvis', 10, 120, 0.015, 16, NULL, NULL),
            ('abdomen_pelvis', 14, 0, 0.015, 32, NULL, NULL),
            ('abdomen_pelvis', 14, 80, 0.015, 32, NULL, NULL),
            ('abdomen_pelvis', 14, 100, 0.015, 32, NULL, NULL),
            ('abdomen_pelvis', 14, 120, 0.015, 32, NULL, NULL),
            ('abdomen_pelvis', 18, 0, 0.015, 32, NULL, NULL),
            ('abdomen_pelvis', 18, 80, 0.015, 32, 0.0159, 32),
            ('abdomen_pelvis', 18, 100, 0.015, 32, 0.0172, 32),
            ('abdomen_pelvis', 18, 120, 0.015, 32, 0.0179, 32),
            ('chest', 0, 0, 0.039, 16, NULL, NULL),
            ('chest', 0, 80, 0.039, 16, NULL, NULL),
            ('chest', 0, 100, 0.039, 16, NULL, NULL),
            ('chest', 0, 120, 0.039, 16, NULL, NULL),
            ('chest', 1, 0, 0.026, 16, NULL, NULL),
            ('chest', 1, 80, 0.026, 16, NULL, NULL),
            ('chest', 1, 100, 0.026, 16, NULL, NULL),
            ('chest', 1, 120, 0.026, 16, NULL, NULL),
            ('chest', 4, 0, 0.018, 16, NULL, NULL),
            ('chest', 4, 80, 0.018, 16, NULL, NULL),
            ('chest', 4, 100, 0.018, 16, NULL, NULL),
            ('chest', 4, 120, 0.018, 16, NULL, NULL),
            ('chest', 10, 0, 0.013, 16, NULL, NULL),
            ('chest', 10, 80, 0.013, 16, NULL, NULL),
            ('chest', 10, 100, 0.013, 16, NULL, NULL),
            ('chest', 10, 120, 0.013, 16, NULL, NULL),
            ('chest', 14, 0, 0.014, 32, NULL, NULL),
            ('chest', 14, 80, 0.014, 32, NULL, NULL),
            ('chest', 14, 100, 0.014, 32, NULL, NULL),
            ('chest', 14, 120, 0.014, 32, NULL, NULL),
            ('chest', 18, 0, 0.014, 32, NULL, NULL),
            ('chest', 18, 80, 0.014, 32, 0.0191, 32),
            ('chest', 18, 100, 0.014, 32, 0.0203, 32),
            ('chest', 18, 120, 0.014, 32, 0.021, 32),
            ('head', 0, 0, 0.011, 16, NULL, NULL),
            ('head', 0, 80, 0.011, 16, 0.0075, 16),
            ('head', 0, 100, 0.011, 16, 0.0079, 16),
            ('head', 0, 120, 0.011, 16, 0.0086, 16),
            ('head', 1, 0, 0.0067, 16, NULL, NULL),
            ('head', 1, 80, 0.0067, 16, 0.0048, 16),
            ('head', 1, 100, 0.0067, 16, 0.0052, 16),
            ('head', 1, 120, 0.0067, 16, 0.0058, 16),
            ('head', 4, 0, 0.004, 16, NULL, NULL),
            ('head', 4, 80, 0.004, 16, 0.0034, 16),
            ('head', 4, 100, 0.004, 16, 0.0038, 16),
            ('head', 4, 120, 0.004, 16, 0.0043, 16),
            ('head', 10, 0, 0.0032, 16, NULL, NULL),
            ('head', 10, 80, 0.0032, 16, 0.0023, 16),
            ('head', 10, 100, 0.0032, 16, 0.0026, 16),
            ('head', 10, 120, 0.0032, 16, 0.0029, 16),
            ('head', 14, 0, 0.0021, 16, NULL, NULL),
            ('head', 14, 80, 0.0021, 16, 0.0017, 16),
            ('head', 14, 100, 0.0021, 16, 0.0019, 16),
            ('head', 14, 120, 0.0021, 16, 0.0022, 16),
            ('head', 18, 0, 0.0021, 16, NULL, NULL),
            ('head', 18, 80, 0.0021, 16, 0.0013, 16),
            ('head', 18, 100, 0.0021, 16, 0.0015, 16),
            ('head', 18, 120, 0.0021, 16, 0.0017, 16),
            ('trunk', 0, 0, 0.044, 16, NULL, NULL),
            ('trunk', 0, 80, 0.044, 16, NULL, NULL),
            ('trunk', 0, 100, 0.044, 16, NULL, NULL),
            ('trunk', 0, 120, 0.044, 16, NULL, NULL),
            ('trunk', 1, 0, 0.028, 16, NULL, NULL),
            ('trunk', 1, 80, 0.028, 16, NULL, NULL),
            ('trunk', 1, 100, 0.028, 16, NULL, NULL),
            ('trunk', 1, 120, 0.028, 16, NULL, NULL),
            ('trunk', 4, 0, 0.019, 16, NULL, NULL),
            ('trunk', 4, 80, 0.019, 16, NULL, NULL),
            ('trunk', 4, 100, 0.019, 16, NULL, NULL),
            ('trunk', 4, 120, 0.019, 16, NULL, NULL),
            ('trunk', 10, 0, 0.014, 16, NULL, NULL),
            ('trunk', 10, 80, 0.014, 16, NULL, NULL),
            ('trunk', 10, 100, 0.014, 16, NULL, NULL),
            ('trunk', 10, 120, 0.014, 16, NULL, NULL),
            ('trunk', 14, 0, 0.015, 32, NULL, NULL),
            ('trunk', 14, 80, 0.015, 32, NULL, NULL),
            ('trunk', 14, 100, 0.015, 32, NULL, NULL),
            ('trunk', 14, 120, 0.015, 32, NULL, NULL),
            ('trunk', 18, 0, 0.015, 32, NULL, NULL),
            ('trunk', 18, 80, 0.015, 32, 0.0162, 32),
            ('trunk', 18, 100, 0.015, 32, 0.0173, 32),
            ('trunk', 18, 120, 0.015, 32, 0.018, 32)
        ]
        -- end
    )
),

events AS (
    SELECT
        *,
        (kvp[SAFE_OFFSET(0)] + COALESCE(kvp[SAFE_OFFSET(1)], kvp[SAFE_OFFSET(0)])) / 2 AS kvp_mean,
        COALESCE(dw_mm, measured_dw_mm) / 10 AS dw_cm
    FROM `physics.settling_events`
),

read_events AS (
    SELECT
        events.*,
        waiting.study_group,
        waiting.settling,
        studies.patient_age_years AS age_y,
        COALESCE(named.exam, codes.exam) AS exam,
        COALESCE(codes.region, exams.region) AS region,
        -- rules phantom_ratio
        2.0 AS ratio,
        -- end
        CASE
            -- rules kvp_class
            WHEN kvp_mean >= 60 AND kvp_mean < 90 THEN 80
            WHEN kvp_mean >= 90 AND kvp_mean < 110 THEN 100
            WHEN kvp_mean >= 110 AND kvp_mean < 150 THEN 120
            ELSE 0
            -- end
        END AS kvp_class
    FROM events
    INNER JOIN `physics.settling_keys` AS waiting
        ON events.site = waiting.site AND events.study_key = waiting.study_key
    LEFT JOIN `physics.settling_totals` AS studies
        ON events.site = studies.site AND events.study_key = studies.study_key
    LEFT JOIN `physics.dose_names` AS named
        ON events.modality = 'CT' AND events.site = named.site AND events.protocol = named.name
    LEFT JOIN codes
        ON events.modality = 'CT' AND events.target_region_code = codes.code
    LEFT JOIN exams
        ON named.exam = exams.exam
),

banded AS (
    SELECT
        *,
        CASE
            -- rules age_band
            WHEN age_y >= 18 THEN 18
            WHEN age_y >= 14 THEN 14
            WHEN age_y >= 10 THEN 10
            WHEN age_y >= 4 THEN 4
            WHEN age_y >= 1 THEN 1
            WHEN age_y >= 0 THEN 0
            -- end
        END AS age_band,
        CASE
            -- rules size_curves
            WHEN region NOT IN ('chest', 'abdomen_pelvis', 'trunk') OR dw_cm < 6 OR dw_cm > 45 THEN NULL
            WHEN phantom_cm = 32 THEN 3.704369 * EXP(-0.03671937 * dw_cm)
            WHEN phantom_cm = 16 THEN 1.874799 * EXP(-0.03871313 * dw_cm)
            -- end
        END AS size_factor
    FROM read_events
),

matched AS (
    SELECT
        banded.*,
        factors.k_icrp60,
        factors.k_icrp103,
        CASE
            WHEN banded.phantom_cm = factors.phantom_icrp60 THEN 1
            WHEN factors.phantom_icrp60 < banded.phantom_cm THEN banded.ratio
            WHEN factors.phantom_icrp60 > banded.phantom_cm THEN 1 / banded.ratio
        END AS scale_icrp60,
        CASE
            WHEN banded.phantom_cm = factors.phantom_icrp103 THEN 1
            WHEN factors.phantom_icrp103 < banded.phantom_cm THEN banded.ratio
            WHEN factors.phantom_icrp103 > banded.phantom_cm THEN 1 / banded.ratio
        END AS scale_icrp103
    FROM banded
    LEFT JOIN factors
        ON
            banded.region = factors.region
            AND banded.age_band = factors.age_from
            AND banded.kvp_class = factors.kvp
)

SELECT
    * EXCEPT (ratio, age_band, kvp_class, k_icrp60, k_icrp103, scale_icrp60, scale_icrp103, size_factor, ssde_mGy, dw_cm),
    ssde_mGy AS ssde_stated_mGy,
    ctdivol_mGy * size_factor AS ssde_mGy,
    CASE
        WHEN ctdivol_mGy * size_factor IS NULL THEN NULL
        -- rules size_method
        ELSE 'AAPM Reports 204 (2011) and 220 (2014)'
        -- end
    END AS ssde_method,
    IF(ctdivol_mGy * size_factor IS NULL, NULL, IF(dw_mm IS NULL, 'slices', 'device')) AS ssde_size_from,
    dlp_mGycm * k_icrp60 * scale_icrp60 AS effective_icrp60_mSv,
    dlp_mGycm * k_icrp103 * scale_icrp103 AS effective_icrp103_mSv,
    COALESCE(scale_icrp103, scale_icrp60) != 1 AS effective_converted,
    CASE
        WHEN modality != 'CT' THEN NULL
        WHEN dlp_mGycm IS NULL THEN 'dlp'
        WHEN region IS NULL THEN 'region'
        WHEN age_y IS NULL THEN 'age'
        WHEN phantom_cm IS NULL THEN 'phantom'
        WHEN k_icrp60 IS NULL AND k_icrp103 IS NULL THEN 'verified_factor'
    END AS effective_lacks
FROM matched
