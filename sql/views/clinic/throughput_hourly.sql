-- One row per site and UTC hour of arrival.
-- How much arrived, what became of it and how long the decision took, in seconds.
SELECT
    site,
    TIMESTAMP_TRUNC(received_at, HOUR) AS hour,
    COUNT(*) AS objects,
    SUM(bytes) AS bytes,
    COUNTIF(outcome = 'released') AS released,
    COUNTIF(outcome = 'quarantined') AS quarantined,
    COUNTIF(outcome = 'duplicate') AS duplicates,
    COUNTIF(outcome = 'pending') AS pending,
    AVG(TIMESTAMP_DIFF(decided_at, received_at, MILLISECOND)) / 1000 AS mean_decision_s,
    MAX(TIMESTAMP_DIFF(decided_at, received_at, MILLISECOND)) / 1000 AS longest_decision_s
FROM `clinic.receipts`
GROUP BY site, hour
