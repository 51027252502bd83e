"""tabledata.list: a page of a table's rows in the order they were written, with only the columns asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from localemu.bigquery.catalog import Catalog, TableName
from localemu.bigquery.encode import encode_rows
from localemu.bigquery.engine import Engine
from localemu.bigquery.errors import ApiError
from localemu.bigquery.queries import timestamps_of
from localemu.bigquery.schema import Field, by_name, quote

_PAGE = 10_000


class TableData:
    """Reads tables row by row."""

    def __init__(self, engine: Engine, catalog: Catalog) -> None:
        self._engine = engine
        self._catalog = catalog

    def list(self, name: TableName, options: Mapping[str, str]) -> dict[str, Any]:
        """Answer one request."""
        if "view" in self._catalog.table(name):
            raise ApiError("invalid", f"Cannot list a table of type VIEW: {name.key}")
        fields = _selected(self._catalog.fields(name), options.get("selectedFields"))
        start = int(options.get("pageToken") or options.get("startIndex") or 0)
        count = min(int(options["maxResults"]) if options.get("maxResults") else _PAGE, _PAGE)
        stamps = timestamps_of(options)
        columns = ", ".join(_column(field) for field in fields) or "1"
        with self._engine.read() as cursor:
            cursor.execute("BEGIN")
            total = cursor.execute(f"SELECT count(*) FROM {name.sql}").fetchone()
            rows = cursor.execute(
                f"SELECT {columns} FROM {name.sql} ORDER BY rowid LIMIT {count} OFFSET {start}"
            ).fetchall()
            cursor.execute("COMMIT")
        whole = total[0] if total else 0
        reply: dict[str, Any] = {"kind": "bigquery#tableDataList", "totalRows": str(whole)}
        if count:
            reply["rows"] = encode_rows(fields, [row[: len(fields)] for row in rows], stamps)
        if start + len(rows) < whole:
            reply["pageToken"] = str(start + len(rows))
        return reply


def _column(field: Field) -> str:
    return quote(field.name)


def _selected(fields: tuple[Field, ...], given: str | None) -> tuple[Field, ...]:
    if not given:
        return fields
    known = by_name(fields)
    chosen = []
    for path in given.split(","):
        first, _, rest = path.strip().partition(".")
        if first.lower() not in known:
            raise ApiError("invalid", f"Invalid field name in selectedFields: {path}")
        if rest:
            raise ApiError(
                "notImplemented", "Not supported by this emulator: selectedFields of a field inside a RECORD"
            )
        chosen.append(replace(known[first.lower()]))
    order = [field.name for field in fields]
    return tuple(sorted(chosen, key=lambda field: order.index(field.name)))
