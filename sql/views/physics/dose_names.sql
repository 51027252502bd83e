-- One row per site and name of a CT protocol or study.
-- The exam that the name speaks of, by deid_rules/dose/reference_levels.yaml: the first exam of which one line of words stands in the name,
-- capitals, accents and word order apart; NULL where none does. A site's own reading goes first.
WITH lines AS (
    SELECT * FROM UNNEST(
        -- rules exam_lines
        ARRAY<STRUCT<place INT64, exam STRING, piece_1 STRING, piece_2 STRING, piece_3 STRING>>[
            (1, 'neck_chest_abdomen_pelvis', ' neck ', ' chest ', ' abd'),
            (2, 'neck_chest_abdomen_pelvis', ' neck ', ' thora', ' abd'),
            (3, 'neck_chest_abdomen_pelvis', ' neck ', ' tap ', ' '),
            (4, 'neck_chest_abdomen_pelvis', ' neck ', ' cap ', ' '),
            (5, 'neck_chest_abdomen_pelvis', ' cuello ', ' tora', ' abd'),
            (6, 'neck_chest_abdomen_pelvis', ' hals ', ' thora', ' abd'),
            (7, 'neck_chest_abdomen_pelvis', ' cou ', ' thora', ' abd'),
            (8, 'neck_chest_abdomen_pelvis', ' collo ', ' tora', ' add'),
            (9, 'chest_abdomen_pelvis', ' chest ', ' abd', ' pel'),
            (10, 'chest_abdomen_pelvis', ' thora', ' abd', ' pel'),
            (11, 'chest_abdomen_pelvis', ' tora', ' abd', ' pel'),
            (12, 'chest_abdomen_pelvis', ' tap ', ' ', ' '),
            (13, 'chest_abdomen_pelvis', ' cap ', ' ', ' '),
            (14, 'chest_abdomen_pelvis', ' cat ', ' body ', ' '),
            (15, 'chest_abdomen_pelvis', ' tora', ' add', ' pel'),
            (16, 'chest_abdomen_pelvis', ' thora', ' abd', ' becken '),
            (17, 'chest_abdomen_pelvis', ' toracoabdominopel', ' ', ' '),
            (18, 'chest_abdomen_pelvis', ' thoracoabdominopel', ' ', ' '),
            (19, 'chest_abdomen', ' chest ', ' abd', ' '),
            (20, 'chest_abdomen', ' thora', ' abd', ' '),
            (21, 'chest_abdomen', ' tora', ' abd', ' '),
            (22, 'chest_abdomen', ' tora', ' add', ' '),
            (23, 'chest_abdomen', ' toracoabd', ' ', ' '),
            (24, 'chest_abdomen', ' thoracoabd', ' ', ' '),
            (25, 'ct_pulmonary_angiography', ' ctpa ', ' ', ' '),
            (26, 'ct_pulmonary_angiography', ' pulm', ' angio', ' '),
            (27, 'ct_pulmonary_angiography', ' angio', ' pulm', ' '),
            (28, 'ct_pulmonary_angiography', ' pulm', ' emb', ' '),
            (29, 'ct_pulmonary_angiography', ' emb', ' pulm', ' '),
            (30, 'ct_pulmonary_angiography', ' tep ', ' ', ' '),
            (31, 'ct_pulmonary_angiography', ' lungenembol', ' ', ' '),
            (32, 'ct_pulmonary_angiography', ' angio', ' polm', ' '),
            (33, 'ct_pulmonary_angiography', ' emb', ' polm', ' '),
            (34, 'ct_pulmonary_angiography', ' lae ', ' ', ' '),
            (35, 'coronary_ct_angiography', ' coron', ' ', ' '),
            (36, 'coronary_ct_angiography', ' ccta ', ' ', ' '),
            (37, 'coronary_ct_angiography', ' card', ' angio', ' '),
            (38, 'coronary_ct_angiography', ' herz ', ' angio', ' '),
            (39, 'chest_high_resolution', ' hrct ', ' ', ' '),
            (40, 'chest_high_resolution', ' hr ', ' thora', ' '),
            (41, 'chest_high_resolution', ' hr ', ' chest ', ' '),
            (42, 'chest_high_resolution', ' chest ', ' high ', ' resolution '),
            (43, 'chest_high_resolution', ' tcar ', ' ', ' '),
            (44, 'chest_high_resolution', ' tora', ' alta ', ' resol'),
            (45, 'colonography', ' colonograph', ' ', ' '),
            (46, 'colonography', ' colonograf', ' ', ' '),
            (47, 'colonography', ' virtual ', ' colon', ' '),
            (48, 'colonography', ' colonoscop', ' ', ' '),
            (49, 'colonography', ' coloscan', ' ', ' '),
            (50, 'colonography', ' colo ', ' virtual ', ' '),
            (51, 'urogram', ' urogra', ' ', ' '),
            (52, 'urogram', ' uro ', ' ct ', ' '),
            (53, 'urogram', ' uro ', ' tc ', ' '),
            (54, 'urogram', ' urotc ', ' ', ' '),
            (55, 'urogram', ' uroct ', ' ', ' '),
            (56, 'urogram', ' ct ', ' ivu ', ' '),
            (57, 'urogram', ' uroscan', ' ', ' '),
            (58, 'kidneys_ureters_bladder', ' kub ', ' ', ' '),
            (59, 'kidneys_ureters_bladder', ' renal ', ' colic ', ' '),
            (60, 'kidneys_ureters_bladder', ' colico ', ' renal ', ' '),
            (61, 'kidneys_ureters_bladder', ' colica ', ' renal ', ' '),
            (62, 'kidneys_ureters_bladder', ' kidney', ' stone', ' '),
            (63, 'kidneys_ureters_bladder', ' lit', ' renal ', ' '),
            (64, 'kidneys_ureters_bladder', ' urolit', ' ', ' '),
            (65, 'kidneys_ureters_bladder', ' stein', ' ', ' '),
            (66, 'kidneys_ureters_bladder', ' uroliti', ' ', ' '),
            (67, 'kidneys_ureters_bladder', ' renal ', ' stone', ' '),
            (68, 'abdomen_multiphase', ' abd', ' multipha', ' '),
            (69, 'abdomen_multiphase', ' abd', ' multifas', ' '),
            (70, 'abdomen_multiphase', ' abd', ' tripha', ' '),
            (71, 'abdomen_multiphase', ' abd', ' trifas', ' '),
            (72, 'abdomen_multiphase', ' liver ', ' multipha', ' '),
            (73, 'abdomen_multiphase', ' liver ', ' tripha', ' '),
            (74, 'abdomen_multiphase', ' higado ', ' trifas', ' '),
            (75, 'abdomen_multiphase', ' leber ', ' multipha', ' '),
            (76, 'abdomen_pelvis', ' abd', ' pel', ' '),
            (77, 'abdomen_pelvis', ' add', ' pel', ' '),
            (78, 'abdomen_pelvis', ' abdominopel', ' ', ' '),
            (79, 'abdomen_pelvis', ' abd', ' becken ', ' '),
            (80, 'abdomen_pelvis', ' ap ', ' abd', ' '),
            (81, 'sinuses', ' sinus', ' ', ' '),
            (82, 'sinuses', ' senos ', ' ', ' '),
            (83, 'sinuses', ' nnh ', ' ', ' '),
            (84, 'sinuses', ' seni ', ' paranasali ', ' '),
            (85, 'sinuses', ' paranasal', ' ', ' '),
            (86, 'cervical_spine', ' cervical ', ' spine ', ' '),
            (87, 'cervical_spine', ' c ', ' spine ', ' '),
            (88, 'cervical_spine', ' cspine ', ' ', ' '),
            (89, 'cervical_spine', ' columna ', ' cervical ', ' '),
            (90, 'cervical_spine', ' rachis ', ' cervical ', ' '),
            (91, 'cervical_spine', ' hws ', ' ', ' '),
            (92, 'cervical_spine', ' spine ', ' cervical ', ' '),
            (93, 'cervical_spine', ' raquis ', ' cervical ', ' '),
            (94, 'cervical_spine', ' rachide ', ' cervicale ', ' '),
            (95, 'cervical_spine', ' cervic', ' spine ', ' '),
            (96, 'lumbar_spine', ' lumbar ', ' spine ', ' '),
            (97, 'lumbar_spine', ' l ', ' spine ', ' '),
            (98, 'lumbar_spine', ' lspine ', ' ', ' '),
            (99, 'lumbar_spine', ' columna ', ' lumbar ', ' '),
            (100, 'lumbar_spine', ' rachis ', ' lombaire ', ' '),
            (101, 'lumbar_spine', ' lws ', ' ', ' '),
            (102, 'lumbar_spine', ' spine ', ' lumbar ', ' '),
            (103, 'lumbar_spine', ' rachide ', ' lombare ', ' '),
            (104, 'lumbar_spine', ' lumbosac', ' ', ' '),
            (105, 'abdomen', ' abd', ' ', ' '),
            (106, 'abdomen', ' addome ', ' ', ' '),
            (107, 'abdomen', ' liver ', ' ', ' '),
            (108, 'abdomen', ' higado ', ' ', ' '),
            (109, 'abdomen', ' leber ', ' ', ' '),
            (110, 'abdomen', ' foie ', ' ', ' '),
            (111, 'pelvis', ' pelvi', ' ', ' '),
            (112, 'pelvis', ' becken ', ' ', ' '),
            (113, 'pelvis', ' bassin ', ' ', ' '),
            (114, 'pelvis', ' bacino ', ' ', ' '),
            (115, 'neck', ' neck ', ' ', ' '),
            (116, 'neck', ' cuello ', ' ', ' '),
            (117, 'neck', ' hals ', ' ', ' '),
            (118, 'neck', ' cou ', ' ', ' '),
            (119, 'neck', ' collo ', ' ', ' '),
            (120, 'head', ' head ', ' ', ' '),
            (121, 'head', ' brain ', ' ', ' '),
            (122, 'head', ' craneo ', ' ', ' '),
            (123, 'head', ' crane', ' ', ' '),
            (124, 'head', ' cerebro ', ' ', ' '),
            (125, 'head', ' cerebral ', ' ', ' '),
            (126, 'head', ' cabeza ', ' ', ' '),
            (127, 'head', ' kopf ', ' ', ' '),
            (128, 'head', ' schadel ', ' ', ' '),
            (129, 'head', ' hirn ', ' ', ' '),
            (130, 'head', ' cranio ', ' ', ' '),
            (131, 'head', ' encefalo ', ' ', ' '),
            (132, 'head', ' testa ', ' ', ' '),
            (133, 'head', ' skull ', ' ', ' '),
            (134, 'head', ' tete ', ' ', ' '),
            (135, 'chest', ' chest ', ' ', ' '),
            (136, 'chest', ' thora', ' ', ' '),
            (137, 'chest', ' tora', ' ', ' '),
            (138, 'chest', ' lung', ' ', ' '),
            (139, 'chest', ' pulmon ', ' ', ' '),
            (140, 'chest', ' pulmones ', ' ', ' '),
            (141, 'chest', ' polmon', ' ', ' '),
            (142, 'chest', ' poumon', ' ', ' ')
        ]
        -- end
    )
),

