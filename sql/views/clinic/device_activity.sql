-- One row per device.
-- What a device is, what it made and when it was last seen; a device is told by its keyed identity, not by its station name.
SELECT
    site,
    device_key,
    MIN(Manufacturer) AS Manufacturer,
    MIN(ManufacturerModelName) AS ManufacturerModelName,
    ARRAY_AGG(DISTINCT Modality IGNORE NULLS ORDER BY Modality) AS modalities,
    COUNT(DISTINCT patient_key) AS patients,
    COUNT(DISTINCT study_key) AS studies,
    COUNT(DISTINCT CONCAT(study_key, ' ', series_key)) AS series,
    COUNT(*) AS instances,
    SUM(bytes) AS bytes,
    COUNT(DISTINCT DATE(acquired_local)) AS days_used,
    COUNT(DISTINCT DATETIME_TRUNC(acquired_local, HOUR)) AS hours_used,
    MIN(acquired_local) AS first_acquired_local,
    MAX(acquired_local) AS last_acquired_local,
    MAX(received_at) AS last_received_at
FROM `clinic.acquisitions`
GROUP BY site, device_key
