"""Rows reach their own side only, in the form insertAll takes; refusals and faults have our kinds."""

import datetime
from typing import Any

import pytest

from dicomlake.errors import Code, PermanentError, TransientError
from dicomlake.lake import clients, load, query
from dicomlake.rows import OperationsRow, ResearchRow
from tests.lake.conftest import Emulator

COMMON: dict[str, Any] = {"site": "clinic-a", "pipeline_version": "1"}


@pytest.fixture(autouse=True)
def _short_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "RETRY_DEADLINE_S", 0.5)


def _receipt(row_key: str, **values: object) -> OperationsRow:
    return OperationsRow("ops.receipts", row_key, COMMON | {"received_at": "2026-03-01T09:00:00+00:00"} | values)


def _instance(row_key: str, **values: object) -> ResearchRow:
    return ResearchRow("lake.instances", row_key, COMMON | {"release_month": "2026-03-01"} | values)


def _stored(bigquery: Emulator, project: str, table: str, columns: str, row_key: str) -> list[tuple[object, ...]]:
    sql = f"SELECT {columns} FROM `{project}.{table}` WHERE row_key = @row_key"
    return query.run(bigquery.client, sql, {"row_key": row_key})[1]


def test_row_comes_back_as_it_was(bigquery: Emulator) -> None:
    row = _instance(
        "R1",
        content_key="C1",
        ImageType=["ORIGINAL", "", "PRIMARY"],
        PixelSpacing=[0.5, 0.25],
        patient_age_years=0,
        PatientSex="",
        StudyDate="2019-02-28",
        StudyTime=datetime.time(13, 5, 1, 500000),
        AcquisitionDateTime=datetime.datetime(2019, 2, 28, 13, 5),
        KVP=float("nan"),
        NumberOfFrames=None,
        header={"00080060": {"vr": "CS", "Value": ["CT"]}},
        deid={"actions": {"X": 3}},
    )
    load.insert(bigquery.client, "science", [row])
    columns = "ImageType, PixelSpacing, patient_age_years, PatientSex, StudyDate, StudyTime, AcquisitionDateTime, KVP, NumberOfFrames"
    assert _stored(bigquery, "science", "lake.instances", columns, "R1") == [
        (
            ["ORIGINAL", "PRIMARY"],
            [0.5, 0.25],
            0,
            None,
            datetime.date(2019, 2, 28),
            datetime.time(13, 5, 1, 500000),
            datetime.datetime(2019, 2, 28, 13, 5),
            None,
            None,
        )
    ]
    values = "JSON_VALUE(header, '$.\"00080060\".Value[0]'), JSON_VALUE(deid, '$.actions.X')"
    assert _stored(bigquery, "science", "lake.instances", values, "R1") == [("CT", "3")]


def test_each_side_has_its_own_project(bigquery: Emulator) -> None:
    load.insert(
        bigquery.client,
        "hospital",
        [_receipt("R2", generation=7, decided_at=datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC))],
    )
    assert _stored(bigquery, "hospital", "ops.receipts", "generation", "R2") == [(7,)]


@pytest.mark.parametrize("fault", ["error", "after"])
def test_retry_after_a_fault_is_one_row_when_read(bigquery: Emulator, fault: str) -> None:
    key = f"R3{fault}"
    bigquery.faults.plan(fault, path="insertAll")
    load.insert(bigquery.client, "hospital", [_receipt(key, object_key=key, generation=1, outcome="released")])
    sql = "SELECT COUNT(*) FROM `hospital.clinic.receipts` WHERE object_key = @key"
    assert query.run(bigquery.client, sql, {"key": key})[1] == [(1,)]


def test_lasting_fault_is_transient(bigquery: Emulator) -> None:
    bigquery.faults.plan(*["error"] * 50)
    with pytest.raises(TransientError):
        load.insert(bigquery.client, "hospital", [_receipt("R4")])


def test_missing_table_comes_again_later(bigquery: Emulator) -> None:
    with pytest.raises(TransientError) as caught:
        load.insert(bigquery.client, "nobody", [_receipt("R5")])
    assert caught.value.detail == "bigquery_table_missing"


def test_value_that_bigquery_will_never_take_is_permanent(bigquery: Emulator) -> None:
    with pytest.raises(PermanentError) as caught:
        load.insert(bigquery.client, "hospital", [_receipt("R6", generation="PLANTED")])
    assert caught.value.code is Code.INTERNAL_ERROR and caught.value.detail == "bigquery_row_refused"


@pytest.mark.parametrize(
    "row",
    [
        ResearchRow("ops.receipts", "R", COMMON),
        OperationsRow("lake.instances", "R", COMMON),
        ResearchRow("instances", "R", COMMON),
        ResearchRow("lake.unknown", "R", COMMON),
        ("lake.instances", "R", COMMON),
    ],
)
def test_the_other_side_refuses(row: Any) -> None:
    with pytest.raises(ValueError, match=r"lake|ops|ResearchRow"):
        load.encode(row)


@pytest.mark.parametrize("column", sorted(load.ARRIVAL_COLUMNS))
def test_research_row_that_tells_of_its_arrival_is_refused(column: str) -> None:
    for values in ({column: 1}, {"deid": {"note": [{column: 1}]}}):
        with pytest.raises(ValueError, match="arrival"):
            load.encode(_instance("R", **values))


def test_wrong_columns_and_types_are_refused_by_name_without_the_value() -> None:
    for values, message in (
        ({"PatientName": "PLANTED"}, "has no column PatientName"),
        ({"ImageType": "PLANTED"}, "ImageType takes a list"),
        ({"Modality": b"PLANTED"}, "Modality takes no bytes"),
        ({"header": {"a": b"PLANTED"}}, "JSON column takes no bytes"),
    ):
        with pytest.raises(ValueError, match=message) as caught:
            load.encode(_instance("R", **values))
        assert "PLANTED" not in str(caught.value)


def test_times_are_sent_in_utc() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=2))
    encoded = load.encode(_receipt("R", decided_at=datetime.datetime(2026, 3, 1, 12, tzinfo=zone)))
    assert encoded["decided_at"] == "2026-03-01T10:00:00+00:00"
    assert encoded["row_key"] == "R"


def test_requests_stay_below_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(f"R{number}", {"detail": "x" * 1000}) for number in range(1200)]
    assert [len(part) for part in load._requests(rows)] == [500, 500, 200]
    monkeypatch.setattr(load, "_MAX_REQUEST_BYTES", 10_000)
    parts = list(load._requests(rows))
    assert max(map(len, parts)) == 9 and sum(map(len, parts)) == 1200
    monkeypatch.setattr(load, "MAX_ROW_BYTES", 999)
    with pytest.raises(PermanentError) as caught:
        list(load._requests(rows))
    assert caught.value.code is Code.RESOURCE_LIMIT