barred AS (
    SELECT * FROM UNNEST(
        -- rules exam_without
        ARRAY<STRUCT<exam STRING, piece STRING>>[
            ('chest_abdomen_pelvis', ' coron'),
            ('coronary_ct_angiography', ' calcium '),
            ('coronary_ct_angiography', ' calcio '),
            ('coronary_ct_angiography', ' score '),
            ('coronary_ct_angiography', ' scoring '),
            ('sinuses', ' venous '),
            ('sinuses', ' venoso '),
            ('neck', ' angio'),
            ('neck', 'head'),
            ('neck', 'chest'),
            ('neck', 'thor'),
            ('head', ' angio'),
            ('head', ' cta '),
            ('head', ' perfusion '),
            ('head', ' perf '),
            ('head', 'neck'),
            ('head', 'chest'),
            ('head', 'thor'),
            ('head', 'abd'),
            ('chest', ' spine '),
            ('chest', ' columna '),
            ('chest', ' rachis '),
            ('chest', 'abd'),
            ('chest', 'pelv'),
            ('chest', 'neck'),
            ('chest', 'head')
        ]
        -- end
    )
),

own AS (
    SELECT * FROM UNNEST(
        -- rules site_protocols
        ARRAY<STRUCT<site STRING, name STRING, exam STRING>>[
        ]
        -- end
    )
),

