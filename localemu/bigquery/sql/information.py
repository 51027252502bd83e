"""INFORMATION_SCHEMA.TABLES, COLUMNS and VIEWS of a dataset, served from the catalog as a list of rows."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlglot import exp

from localemu.bigquery.catalog import Catalog, DatasetName, TableName
from localemu.bigquery.errors import unsupported
from localemu.bigquery.schema import Field, duck_type, parse_fields, quote, standard_type
from localemu.bigquery.sql.names import Place, Source, table_parts

_COMMON = ("table_catalog", "table_schema", "table_name")
_COLUMNS = {
    "TABLES": (*_COMMON, "table_type", "is_insertable_into", "is_typed", "creation_time"),
    "COLUMNS": (
        *_COMMON,
        "column_name",
        "ordinal_position",
        "is_nullable",
        "data_type",
        "is_partitioning_column",
        "clustering_ordinal_position",
    ),
    "VIEWS": (*_COMMON, "view_definition", "check_option", "use_standard_sql"),
}
_TYPES = {"creation_time": "TIMESTAMP", "ordinal_position": "INTEGER", "clustering_ordinal_position": "INTEGER"}


def source(table: exp.Table, place: Place, catalog: Catalog) -> Source | None:
    """Give the rows when the path names such a view, None when it is an ordinary table."""
    parts = table_parts(table)
    if len(parts) < 2 or parts[-2].upper() != "INFORMATION_SCHEMA":
        return None
    view = parts[-1].upper()
    if view not in _COLUMNS or len(parts) < 3:
        raise unsupported("INFORMATION_SCHEMA other than dataset.INFORMATION_SCHEMA.TABLES, COLUMNS or VIEWS")
    dataset = DatasetName(parts[0] if len(parts) == 4 else place.project, parts[-3])
    fields = tuple(Field(name, _TYPES.get(name, "STRING")) for name in _COLUMNS[view])
    rows = [row for resource in catalog.tables(dataset) for row in _ROWS[view](resource)]
    return Source(TableName(dataset.project, dataset.dataset, view), fields, _values(fields, rows))


def _values(fields: tuple[Field, ...], rows: list[tuple[Any, ...]]) -> str:
    columns = ", ".join(f"CAST({quote(field.name)} AS {duck_type(field)}) AS {quote(field.name)}" for field in fields)
    names = ", ".join(quote(field.name) for field in fields)
    listed = ", ".join(
        "(" + ", ".join(_literal(value) for value in row) + ")" for row in rows or [tuple(None for _ in fields)]
    )
    return f"(SELECT {columns} FROM (VALUES {listed}) AS rows({names}){'' if rows else ' WHERE false'})"


def _literal(value: Any) -> str:
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"


def _common(resource: dict[str, Any]) -> tuple[str, str, str]:
    reference = resource["tableReference"]
    return reference["projectId"], reference["datasetId"], reference["tableId"]


def _tables(resource: dict[str, Any]) -> list[tuple[Any, ...]]:
    view = "view" in resource
    created = dt.datetime.fromtimestamp(int(resource["creationTime"]) / 1000, dt.UTC).isoformat()
    return [(*_common(resource), "VIEW" if view else "BASE TABLE", "NO" if view else "YES", "NO", created)]


def _columns(resource: dict[str, Any]) -> list[tuple[Any, ...]]:
    partition = (resource.get("timePartitioning") or resource.get("rangePartitioning") or {}).get("field")
    clusters = (resource.get("clustering") or {}).get("fields") or []
    return [
        (
            *_common(resource), field.name, position, "NO" if field.mode == "REQUIRED" else "YES", standard_type(field).replace("`", ""),
            "YES" if field.name == partition else "NO", clusters.index(field.name) + 1 if field.name in clusters else None,
        )
        for position, field in enumerate(parse_fields(resource.get("schema")), 1)
    ]  # fmt: skip


def _views(resource: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(*_common(resource), resource["view"]["query"], None, "YES")] if "view" in resource else []


_ROWS = {"TABLES": _tables, "COLUMNS": _columns, "VIEWS": _views}
