"""The DuckDB file: one connection, a cursor per use, writers one at a time, macros and functions installed at start.

Called by every other module of the package. A commit is flushed to disk before `write` returns, so what was
acknowledged survives `kill -9`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from localemu.bigquery.functions import scalar

_MACROS = Path(__file__).with_name("macros.sql")


class Engine:
    """Owner of the database file `bigquery.duckdb` below a folder."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._connection = duckdb.connect(str(root / "bigquery.duckdb"))
        self._lock = threading.RLock()
        self._connection.execute("SET GLOBAL TimeZone = 'UTC'")
        self._connection.execute("SET GLOBAL autoinstall_known_extensions = false")
        self._connection.execute("SET GLOBAL autoload_known_extensions = false")
        self._connection.execute("CREATE SCHEMA IF NOT EXISTS localemu")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS localemu.entities (kind VARCHAR, key VARCHAR, resource VARCHAR)"
        )
        scalar.register(self._connection)
        for statement in self._connection.extract_statements(_MACROS.read_text()):
            self._connection.execute(statement)

    @contextmanager
    def read(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a cursor that sees all that is committed."""
        cursor = self._connection.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    @contextmanager
    def write(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give the cursor of a transaction: committed at the end, rolled back when the body raises."""
        with self._lock, self.read() as cursor:
            cursor.execute("BEGIN")
            try:
                yield cursor
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")

    @property
    def lock(self) -> threading.RLock:
        """The writers' lock, for a caller that must look before it writes."""
        return self._lock

    def close(self) -> None:
        """Close the file; nothing is lost when this is never called."""
        self._connection.close()
