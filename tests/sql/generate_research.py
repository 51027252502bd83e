"""Writes the dose views of research from those that settle dose for physics: one text decides, on both sides of the wall, what one truth is.

Run: python -m tests.sql.generate; `test_rules.py` compares. The head of each file (grain and description) is its own and stays.
What differs is listed here: research has no device key, no arrival and no study that waits; it leaves out retracted deliveries and objects.
"""

import re
from pathlib import Path

VIEWS = Path(__file__).parents[2] / "sql" / "views"
_HEAD = re.compile(r"(?:^--.*\n)+", re.M)
_UNSETTLED = """    INNER JOIN `physics.settling_keys` AS waiting
        ON
            told.site = waiting.site
            AND told.study_key = waiting.study_key
"""
_HIDDEN = """    LEFT JOIN `clinic.hidden` AS hidden
        ON
            told.site = hidden.site
            AND told.generation = hidden.generation
            AND told.content_key = hidden.content_key
    WHERE hidden.site IS NULL"""
_RETRACTED = """    LEFT JOIN `research.hidden` AS hidden
        ON
            told.site = hidden.site
            AND told.delivery_key = hidden.delivery_key
            AND (hidden.object IS NULL OR told.object = hidden.object)
    WHERE hidden.site IS NULL"""
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
        text = text.replace("study_key", "StudyInstanceUID")
        made[path] = head[0] + text
    return made
