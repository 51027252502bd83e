"""Settled views are a function of the set of rows: neither the order of insertion nor repetition changes them."""

import random
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sql.conftest import Lake

Rows = Mapping[str, Sequence[dict[str, object]]]
OBJECTS = st.sampled_from(["OA", "OB", "OC"])
CONTENTS = st.sampled_from(["C1", "C2", None])
GENERATIONS = st.integers(1, 3)
DECIDED = st.sampled_from(["2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z"])
SUBJECT = {"study_key": st.just("S1"), "series_key": st.just("E1"), "instance_key": st.sampled_from(["I1", "I2"])}
BATCH = st.sampled_from(["b1", "b2", None])
SITE = st.sampled_from(["clinic-a", "clinic-b"])


def _rows(**columns: st.SearchStrategy[object]) -> st.SearchStrategy[list[dict[str, object]]]:
    return st.lists(st.fixed_dictionaries({"site": SITE, **columns}), max_size=6)


OPERATIONS = st.fixed_dictionaries(
    {
        "ops.receipts": _rows(
            object_key=OBJECTS,
            generation=GENERATIONS,
            content_key=CONTENTS,
            outcome=st.sampled_from(["released", "quarantined", "pending"]),
            accession_key=st.sampled_from(["A1", "A2", None]),
            decided_at=DECIDED,
            batch=BATCH,
            **SUBJECT,
        ),
        "ops.retractions": _rows(
            object_key=OBJECTS, generation=GENERATIONS, code=st.sampled_from(["retracted", "withdrawn"])
        ),
        "ops.manifests": _rows(
            manifest_key=st.sampled_from(["OM", "OX"]),
            generation=GENERATIONS,
            line=st.integers(2, 4),
            accession_key=st.sampled_from(["A1", "A2", None]),
            object_key=st.one_of(st.none(), OBJECTS),
            content_key=CONTENTS,
            expected_files=st.one_of(st.none(), st.integers(1, 2)),
            batch=BATCH,
        ),
    }
)
RESEARCH = st.fixed_dictionaries(
    {
        "lake.instances": _rows(
            content_key=st.sampled_from(["C1", "C2"]),
            StudyInstanceUID=st.just("2.25.1"),
            SeriesInstanceUID=st.just("2.25.2"),
            SOPInstanceUID=st.sampled_from(["2.25.11", "2.25.12"]),
            rules_version=st.sampled_from(["r1", "r2"]),
            release_month=st.sampled_from(["2026-03-01", "2026-04-01"]),
        ),
        "lake.retractions": _rows(content_key=st.sampled_from(["C1", "C9"]), code=st.just("retracted")),
    }
)
DOSE_OBJECT = {
    "study_key": st.sampled_from(["S1aaa", "S1aab", "S2aaa"]),
    "object_key": OBJECTS,
    "generation": GENERATIONS,
    "content_key": st.sampled_from(["C1", "C2"]),
    "instance_key": st.sampled_from(["I1", "I2"]),
    "object_kind": st.sampled_from(["rdsr", "image"]),
    "source_rank": st.integers(1, 2),
    "modality": st.sampled_from(["CT", "CT", "DX", "NM"]),
    "doubts": st.sampled_from([[], ["dlp_mGycm:unit"]]),
    "pipeline_version": st.sampled_from(["1", "2"]),
}
VALUES = st.sampled_from([None, 0.5, 2.0, 40.0])
DOSE = st.fixed_dictionaries(
    {
        "ops.dose_events": _rows(
            **DOSE_OBJECT,
            event_key=st.sampled_from(["V1", "V2", "V3"]),
            event_key_kind=st.sampled_from(["uid", "acquisition"]),
            AcquisitionNumber=st.sampled_from([None, 1]),
            slice_position_mm=VALUES,
            slice_thickness_mm=st.just(5.0),
            started_local=st.sampled_from([None, "2026-03-01T08:00:00", "2026-03-01T08:00:09"]),
            ctdivol_mGy=VALUES,
            dlp_mGycm=VALUES,
            dap_Gym2=VALUES,
            phantom_cm=st.sampled_from([None, 16, 32]),
            protocol=st.sampled_from([None, "Head", "Thorax"]),
            target_region_code=st.sampled_from([None, "69536005", "51185008"]),
            effective_dose_mSv=VALUES,
            localiser=st.sampled_from([None, True, False]),
        ),
        "ops.dose_studies": _rows(
            **DOSE_OBJECT,
            patient_key=st.sampled_from(["P1", "P2"]),
            patient_age_years=st.sampled_from([None, 3, 40]),
            StudyDate=st.sampled_from([None, "2026-03-01", "2024-03-01"]),
            n_events=st.integers(0, 2),
            total_dlp_mGycm=VALUES,
            total_dap_Gym2=VALUES,
        ),
        "ops.receipts": _rows(
            object_key=OBJECTS,
            generation=GENERATIONS,
            content_key=CONTENTS,
            outcome=st.sampled_from(["released", "quarantined", "pending"]),
            operations_outcome=st.sampled_from(["released", "quarantined"]),
            turn=st.integers(0, 1),
            decided_at=DECIDED,
        ),
        "ops.retractions": _rows(object_key=OBJECTS, generation=GENERATIONS),
    }
)
DOSE_VIEWS = [
    "physics.dose_events", "physics.dose_studies", "physics.dose_exams", "physics.dose_effective", "physics.dose_patients", "physics.dose_alerts",
    "physics.dose_provenance", "physics.dose_missing", "physics.dose_by_protocol",
]  # fmt: skip


