"""`schema.apply` makes what is missing, adds columns, and refuses what contradicts."""

import json
from pathlib import Path

import pytest
from google.cloud import bigquery as api

from dicomlake.errors import ConfigError
from dicomlake.lake import definitions, schema
from dicomlake.lake.definitions import Table, tables, views
from tests.lake.conftest import SETTINGS, Emulator


def test_second_time_there_is_nothing_to_do(bigquery: Emulator) -> None:
    assert schema.apply(bigquery.client, SETTINGS) == []


def test_tables_and_views_are_in_the_project_of_their_side_with_their_descriptions(bigquery: Emulator) -> None:
    receipts = bigquery.client.get_table("hospital.ops.receipts")
    definition = tables()["ops.receipts"].resource
    assert receipts.description == definition["description"]
    assert receipts.time_partitioning.type_ == "MONTH" and receipts.time_partitioning.field == "received_at"
    assert receipts.clustering_fields == ["site", "batch", "object_key"]
    assert [field.description for field in receipts.schema] == [
        field["description"] for field in definition["schema"]["fields"]
    ]
    assert [field.mode for field in receipts.schema][:3] == ["REQUIRED", "REQUIRED", "NULLABLE"]
    view = bigquery.client.get_table("science.research.instances")
    assert view.table_type == "VIEW" and "`science.lake.instances`" in view.view_query
    assert view.description.startswith("One row per de-identified SOP instance")


def test_view_comes_after_what_it_reads() -> None:
    known = set(tables())
    for view in views():
        assert view.reads <= known
        known.add(view.name)


def test_new_column_is_added_and_views_are_renewed(bigquery: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    resource = json.loads(json.dumps(tables()["ops.retractions"].resource))
    resource["schema"]["fields"].append(
        {"name": "added_later", "type": "STRING", "mode": "NULLABLE", "description": "New."}
    )
    extended = {**tables(), "ops.retractions": Table("ops.retractions", resource)}
    monkeypatch.setattr(schema, "tables", lambda: extended)
    done = schema.apply(bigquery.client, SETTINGS)
    assert done[0] == "added column ops.retractions.added_later"
    assert {"renewed view clinic.receipts", "renewed view research.studies"} <= set(done)
    assert schema.apply(bigquery.client, SETTINGS) == []
    assert bigquery.client.get_table("hospital.ops.retractions").schema[-1].name == "added_later"


def test_column_of_another_type_is_refused(bigquery: Emulator) -> None:
    bigquery.client.create_dataset("twisted.ops", exists_ok=True)
    bigquery.client.create_table(api.Table("twisted.ops.audit", [api.SchemaField("site", "INTEGER")]), exists_ok=True)
    settings = type(SETTINGS)(emulated=True, project_operations="twisted")
    with pytest.raises(ConfigError, match=r"ops\.audit\.site exists as INTEGER"):
        schema.apply(bigquery.client, settings, ["ops"])


def test_views_that_read_each_other_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "views" / "clinic").mkdir(parents=True)
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / "views" / "clinic" / f"{name}.sql").write_text(
            f"-- One row per x.\nSELECT * FROM `clinic.{other}`\n"
        )
    monkeypatch.setattr(definitions, "_sql", lambda: tmp_path)
    with pytest.raises(ConfigError, match=r"clinic\.a reads something that does not exist"):
        definitions.views.__wrapped__()
    (tmp_path / "views" / "clinic" / "a.sql").write_text("SELECT 1\n")
    with pytest.raises(ConfigError, match="does not begin with a comment"):
        definitions.views.__wrapped__()
