"""Each construct where plain transpiling is wrong: BigQuery's value and type, or a refusal that names the construct."""

import datetime as dt
import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest
from google.cloud import bigquery

_ENTRIES = Path(__file__).parents[4] / "shared" / "data" / "localemu" / "sql_portability.json"

_MADRID = "FORMAT_TIMESTAMP('%F %H:%M %Ez', TIMESTAMP '2020-07-01 00:00:00+00', 'Europe/Madrid')"
# (start of the entry in the list of constructs, SQL expression, type, value)
VALUES: list[tuple[str, str, str, Any]] = [
    ("COUNTIF over no rows", "(SELECT COUNTIF(x > 1) FROM UNNEST(ARRAY<INT64>[]) x)", "INTEGER", 0),
    ("UNNEST(a) WITH OFFSET o", "ARRAY(SELECT o FROM UNNEST(['a', 'b']) WITH OFFSET o ORDER BY o)", "INTEGER", [0, 1]),
    ("DATE_TRUNC(date", "DATE_TRUNC(DATE '2020-05-20', MONTH)", "DATE", dt.date(2020, 5, 1)),
    ("DATE_TRUNC(date", "DATE_TRUNC(DATE '2020-05-20', ISOWEEK)", "DATE", dt.date(2020, 5, 18)),
    ("DATE_TRUNC(date", "DATE_TRUNC(DATE '2020-05-20', WEEK)", "DATE", dt.date(2020, 5, 17)),
    ("DATE_TRUNC(date", "DATE_TRUNC(DATE '2020-05-20', QUARTER)", "DATE", dt.date(2020, 4, 1)),
    ("DATE_TRUNC(date", "DATE_SUB(DATE '2020-03-31', INTERVAL 1 MONTH)", "DATE", dt.date(2020, 2, 29)),
    ("DATE_FROM_UNIX_DATE", "DATE_FROM_UNIX_DATE(1)", "DATE", dt.date(1970, 1, 2)),
    ("FORMAT_TIMESTAMP(f, ts, zone)", _MADRID, "STRING", "2020-07-01 02:00 +02:00"),
    ("FORMAT_TIMESTAMP with", "FORMAT_TIMESTAMP('%E3S|%E*S', TIMESTAMP '2020-01-01 00:00:00.123456+00')", "STRING", "00.123|00.123456"),
    ("FORMAT(fmt", "FORMAT('%d-%s-%05.2f', 3, 'x', 3.14159)", "STRING", "3-x-03.14"),
    ("SUBSTR(s, 0, n)", "SUBSTR('abc', 0, 2)", "STRING", "ab"),
    ("jsoncol.n[0]", "(SELECT j.n[0] FROM (SELECT JSON '{\"n\": [7, 8]}' AS j))", "JSON", 7),
    ("JSON_TYPE", "JSON_TYPE(JSON '{}')", "STRING", "object"),
    ("JSON_TYPE", "JSON_TYPE(JSON '1.5')", "STRING", "number"),
    ("TO_JSON_STRING(NULL)", "TO_JSON_STRING(NULL)", "STRING", "null"),
    ("decimal literals", "0.1 + 0.2 = 0.3", "BOOLEAN", False),
    ("decimal literals", "0.1 + 0.2", "FLOAT", 0.1 + 0.2),
    ("decimal literals", "ROUND(2.5)", "FLOAT", 3.0),
    ("NaN = NaN", "CAST('nan' AS FLOAT64) = CAST('nan' AS FLOAT64)", "BOOLEAN", False),
    ("NaN = NaN", "CAST('nan' AS FLOAT64) != CAST('nan' AS FLOAT64)", "BOOLEAN", True),
    ("NaN = NaN", "CAST('nan' AS FLOAT64) > 5", "BOOLEAN", False),
    ("NaN = NaN", "(SELECT MIN(x) FROM UNNEST([1.5, CAST('nan' AS FLOAT64)]) x)", "FLOAT", math.nan),
    ("STRUCT(..) = STRUCT(..)", "STRUCT(1 AS a, 2 AS b) = STRUCT(1 AS x, 2 AS y)", "BOOLEAN", True),
    ("CAST(x AS NUMERIC)", "CAST(1.23456789 AS NUMERIC)", "NUMERIC", Decimal("1.23456789")),
    ("CAST(x AS NUMERIC)", "NUMERIC '1' / NUMERIC '3'", "NUMERIC", Decimal("0.333333333")),
    ("CAST(1.0 AS STRING)", "CAST(1.0 AS STRING)", "STRING", "1"),
    ("CAST(1.0 AS STRING)", "CAST(1e20 AS STRING)", "STRING", "1e+20"),
    ("ARRAY_SLICE", "ARRAY_SLICE([1, 2, 3, 4], 1, 2)", "INTEGER", [2, 3]),
    ("REGEXP_EXTRACT_ALL with a group", "REGEXP_EXTRACT_ALL('a1b2', r'([a-z])\\d')", "STRING", ["a", "b"]),
    ("ARRAY_AGG(x LIMIT n)", "(SELECT ARRAY_AGG(x ORDER BY x DESC LIMIT 2) FROM UNNEST([1, 2, 3]) x)", "INTEGER", [3, 2]),
    ("APPROX_TOP_COUNT", "(SELECT APPROX_TOP_COUNT(x, 1) FROM UNNEST([1, 2, 2]) x)", "RECORD", [{"value": 2, "count": 2}]),
    ("SAFE.f(..) prefix", "SAFE.PARSE_DATE('%Y%m%d', '20201301')", "DATE", None),
    ("SAFE.f(..) prefix", "SAFE.PARSE_DATE('%Y%m%d', '20201201')", "DATE", dt.date(2020, 12, 1)),
    ("EXTRACT(DATE FROM ts)", "EXTRACT(DATE FROM TIMESTAMP '2020-01-01 23:30:00+00' AT TIME ZONE 'Europe/Madrid')", "DATE", dt.date(2020, 1, 2)),
    ("EXTRACT(DATE FROM ts)", "EXTRACT(ISOWEEK FROM DATE '2020-12-31')", "INTEGER", 53),
    ("INSTR", "INSTR('banana', 'an', 1, 2)", "INTEGER", 4),
    ("CAST('é' AS BYTES)", "CAST('é' AS BYTES)", "BYTES", "é".encode()),
    ("RANGE_BUCKET", "RANGE_BUCKET(5, [1, 5, 9])", "INTEGER", 2),
    ("RANGE_BUCKET", "IEEE_DIVIDE(1, 0)", "FLOAT", math.inf),
    ("RANGE_BUCKET", "LAX_INT64(JSON '\"5\"')", "INTEGER", 5),
    ("RANGE_BUCKET", "PARSE_NUMERIC('1.5')", "NUMERIC", Decimal("1.5")),
    ("RANGE_BUCKET", "NORMALIZE('é', NFD) = 'é'", "BOOLEAN", False),
    ("FROM UNNEST([STRUCT", "(SELECT SUM(x) FROM UNNEST([STRUCT(1 AS x), (2)]))", "INTEGER", 3),
]  # fmt: skip
VALUES.append(("SHA512", "LENGTH(SHA512('a'))", "INTEGER", 64))