def _keyed(rows: Rows) -> dict[str, list[dict[str, object]]]:
    """A row's key follows from what it is about, as in the pipeline: equal rows have equal keys."""
    return {
        table: [{"row_key": repr(sorted(row.items(), key=str))} | row for row in given] for table, given in rows.items()
    }


def _shuffled(rows: Rows, seed: int) -> dict[str, list[dict[str, object]]]:
    chance = random.Random(seed)
    shuffled = {}
    for table, distinct in rows.items():
        again = [row for row in distinct for _ in range(chance.randint(1, 3))]
        chance.shuffle(again)
        shuffled[table] = again
    return shuffled


def _seen(lake: Lake, rows: Rows, views: Sequence[str]) -> list[list[str]]:
    lake.fill(rows)
    return [sorted(repr(sorted(row.items())) for row in lake.select(view)) for view in views]


PROPERTY = settings(
    max_examples=max(4, settings.default.max_examples // 10),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.slow
@PROPERTY
@given(rows=OPERATIONS, seed=st.integers(0, 99))
def test_operations_views_do_not_depend_on_order_or_repetition(lake: Lake, rows: Rows, seed: int) -> None:
    views = ["clinic.receipts", "clinic.conflicts", "clinic.batch_accessions"]
    once = _keyed(rows)
    assert _seen(lake, once, views) == _seen(lake, _shuffled(once, seed), views)


@pytest.mark.slow
@PROPERTY
@given(rows=RESEARCH, seed=st.integers(0, 99))
def test_research_views_do_not_depend_on_order_or_repetition(lake: Lake, rows: Rows, seed: int) -> None:
    views = ["research.instances", "research.studies"]
    once = _keyed(rows)
    assert _seen(lake, once, views) == _seen(lake, _shuffled(once, seed), views)


@pytest.mark.slow
@PROPERTY
@given(rows=OPERATIONS)
def test_every_arrived_object_is_one_row(lake: Lake, rows: Rows) -> None:
    once = _keyed(rows)
    lake.fill(once)
    arrived = {(row["site"], row["object_key"], row["generation"]) for row in once["ops.receipts"]}
    found = [(row["site"], row["object_key"], row["generation"]) for row in lake.select("clinic.receipts")]
    assert sorted(found) == sorted(arrived)


@pytest.mark.slow
@settings(
    PROPERTY, max_examples=max(1, settings.default.max_examples // 10)
)  # each settles, and asks nine views eight times
@given(rows=DOSE, seed=st.integers(0, 99))
def test_dose_does_not_depend_on_order_repetition_or_when_it_was_settled(lake: Lake, rows: Rows, seed: int) -> None:
    once = _keyed(rows)
    expected = _seen(lake, once, DOSE_VIEWS)
    chance = random.Random(seed)
    mixed = _shuffled(once, seed)
    parts: list[dict[str, list[dict[str, object]]]] = [{}, {}, {}]
    for table, shuffled in mixed.items():
        for row in shuffled:
            chance.choice(parts).setdefault(table, []).append(row)
    lake.fill(parts[0])
    for part in parts[1:]:
        lake.settle()
        lake.add(part)
    for _ in range(2):
        assert [sorted(repr(sorted(row.items())) for row in lake.select(view)) for view in DOSE_VIEWS] == expected
        lake.settle()


def test_a_retraction_that_hides_events_alone_is_not_overlooked(lake: Lake) -> None:
    """Another object tells of the study; that of the events has no row of its own there."""
    told = {"site": "clinic-a", "generation": 1, "instance_key": "I1", "object_kind": "rdsr", "source_rank": 1,
            "study_key": "S1aaa", "modality": "CT", "pipeline_version": "1"}  # fmt: skip
    rows = _keyed(
        {
            "ops.dose_studies": [told | {"object_key": "OA", "content_key": "C1"}],
            "ops.dose_events": [told | {"object_key": "OB", "content_key": "C2", "event_key": "V1", "event_key_kind": "uid"}],
            "ops.receipts": [
                {"site": "clinic-a", "object_key": "OB", "generation": 1, "content_key": "C2", "outcome": "released",
                 "operations_outcome": "released", "turn": 0, "decided_at": "2026-03-01T10:00:00Z"}
            ],
        }
    )  # fmt: skip
    lake.fill(rows)
    lake.settle()
    assert len(lake.select("physics.dose_events")) == 1
    lake.add(_keyed({"ops.retractions": [{"site": "clinic-a", "object_key": "OB", "generation": 1}]}))
    assert lake.select("physics.dose_events") == []


@pytest.mark.slow
@PROPERTY
@given(rows=DOSE)
def test_what_is_hidden_is_what_the_receipts_say(lake: Lake, rows: Rows) -> None:
    lake.fill(_keyed(rows))
    said = {
        (row["site"], row["generation"], row["content_key"])
        for row in lake.select("clinic.receipts")
        if row["content_key"] and (row["retracted"] or row["operations_outcome"] == "quarantined")
    }
    found = [tuple(row.values()) for row in lake.select("clinic.hidden", ["site", "generation", "content_key"])]
    assert sorted(map(repr, found)) == sorted(map(repr, said))
