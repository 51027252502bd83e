"""tabledata.insertAll: rows are decoded one by one, written in one transaction, and seen by the next query.

insertId: a repeat within ten minutes is accepted and not written again. Like BigQuery's this is best effort: the memory
of ids is per table, in the process, and gone after a restart.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from localemu.bigquery.catalog import Catalog, TableName
from localemu.bigquery.decode import UnknownField, decode_record
from localemu.bigquery.engine import Engine
from localemu.bigquery.errors import ApiError, unsupported_field
from localemu.bigquery.schema import Field
from localemu.bigquery.writing import insert_rows

_REMEMBERED_S = 600.0
_MAX_IDS = 200_000
_STOPPED = {"reason": "stopped", "location": "", "debugInfo": "", "message": ""}


class Inserts:
    """Streaming inserts into every table."""

    def __init__(self, engine: Engine, catalog: Catalog) -> None:
        self._engine = engine
        self._catalog = catalog
        self._seen: OrderedDict[tuple[str, str], float] = OrderedDict()

    def insert(self, name: TableName, body: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out one request; per-row errors are in the reply, as BigQuery gives them."""
        if body.get("templateSuffix"):
            raise unsupported_field("templateSuffix")
        resource = self._catalog.table(name)
        if "view" in resource:
            raise ApiError("invalid", f"Cannot add rows to a view: {name.key}")
        rows = body.get("rows") or []
        if not rows:
            raise ApiError("invalid", "No rows present in the request.")
        fields = self._catalog.fields(name)
        decoded, errors = _decode(fields, rows, bool(body.get("ignoreUnknownValues")))
        if errors and not body.get("skipInvalidRows"):
            listed = [{"index": index, "errors": [errors.get(index, dict(_STOPPED))]} for index in range(len(rows))]
            return {"kind": "bigquery#tableDataInsertAllResponse", "insertErrors": listed}
        with self._engine.lock:
            created = str(resource.get("creationTime"))
            fresh = self._fresh(f"{name.key}@{created}", [(rows[index].get("insertId"), row) for index, row in decoded])
            if fresh:
                self._catalog.table(name)
                with self._engine.write() as cursor:
                    insert_rows(cursor, name, fields, [row for _, row in fresh])
            self._remember(f"{name.key}@{created}", [key for key, _ in fresh if key])
        reply: dict[str, Any] = {"kind": "bigquery#tableDataInsertAllResponse"}
        if errors:
            reply["insertErrors"] = [{"index": index, "errors": [error]} for index, error in errors.items()]
        return reply

    def _fresh(
        self, table: str, rows: list[tuple[str | None, dict[str, Any]]]
    ) -> list[tuple[str | None, dict[str, Any]]]:
        now = time.monotonic()
        while self._seen and (len(self._seen) > _MAX_IDS or next(iter(self._seen.values())) < now - _REMEMBERED_S):
            self._seen.popitem(last=False)
        taken: set[str] = set()
        fresh = []
        for key, row in rows:
            if key and ((table, key) in self._seen or key in taken):
                continue
            if key:
                taken.add(key)
            fresh.append((key, row))
        return fresh

    def _remember(self, table: str, keys: list[str]) -> None:
        now = time.monotonic()
        for key in keys:
            self._seen[(table, key)] = now


def _decode(
    fields: tuple[Field, ...], rows: list[dict[str, Any]], ignore: bool
) -> tuple[list[tuple[int, dict[str, Any]]], dict[int, dict[str, str]]]:
    good: list[tuple[int, dict[str, Any]]] = []
    errors: dict[int, dict[str, str]] = {}
    for index, row in enumerate(rows):
        try:
            good.append((index, decode_record(fields, row.get("json") or {}, ignore)))
        except UnknownField as error:
            errors[index] = {"reason": "invalid", "location": error.path, "debugInfo": "", "message": str(error)}
        except ValueError as error:
            errors[index] = {"reason": "invalid", "location": "", "debugInfo": "", "message": str(error)}
    return good, errors
