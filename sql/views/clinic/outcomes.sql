-- One row per batch, status, outcome and code.
-- How many objects of a batch became what; the sum over a batch is what arrived in it.
SELECT
    site,
    batch,
    status,
    outcome,
    code,
    COUNT(*) AS objects,
    SUM(bytes) AS bytes,
    MIN(received_at) AS first_received_at,
    MAX(received_at) AS last_received_at
FROM `clinic.receipts`
GROUP BY site, batch, status, outcome, code
