-- One row per study: site and study_key.
-- Totals of each quantity, in this order: as a report states them that tells of all events of the study (a cumulative report does); the sum of
-- reports that share no event (a continued procedure); the sum of the events, where each has a value (images without a report). A total that
-- none of them gives is unknown, never 0. What a report states is not checked against its events here. `modality` is the one with the most
-- to say (CT, RF, MG, DX, PX, NM), `modalities` are all; totals stand beside each other, since no two modalities share one.
-- As they were last settled (ops.settled_dose_studies), and worked out anew for the studies of physics.dose_unsettled. The other columns:
-- physics.dose_exams and physics.dose_effective.
SELECT settled.* EXCEPT (study_group, settling, settled_events, settled_at)
FROM `ops.settled_dose_studies` AS settled
LEFT JOIN `physics.dose_unsettled` AS unsettled
    ON
        settled.site = unsettled.site
        AND settled.study_group = unsettled.study_group
WHERE unsettled.site IS NULL
UNION ALL BY NAME
SELECT * EXCEPT (study_group, settling, settled_events)
FROM `physics.settling_studies`
