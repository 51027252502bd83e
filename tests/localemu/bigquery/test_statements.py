"""Queries, parameters, paging, dry runs, DML, DDL and the shape of errors."""

import datetime as dt
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, Conflict, NotFound
from google.cloud import bigquery

from tests.localemu.bigquery.conftest import Server

Scalar = bigquery.ScalarQueryParameter


def rows(client: bigquery.Client, sql: str, **config: Any) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in client.query_and_wait(sql, job_config=bigquery.QueryJobConfig(**config))]


@pytest.fixture
def table(client: bigquery.Client, dataset: str) -> str:
    client.query_and_wait(
        f"CREATE TABLE {dataset}.t (id INT64, s STRING, d DATE, r STRUCT<a FLOAT64, b ARRAY<STRING>>)"
    )
    client.query_and_wait(
        f"INSERT INTO {dataset}.t (id, s, d) VALUES (1, 'a', '2020-01-01'), (2, 'b', NULL), (3, 'c', DATE '2020-02-02')"
    )
    return f"{dataset}.t"


def test_unnamed_columns_are_numbered_and_named_ones_keep_their_letters(client: bigquery.Client) -> None:
    found = client.query_and_wait("SELECT 1, PatientID, 'x' FROM (SELECT 5 AS patientid)")
    assert [field.name for field in found.schema] == ["f0_", "PatientID", "f1_"]


def test_a_union_by_name_takes_columns_by_name_and_needs_the_same_ones(client: bigquery.Client) -> None:
    first, second = "SELECT 1 AS a, 2 AS b", "SELECT * FROM (SELECT 20 AS B, 10 AS a)"
    assert rows(client, f"SELECT * FROM ({first} UNION ALL BY NAME {second}) ORDER BY a") == [(1, 2), (10, 20)]
    assert rows(client, f"SELECT * FROM ({first} UNION ALL {second}) ORDER BY a") == [(1, 2), (20, 10)]
    with pytest.raises(BadRequest, match="same column names"):
        rows(client, f"{first} UNION ALL BY NAME SELECT 1 AS a")


def test_pages_of_a_result_add_up(client: bigquery.Client) -> None:
    job = client.query("SELECT i FROM UNNEST(GENERATE_ARRAY(1, 25)) i ORDER BY i")
    result = job.result(page_size=10)
    assert (result.total_rows, [row.i for row in result]) == (25, list(range(1, 26)))
    assert [row.i for row in client.get_job(job.job_id).result(max_results=3)] == [1, 2, 3]
    assert [
        row.i for row in client.query_and_wait("SELECT i FROM UNNEST(GENERATE_ARRAY(1, 25)) i ORDER BY i", page_size=7)
    ] == list(range(1, 26))


def test_named_parameters_of_every_kind(client: bigquery.Client) -> None:
    stamp = dt.datetime(2020, 1, 1, 12, tzinfo=dt.UTC)
    given = [
        Scalar("i", "INT64", 5), Scalar("f", "FLOAT64", 1.5), Scalar("s", "STRING", "it's"), Scalar("b", "BOOL", True), Scalar("y", "BYTES", b"\x00"),
        Scalar("d", "DATE", dt.date(2020, 1, 1)), Scalar("ts", "TIMESTAMP", stamp), Scalar("none", "STRING", None),
        bigquery.ArrayQueryParameter("many", "INT64", [1, 2]),
        bigquery.StructQueryParameter("st", Scalar("x", "STRING", "q"), Scalar("n", "INT64", 7)),
    ]  # fmt: skip
    found = rows(
        client, "SELECT @i + 1, @f, @s, @b, @y, @d, @ts, @none, 2 IN UNNEST(@many), @st.n", query_parameters=given
    )
    assert found == [(6, 1.5, "it's", True, b"\x00", dt.date(2020, 1, 1), stamp, None, True, 7)]


def test_positional_parameters(client: bigquery.Client) -> None:
    assert rows(client, "SELECT ? - ?", query_parameters=[Scalar(None, "INT64", 5), Scalar(None, "INT64", 3)]) == [(2,)]


