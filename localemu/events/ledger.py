"""The book of deliveries: outbox rows in, deliveries to functions out. The dispatcher owns one and uses it from one thread.

It is a database of its own (`events.db`) attached to a connection to the store's, so that its many small commits never wait for an
upload's fsync. Fan-out reads the outbox above a cursor and moves the cursor in the same transaction as it writes deliveries; a crash in
between repeats the step. synchronous=NORMAL: a power cut may lose the last entries, and then those events are delivered again.
"""

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from localemu.config import Function
from localemu.events.cloudevent import Event
from localemu.store import Store

_SCHEMA = """
CREATE TABLE IF NOT EXISTS ev.events(
    id INTEGER PRIMARY KEY, outbox_id INTEGER UNIQUE, ce_id TEXT NOT NULL, bucket TEXT NOT NULL, name TEXT NOT NULL,
    generation INTEGER NOT NULL, type TEXT NOT NULL, time TEXT NOT NULL, headers TEXT, body BLOB
);
CREATE TABLE IF NOT EXISTS ev.deliveries(
    id INTEGER PRIMARY KEY, event_id INTEGER NOT NULL, function TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivering', 'delivered', 'dead')),
    attempts INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0,
    born REAL NOT NULL, due REAL NOT NULL, ended REAL, note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS ev.deliveries_due ON deliveries(state, function, due);
CREATE INDEX IF NOT EXISTS ev.deliveries_event ON deliveries(event_id);
CREATE TABLE IF NOT EXISTS ev.attempts(
    delivery_id INTEGER NOT NULL, number INTEGER NOT NULL, started REAL NOT NULL, duration_ms REAL, status INTEGER, note TEXT NOT NULL,
    PRIMARY KEY(delivery_id, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ev.runs(
    id INTEGER PRIMARY KEY, function TEXT NOT NULL, started REAL NOT NULL, duration_ms REAL NOT NULL, status INTEGER, note TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS ev.cursor(id INTEGER PRIMARY KEY CHECK (id = 1), outbox_id INTEGER NOT NULL);
INSERT OR IGNORE INTO ev.cursor VALUES (1, 0);
"""
# Ids of real events are 16 digits; injected ones count from another start, so that the two never meet.
_FIRST_ID = 10**15
_FIRST_INJECTED_ID = 9 * 10**15
_FAN_OUT_ROWS = 500
_RUNS_KEPT = 500


def connect(store: Store, path: Path) -> sqlite3.Connection:
    """A connection that sees the store's tables and, as `ev`, the ledger's."""
    connection = store.connect()
    connection.execute("ATTACH DATABASE ? AS ev", (str(path),))
    connection.execute("PRAGMA ev.journal_mode=WAL")
    connection.execute("PRAGMA ev.synchronous=NORMAL")
    return connection


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery whose next attempt (`number`, from 1) is due; `failures` in a row came before it. `born` is when it was first due."""

    delivery_id: int
    number: int
    failures: int
    born: float
    generation: int
    event: Event


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an attempt ended: HTTP status if there was a reply, and a constant that says what went wrong ("" when nothing did)."""

    started: float
    duration_ms: float
    status: int | None
    note: str

    @property
    def acknowledged(self) -> bool:
        """Whether the function took the event."""
        return not self.note and self.status is not None and 200 <= self.status < 300


