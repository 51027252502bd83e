"""Load jobs from uploads and from gs://."""

import gzip
import io
import json
import uuid

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.api_core.exceptions import BadRequest, NotFound
from google.cloud import bigquery

from tests.localemu.bigquery.conftest import Server

F = bigquery.SchemaField


def rows(client: bigquery.Client, table: str) -> list[tuple[object, ...]]:
    return sorted((tuple(row.values()) for row in client.list_rows(table)), key=str)


def test_json_rows_with_autodetect(client: bigquery.Client, dataset: str) -> None:
    given = [{"a": 1, "b": [1.5], "c": {"d": "2020-01-01"}}, {"a": 2}]
    job = client.load_table_from_json(given, f"{dataset}.t", job_config=bigquery.LoadJobConfig(autodetect=True))
    assert job.result().output_rows == 2
    assert [(field.name, field.field_type, field.mode) for field in client.get_table(f"{dataset}.t").schema] == [
        ("a", "INTEGER", "NULLABLE"), ("b", "FLOAT", "REPEATED"), ("c", "RECORD", "NULLABLE"),
    ]  # fmt: skip


def test_a_file_larger_than_one_chunk_is_uploaded_in_pieces(client: bigquery.Client, dataset: str) -> None:
    data = b"\n".join(json.dumps({"a": number, "s": "x" * 1000}).encode() for number in range(3000))
    config = bigquery.LoadJobConfig(schema=[F("a", "INT64"), F("s", "STRING")], source_format="NEWLINE_DELIMITED_JSON")
    job = client.load_table_from_file(io.BytesIO(data), f"{dataset}.t", job_config=config)
    assert job.result().output_rows == 3000


def test_csv_from_several_objects_named_by_a_wildcard(server: Server, client: bigquery.Client, dataset: str) -> None:
    bucket = f"b-{uuid.uuid4().hex[:8]}"
    server.objects.put(bucket, "in/1.csv", b"a;b\n1;x\n2;'y;z'\n")
    server.objects.put(bucket, "in/2.csv.gz", gzip.compress(b"a;b\n3;\n"))
    server.objects.put(bucket, "other.csv", b"a;b\n9;9\n")
    config = bigquery.LoadJobConfig(
        schema=[F("a", "INT64"), F("b", "STRING")], skip_leading_rows=1, field_delimiter=";", quote_character="'"
    )
    assert (
        client.load_table_from_uri(f"gs://{bucket}/in/*", f"{dataset}.t", job_config=config).result().output_rows == 3
    )
    assert rows(client, f"{dataset}.t") == [(1, "x"), (2, "y;z"), (3, "")]


def test_parquet_brings_its_schema(client: bigquery.Client, dataset: str) -> None:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"a": [1, 2], "s": ["x", None], "l": [[1], []]}), buffer)
    buffer.seek(0)
    client.load_table_from_file(
        buffer, f"{dataset}.t", job_config=bigquery.LoadJobConfig(source_format="PARQUET")
    ).result()
    assert rows(client, f"{dataset}.t") == [(1, "x", [1]), (2, None, [])]


def test_write_dispositions(client: bigquery.Client, dataset: str) -> None:
    for disposition, expected in (("WRITE_EMPTY", 1), ("WRITE_APPEND", 2), ("WRITE_TRUNCATE", 1)):
        config = bigquery.LoadJobConfig(schema=[F("a", "INT64")], write_disposition=disposition)
        client.load_table_from_json([{"a": 1}], f"{dataset}.t", job_config=config).result()
        assert client.get_table(f"{dataset}.t").num_rows == expected
    config = bigquery.LoadJobConfig(schema=[F("a", "INT64")], write_disposition="WRITE_EMPTY")
    with pytest.raises(Exception, match="Already Exists"):
        client.load_table_from_json([{"a": 1}], f"{dataset}.t", job_config=config).result()


def test_a_bad_row_fails_the_job_and_leaves_no_rows(client: bigquery.Client, dataset: str) -> None:
    config = bigquery.LoadJobConfig(schema=[F("a", "INT64")])
    with pytest.raises(BadRequest) as raised:
        client.load_table_from_json([{"a": 1}, {"a": "hidden"}], f"{dataset}.t", job_config=config).result()
    assert "line 2" in raised.value.message
    assert "hidden" not in raised.value.message
    with pytest.raises(NotFound):
        client.get_table(f"{dataset}.t")


def test_bad_records_within_the_limit_are_left_out(client: bigquery.Client, dataset: str) -> None:
    config = bigquery.LoadJobConfig(schema=[F("a", "INT64")], max_bad_records=1)
    job = client.load_table_from_json([{"a": 1}, {"a": "x"}], f"{dataset}.t", job_config=config)
    assert job.result().output_rows == 1


def test_new_fields_need_permission(client: bigquery.Client, dataset: str) -> None:
    client.load_table_from_json(
        [{"a": 1}], f"{dataset}.t", job_config=bigquery.LoadJobConfig(schema=[F("a", "INT64")])
    ).result()
    wider = [F("a", "INT64"), F("b", "STRING")]
    with pytest.raises(BadRequest, match="Cannot add fields"):
        client.load_table_from_json(
            [{"a": 2}], f"{dataset}.t", job_config=bigquery.LoadJobConfig(schema=wider)
        ).result()
    config = bigquery.LoadJobConfig(schema=wider, schema_update_options=["ALLOW_FIELD_ADDITION"])
    client.load_table_from_json([{"a": 2, "b": "x"}], f"{dataset}.t", job_config=config).result()
    assert rows(client, f"{dataset}.t") == [(1, None), (2, "x")]
