"""Rows in, streaming inserts out. Called by the pipeline after the clean object is written, and by the steward's verbs.

The type of the rows says to which side they belong, and the other side's tables refuse them. Insert ids are the row keys, so that a retry
within a minute is one row; later repeats are one row when read (sql/views).
"""

import datetime
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from dicomlake.errors import Code, PermanentError, TransientError
from dicomlake.lake.clients import READ_TIMEOUT_S, bigquery_retry
from dicomlake.lake.definitions import Table, tables
from dicomlake.lake.faults import NoSuchTable, translated
from dicomlake.rows import OperationsRow, ResearchRow

if TYPE_CHECKING:
    from google.cloud import bigquery

# What could tie a research row to its arrival: time of arrival minus a shifted date would give the shift away.
ARRIVAL_COLUMNS = frozenset({"received_at", "event_id", "generation", "batch"})
MAX_ROW_BYTES = 9 << 20  # a request of insertAll holds 10 MB
_MAX_REQUEST_BYTES = 5 << 20
_MAX_REQUEST_ROWS = 500
_LASTING_REASONS = frozenset({"invalid", "invalidQuery", "badRequest", "parseError"})


def insert(client: "bigquery.Client", project: str, rows: Sequence[ResearchRow] | Sequence[OperationsRow]) -> None:
    """Load `rows` into their tables in `project`. Returns when all are stored.

    Raises ValueError for a row that is not of its side's form (a fault of ours, before anything is sent), PermanentError when BigQuery
    will never take a row (resource_limit, internal_error), TransientError otherwise; then some of the rows may be stored already.
    """
    by_table: dict[str, list[tuple[str, dict[str, object]]]] = {}
    for row in rows:
        by_table.setdefault(row.table, []).append((row.row_key, encode(row)))
    for name, encoded in by_table.items():
        for part in _requests(encoded):
            _send(client, f"{project}.{name}", part)


def encode(row: ResearchRow | OperationsRow) -> dict[str, object]:
    """The row as insertAll takes it: empty text and missing values left out, JSON columns as text, dates and times in ISO form.

    Raises ValueError, which names the table and a column of ours, never a value.
    """
    table = _table_of(row)
    columns = table.columns
    unknown = sorted(set(row.values) - set(columns))
    if unknown:
        raise ValueError(f"{row.table} has no column {unknown[0]}")
    encoded: dict[str, object] = {}
    for name, value in {**row.values, "row_key": row.row_key}.items():
        type_, repeated = columns[name]
        cell: object
        if type_ == "JSON":
            cell = None if value is None else json.dumps(value, sort_keys=True, separators=(",", ":"), default=_refuse)
        elif repeated:
            cell = _cells(f"{row.table}.{name}", value)
        else:
            cell = _cell(f"{row.table}.{name}", value)
        if cell is not None:
            encoded[name] = cell
    return encoded


def _table_of(row: ResearchRow | OperationsRow) -> Table:
    side = {ResearchRow: "lake.", OperationsRow: "ops."}.get(type(row))
    if side is None:
        raise ValueError("only ResearchRow and OperationsRow can be loaded")
    if not row.table.startswith(side) or row.table not in tables():
        raise ValueError(f"a {type(row).__name__} belongs into a table of {side}*")
    if isinstance(row, ResearchRow) and _tells_of_arrival(row.values):
        raise ValueError("a research row must not carry a column that tells of its arrival")
    return tables()[row.table]


def _tells_of_arrival(value: object) -> bool:
    if isinstance(value, Mapping):
        return not ARRIVAL_COLUMNS.isdisjoint(value) or any(map(_tells_of_arrival, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_tells_of_arrival, value))
    return False


def _cells(column: str, value: object) -> list[object] | None:
    if value is None:
        return None
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{column} takes a list")
    return [cell for cell in (_cell(column, item) for item in value) if cell is not None]


def _cell(column: str, value: object) -> object:
    if value is None or value == "":
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (str, int)):
        return value
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.astimezone(datetime.UTC).isoformat()
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    raise ValueError(f"{column} takes no {type(value).__name__}")


def _refuse(value: object) -> object:
    raise ValueError(f"a JSON column takes no {type(value).__name__}")


_Keyed = tuple[str, dict[str, object]]


def _requests(rows: Sequence[_Keyed]) -> Iterator[list[_Keyed]]:
    """`rows` in parts that fit a request. Raises PermanentError(resource_limit) for a row that fits none."""
    part: list[_Keyed] = []
    size = 0
    for row in rows:
        length = len(json.dumps(row[1]))
        if length > MAX_ROW_BYTES:
            raise PermanentError(Code.RESOURCE_LIMIT, "row_too_large")
        if part and (size + length > _MAX_REQUEST_BYTES or len(part) == _MAX_REQUEST_ROWS):
            yield part
            part, size = [], 0
        part.append(row)
        size += length
    if part:
        yield part


def _send(client: "bigquery.Client", table: str, part: list[_Keyed]) -> None:
    keys, rows = [key for key, _ in part], [row for _, row in part]
    try:
        with translated("bigquery"):
            refusals = client.insert_rows_json(
                table, rows, row_ids=keys, retry=bigquery_retry(), timeout=READ_TIMEOUT_S
            )
    except NoSuchTable:
        # A table that was just made is not known to the streaming back end for a while; and one that nobody made is the operator's to make.
        raise TransientError("bigquery_table_missing") from None
    reasons = {error.get("reason") for refusal in refusals for error in refusal.get("errors", ())}
    if reasons & _LASTING_REASONS:
        raise PermanentError(Code.INTERNAL_ERROR, "bigquery_row_refused")
    if refusals:
        raise TransientError("bigquery_rows_not_taken")