def test_a_dry_run_tells_the_schema_and_does_nothing(client: bigquery.Client, table: str) -> None:
    config = bigquery.QueryJobConfig(dry_run=True)
    job = client.query(f"SELECT id, s AS name FROM {table}", job_config=config)
    assert [field.name for field in job.schema] == ["id", "name"]
    client.query(f"DELETE FROM {table} WHERE TRUE", job_config=config)
    assert rows(client, f"SELECT COUNT(*) FROM {table}") == [(3,)]
    with pytest.raises(BadRequest, match="Unrecognized name: nope"):
        client.query(f"SELECT nope FROM {table}", job_config=config)


@pytest.mark.parametrize(
    ("sql", "kind", "reason"),
    [
        ("SELEC 1", BadRequest, "invalidQuery"),
        ("SELECT nope", BadRequest, "invalidQuery"),
        ("SELECT no_such_function(1)", BadRequest, "invalidQuery"),
        ("SELECT UPPER(5)", BadRequest, "invalidQuery"),
        ("SELECT 1 / 0", BadRequest, "invalidQuery"),
        ("SELECT 9223372036854775807 + 1", BadRequest, "invalidQuery"),
        ("SELECT CAST('12x' AS INT64)", BadRequest, "invalidQuery"),
        ("SELECT * FROM nowhere.t", NotFound, "notFound"),
        ("SELECT 1 AS a, 2 AS a", BadRequest, "invalidQuery"),
        ("SELECT [1, NULL]", BadRequest, "invalidQuery"),
    ],
)
def test_errors_have_bigquerys_status_and_reason_both_ways(
    client: bigquery.Client, sql: str, kind: type[Exception], reason: str
) -> None:
    for run in (lambda: client.query_and_wait(sql), lambda: client.query(sql).result()):
        with pytest.raises(kind) as raised:
            run()
        assert raised.value.errors[0]["reason"] == reason  # type: ignore[attr-defined]
        assert "12x" not in str(raised.value.errors)  # type: ignore[attr-defined]


def test_a_function_that_is_not_there_is_named(client: bigquery.Client) -> None:
    with pytest.raises(BadRequest, match="Function not found: frobnicate"):
        client.query_and_wait("SELECT frobnicate(1)")


def test_update_delete_and_truncate_count_their_rows(client: bigquery.Client, table: str) -> None:
    assert client.query(f"UPDATE {table} SET s = 'z' WHERE id < 3").result().num_dml_affected_rows == 2
    assert (
        client.query(f"UPDATE {table} t SET s = u.v FROM (SELECT 1 AS k, 'w' AS v) u WHERE t.id = u.k")
        .result()
        .num_dml_affected_rows
        == 1
    )
    assert client.query(f"DELETE FROM {table} WHERE id = 3").result().num_dml_affected_rows == 1
    assert rows(client, f"SELECT id, s FROM {table} ORDER BY id") == [(1, "w"), (2, "z")]
    assert client.query(f"TRUNCATE TABLE {table}").result().num_dml_affected_rows == 2


def test_an_update_that_meets_a_row_twice_is_refused(client: bigquery.Client, table: str) -> None:
    with pytest.raises(BadRequest, match="at most one source row"):
        client.query_and_wait(
            f"UPDATE {table} t SET s = u.v FROM (SELECT 1 AS k, 'w' AS v UNION ALL SELECT 1, 'x') u WHERE t.id = u.k"
        )


def test_structs_without_names_are_inserted_by_position(client: bigquery.Client, table: str) -> None:
    client.query_and_wait(f"INSERT INTO {table} VALUES (9, 'n', NULL, STRUCT(1, ['p', 'q']))")
    assert rows(client, f"SELECT r FROM {table} WHERE id = 9") == [({"a": 1.0, "b": ["p", "q"]},)]


