"""Results longer than a page: every row once, in order, with the values that a short result has; arrays that BigQuery can't write are refused."""

import datetime
from decimal import Decimal

import pytest
from google.api_core.exceptions import BadRequest
from google.cloud import bigquery

from localemu.bigquery import rows as kept

COLUMNS = """
    i, CAST(i AS STRING) AS text, i / 4 AS share, MOD(i, 2) = 0 AS even, NUMERIC '1.5' AS price, [i, i + 1] AS pair,
    STRUCT(i AS number, 'x' AS letter) AS both, TIMESTAMP '2026-03-01 10:00:00.000001+00' AS at, DATETIME '2026-03-01 10:00:00' AS local_time,
    DATE '2026-03-01' AS day, TIME '10:00:00' AS clock, IF(MOD(i, 3) = 0, NULL, b'ab') AS raw, SUM(i) OVER (PARTITION BY i) AS whole
"""
WIDTH = 13
SMALL = 520  # cells of a page, for tests


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "PAGE_CELLS", SMALL)


def _sql(rows: int) -> str:
    return f"SELECT {COLUMNS} FROM UNNEST(GENERATE_ARRAY(1, {rows})) AS i ORDER BY i"


def test_a_result_of_several_pages_is_the_same_rows(client: bigquery.Client) -> None:
    rows = kept.page_rows(WIDTH) * 2 + 5
    found = client.query_and_wait(_sql(rows))
    pages = [list(page) for page in found.pages]
    assert found.total_rows == rows
    assert len(pages) == 3
    for number, row in enumerate((row for page in pages for row in page), 1):
        assert row["i"] == number
    assert dict(pages[2][-1].items()) == {
        "i": rows,
        "text": str(rows),
        "share": rows / 4,
        "even": rows % 2 == 0,
        "price": Decimal("1.5"),
        "pair": [rows, rows + 1],
        "both": {"number": rows, "letter": "x"},
        "at": datetime.datetime(2026, 3, 1, 10, 0, 0, 1, tzinfo=datetime.UTC),
        "local_time": datetime.datetime(2026, 3, 1, 10),
        "day": datetime.date(2026, 3, 1),
        "clock": datetime.time(10),
        "raw": None if rows % 3 == 0 else b"ab",
        "whole": rows,
    }


def test_a_page_holds_fewer_rows_the_more_columns_they_have() -> None:
    assert kept.page_rows(1) == SMALL
    assert kept.page_rows(100) == SMALL // 100
    assert kept.page_rows(10_000) == 1


@pytest.mark.parametrize("rows", [3, SMALL])
def test_a_null_inside_an_array_is_refused_on_every_page(rows: int, client: bigquery.Client) -> None:
    sql = f"SELECT [1, IF(i = {rows}, NULL, i)] AS pair, i FROM UNNEST(GENERATE_ARRAY(1, {rows})) AS i ORDER BY i"
    with pytest.raises(BadRequest, match="null element"):
        client.query_and_wait(sql)
