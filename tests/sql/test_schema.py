"""What the SQL files promise, checked by reading them."""

import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from dicomlake.lake.definitions import DATASETS, NamedQuery, View, queries, references, tables, views
from tests.sql import generate
from tests.sql.conftest import Lake
from tests.sql.generate import SQL, documents

VIEWS = {view.name: view for view in views()}
ARRIVAL = {"received_at", "event_id", "generation", "batch"}


def _tables_in(sql: str) -> set[str]:
    tree = sqlglot.parse_one(sql, dialect="bigquery")
    common = {cte.alias for cte in tree.find_all(exp.CTE)}
    return {f"{table.db}.{table.name}" if table.db else table.name for table in tree.find_all(exp.Table)} - common


def _sources(name: str) -> set[str]:
    """Tables a view reads in the end."""
    if name not in VIEWS:
        return {name}
    return set().union(*(_sources(read) for read in VIEWS[name].reads))


def test_schema_files_are_what_the_ddl_says() -> None:
    made = documents()
    assert {path.name for path in (SQL / "schema").glob("*.json")} == {path.name for path in made}
    for path, text in made.items():
        assert path.read_text("utf-8") == text, f"{path.name} is old: python -m tests.sql.generate"


def test_columns_that_two_tables_share_are_written_once() -> None:
    for path, text in generate.tables().items():
        assert path.read_text("utf-8") == text, f"{path.name} is old: python -m tests.sql.generate"


@pytest.mark.parametrize("name", list(tables()))
def test_every_table_and_column_is_described(name: str) -> None:
    resource = tables()[name].resource
    assert len(resource["description"]) > 20
    assert resource["timePartitioning"]["type"] == "MONTH"
    assert resource["clustering"]["fields"][0] == "site"
    for field in resource["schema"]["fields"]:
        assert len(field["description"]) >= 3 and field["description"].endswith("."), field["name"]


@pytest.mark.parametrize("name", list(tables()))
def test_ddl_names_the_table_of_its_path(name: str) -> None:
    dataset, _, table = name.partition(".")
    ddl = (SQL / "tables" / dataset / f"{table}.sql").read_text("utf-8")
    assert ddl.startswith(f"CREATE TABLE IF NOT EXISTS `{name}` (")


def test_research_tables_have_no_column_that_tells_of_an_arrival() -> None:
    for name, table in tables().items():
        columns = set(table.columns)
        assert {"row_key", "site", "pipeline_version", "rules_version", "key_version"} <= columns
        if name.startswith("lake."):
            assert not columns & ARRIVAL, name
            assert "release_month" in columns
        elif name != "ops.audit":
            assert columns >= ARRIVAL, name


@pytest.mark.parametrize("view", views(), ids=lambda view: view.name)
def test_view_begins_with_its_grain(view: View) -> None:
    assert re.match(r"One row per .+\.$", view.grain)
    assert view.description


@pytest.mark.parametrize("view", views(), ids=lambda view: view.name)
def test_view_stays_on_its_side_of_the_wall(view: View) -> None:
    side = "lake." if view.name.startswith("research.") else "ops."
    assert _sources(view.name)
    assert all(source.startswith(side) for source in _sources(view.name))


@pytest.mark.parametrize("item", [*views(), *queries().values()], ids=lambda item: item.name)
def test_every_table_read_is_in_backticks_so_that_its_project_can_be_added(item: View | NamedQuery) -> None:
    assert _tables_in(item.sql) == set(references(item.sql))
    assert {name.partition(".")[0] for name in references(item.sql)} <= set(DATASETS)


@pytest.mark.parametrize("query", queries().values(), ids=lambda query: query.name)
def test_named_query_begins_with_its_question(query: NamedQuery) -> None:
    assert query.question.endswith("?")


def test_every_view_and_query_runs_on_empty_tables(lake: Lake) -> None:
    lake.fill({})
    for view in views():
        assert lake.select(view.name) == [], view.name
    for query in queries().values():
        assert list(lake.client.query_and_wait(query.sql)) == [], query.name


def test_views_do_not_select_the_whole_header() -> None:
    for path in Path(SQL).glob("views/research/*.sql"):
        assert "header" not in re.sub(r"EXCEPT \(header\)", "", path.read_text("utf-8"))
