"""Datasets, tables and views through the client's own calls."""

import pytest
from google.api_core.exceptions import BadRequest, Conflict, NotFound, PreconditionFailed
from google.cloud import bigquery

F = bigquery.SchemaField


def test_a_dataset_keeps_its_description_and_labels(client: bigquery.Client, dataset: str) -> None:
    found = client.get_dataset(dataset)
    found.description, found.labels = "what it is", {"team": "a"}
    client.update_dataset(found, ["description", "labels"])
    again = client.get_dataset(dataset)
    assert (again.description, again.labels) == ("what it is", {"team": "a"})
    assert dataset in [item.dataset_id for item in client.list_datasets()]


def test_an_existing_dataset_is_a_conflict_unless_it_is_welcome(client: bigquery.Client, dataset: str) -> None:
    with pytest.raises(Conflict):
        client.create_dataset(dataset)
    client.create_dataset(dataset, exists_ok=True)


def test_a_dataset_with_tables_goes_only_with_its_contents(client: bigquery.Client, dataset: str) -> None:
    client.create_table(bigquery.Table(f"proj.{dataset}.t", [F("a", "INT64")]))
    with pytest.raises(BadRequest, match="still in use"):
        client.delete_dataset(dataset)
    client.delete_dataset(dataset, delete_contents=True)
    with pytest.raises(NotFound):
        client.get_dataset(dataset)
    client.delete_dataset(dataset, not_found_ok=True)


def test_a_table_gives_back_its_schema_partitioning_and_clustering(client: bigquery.Client, dataset: str) -> None:
    schema = [
        F("id", "INT64", mode="REQUIRED", description="the key"),
        F("nested", "RECORD", fields=[F("x", "FLOAT64"), F("many", "STRING", mode="REPEATED", description="inside")]),
        F("n", "NUMERIC"), F("b", "BIGNUMERIC"), F("j", "JSON"), F("d", "DATE"), F("dt", "DATETIME"), F("t", "TIME"),
        F("ts", "TIMESTAMP"), F("raw", "BYTES"), F("ok", "BOOL"),
    ]  # fmt: skip
    table = bigquery.Table(f"proj.{dataset}.t", schema)
    table.description, table.labels, table.clustering_fields = "about", {"a": "b"}, ["id"]
    table.time_partitioning = bigquery.TimePartitioning(field="d", type_="MONTH")
    client.create_table(table)
    found = client.get_table(table.reference)
    assert [(f.name, f.field_type, f.mode) for f in found.schema][:2] == [
        ("id", "INTEGER", "REQUIRED"),
        ("nested", "RECORD", "NULLABLE"),
    ]
    assert found.schema[1].fields[1].description == "inside"
    assert (found.description, found.labels, found.clustering_fields) == ("about", {"a": "b"}, ["id"])
    assert (found.time_partitioning.field, found.time_partitioning.type_) == ("d", "MONTH")
    assert [item.table_id for item in client.list_tables(dataset)] == ["t"]


def test_columns_are_added_and_relaxed_but_never_dropped(client: bigquery.Client, dataset: str) -> None:
    table = client.create_table(bigquery.Table(f"proj.{dataset}.t", [F("a", "INT64", mode="REQUIRED")]))
    client.insert_rows_json(table, [{"a": 1}])
    table.schema = [F("a", "INT64"), F("b", "STRING", mode="REPEATED")]
    client.update_table(table, ["schema"])
    assert [dict(row) for row in client.query_and_wait(f"SELECT * FROM {dataset}.t")] == [{"a": 1, "b": []}]
    table = client.get_table(table)
    table.schema = [F("a", "INT64")]
    with pytest.raises(BadRequest, match="missing in new schema"):
        client.update_table(table, ["schema"])


def test_a_change_made_on_an_old_version_is_refused(client: bigquery.Client, dataset: str) -> None:
    client.create_table(bigquery.Table(f"proj.{dataset}.t", [F("a", "INT64")]))
    first, second = client.get_table(f"{dataset}.t"), client.get_table(f"{dataset}.t")
    first.description, second.description = "one", "two"
    client.update_table(first, ["description"])
    with pytest.raises(PreconditionFailed):
        client.update_table(second, ["description"])


def test_views_stand_on_views_and_follow_their_tables(client: bigquery.Client, dataset: str) -> None:
    client.create_table(bigquery.Table(f"proj.{dataset}.t", [F("PatientID", "STRING"), F("a", "INT64")]))
    view = bigquery.Table(f"proj.{dataset}.v")
    view.view_query = f"SELECT PatientID, SUM(a) AS total FROM {dataset}.t GROUP BY PatientID"
    client.create_table(view)
    client.query_and_wait(
        f"CREATE OR REPLACE VIEW `proj.{dataset}.w` OPTIONS (description = 'double') AS SELECT total * 2 AS twice FROM {dataset}.v"
    )
    client.insert_rows_json(f"{dataset}.t", [{"PatientID": "P", "a": 2}, {"PatientID": "P", "a": 3}])
    assert [tuple(row) for row in client.query_and_wait(f"SELECT * FROM {dataset}.w")] == [(10,)]
    found = client.get_table(f"{dataset}.v")
    assert (found.table_type, found.view_query) == ("VIEW", view.view_query)
    assert [(f.name, f.field_type) for f in found.schema] == [("PatientID", "STRING"), ("total", "INTEGER")]
    assert client.get_table(f"{dataset}.w").description == "double"


def test_what_would_change_the_outcome_and_is_not_done_is_refused_by_name(
    client: bigquery.Client, dataset: str
) -> None:
    table = bigquery.Table(f"proj.{dataset}.t", [F("a", "INT64")])
    table.require_partition_filter = True
    with pytest.raises(Exception, match="requirePartitionFilter"):
        client.create_table(table, timeout=5, retry=None)
