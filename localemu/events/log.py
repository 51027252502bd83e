"""What the ledger holds, for reading: counts, deliveries with their attempts, runs. The status page and its admin API ask."""

import sqlite3
from typing import Any

STATES = ("pending", "delivering", "delivered", "dead")
UNMATCHED = "unmatched"
_COLUMNS = (
    "d.id, d.function, d.state, d.attempts, d.born, d.due, d.ended, d.note,"
    " e.id AS event, e.ce_id, e.bucket, e.name, e.generation, e.type, e.time, e.outbox_id IS NULL AS injected"
)
_UNMATCHED = " FROM ev.events e LEFT JOIN ev.deliveries d ON d.event_id = e.id WHERE d.id IS NULL"


def counts(connection: sqlite3.Connection) -> dict[str, Any]:
    """How many deliveries are in each state, for all and for each function, and how many events no trigger fits."""
    total = dict.fromkeys(STATES, 0)
    functions: dict[str, dict[str, int]] = {}
    for function, state, count in connection.execute(
        "SELECT function, state, count(*) FROM ev.deliveries GROUP BY state, function"
    ):
        total[state] += count
        functions.setdefault(function, dict.fromkeys(STATES, 0))[state] = count
    unmatched = connection.execute(f"SELECT count(*) {_UNMATCHED}").fetchone()[0]
    return {**total, UNMATCHED: unmatched, "functions": functions}


def deliveries(
    connection: sqlite3.Connection, state: str = "", function: str = "", before: int | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Deliveries, newest first, each with its `tries`. `state` may be `unmatched`: events that went nowhere.

    `before` is the last id of the page before.
    """
    if state == UNMATCHED:
        where, values = ("" if before is None else " AND e.id < ?"), ([] if before is None else [before])
        rows = connection.execute(f"SELECT {_COLUMNS} {_UNMATCHED}{where} ORDER BY e.id DESC LIMIT ?", (*values, limit))
        return [{**dict(row), "id": row["event"], "state": UNMATCHED, "tries": []} for row in rows]
    tests = [
        (test, value) for test, value in (("d.state=?", state), ("d.function=?", function), ("d.id<?", before)) if value
    ]
    where = " AND ".join(["1", *(test for test, _ in tests)])
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM ev.deliveries d JOIN ev.events e ON e.id = d.event_id WHERE {where} ORDER BY d.id DESC LIMIT ?",
        (*(value for _, value in tests), limit),
    )
    return [{**dict(row), "tries": attempts(connection, row["id"])} for row in rows]


def attempts(connection: sqlite3.Connection, delivery: int) -> list[dict[str, Any]]:
    """The attempts of one delivery, first to last."""
    rows = connection.execute(
        "SELECT number, started, duration_ms, status, note FROM ev.attempts WHERE delivery_id=? ORDER BY number",
        (delivery,),
    )
    return [dict(row) for row in rows]


def runs(connection: sqlite3.Connection, function: str, limit: int = 5) -> list[dict[str, Any]]:
    """The last runs of an HTTP function, newest first."""
    rows = connection.execute(
        "SELECT started, duration_ms, status, note FROM ev.runs WHERE function=? ORDER BY id DESC LIMIT ?",
        (function, limit),
    )
    return [dict(row) for row in rows]


def holdings(connection: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """Objects and bytes of each bucket of the store."""
    rows = connection.execute(
        "SELECT b.name, count(o.name) AS objects, coalesce(sum(o.size), 0) AS bytes"
        " FROM main.buckets b LEFT JOIN main.objects o ON o.bucket = b.name GROUP BY b.name ORDER BY b.name"
    )
    return {row["name"]: {"objects": row["objects"], "bytes": row["bytes"]} for row in rows}
