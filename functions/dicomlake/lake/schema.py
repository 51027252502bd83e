"""The definitions of sql/ in, datasets, tables and views in BigQuery out. Called by `dicomlake sql apply` and at the start of `localemu up`.

Goes through the table interface with the generated schemas, not through DDL statements: partitioning, clustering and descriptions then
mean the same on BigQuery and on the emulator. Safe to repeat; columns are only ever added. Raises ConfigError when a table that exists
contradicts its definition.
"""

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, TypeVar

from dicomlake.errors import ConfigError
from dicomlake.lake.clients import READ_TIMEOUT_S, bigquery_retry
from dicomlake.lake.definitions import DATASETS, Table, View, project_of, qualify, tables, views
from dicomlake.lake.faults import NoSuchTable, translated
from dicomlake.settings import Settings

if TYPE_CHECKING:
    from google.cloud import bigquery

_DATASET_TEXTS = {
    "lake": "De-identified objects as delivered: append-only, read through research.",
    "research": "Views of the lake for research.",
    "ops": "What arrived and what was announced, under operations pseudonyms: append-only, read through clinic and physics.",
    "clinic": "Views of operations for the sending clinic.",
    "physics": "Views of scanners and their use for physicists.",
}
_OLD_NAMES = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN"}
_T = TypeVar("_T")


def apply(client: "bigquery.Client", settings: Settings, datasets: Collection[str] = DATASETS) -> list[str]:
    """Make what is missing of `datasets`, each in the project of its side. Returns what was done, one line each; empty when all was there."""
    done = [f"created dataset {name}" for name in datasets if _make_dataset(client, settings, name)]
    for table in tables().values():
        if table.name.partition(".")[0] in datasets:
            done += _make_table(client, settings, table)
    # A view that selects all columns of a table keeps the ones it had when it was written.
    renew = any(line.startswith("added") for line in done)
    for view in views():
        if view.name.partition(".")[0] in datasets:
            done += _make_view(client, settings, view, renew)
    return done


def _make_dataset(client: "bigquery.Client", settings: Settings, name: str) -> bool:
    from google.cloud import bigquery

    dataset = bigquery.Dataset(f"{project_of(settings, name)}.{name}")
    dataset.description = _DATASET_TEXTS[name]
    if (
        _found(lambda: client.get_dataset(dataset.reference, retry=bigquery_retry(), timeout=READ_TIMEOUT_S))
        is not None
    ):
        return False
    with translated("bigquery"):
        client.create_dataset(dataset, exists_ok=True, retry=bigquery_retry(), timeout=READ_TIMEOUT_S)
    return True


def _make_table(client: "bigquery.Client", settings: Settings, definition: Table) -> list[str]:
    wanted = _resource(settings, definition.name, definition.resource)
    present = _table(client, wanted)
    if present is None:
        _create(client, wanted)
        return [f"created table {definition.name}"]
    names = {field.name.lower(): field for field in present.schema}
    for field in wanted.schema:
        old = names.get(field.name.lower())
        if old is not None and _form(old) != _form(field):
            raise ConfigError(
                f"{definition.name}.{field.name} exists as {old.field_type}, its definition says {field.field_type}"
            )
    added = [field for field in wanted.schema if field.name.lower() not in names]
    if not added:
        return []
    present.schema = [*present.schema, *added]
    with translated("bigquery"):
        client.update_table(present, ["schema"], retry=bigquery_retry(), timeout=READ_TIMEOUT_S)
    return [f"added column {definition.name}.{field.name}" for field in added]


def _make_view(client: "bigquery.Client", settings: Settings, view: View, renew: bool) -> list[str]:
    resource = {
        "description": f"{view.grain} {view.description}".strip(),
        "view": {"query": qualify(view.sql, settings), "useLegacySql": False},
    }
    wanted = _resource(settings, view.name, resource)
    present = _table(client, wanted)
    if present is None:
        _create(client, wanted)
        return [f"created view {view.name}"]
    if not renew and present.view_query == wanted.view_query and present.description == wanted.description:
        return []
    with translated("bigquery"):
        client.update_table(wanted, ["view_query", "description"], retry=bigquery_retry(), timeout=READ_TIMEOUT_S)
    return [f"renewed view {view.name}"]


def _resource(settings: Settings, name: str, resource: Mapping[str, object]) -> "bigquery.Table":
    from google.cloud import bigquery

    dataset, _, table = name.partition(".")
    reference = {"projectId": project_of(settings, dataset), "datasetId": dataset, "tableId": table}
    return bigquery.Table.from_api_repr({**resource, "tableReference": reference})


def _table(client: "bigquery.Client", wanted: "bigquery.Table") -> "bigquery.Table | None":
    return _found(lambda: client.get_table(wanted.reference, retry=bigquery_retry(), timeout=READ_TIMEOUT_S))


def _create(client: "bigquery.Client", table: "bigquery.Table") -> None:
    with translated("bigquery"):
        client.create_table(table, exists_ok=True, retry=bigquery_retry(), timeout=READ_TIMEOUT_S)


def _found(get: Callable[[], _T]) -> _T | None:
    try:
        with translated("bigquery"):
            return get()
    except NoSuchTable:
        return None


def _form(field: "bigquery.SchemaField") -> tuple[str, bool]:
    """Type and repetition; BigQuery answers with the older names of some types."""
    return _OLD_NAMES.get(field.field_type, field.field_type), field.mode == "REPEATED"
