-- One row per number measured in a structured report: site, StudyInstanceUID, SOPInstanceUID and item.
-- Settled without any time of arrival: retracted deliveries and superseded objects are hidden, of several versions of one content the latest
-- counts, of several contents under one instance the one with the smaller content_key, all of whose numbers are shown and none of another's.
WITH hidden_deliveries AS (
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

visible AS (
    SELECT told.*
    FROM `lake.measurements` AS told
    LEFT JOIN hidden_deliveries
        ON
            told.site = hidden_deliveries.site
            AND told.delivery_key = hidden_deliveries.delivery_key
    LEFT JOIN hidden_objects
        ON
            told.site = hidden_objects.site
            AND told.delivery_key = hidden_objects.delivery_key
            AND told.object = hidden_objects.object
    WHERE
        hidden_deliveries.site IS NULL
        AND hidden_objects.site IS NULL
        AND told.StudyInstanceUID IS NOT NULL
        AND told.SOPInstanceUID IS NOT NULL
        AND told.item IS NOT NULL
),

chosen AS (
    SELECT *
    FROM visible
    QUALIFY COALESCE(content_key, '') = MIN(COALESCE(content_key, '')) OVER (
        PARTITION BY site, StudyInstanceUID, SOPInstanceUID
    )
)

SELECT *
FROM chosen
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY site, StudyInstanceUID, SOPInstanceUID, item
    ORDER BY release_month DESC, pipeline_version DESC, rules_version DESC, row_key ASC
) = 1