def test_a_value_of_another_type_is_not_inserted(client: bigquery.Client, table: str) -> None:
    with pytest.raises(BadRequest, match="cannot be assigned"):
        client.query_and_wait(f"INSERT INTO {table} (id) VALUES ('x')")


def test_merge_takes_the_first_clause_that_fits(client: bigquery.Client, table: str) -> None:
    job = client.query(
        f"MERGE {table} t USING (SELECT 1 AS id, 'n' AS s UNION ALL SELECT 2, 'm' UNION ALL SELECT 8, 'new') u ON t.id = u.id "
        "WHEN MATCHED AND u.id = 1 THEN DELETE WHEN MATCHED THEN UPDATE SET s = u.s "
        "WHEN NOT MATCHED THEN INSERT (id, s) VALUES (u.id, u.s) WHEN NOT MATCHED BY SOURCE THEN UPDATE SET s = 'left'"
    )
    job.result()
    stats = job.dml_stats
    assert stats is not None
    assert (stats.inserted_row_count, stats.updated_row_count, stats.deleted_row_count) == (1, 2, 1)
    assert rows(client, f"SELECT id, s FROM {table} ORDER BY id") == [(2, "m"), (3, "left"), (8, "new")]


def test_merge_insert_row_takes_all_columns(client: bigquery.Client, dataset: str) -> None:
    client.query_and_wait(f"CREATE TABLE {dataset}.m (a INT64, b STRING)")
    client.query_and_wait(
        f"MERGE {dataset}.m t USING (SELECT 1 AS a, 'x' AS b) u ON FALSE WHEN NOT MATCHED THEN INSERT ROW"
    )
    assert rows(client, f"SELECT * FROM {dataset}.m") == [(1, "x")]


def test_ddl_keeps_descriptions_partitioning_and_clustering(client: bigquery.Client, dataset: str) -> None:
    client.query_and_wait(
        f"CREATE TABLE {dataset}.p (id INT64 NOT NULL OPTIONS (description = 'key'), ts TIMESTAMP, "
        "r ARRAY<STRUCT<k STRING OPTIONS (description = 'inner'), v NUMERIC>>) "
        "PARTITION BY TIMESTAMP_TRUNC(ts, MONTH) CLUSTER BY id OPTIONS (description = 'about', labels = [('a', 'b')])"
    )
    found = client.get_table(f"{dataset}.p")
    assert (found.schema[0].description, found.schema[0].mode) == ("key", "REQUIRED")
    assert (found.schema[2].mode, found.schema[2].fields[0].description) == ("REPEATED", "inner")
    assert found.time_partitioning.type_ == "MONTH"
    assert (found.clustering_fields, found.description, found.labels) == (["id"], "about", {"a": "b"})
    client.query_and_wait(
        f"ALTER TABLE {dataset}.p ADD COLUMN IF NOT EXISTS extra STRING OPTIONS (description = 'late')"
    )
    assert client.get_table(f"{dataset}.p").schema[-1].description == "late"
    with pytest.raises(Conflict):
        client.query_and_wait(f"CREATE TABLE {dataset}.p (a INT64)")
    client.query_and_wait(f"CREATE TABLE IF NOT EXISTS {dataset}.p (a INT64)")
    client.query_and_wait(f"DROP TABLE {dataset}.p")
    client.query_and_wait(f"DROP TABLE IF EXISTS {dataset}.p")


def test_a_table_can_be_replaced_by_a_query_on_itself(client: bigquery.Client, table: str) -> None:
    client.query_and_wait(
        f"CREATE OR REPLACE TABLE {table} AS SELECT id, 0.5 AS half, [id] AS many FROM {table} WHERE id > 1"
    )
    assert [field.field_type for field in client.get_table(table).schema] == ["INTEGER", "FLOAT", "INTEGER"]
    assert rows(client, f"SELECT * FROM {table} ORDER BY id") == [(2, 0.5, [2]), (3, 0.5, [3])]


