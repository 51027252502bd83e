-- One row per study with original CT images: site and study_key.
-- Of all its CT images that are neither retracted nor held for operations: device and date. For physics.dose_missing and dose_coverage, which
-- ask whether their dose came too.
SELECT
    told.site,
    told.study_key,
    MIN(told.device_key) AS device_key,
    MIN(told.Manufacturer) AS Manufacturer,
    MIN(told.ManufacturerModelName) AS ManufacturerModelName,
    MIN(COALESCE(told.StudyDate, DATE(told.acquired_local))) AS StudyDate
FROM `ops.acquisitions` AS told
LEFT JOIN `clinic.hidden` AS hidden
    ON
        told.site = hidden.site
        AND told.generation = hidden.generation
        AND told.content_key = hidden.content_key
WHERE
    hidden.site IS NULL
    AND told.Modality = 'CT'
    AND 'ORIGINAL' IN UNNEST(told.ImageType)
    AND told.study_key IS NOT NULL
    AND told.instance_key IS NOT NULL
GROUP BY told.site, told.study_key
