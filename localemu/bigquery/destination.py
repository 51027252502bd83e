"""Rows of a query or a load into a table that may not exist yet: create and write dispositions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from localemu.bigquery.catalog import Catalog, Change, TableName
from localemu.bigquery.errors import ApiError, duplicate, invalid_query, not_found
from localemu.bigquery.schema import Field, by_name, duck_type, quote, schema_resource
from localemu.bigquery.sql.compile import Compiled
from localemu.bigquery.tables import Tables


@dataclass(frozen=True)
class Destination:
    """The target and how it may be made and filled."""

    table: TableName
    write: str = "WRITE_EMPTY"
    create: str = "CREATE_IF_NEEDED"
    layout: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.write not in ("WRITE_EMPTY", "WRITE_APPEND", "WRITE_TRUNCATE"):
            raise ApiError("notImplemented", f"Not supported by this emulator: writeDisposition {self.write}")
        if self.create not in ("CREATE_IF_NEEDED", "CREATE_NEVER"):
            raise ApiError("invalid", f"Invalid createDisposition {self.create}")


def prepare(
    change: Change, catalog: Catalog, tables: Tables, target: Destination, fields: tuple[Field, ...]
) -> tuple[Field, ...]:
    """Make the table ready to be appended to and give its columns; the dispositions decide."""
    if not catalog.has_table(target.table):
        catalog.dataset(target.table.parent)
        if target.create == "CREATE_NEVER":
            raise not_found("Table", target.table.key)
        tables.create_in(change, target.table, {"schema": schema_resource(fields), **target.layout})
        return fields
    resource = catalog.table(target.table)
    if "view" in resource:
        raise ApiError("invalid", f"{target.table.key} is a view and cannot be written to")
    if target.write == "WRITE_TRUNCATE":
        tables.delete_in(change, target.table)
        kept: dict[str, Any] = {
            key: resource[key]
            for key in ("description", "labels", "friendlyName", "timePartitioning", "rangePartitioning", "clustering")
            if key in resource
        }
        tables.create_in(
            change, target.table, {**kept, "schema": schema_resource(fields), **target.layout}, replacing=True
        )
        return fields
    existing = catalog.fields(target.table)
    if target.write == "WRITE_EMPTY":
        row = change.execute(f"SELECT 1 FROM {target.table.sql} LIMIT 1").fetchone()
        if row is not None:
            raise duplicate("Table", target.table.key)
    return existing


def store(
    change: Change, catalog: Catalog, tables: Tables, target: Destination, compiled: Compiled, fields: tuple[Field, ...]
) -> None:
    """Write a query's rows to its destination table."""
    columns = prepare(change, catalog, tables, target, fields)
    known = by_name(columns)
    for item in fields:
        if item.name.lower() not in known or duck_type(known[item.name.lower()]) != duck_type(item):
            raise invalid_query(
                f"Provided Schema does not match Table {target.table.key}. Field {item.name} does not fit"
            )
    append(change, target.table, compiled, fields)


def append(change: Change, name: TableName, compiled: Compiled, fields: tuple[Field, ...]) -> int:
    """Insert a compiled query's rows by column name."""
    columns = ", ".join(quote(item.name) for item in fields)
    picked = ", ".join(
        f"CAST({f'COALESCE({quote(item.name)}, [])' if item.repeated else quote(item.name)} AS {duck_type(item)})"
        for item in fields
    )
    row = change.execute(
        f"INSERT INTO {name.sql} ({columns}) SELECT {picked} FROM ({compiled.sql})", compiled.values
    ).fetchone()
    return int(row[0]) if row else 0
