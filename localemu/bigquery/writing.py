"""Decoded rows into a table, in blocks; called by streaming inserts and load jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from localemu.bigquery.catalog import TableName
from localemu.bigquery.schema import Field, duck_type, quote

_BLOCK = 200


def insert_rows(
    cursor: duckdb.DuckDBPyConnection, name: TableName, fields: tuple[Field, ...], rows: Sequence[dict[str, Any]]
) -> None:
    """Append rows whose values are already of the right Python types, every field present."""
    columns = ", ".join(quote(field.name) for field in fields)
    one = "(" + ", ".join(f"CAST(? AS {duck_type(field)})" for field in fields) + ")"
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        values = [row[field.name] for row in block for field in fields]
        cursor.execute(f"INSERT INTO {name.sql} ({columns}) VALUES {', '.join([one] * len(block))}", values)
