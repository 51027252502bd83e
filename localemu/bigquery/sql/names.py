"""Which table a path means, and what a query reads: tables by schema, views by their compiled text, INFORMATION_SCHEMA."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from localemu.bigquery.catalog import DatasetName, TableName
from localemu.bigquery.errors import invalid_query, unsupported
from localemu.bigquery.schema import Field


@dataclass(frozen=True)
class Place:
    """Where unqualified names are looked for."""

    project: str
    default: DatasetName | None = None


@dataclass
class Source:
    """What one table reference of a statement became."""

    name: TableName
    fields: tuple[Field, ...]
    text: str


def table_parts(table: exp.Table) -> list[str]:
    """Give the parts of a table path, whichever way it is quoted."""
    parts: list[str] = []
    for part in table.parts:
        text = part.name if isinstance(part, exp.Identifier) else part.sql("bigquery").strip("`")
        parts.extend(text.split(".") if isinstance(part, exp.Identifier) else [text])
    return parts


def table_name(table: exp.Table, place: Place) -> TableName:
    """Resolve a path of one to three parts."""
    if not isinstance(table.this, (exp.Identifier, exp.Dot)):
        raise unsupported("table functions")
    parts = table_parts(table)
    if any("*" in part for part in parts):
        raise unsupported("wildcard tables")
    if "INFORMATION_SCHEMA" in (part.upper() for part in parts):
        raise unsupported(
            "INFORMATION_SCHEMA other than dataset.INFORMATION_SCHEMA.TABLES, COLUMNS or VIEWS in a query"
        )
    if len(parts) == 1:
        if place.default is None:
            raise invalid_query(f'Table "{parts[0]}" must be qualified with a dataset (e.g. dataset.table).')
        return TableName(place.default.project, place.default.dataset, parts[0])
    if len(parts) == 2:
        return TableName(place.project, parts[0], parts[1])
    if len(parts) == 3:
        return TableName(parts[0], parts[1], parts[2])
    raise invalid_query(f"Invalid table name: {'.'.join(parts)}")


def dataset_name(table: exp.Table, place: Place) -> DatasetName:
    """Resolve a schema path of one or two parts."""
    parts = table_parts(table)
    if len(parts) == 1:
        return DatasetName(place.project, parts[0])
    if len(parts) == 2:
        return DatasetName(parts[0], parts[1])
    raise invalid_query(f"Invalid dataset name: {'.'.join(parts)}")