def test_a_failed_statement_leaves_nothing(client: bigquery.Client, table: str) -> None:
    with pytest.raises(BadRequest):
        client.query_and_wait(f"CREATE OR REPLACE TABLE {table} AS SELECT 1 / (id - 2) AS x FROM {table}")
    assert rows(client, f"SELECT COUNT(*) FROM {table}") == [(3,)]


def test_destination_tables_follow_their_dispositions(client: bigquery.Client, dataset: str) -> None:
    target = f"proj.{dataset}.dest"
    for disposition in ("WRITE_EMPTY", "WRITE_APPEND", "WRITE_TRUNCATE", "WRITE_APPEND"):
        client.query(
            "SELECT 1 AS a", job_config=bigquery.QueryJobConfig(destination=target, write_disposition=disposition)
        ).result()
    assert client.get_table(target).num_rows == 2
    with pytest.raises(Conflict):
        client.query(
            "SELECT 1 AS a", job_config=bigquery.QueryJobConfig(destination=target, write_disposition="WRITE_EMPTY")
        ).result()


def test_a_job_id_is_taken_once(client: bigquery.Client, table: str) -> None:
    first = client.query(
        f"INSERT INTO {table} (id) VALUES (50)", job_id="fixed-" + table.replace(".", "-"), job_retry=None
    )
    first.result()
    with pytest.raises(Conflict):
        client.query(f"INSERT INTO {table} (id) VALUES (50)", job_id=first.job_id, job_retry=None)
    assert rows(client, f"SELECT COUNT(*) FROM {table} WHERE id = 50") == [(1,)]
    assert client.get_job(first.job_id).state == "DONE"
    assert first.job_id in [job.job_id for job in client.list_jobs(max_results=500)]


def test_session_user_is_the_bearer_of_the_token(server: Server) -> None:
    assert rows(server.client("local:dr.who"), "SELECT SESSION_USER()") == [("dr.who",)]


def test_the_default_dataset_completes_names(client: bigquery.Client, table: str) -> None:
    assert rows(client, "SELECT COUNT(*) FROM t", default_dataset=f"proj.{table.split('.')[0]}") == [(3,)]


def test_information_schema_tells_tables_columns_and_views(client: bigquery.Client, table: str) -> None:
    dataset = table.split(".")[0]
    client.query_and_wait(f"CREATE VIEW {dataset}.v AS SELECT id FROM {table}")
    assert rows(client, f"SELECT table_name, table_type FROM {dataset}.INFORMATION_SCHEMA.TABLES ORDER BY 1") == [
        ("t", "BASE TABLE"),
        ("v", "VIEW"),
    ]
    columns = rows(
        client,
        f"SELECT column_name, data_type FROM {dataset}.INFORMATION_SCHEMA.COLUMNS WHERE table_name = 't' ORDER BY ordinal_position",
    )
    assert columns == [("id", "INT64"), ("s", "STRING"), ("d", "DATE"), ("r", "STRUCT<a FLOAT64, b ARRAY<STRING>>")]
    assert len(rows(client, f"SELECT view_definition FROM {dataset}.INFORMATION_SCHEMA.VIEWS")) == 1


