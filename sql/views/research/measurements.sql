-- One row per number measured in a structured report: site, StudyInstanceUID, SOPInstanceUID and item.
-- Settled without any time of arrival: retracted deliveries and superseded objects are hidden, of several versions of one content the latest
-- counts, of several contents under one instance the one with the smaller content_key, all of whose numbers are shown and none of another's.
WITH visible AS (
    SELECT told.*
    FROM `lake.measurements` AS told
    LEFT JOIN `research.hidden` AS hidden
        ON
            told.site = hidden.site
            AND told.delivery_key = hidden.delivery_key
            AND (hidden.object IS NULL OR told.object = hidden.object)
    WHERE
        hidden.site IS NULL
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
