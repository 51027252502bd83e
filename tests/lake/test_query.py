"""Queries with parameters; a query at fault is told by place and reason, never by what it compares."""

import datetime

import pytest

from dicomlake.errors import ConfigError, TransientError
from dicomlake.lake import clients, query
from dicomlake.lake.definitions import qualify, queries
from tests.lake.conftest import SETTINGS, Emulator


def test_parameters_keep_their_types(bigquery: Emulator) -> None:
    params = {
        "text": "ä",
        "whole": 7,
        "real": 0.5,
        "yes": True,
        "day": datetime.date(2026, 3, 1),
        "moment": datetime.datetime(2026, 3, 1, 9, tzinfo=datetime.UTC),
        "local": datetime.datetime(2026, 3, 1, 9),
    }
    columns, rows = query.run(bigquery.client, "SELECT " + ", ".join(f"@{name} AS {name}" for name in params), params)
    assert columns == list(params)
    assert rows == [tuple(params.values())]
    assert query.run(bigquery.client, "SELECT 2 IN UNNEST(@many) AS found", {"many": [1, 2]})[1] == [(True,)]


def test_query_at_fault_is_refused_without_its_text(bigquery: Emulator) -> None:
    for sql in ("SELECT FROM WHERE 'PLANTED'", "SELECT * FROM `hospital.clinic.planted`", "SELECT PLANTED"):
        with pytest.raises(query.QueryRefused) as caught:
            query.run(bigquery.client, sql)
        assert "planted" not in str(caught.value).lower() and caught.value.__suppress_context__


def test_busy_service_is_transient(bigquery: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "RETRY_DEADLINE_S", 0.3)
    bigquery.faults.plan(*["error"] * 20)
    with pytest.raises(TransientError):
        query.run(bigquery.client, "SELECT 1")


@pytest.mark.parametrize("name", list(queries()))
def test_named_query_runs_in_the_projects_of_its_side(bigquery: Emulator, name: str) -> None:
    columns, _ = query.named(bigquery.client, SETTINGS, name)
    assert columns


def test_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(ConfigError, match="studies_by_modality"):
        query.find("nothing")


def test_dataset_names_get_the_project_of_their_side() -> None:
    text = "SELECT * FROM `clinic.receipts` JOIN `research.studies` JOIN `other.x`"
    assert (
        qualify(text, SETTINGS)
        == "SELECT * FROM `hospital.clinic.receipts` JOIN `science.research.studies` JOIN `other.x`"
    )


def test_identity_reaches_the_emulator(bigquery: Emulator) -> None:
    assert query.run(bigquery.client, "SELECT SESSION_USER()")[1] == [("dicomlake",)]
