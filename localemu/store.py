"""The platform's one store: buckets, objects, unfinished uploads and the outbox of events in SQLite, contents as files beside it.

`localemu up` opens it once. `localemu.storage` serves it as Cloud Storage, the event dispatcher reads the outbox through `connect`, the
BigQuery emulator reads contents through `open_object` and `list_names`.

A row is committed (WAL, synchronous=FULL) only after the bytes it names and the folder they lie in were fsynced; an outbox row stands in
the same transaction as the change it tells of. So whatever was acknowledged survives `kill -9`, and nothing torn is ever visible.
"""

import contextlib
import fcntl
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from localemu.storage import catalog
from localemu.storage.contents import Contents
from localemu.storage.names import prefix_end
from localemu.storage.writer import GroupWriter

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS buckets(
    name TEXT PRIMARY KEY, generation INTEGER NOT NULL, metageneration INTEGER NOT NULL,
    created TEXT NOT NULL, updated TEXT NOT NULL, fields TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS objects(
    bucket TEXT NOT NULL, name TEXT NOT NULL, generation INTEGER NOT NULL, metageneration INTEGER NOT NULL,
    content TEXT NOT NULL, size INTEGER NOT NULL, crc32c TEXT NOT NULL, md5 TEXT, components INTEGER,
    created TEXT NOT NULL, updated TEXT NOT NULL, fields TEXT NOT NULL, PRIMARY KEY(bucket, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS objects_by_content ON objects(content);
CREATE TABLE IF NOT EXISTS uploads(
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL, received INTEGER NOT NULL,
    request TEXT NOT NULL, resource TEXT, created REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox(
    id INTEGER PRIMARY KEY AUTOINCREMENT, bucket TEXT NOT NULL, name TEXT NOT NULL, generation INTEGER NOT NULL,
    type TEXT NOT NULL, resource TEXT NOT NULL, created_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS garbage(content TEXT PRIMARY KEY, since REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS clock(id INTEGER PRIMARY KEY CHECK (id = 1), generation INTEGER NOT NULL);
INSERT OR IGNORE INTO clock VALUES (1, 0);
"""
# A reader was given a path and opens it a moment later; a removed content stays on disk that long.
_GRACE_S = 60.0
_PURGE_EVERY_S = 10.0
# Cloud Storage forgets an unfinished upload after a week.
_UPLOAD_LIFE_S = 7 * 86400.0


class StoreBusy(Exception):
    """Another process has this state folder open."""


class ObjectMissing(LookupError):
    """There is no such object."""


class Store:
    """Everything below `root`. One process, one Store; its methods may be called from any thread."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        self._lock_file = (root / "lock").open("wb")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock_file.close()
            raise StoreBusy("this state folder is in use by another running platform") from None
        # Called after a commit that wrote to the outbox, in the writer's thread: it must return at once and not raise.
        self.on_commit: Callable[[], None] | None = None
        self.contents = Contents(root / "objects")
        self.executor = ThreadPoolExecutor(max_workers=16, thread_name_prefix="store")
        self._readers = threading.local()
        self._opened: list[sqlite3.Connection] = []
        connection = self.connect()
        self._opened.append(connection)
        self._prepare(connection)
        self._outbox_seen = _last_event(connection)
        self._next_purge = time.monotonic() + _PURGE_EVERY_S
        self._writer = GroupWriter(connection, self.contents.sync_folders, self._committed)

    def connect(self) -> sqlite3.Connection:
        """A connection of the caller's own to `store.db`: autocommit (write `BEGIN IMMEDIATE` yourself), rows by column name, usable from any one
        thread at a time, waits up to 30 s for another writer."""
        connection = sqlite3.connect(
            self.root / "store.db", timeout=30.0, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    def write(self, work: Callable[[sqlite3.Connection], T]) -> "Future[T]":
        """Run `work` inside the next transaction; the future is done when that is on disk. `work` must not commit, wait, or touch the network."""
        return self._writer.submit(work)

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` on this thread's own connection, on the last committed state."""
        connection: sqlite3.Connection | None = getattr(self._readers, "connection", None)
        if connection is None:
            connection = self.connect()
            self._readers.connection = connection
            self._opened.append(connection)
        return work(connection)

    def open_object(self, bucket: str, name: str) -> Path:
        """The file that holds the object's bytes. It is never changed, and stays for a minute when the object is deleted or
        replaced. Raises ObjectMissing."""
        row = self.read(lambda connection: catalog.find_object(connection, bucket, name))
        if row is None:
            raise ObjectMissing("no such object")
        return self.contents.path(row["content"])

    def list_names(self, bucket: str, prefix: str = "") -> list[str]:
        """Names of the objects in `bucket` that begin with `prefix`, in the order of their UTF-8 bytes."""
        sql, values = "SELECT name FROM objects WHERE bucket=? AND name>=?", [bucket, prefix]
        if (end := prefix_end(prefix)) is not None:
            sql, values = f"{sql} AND name<?", [*values, end]
        return self.read(lambda connection: [row[0] for row in connection.execute(f"{sql} ORDER BY name", values)])

    def list_buckets(self) -> list[str]:
        """Names of all buckets."""
        return self.read(
            lambda connection: [row[0] for row in connection.execute("SELECT name FROM buckets ORDER BY name")]
        )

    def ensure_bucket(self, name: str) -> None:
        """Create the bucket unless it is there. Raises `localemu.storage.errors.ApiError` for a name Cloud Storage does not allow."""
        self.write(lambda connection: catalog.ensure_bucket(connection, name)).result()

    def close(self) -> None:
        """Finish the writes under way and let go of the state folder."""
        self.executor.shutdown(wait=True)
        self._writer.close()
        for connection in self._opened:
            connection.close()
        self._lock_file.close()

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.executescript(_SCHEMA)
        connection.execute("DELETE FROM uploads WHERE created < ?", (time.time() - _UPLOAD_LIFE_S,))
        connection.execute("DELETE FROM garbage")
        named = connection.execute(
            "SELECT content FROM objects UNION SELECT content FROM uploads WHERE resource IS NULL"
        )
        self.contents.sweep({row[0] for row in named})

    def _committed(self, connection: sqlite3.Connection) -> None:
        last = _last_event(connection)
        if last != self._outbox_seen:
            self._outbox_seen = last
            if self.on_commit is not None:
                # A listener whose event loop has just ended can't be told, and need not be: it reads the outbox when it starts.
                with contextlib.suppress(RuntimeError):
                    self.on_commit()
        if time.monotonic() > self._next_purge:
            self._next_purge = time.monotonic() + _PURGE_EVERY_S
            with contextlib.suppress(sqlite3.Error, OSError):  # the next round tries again
                self._purge(connection)

    def _purge(self, connection: sqlite3.Connection) -> None:
        due = time.time() - _GRACE_S
        # A copy onto itself removes the last row that names a content and adds another.
        unnamed = "SELECT content FROM garbage g WHERE since<? AND NOT EXISTS (SELECT 1 FROM objects o WHERE o.content=g.content)"
        self.contents.remove(row["content"] for row in connection.execute(unnamed, (due,)).fetchall())
        connection.execute("DELETE FROM garbage WHERE since<?", (due,))


def _last_event(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name='outbox'").fetchone()
    return 0 if row is None else int(row[0])
