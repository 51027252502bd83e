-- Did each batch arrive as it was announced?
SELECT
    site,
    batch,
    verdict,
    announced_accessions,
    complete,
    partial + missing AS incomplete,
    unexpected,
    expected_files,
    files,
    good_files
FROM `clinic.batch_reconciliation`
ORDER BY site ASC, batch ASC
