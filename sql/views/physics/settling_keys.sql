-- One row per study of the groups that are to be settled: site and study_key.
-- The keys alone, so that what reads the wide rows of the log reads those of these studies only.
WITH told AS (
    SELECT
        site,
        study_key
    FROM `ops.dose_studies`
    UNION ALL
    SELECT
        site,
        study_key
    FROM `ops.dose_events`
)

SELECT
    told.site,
    told.study_key,
    unsettled.study_group,
    unsettled.settling
FROM told
INNER JOIN `physics.dose_unsettled` AS unsettled
    ON
        told.site = unsettled.site
        AND RIGHT(told.study_key, 5) = unsettled.study_group
GROUP BY told.site, told.study_key, unsettled.study_group, unsettled.settling
