-- One row per CT study, or study with a radiopharmaceutical whose device states effective dose.
-- Sum of the estimates of physics.dose_ct_events by method, only where the events with an estimate hold at least 95 % of the study's DLP; a
-- dose stated by the device counts as it is. effective_mSv is the ICRP 103 one, else the stated one, else the ICRP 60 one; `method` says which.
WITH ct AS (
    SELECT
        site,
        study_key,
        SUM(effective_icrp60_mSv) AS icrp60_mSv,
        SUM(effective_icrp103_mSv) AS icrp103_mSv,
        SUM(IF(effective_icrp60_mSv IS NULL, 0, dlp_mGycm)) AS covered_60,
        SUM(IF(effective_icrp103_mSv IS NULL, 0, dlp_mGycm)) AS covered_103,
        SUM(dlp_mGycm) AS dlp_mGycm,
        LOGICAL_OR(effective_converted) AS converted
    FROM `physics.dose_ct_events`
    GROUP BY site, study_key
),

whole AS (
    SELECT
        site,
        study_key,
        IF(covered_60 >= 0.95 * dlp_mGycm, icrp60_mSv, NULL) AS effective_icrp60_mSv,
        IF(covered_103 >= 0.95 * dlp_mGycm, icrp103_mSv, NULL) AS effective_icrp103_mSv,
        CAST(NULL AS FLOAT64) AS effective_stated_mSv,
        converted
    FROM ct
    UNION ALL
    SELECT
        site,
        study_key,
        NULL AS effective_icrp60_mSv,
        NULL AS effective_icrp103_mSv,
        SUM(effective_dose_mSv) AS effective_stated_mSv,
        FALSE AS converted
    FROM `physics.dose_events`
    WHERE modality = 'NM' AND effective_dose_mSv IS NOT NULL
    GROUP BY site, study_key
)

SELECT
    site,
    study_key,
    effective_icrp60_mSv,
    effective_icrp103_mSv,
    effective_stated_mSv,
    converted,
    COALESCE(effective_icrp103_mSv, effective_stated_mSv, effective_icrp60_mSv) AS effective_mSv,
    CASE
        WHEN effective_icrp103_mSv IS NOT NULL THEN 'NCI_ICRP103 2012'
        WHEN effective_stated_mSv IS NOT NULL THEN 'stated by the device'
        WHEN effective_icrp60_mSv IS NOT NULL THEN 'AAPM96_ICRP60 2008'
    END AS method
FROM whole