# (start of the entry, statement, what the refusal names)
REFUSALS: list[tuple[str, str, str]] = [
    ("UNPIVOT column order", "SELECT * FROM (SELECT 1 AS a) UNPIVOT(v FOR n IN (a))", "UNPIVOT"),
    ("INTERVAL 1 YEAR value", "SELECT INTERVAL 1 YEAR", "INTERVAL"),
    ("|> INTERSECT", "FROM (SELECT 1 AS a) |> INTERSECT DISTINCT (SELECT 1 AS a)", "pipe syntax"),
    ("TYPEOF", "SELECT TYPEOF(1)", "TYPEOF"),
    ("FARM_FINGERPRINT", "SELECT FARM_FINGERPRINT('x')", "FARM_FINGERPRINT"),
    ("APPROX_TOP_COUNT", "SELECT APPROX_TOP_SUM(x, x, 1) FROM UNNEST([1]) x", "APPROX_TOP_SUM"),
    ("RANGE_BUCKET", "SELECT JSON_SET(JSON '{}', '$.a', 1)", "JSON_SET"),
    ("RANGE_BUCKET", "SELECT REGEXP_EXTRACT_GROUPS('a', 'b')", "REGEXP_EXTRACT_GROUPS"),
    ("table functions, procedures", "CALL ds.p()", "CALL"),
    ("table functions, procedures", "CREATE TABLE FUNCTION ds.f() AS SELECT 1 AS x", "CREATE"),
    ("DECLARE/SET", "DECLARE x INT64", "DECLARE"),
    ("DECLARE/SET", "DECLARE x INT64; SELECT x", "scripting"),
    ("DECLARE/SET", "EXECUTE IMMEDIATE 'SELECT 1'", "EXECUTE"),
    ("wildcard tables", "SELECT * FROM `ds.ev_*`", "wildcard tables"),
    ("CREATE TEMP FUNCTION twice", "CREATE TEMP FUNCTION f(x INT64) AS (x + 1); SELECT f(1)", "scripting"),
]  # fmt: skip
# Entries that need tables; test_statements.py and test_information.py hold them.
ELSEWHERE = ("INSERT .. VALUES (STRUCT", "MERGE .. INSERT ROW", "ds.INFORMATION_SCHEMA")


@pytest.mark.parametrize(("entry", "sql", "kind", "value"), VALUES, ids=[sql[:40] for _, sql, _, _ in VALUES])
def test_the_construct_gives_bigquerys_value_and_type(
    client: bigquery.Client, entry: str, sql: str, kind: str, value: Any
) -> None:
    rows = client.query_and_wait(f"SELECT {sql} AS answer")
    found = next(iter(rows))["answer"]
    assert rows.schema[0].field_type == kind
    if isinstance(value, float) and math.isnan(value):
        assert math.isnan(found)
    else:
        assert found == value
        assert type(found) is type(value)


@pytest.mark.parametrize(("entry", "sql", "named"), REFUSALS, ids=[sql[:40] for _, sql, _ in REFUSALS])
def test_the_construct_is_refused_by_name(client: bigquery.Client, entry: str, sql: str, named: str) -> None:
    with pytest.raises(BadRequest) as raised:
        client.query_and_wait(sql)
    assert "Not supported by this emulator" in raised.value.message
    assert named.lower() in raised.value.message.lower()


def test_every_listed_construct_has_a_case() -> None:
    if not _ENTRIES.is_file():
        pytest.skip("the list of constructs is not beside the project")
    known = [entry for entry, *_ in VALUES] + [entry for entry, *_ in REFUSALS] + list(ELSEWHERE)
    missing = [
        item["construct"]
        for item in json.loads(_ENTRIES.read_text())
        if not any(item["construct"].startswith(start) for start in known)
    ]
    assert missing == []
