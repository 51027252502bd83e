-- One row per irradiation event: site, study_key and event_key.
-- What is retracted is left out; what research holds counts here. Per study and modality only the best kind of source counts (source_rank: a
-- report before an exposure sequence, an image header, a text, a screen), since worse ones tell of the same events under other keys. Of
-- several objects of that kind that tell of an event, the one with the fewest doubts stands, then the first arrival: cumulative reports,
-- repeats and both pictures of one mammogram are one event. CT slices of one event are one row: mean CTDIvol, and a dlp_mGycm that is
-- that mean times the length they cover (dlp_estimated); series of one acquisition number that overlap in time are reconstructions of it.
-- As they were last settled (ops.settled_dose_events), and worked out anew for the studies of physics.dose_unsettled. Estimates of CT:
-- physics.dose_ct_events.
SELECT settled.* EXCEPT (study_group, settling, settled_at)
FROM `ops.settled_dose_events` AS settled
LEFT JOIN `physics.dose_unsettled` AS unsettled
    ON
        settled.site = unsettled.site
        AND settled.study_group = unsettled.study_group
WHERE unsettled.site IS NULL
UNION ALL BY NAME
SELECT * EXCEPT (study_group, settling)
FROM `physics.settling_estimates`
