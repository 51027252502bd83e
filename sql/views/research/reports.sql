-- One row per de-identified report and language: site, report_key and target_language.
-- Settled without any time of arrival: retracted deliveries are hidden, equal files count once, of several versions the latest counts.
-- The row of the report itself has no target_language; a translation stands beside it, joined by report_key.
WITH hidden AS (
    SELECT
        site,
        delivery_key
    FROM `lake.retractions`
    WHERE delivery_key IS NOT NULL
    GROUP BY site, delivery_key
)

SELECT reports.*
FROM `lake.reports` AS reports
LEFT JOIN hidden
    ON
        reports.site = hidden.site
        AND reports.delivery_key = hidden.delivery_key
WHERE hidden.site IS NULL AND reports.report_key IS NOT NULL
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY reports.site, reports.report_key, COALESCE(reports.target_language, '')
    ORDER BY
        reports.release_month DESC, reports.pipeline_version DESC, reports.rules_version DESC, reports.row_key ASC
) = 1
