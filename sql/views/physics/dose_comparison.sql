-- One row per site, CT exam, protocol and quantity of adults; `protocol` NULL stands for all protocols of the exam.
-- Median of adults against the diagnostic reference level of one authority (verified values only, deid_rules/dose/reference_levels.yaml), and the
-- local level: the upper quartile of the site's own studies (Council Directive 2013/59/Euratom, ICRP Publication 135). Fewer than 20 adults
-- give neither: `verdict` is too_few. Each protocol stands by itself too, since one of low dose would hide a high one. Else above, below or no_level. A level is for a group of patients, never for one of them.
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

told AS (
    SELECT
        site,
        exam,
        protocol,
        quantity,
        value
    FROM `physics.dose_values`
    WHERE modality = 'CT' AND exam IS NOT NULL AND age_group = 'adult' AND protocol IS NOT NULL
    UNION ALL
    SELECT
        site,
        exam,
        CAST(NULL AS STRING) AS protocol,
        quantity,
        value
    FROM `physics.dose_values`
    WHERE modality = 'CT' AND exam IS NOT NULL AND age_group = 'adult'
),

spread AS (
    SELECT
        site,
        exam,
        protocol,
        quantity,
        COUNT(*) AS adults,
        COUNT(*) - 1 AS last,
        ARRAY_AGG(value ORDER BY value) AS ordered
    FROM told
    GROUP BY site, exam, protocol, quantity
),

sites AS (
    SELECT
        site,
        exam,
        protocol,
        quantity,
        adults,
        -- rules minimum_patients
        20 AS minimum_patients,
        -- end
        ordered[OFFSET(DIV(last, 2))] * (2 - MOD(last, 2)) / 2 + ordered[OFFSET(LEAST(DIV(last, 2) + 1, last))] * MOD(last, 2) / 2 AS median,
        ordered[OFFSET(DIV(3 * last, 4))] * (4 - MOD(3 * last, 4)) / 4 + ordered[OFFSET(LEAST(DIV(3 * last, 4) + 1, last))] * MOD(3 * last, 4) / 4 AS upper_quartile
    FROM spread
)

SELECT
    sites.site,
    sites.exam,
    sites.protocol,
    sites.quantity,
    sites.adults,
    IF(sites.adults >= sites.minimum_patients, sites.median, NULL) AS median,
    IF(sites.adults >= sites.minimum_patients, sites.upper_quartile, NULL) AS local_level,
    levels.level AS reference_level,
    levels.authority,
    levels.year,
    levels.indication,
    IF(sites.adults >= sites.minimum_patients, sites.median / levels.level, NULL) AS times_level,
    CASE
        WHEN sites.adults < sites.minimum_patients THEN 'too_few'
        WHEN levels.level IS NULL THEN 'no_level'
        WHEN sites.median > levels.level THEN 'above'
        ELSE 'below'
    END AS verdict
FROM sites
LEFT JOIN levels
    ON sites.exam = levels.exam AND sites.quantity = levels.quantity