named AS (
    SELECT
        site,
        protocol AS name
    FROM `ops.dose_events`
    WHERE modality = 'CT' AND protocol IS NOT NULL
    UNION DISTINCT
    SELECT
        site,
        StudyDescription AS name
    FROM `ops.dose_studies`
    WHERE modality = 'CT' AND StudyDescription IS NOT NULL
),

read_names AS (
    SELECT
        site,
        name,
        CONCAT(
            ' ',
            REGEXP_REPLACE(
                LOWER(REGEXP_REPLACE(NORMALIZE(REGEXP_REPLACE(name, r'([a-z])([A-Z])', r'\1 \2'), NFD), r'\pM', '')),
                r'[^a-z]+', ' '
            ),
            ' '
        ) AS folded
    FROM named
),

fitting AS (
    SELECT
        read_names.site,
        read_names.name,
        lines.exam,
        lines.place
    FROM read_names
    INNER JOIN lines
        ON
            STRPOS(read_names.folded, lines.piece_1) > 0
            AND STRPOS(read_names.folded, lines.piece_2) > 0
            AND STRPOS(read_names.folded, lines.piece_3) > 0
    LEFT JOIN barred
        ON lines.exam = barred.exam AND STRPOS(read_names.folded, barred.piece) > 0
    WHERE barred.exam IS NULL
),

first_fit AS (
    SELECT *
    FROM fitting
    QUALIFY ROW_NUMBER() OVER (PARTITION BY site, name ORDER BY place) = 1
)

SELECT
    read_names.site,
    read_names.name,
    IF(own.site IS NULL, first_fit.exam, own.exam) AS exam
FROM read_names
LEFT JOIN first_fit
    ON read_names.site = first_fit.site AND read_names.name = first_fit.name
LEFT JOIN own
    ON read_names.site = own.site AND read_names.name = own.name
