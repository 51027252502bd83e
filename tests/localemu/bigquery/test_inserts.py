"""Streaming inserts and reading rows back."""

import datetime as dt
import math
from decimal import Decimal

import pytest
from google.api_core.exceptions import NotFound
from google.cloud import bigquery

F = bigquery.SchemaField


@pytest.fixture
def table(client: bigquery.Client, dataset: str) -> str:
    client.create_table(bigquery.Table(f"proj.{dataset}.t", [F("id", "INT64", mode="REQUIRED"), F("s", "STRING")]))
    return f"{dataset}.t"


def ids(client: bigquery.Client, table: str) -> list[int]:
    return [row.id for row in client.query_and_wait(f"SELECT id FROM {table} ORDER BY id")]


def test_rows_are_seen_by_the_next_query(client: bigquery.Client, table: str) -> None:
    for number in range(3):
        assert client.insert_rows_json(table, [{"id": number}]) == []
        assert ids(client, table) == list(range(number + 1))


def test_a_repeated_insert_id_is_written_once(client: bigquery.Client, table: str) -> None:
    for _ in range(2):
        assert client.insert_rows_json(table, [{"id": 1}, {"id": 2}], row_ids=["a", "b"]) == []
    assert ids(client, table) == [1, 2]


def test_rows_without_insert_ids_are_all_written(client: bigquery.Client, table: str) -> None:
    client.insert_rows_json(table, [{"id": 1}, {"id": 1}], row_ids=[None, None])
    assert ids(client, table) == [1, 1]


def test_one_bad_row_stops_all_and_each_is_reported(client: bigquery.Client, table: str) -> None:
    errors = client.insert_rows_json(table, [{"id": 1}, {"id": "secret"}, {"id": 3, "other": 1}, {}])
    assert [(item["index"], item["errors"][0]["reason"]) for item in errors] == [
        (0, "stopped"),
        (1, "invalid"),
        (2, "invalid"),
        (3, "invalid"),
    ]
    assert errors[2]["errors"][0]["location"] == "other"
    assert "secret" not in str(errors)
    assert ids(client, table) == []


def test_invalid_rows_are_skipped_and_unknown_values_ignored_when_asked(client: bigquery.Client, table: str) -> None:
    errors = client.insert_rows_json(
        table, [{"id": 1, "other": 2}, {"id": "x"}], skip_invalid_rows=True, ignore_unknown_values=True
    )
    assert [item["index"] for item in errors] == [1]
    assert ids(client, table) == [1]


def test_a_missing_table_is_not_found(client: bigquery.Client, dataset: str) -> None:
    with pytest.raises(NotFound):
        client.insert_rows_json(f"{dataset}.nope", [{"a": 1}], retry=None)


def test_every_type_comes_back_as_it_went(client: bigquery.Client, dataset: str) -> None:
    fields = [
        F("i", "INT64"), F("f", "FLOAT64"), F("g", "FLOAT64"), F("n", "NUMERIC"), F("big", "BIGNUMERIC"), F("s", "STRING"), F("y", "BYTES"),
        F("b", "BOOL"), F("d", "DATE"), F("dt", "DATETIME"), F("t", "TIME"), F("ts", "TIMESTAMP"), F("j", "JSON"),
        F("r", "RECORD", mode="REPEATED", fields=[F("k", "STRING"), F("v", "FLOAT64", mode="REPEATED")]),
    ]  # fmt: skip
    client.create_table(bigquery.Table(f"proj.{dataset}.t", fields))
    row = {
        "i": -(2**63), "f": "NaN", "g": "-Infinity", "n": "1.123456789", "big": "12345.1234567890123456789", "s": "é\n'", "y": "AP8=", "b": True,
        "d": "0001-01-01", "dt": "2020-01-01T01:02:03.000004", "t": "23:59:59.5", "ts": "2020-01-01T01:00:00+01:00", "j": '{"a": [1, null]}',
        "r": [{"k": "x", "v": [1.5, 2]}, {}],
    }  # fmt: skip
    assert client.insert_rows_json(f"{dataset}.t", [row]) == []
    for rows in (client.list_rows(f"{dataset}.t"), client.query_and_wait(f"SELECT * FROM {dataset}.t")):
        found = next(iter(rows))
        assert math.isnan(found.f)
        assert [found[name] for name in ("i", "g", "n", "big", "s", "y", "b")] == [
            -(2**63), -math.inf, Decimal("1.123456789"), Decimal("12345.1234567890123456789"), "é\n'", b"\x00\xff", True,
        ]  # fmt: skip
        assert (found.d, found.dt, found.t) == (
            dt.date(1, 1, 1),
            dt.datetime(2020, 1, 1, 1, 2, 3, 4),
            dt.time(23, 59, 59, 500000),
        )
        assert found.ts == dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
        assert found.j == {"a": [1, None]}
        assert found.r == [{"k": "x", "v": [1.5, 2.0]}, {"k": None, "v": []}]


def test_a_bignumeric_that_would_lose_digits_is_refused(client: bigquery.Client, dataset: str) -> None:
    client.create_table(bigquery.Table(f"proj.{dataset}.t", [F("b", "BIGNUMERIC")]))
    assert client.insert_rows_json(f"{dataset}.t", [{"b": "1e-30"}])[0]["errors"][0]["reason"] == "invalid"


def test_listing_pages_and_picks_columns(client: bigquery.Client, table: str) -> None:
    client.insert_rows_json(table, [{"id": number, "s": "x"} for number in range(10)])
    assert [row.id for row in client.list_rows(table, page_size=3)] == list(range(10))
    assert [tuple(row) for row in client.list_rows(table, selected_fields=[F("id", "INT64")], start_index=8)] == [
        (8,),
        (9,),
    ]
    assert [row.id for row in client.list_rows(table, max_results=2)] == [0, 1]
