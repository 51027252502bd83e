"""Writes the dose views of research from those that settle dose for physics: one text decides, on both sides of the wall, what one truth is.

Run: python -m tests.sql.generate; `test_rules.py` compares. The head of each file (grain and description) is its own and stays.
What differs is listed here: research has no device key, no arrival and no study that waits; it leaves out retracted deliveries and objects.
"""

import re
from pathlib import Path

VIEWS = Path(__file__).parents[2] / "sql" / "views"
_HEAD = re.compile(r"(?:^--.*\n)+", re.M)
_UNSETTLED = """    INNER JOIN `physics.dose_unsettled` AS unsettled
        ON
            told.site = unsettled.site
            AND told.study_key = unsettled.study_key
"""
_HIDDEN = """    LEFT JOIN `clinic.hidden` AS hidden
        ON
            told.site = hidden.site
            AND told.generation = hidden.generation
            AND told.content_key = hidden.content_key
    WHERE hidden.site IS NULL"""
_RETRACTED = """    LEFT JOIN hidden_deliveries
        ON
            told.site = hidden_deliveries.site
            AND told.delivery_key = hidden_deliveries.delivery_key
    LEFT JOIN hidden_objects
        ON
            told.site = hidden_objects.site
            AND told.delivery_key = hidden_objects.delivery_key
            AND told.object = hidden_objects.object
    WHERE hidden_deliveries.site IS NULL AND hidden_objects.site IS NULL"""
_RETRACTIONS = """WITH hidden_deliveries AS (
    SELECT
        site,
        delivery_key
    FROM `lake.retractions`
    WHERE delivery_key IS NOT NULL AND object IS NULL
    GROUP BY site, delivery_key
),

hidden_objects AS (
    SELECT
        site,
        delivery_key,
        object
    FROM `lake.retractions`
    WHERE delivery_key IS NOT NULL AND object IS NOT NULL
    GROUP BY site, delivery_key, object
),

"""
# In this order; each must be found in the text that it is listed for.
_BOTH = (
    (_UNSETTLED, ""),
    (_HIDDEN, _RETRACTED),
    ("instance_key", "SOPInstanceUID"),
)
_DIFFERENT = {
    "dose_events": (
        "settling_events",
        (
            ("`ops.dose_events`", "`lake.dose_events`"),
            ("series_key", "SeriesInstanceUID"),
            ("generation, content_key", "content_key"),
            (", event_id\n", ", release_month\n"),
            ("WHERE event_key IS NOT NULL", "WHERE StudyInstanceUID IS NOT NULL AND event_key IS NOT NULL"),
            ("        MAX(started_local) OVER acquisition AS ends,\n        MIN(started_at) OVER acquisition AS begins_at\n",
             "        MAX(started_local) OVER acquisition AS ends\n"),
            ("begins, ends, begins_at, ended_before", "begins, ends, ended_before"),
            ("            begins_at AS started_at,\n", ""),
            ("device_key, AcquisitionNumber", "ManufacturerModelName, AcquisitionNumber"),
        ),
    ),
    "dose_studies": (
        "settling_totals",
        (
            ("`ops.dose_studies`", "`lake.dose_studies`"),
            ("`physics.settling_events`", "`research.dose_events`"),
            ("told.generation, told.content_key", "told.content_key"),
            ("told.event_id\n", "told.release_month\n"),
            ("generation ASC, content_key", "content_key"),
            ("AND told.modality IS NOT NULL", "AND told.StudyInstanceUID IS NOT NULL AND told.modality IS NOT NULL"),
        ),
    ),
}  # fmt: skip


def documents() -> dict[Path, str]:
    """Path of each such view -> what it must hold."""
    made = {}
    for name, (source, pairs) in _DIFFERENT.items():
        path = VIEWS / "research" / f"{name}.sql"
        text = _HEAD.sub("", (VIEWS / "physics" / f"{source}.sql").read_text("utf-8"), count=1)
        for old, new in (*_BOTH, *pairs):
            assert old in text, f"{source}: {old} stands there no more"
            text = text.replace(old, new)
        head = _HEAD.match(path.read_text("utf-8"))
        assert head is not None
        text = text.replace("study_key", "StudyInstanceUID").replace("WITH ", _RETRACTIONS, 1)
        made[path] = head[0] + text
    return made
