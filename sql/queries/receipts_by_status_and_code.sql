-- What arrived, in which condition, and what became of it?
SELECT
    status,
    outcome,
    code,
    SUM(objects) AS objects,
    SUM(bytes) AS bytes
FROM `clinic.outcomes`
GROUP BY status, outcome, code
ORDER BY objects DESC, status ASC, outcome ASC, code ASC
