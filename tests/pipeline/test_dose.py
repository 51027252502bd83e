"""Dose through the pipeline: whatever the order and however often reports come, the views say the same, on both sides."""

import random
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.dose.builders import (
    GE,
    ROOT,
    SIEMENS,
    accumulated,
    ct_event,
    ct_report,
    projection_report,
    to_bytes,
    x_ray_event,
)
from tests.pipeline.conftest import SITE, Platform


def _reports(base: int) -> dict[str, Dataset]:
    """A cumulative CT, a procedure continued in two reports, and another study that shares the UID of an event with the first.

    Studies are `base` + 1 to 3, since all tests of a session share one lake.
    """
    first, second = (ct_event(GE, f"{ROOT}.9.{n}", "7.5", dlp) for n, dlp in ((1, "100.5"), (2, "50.25")))
    parts = [
        projection_report(
            SIEMENS,
            accumulated(SIEMENS, dap, 0.01),
            x_ray_event(SIEMENS, f"{ROOT}.9.{n}", dap, 0.01),
            study=base + 3,
            number=n,
        )
        for n, dap in ((3, 2e-5), (4, 3e-5))
    ]
    return {
        "ct-1": ct_report(GE, [first], "100.5", study=base + 1, number=1),
        "ct-2": ct_report(GE, [first, second], "150.75", study=base + 1, number=2),
        "other": ct_report(GE, [first], "100.5", study=base + 2, number=1),
        "rf-1": parts[0],
        "rf-2": parts[1],
    }


def _told(platform: Platform, table: str, base: int) -> list[dict[str, Any]]:
    """Rows of the studies of one test."""
    key = platform.services.operations(SITE)
    studies = ", ".join(f"'{key.uid(f'{ROOT}.{base + n}.1')}'" for n in (1, 2, 3))
    return platform.rows(f"SELECT * FROM `{table}` WHERE study_key IN ({studies})")


@pytest.mark.parametrize("seed", [1, 2])
def test_reports_in_any_order_and_with_repeats_give_the_same_dose(platform: Platform, seed: int) -> None:
    files = {name: to_bytes(ds) for name, ds in _reports(10 * seed).items()}
    order = [*files, *random.Random(seed).choices(list(files), k=4)]
    random.Random(seed).shuffle(order)
    for number, name in enumerate(order):
        platform.arrive(f"b{number}/{name}.dcm", files[name])
    platform.work()
    events = _told(platform, "physics.dose_events", 10 * seed)
    studies = _told(platform, "physics.dose_studies", 10 * seed)
    assert sorted((row["dlp_mGycm"] or 0) for row in events) == [0, 0, 50.25, 100.5, 100.5]
    assert sorted(row["dap_Gym2"] or 0 for row in events) == pytest.approx([0, 0, 0, 2e-5, 3e-5])
    assert sorted((row["total_dlp_mGycm"] or 0, row["n_events"]) for row in studies) == [
        (0, 2),
        (100.5, 1),
        (150.75, 2),
    ]
    assert [row["total_dap_Gym2"] for row in studies if row["total_dap_Gym2"]] == pytest.approx([5e-5])
    assert {row["patient_age_years"] for row in studies} == {64}


def test_dose_counts_for_the_hospital_even_where_research_holds_the_report(platform: Platform) -> None:
    event = platform.arrive("b1/report.dcm", to_bytes(_reports(100)["ct-1"]))
    platform.work()
    outcome, _ = platform.settled(event)
    assert [row["dlp_mGycm"] for row in _told(platform, "ops.dose_events", 100)] == [100.5]
    released = platform.services.research(SITE).uid(f"{ROOT}.101.1")
    rows = platform.rows(f"SELECT dlp_mGycm FROM `lake.dose_events` WHERE StudyInstanceUID = '{released}'")
    assert len(rows) == (outcome == "released")


def test_dose_rows_hold_no_identity(platform: Platform) -> None:
    ds = _reports(110)["ct-1"]
    ds.ContentSequence[2].ContentSequence[0].TextValue = "THORAX Quintanilla"
    platform.arrive("b1/report.dcm", to_bytes(ds))
    platform.work()
    (row,) = _told(platform, "ops.dose_events", 110)
    assert row["protocol"] is None and row["dlp_mGycm"] == 100.5
    shown = repr(row) + repr(_told(platform, "ops.dose_studies", 110))
    assert "uintanilla" not in shown and "PAT1" not in shown and ROOT not in shown and "S-4711" not in shown


def test_research_has_the_same_numbers_under_its_own_keys_and_shifted_dates(platform: Platform) -> None:
    event = platform.arrive("b1/report.dcm", to_bytes(_reports(120)["rf-1"]))
    platform.work()
    outcome, code = platform.settled(event)
    assert outcome == "released", code
    (hospital,) = _told(platform, "physics.dose_events", 120)
    key = platform.services.research(SITE)
    study = key.uid(f"{ROOT}.123.1")
    (row,) = platform.rows(f"SELECT * FROM `research.dose_events` WHERE StudyInstanceUID = '{study}'")
    (whole,) = platform.rows(f"SELECT * FROM `research.dose_studies` WHERE StudyInstanceUID = '{study}'")
    assert (
        row["dap_Gym2"] == hospital["dap_Gym2"]
        and row["kvp"] == hospital["kvp"]
        and whole["total_dap_Gym2"] == row["dap_Gym2"]
    )
    assert row["event_key"] == key.uid(f"{ROOT}.9.3") != hospital["event_key"]
    assert row["started_local"].time() == hospital["started_local"].time()
    assert 30 <= (hospital["started_local"] - row["started_local"]).days <= 1825
    assert whole["patient_age_years"] == 64
