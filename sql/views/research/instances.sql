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

hidden_deliveries AS (
    SELECT
        site,
        delivery_key
    FROM `lake.retractions`
    WHERE delivery_key IS NOT NULL AND object IS NULL
    GROUP BY site, delivery_key
),

hidden_objects AS (
    SELECT
        site,
        delivery_key,
        object
    FROM `lake.retractions`
    WHERE delivery_key IS NOT NULL AND object IS NOT NULL
    GROUP BY site, delivery_key, object
),

versions AS (
    SELECT deliveries.*
    FROM deliveries
    LEFT JOIN hidden_deliveries
        ON
            deliveries.site = hidden_deliveries.site
            AND deliveries.delivery_key = hidden_deliveries.delivery_key
    LEFT JOIN hidden_objects
        ON
            deliveries.site = hidden_objects.site
            AND deliveries.delivery_key = hidden_objects.delivery_key
            AND deliveries.object = hidden_objects.object
    WHERE hidden_deliveries.site IS NULL AND hidden_objects.site IS NULL
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
