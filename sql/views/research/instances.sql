-- One row per de-identified SOP instance: site, StudyInstanceUID and SOPInstanceUID.
-- Settled without any time of arrival: retracted deliveries and superseded objects are hidden; of
-- several versions of one content the latest counts; of several contents under one instance the one with the smaller content_key is
-- shown and flagged as conflict: leave such rows out of counts.
WITH deliveries AS (
    SELECT * EXCEPT (header)
    FROM `lake.instances`
    WHERE StudyInstanceUID IS NOT NULL AND SOPInstanceUID IS NOT NULL
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY site, row_key
        ORDER BY release_month, pipeline_version, rules_version, object
    ) = 1
),

versions AS (
    SELECT deliveries.*
    FROM deliveries
    LEFT JOIN `research.hidden` AS hidden
        ON
            deliveries.site = hidden.site
            AND deliveries.delivery_key = hidden.delivery_key
            AND (hidden.object IS NULL OR deliveries.object = hidden.object)
    WHERE hidden.site IS NULL
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY deliveries.site, deliveries.StudyInstanceUID, deliveries.SOPInstanceUID, deliveries.content_key
        ORDER BY
            deliveries.release_month DESC, deliveries.pipeline_version DESC, deliveries.rules_version DESC, deliveries.row_key ASC
    ) = 1
),

settled AS (
    SELECT
        *,
        COUNT(*) OVER (PARTITION BY site, StudyInstanceUID, SOPInstanceUID) AS contents
    FROM versions
)

SELECT
    *,
    contents > 1 AS conflict
FROM settled
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY site, StudyInstanceUID, SOPInstanceUID
    ORDER BY content_key, row_key
) = 1
