-- One row per CT irradiation event.
-- Size-specific dose (AAPM Reports 204 and 220, from the diameter that the device states, else the one measured in slices, `ssde_size_from`;
-- too high where `dw_truncated`; not for the head) and effective dose by two
-- methods: k factors of AAPM Report 96 (2008, ICRP 60 weighting) and of Lee et al. (2012, ICRP 103 weighting), by region, age and tube
-- voltage. E is an estimate for a reference person of that age, good to about 40 %, never a dose or a risk of this patient.
-- Region: of the target region's code, else of the exam that the protocol names. A DLP of the other phantom is brought to the factor's by
-- the ratio of the AAPM 204 curves, and `effective_converted` says so. Without a verified factor there is no estimate; `effective_lacks`
-- says what lacks.
SELECT *
FROM `physics.dose_events`
WHERE modality = 'CT'