class Ledger:
    """See the module. `functions` are those of signature cloudevent."""

    def __init__(self, connection: sqlite3.Connection, functions: Sequence[Function]) -> None:
        self._connection = connection
        self._functions = functions
        connection.executescript(_SCHEMA)

    def recover(self) -> None:
        """At start: what was in flight when the platform ended is due again at once; what was for a function that is gone is a dead letter."""
        now = time.time()
        names = [function.name for function in self._functions]
        with _Transaction(self._connection) as write:
            write.execute(
                "INSERT OR REPLACE INTO ev.attempts SELECT id, attempts, ?, NULL, NULL, 'interrupted: the platform ended'"
                " FROM ev.deliveries WHERE state='delivering'",
                (now,),
            )
            write.execute("UPDATE ev.deliveries SET state='pending', due=? WHERE state='delivering'", (now,))
            write.execute(
                f"UPDATE ev.deliveries SET state='dead', ended=?, note='the config names no such function any more'"
                f" WHERE state='pending' AND function NOT IN ({','.join('?' * len(names))})",
                (now, *names),
            )

    def fan_out(self) -> None:
        """Turn every new outbox row into an event, and into a delivery for each function whose trigger fits it."""
        while self._fan_out_some() == _FAN_OUT_ROWS:
            pass

    def _fan_out_some(self) -> int:
        now = time.time()
        cursor = self._connection.execute("SELECT outbox_id FROM ev.cursor").fetchone()[0]
        rows = self._connection.execute(
            "SELECT id, bucket, name, generation, type, created_at FROM main.outbox WHERE id > ? ORDER BY id LIMIT ?",
            (cursor, _FAN_OUT_ROWS),
        ).fetchall()
        if not rows:
            return 0
        with _Transaction(self._connection) as write:
            for row in rows:
                event_id = write.execute(
                    "INSERT INTO ev.events(outbox_id, ce_id, bucket, name, generation, type, time) VALUES (?,?,?,?,?,?,?)",
                    (row["id"], str(_FIRST_ID + row["id"]), *row[1:]),
                ).lastrowid
                for function in self.fitting(row["bucket"], row["name"], row["type"]):
                    _deliver(write, event_id, function, now)
            write.execute("UPDATE ev.cursor SET outbox_id=?", (rows[-1]["id"],))
        return len(rows)

    def fitting(self, bucket: str, name: str, kind: str) -> list[str]:
        """Names of the functions whose trigger fits."""
        return [
            function.name
            for function in self._functions
            if function.type == kind and name.startswith(function.prefix) and fnmatchcase(bucket, function.bucket)
        ]

    def claim(self, function: str, limit: int) -> list[Claim]:
        """Take up to `limit` due deliveries of `function`, longest due first; they are `delivering` from now on."""
        rows = self._connection.execute(
            "SELECT d.id, d.attempts, d.failures, d.born, e.generation, e.ce_id, e.type, e.bucket, e.name, e.time, e.headers, e.body,"
            " o.resource FROM ev.deliveries d JOIN ev.events e ON e.id = d.event_id LEFT JOIN main.outbox o ON o.id = e.outbox_id"
            " WHERE d.state='pending' AND d.function=? AND d.due<=? ORDER BY d.due, d.id LIMIT ?",
            (function, time.time(), limit),
        ).fetchall()
        if rows:
            with _Transaction(self._connection) as write:
                write.executemany(
                    "UPDATE ev.deliveries SET state='delivering', attempts=attempts+1 WHERE id=?",
                    [(row["id"],) for row in rows],
                )
        return [_claim(row) for row in rows]

    def finish(self, claim: Claim, attempt: Attempt, due: float | None) -> None:
        """Note how the attempt ended. `due` is when to try again; None: it is over, delivered or dead."""
        state = "delivered" if attempt.acknowledged else "pending" if due is not None else "dead"
        failures = 0 if attempt.acknowledged else claim.failures + 1
        ended = None if due is not None else time.time()
        with _Transaction(self._connection) as write:
            write.execute(
                "INSERT OR REPLACE INTO ev.attempts VALUES (?,?,?,?,?,?)",
                (claim.delivery_id, claim.number, attempt.started, attempt.duration_ms, attempt.status, attempt.note),
            )
            write.execute(
                "UPDATE ev.deliveries SET state=?, failures=?, due=coalesce(?, due), ended=?, note=? WHERE id=?",
                (state, failures, due, ended, attempt.note, claim.delivery_id),
            )

    def duplicate(self, delivery_id: int) -> None:
        """Deliver the same event once more, under the same id."""
        now = time.time()
        with _Transaction(self._connection) as write:
            write.execute(
                "INSERT INTO ev.deliveries(event_id, function, state, born, due, note)"
                " SELECT event_id, function, 'pending', ?, ?, 'duplicate on purpose' FROM ev.deliveries WHERE id=?",
                (now, now, delivery_id),
            )

    def replay(self, delivery_id: int | None) -> int:
        """Make a delivery (None: every dead letter) due now, with a new life. How many it was; one in flight is left alone."""
        now = time.time()
        which, values = (
            ("id=? AND state<>'delivering'", (delivery_id,)) if delivery_id is not None else ("state='dead'", ())
        )
        with _Transaction(self._connection) as write:
            return write.execute(
                f"UPDATE ev.deliveries SET state='pending', failures=0, born=?, due=?, ended=NULL WHERE {which}",
                (now, now, *values),
            ).rowcount

    def emit(self, event: Event, generation: int, functions: Sequence[str], copies: int) -> int:
        """Write down an injected event and `copies` deliveries for each of `functions`. Its id in the ledger; an empty `event.id` is given one."""
        now = time.time()
        with _Transaction(self._connection) as write:
            event_id = write.execute(
                "INSERT INTO ev.events(ce_id, bucket, name, generation, type, time, headers, body) VALUES (?,?,?,?,?,?,?,?)",
                (
                    event.id,
                    event.bucket,
                    event.name,
                    generation,
                    event.type,
                    event.time,
                    json.dumps(event.overrides),
                    event.body,
                ),
            ).lastrowid
            assert event_id is not None
            if not event.id:
                write.execute("UPDATE ev.events SET ce_id=? WHERE id=?", (str(_FIRST_INJECTED_ID + event_id), event_id))
            for function in functions:
                for _ in range(copies):
                    _deliver(write, event_id, function, now)
        return event_id

    def last_resource(self, bucket: str, name: str, generation: int | None) -> tuple[int, bytes] | None:
        """Generation and resource of the newest outbox row of an object, or of one generation of it."""
        row = self._connection.execute(
            "SELECT generation, resource FROM main.outbox WHERE bucket=? AND name=? AND coalesce(generation=?, 1) ORDER BY id DESC LIMIT 1",
            (bucket, name, generation),
        ).fetchone()
        return (int(row["generation"]), str(row["resource"]).encode()) if row else None

    def note_run(self, function: str, attempt: Attempt) -> None:
        """Write down a run of an HTTP function; the last few hundred are kept."""
        with _Transaction(self._connection) as write:
            run = write.execute(
                "INSERT INTO ev.runs(function, started, duration_ms, status, note) VALUES (?,?,?,?,?)",
                (function, attempt.started, attempt.duration_ms, attempt.status, attempt.note),
            ).lastrowid
            write.execute("DELETE FROM ev.runs WHERE id <= ?", ((run or 0) - _RUNS_KEPT,))

    def next_due(self, functions: Sequence[str]) -> float | None:
        """When the next delivery of one of `functions` falls due that is not due yet."""
        now = time.time()
        times = [
            self._connection.execute(
                "SELECT min(due) FROM ev.deliveries WHERE state='pending' AND function=? AND due>?", (name, now)
            ).fetchone()[0]
            for name in functions
        ]
        return min((due for due in times if due is not None), default=None)

    def settled(self) -> bool:
        """Whether every event of the store has been fanned out and no delivery is pending or in flight."""
        row = self._connection.execute(
            "SELECT NOT EXISTS(SELECT 1 FROM main.outbox WHERE id > (SELECT outbox_id FROM ev.cursor))"
            " AND NOT EXISTS(SELECT 1 FROM ev.deliveries WHERE state='pending')"
            " AND NOT EXISTS(SELECT 1 FROM ev.deliveries WHERE state='delivering')"
        ).fetchone()
        return bool(row[0])

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class _Transaction:
    """Begin immediately on entry; commit, or roll back when something was raised."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> sqlite3.Connection:
        # Deferred: only `ev` is written, so the store's own writer is not kept waiting.
        self._connection.execute("BEGIN")
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        self._connection.execute("COMMIT" if kind is None else "ROLLBACK")


def _deliver(write: sqlite3.Connection, event_id: int | None, function: str, now: float) -> None:
    write.execute(
        "INSERT INTO ev.deliveries(event_id, function, state, born, due) VALUES (?,?,'pending',?,?)",
        (event_id, function, now, now),
    )


def _claim(row: sqlite3.Row) -> Claim:
    overrides: Mapping[str, str | None] = json.loads(row["headers"]) if row["headers"] else {}
    body = bytes(row["body"]) if row["body"] is not None else str(row["resource"] or "").encode()
    event = Event(row["ce_id"], row["type"], row["bucket"], row["name"], row["time"], body, overrides)
    return Claim(row["id"], row["attempts"] + 1, row["failures"], row["born"], row["generation"], event)
