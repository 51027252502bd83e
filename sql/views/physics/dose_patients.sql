-- One row per patient with dose: site and patient_key.
-- Sums over the year and the five years up to the patient's last study here, and over all that is known here (life). Effective dose adds the
-- estimates of physics.dose_effective; *_without counts CT and nuclear studies that have none, so that a sum is not read as the whole.
-- A population estimate for planning and communication; it is no measure of a person's risk, and says nothing of other hospitals.
WITH studies AS (
    SELECT
        site,
        patient_key,
        StudyDate,
        total_dlp_mGycm,
        total_dap_Gym2,
        effective_mSv,
        effective_lacking,
        MAX(StudyDate) OVER (PARTITION BY site, patient_key) AS last_study
    FROM `physics.dose_studies`
    WHERE patient_key IS NOT NULL
),

marked AS (
    SELECT
        *,
        StudyDate > DATE_SUB(last_study, INTERVAL 1 YEAR) AS in_year,
        StudyDate > DATE_SUB(last_study, INTERVAL 5 YEAR) AS in_five_years
    FROM studies
)

SELECT
    site,
    patient_key,
    MIN(last_study) AS last_study,
    COUNT(*) AS studies_life,
    COUNTIF(in_five_years) AS studies_5_years,
    COUNTIF(in_year) AS studies_1_year,
    SUM(effective_mSv) AS effective_life_mSv,
    SUM(IF(in_five_years, effective_mSv, NULL)) AS effective_5_years_mSv,
    SUM(IF(in_year, effective_mSv, NULL)) AS effective_1_year_mSv,
    COUNTIF(effective_lacking) AS life_without,
    COUNTIF(effective_lacking AND in_five_years) AS five_years_without,
    COUNTIF(effective_lacking AND in_year) AS year_without,
    SUM(total_dlp_mGycm) AS dlp_life_mGycm,
    SUM(IF(in_five_years, total_dlp_mGycm, NULL)) AS dlp_5_years_mGycm,
    SUM(IF(in_year, total_dlp_mGycm, NULL)) AS dlp_1_year_mGycm,
    SUM(total_dap_Gym2) AS dap_life_Gym2,
    SUM(IF(in_five_years, total_dap_Gym2, NULL)) AS dap_5_years_Gym2,
    SUM(IF(in_year, total_dap_Gym2, NULL)) AS dap_1_year_Gym2
FROM marked
GROUP BY site, patient_key