def test_in_unnest_keeps_nulls_right_for_arrays_of_a_row_and_given_ones(client: bigquery.Client) -> None:
    source = (
        "UNNEST([STRUCT(1 AS n, [1, 2] AS a), (2, [2, 3]), (3, [1, NULL]), (4, CAST([] AS ARRAY<INT64>)), (5, NULL)])"
    )
    of_a_row = rows(
        client, f"SELECT n, 1 IN UNNEST(a), NULL IN UNNEST(a), NOT (1 IN UNNEST(a)) FROM {source} ORDER BY n"
    )
    assert of_a_row == [
        (1, True, None, False), (2, False, None, True), (3, True, None, False), (4, False, False, True), (5, False, False, True)
    ]  # fmt: skip
    assert rows(client, f"SELECT n FROM {source} WHERE n IN UNNEST([1, 4, NULL]) ORDER BY n") == [(1,), (4,)]
    assert rows(client, "SELECT 9 IN UNNEST(a) FROM (SELECT [1, NULL] AS a)") == [(None,)]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT x FROM UNNEST([2, 1, NULL]) x ORDER BY x", [(None,), (1,), (2,)]),
        ("SELECT x FROM UNNEST([2.5, CAST('-inf' AS FLOAT64), NULL]) x ORDER BY x DESC", [(2.5,), (float("-inf"),), (None,)]),
        ("SELECT a, ROW_NUMBER() OVER (ORDER BY a DESC) n FROM UNNEST([1, 2]) a QUALIFY n = 1", [(2, 1)]),
        ("SELECT COALESCE(a.x, b.y) v FROM (SELECT 1 x) a FULL OUTER JOIN (SELECT 2 y) b ON a.x = b.y ORDER BY v", [(1,), (2,)]),
        ("SELECT PERCENTILE_CONT(x, 0.5) OVER () FROM UNNEST([1, 2]) x LIMIT 1", [(1.5,)]),
        ("SELECT APPROX_QUANTILES(x, 2)[OFFSET(1)] FROM UNNEST([1, 2, 3]) x", [(2,)]),
        ("SELECT STRING_AGG(x, '-' ORDER BY x DESC) FROM UNNEST(['a', 'b']) x", [("b-a",)]),
        ("SELECT e.k, o FROM UNNEST([STRUCT('a' AS k), STRUCT('b')]) e WITH OFFSET o ORDER BY o", [("a", 0), ("b", 1)]),
        ("SELECT DATETIME_DIFF(DATETIME '2020-01-01 01:00:00', DATETIME '2020-01-01 00:59:59', HOUR)", [(1,)]),
        ("SELECT TIMESTAMP_DIFF(TIMESTAMP '2020-01-01 01:00:00', TIMESTAMP '2020-01-01 00:00:01', HOUR)", [(0,)]),
        ("SELECT IF(NULL, 1, 2), SAFE_DIVIDE(1, 0), CONCAT('a', NULL), MOD(-5, 3), DIV(-5, 3)", [(2, None, None, -2, -1)]),
        ("SELECT JSON_VALUE('{\"a\": {\"b\": 1}}', '$.a.b'), JSON_VALUE('{\"a\": {}}', '$.a')", [("1", None)]),
        ("SELECT REGEXP_EXTRACT('foo12', r'(\\d+)'), REGEXP_EXTRACT('foo', r'\\d'), REGEXP_REPLACE('ab', r'(a)', r'<\\1>')", [("12", None, "<a>b")]),
        ("SELECT * FROM UNNEST([STRUCT('a' AS k, 1 AS v)]) WITH OFFSET o", [("a", 1, 0)]),
        ("SELECT SUM(x) FROM UNNEST([1, 2]) x WHERE x > (SELECT AVG(y) FROM UNNEST([1, 2]) y)", [(2,)]),
    ],
)  # fmt: skip
def test_queries_of_the_kind_our_views_use(client: bigquery.Client, sql: str, expected: list[tuple[Any, ...]]) -> None:
    assert rows(client, sql) == expected


def test_a_view_that_is_read_twice_stands_in_the_statement_once(client: bigquery.Client, table: str) -> None:
    inner, outer = f"{table}_inner", f"{table}_outer"
    client.query_and_wait(f"CREATE VIEW `{inner}` AS SELECT 1 AS one -- a comment before WITH\n UNION ALL SELECT 2")
    client.query_and_wait(
        f"CREATE VIEW `{outer}` AS WITH a AS (SELECT * FROM `{inner}`) SELECT a.one FROM a JOIN `{inner}` AS b USING (one)"
    )
    sql = f"/* asked */ WITH c AS (SELECT one FROM `{outer}`) SELECT SUM(c.one) AS n FROM c JOIN `{inner}` AS d USING (one)"
    assert [tuple(row.values()) for row in client.query_and_wait(sql)] == [(3,)]
