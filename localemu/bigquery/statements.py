"""One statement in, its outcome out: queries here, DML and DDL in their modules. Called by the job runner."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import duckdb
from sqlglot import exp

from localemu.bigquery.catalog import Catalog, Change
from localemu.bigquery.ddl import Definitions
from localemu.bigquery.destination import Destination, store
from localemu.bigquery.dml import Changes
from localemu.bigquery.encode import check_arrays
from localemu.bigquery.engine import Engine
from localemu.bigquery.errors import invalid_query, unsupported
from localemu.bigquery.faults import translated
from localemu.bigquery.outcome import Outcome
from localemu.bigquery.rows import fetched
from localemu.bigquery.sql.compile import Compiled, Compiler, describe, fields_of, parse
from localemu.bigquery.sql.names import Place
from localemu.bigquery.sql.parameters import Parameters
from localemu.bigquery.tables import Tables


@dataclass(frozen=True)
class Request:
    """A statement with all that decides what it does."""

    sql: str
    place: Place
    user: str
    parameters: Parameters = field(default_factory=Parameters.none)
    destination: Destination | None = None


class Statements:
    """Runs statements."""

    def __init__(self, engine: Engine, catalog: Catalog, compiler: Compiler, tables: Tables) -> None:
        self._engine = engine
        self._catalog = catalog
        self._compiler = compiler
        self._definitions = Definitions(catalog, compiler, tables)
        self._changes = Changes(catalog, compiler)
        self._tables = tables
        self._parsed: dict[str, list[exp.Expr]] = {}  # the last statement that writes, until it is run

    def is_query(self, sql: str) -> bool:
        """Say whether the text is one query, which needs no transaction."""
        statements = parse(sql)
        if len(statements) == 1 and isinstance(statements[0], exp.Query):
            return True
        self._parsed = {sql: statements}
        return False

    def query(self, request: Request, dry: bool = False) -> Outcome:
        """Run (or only describe) a query that changes nothing."""
        compiled = self._compiler.query(request.sql, request.place, request.parameters)
        with self._engine.read() as cursor, faults():
            identify(cursor, request.user)
            if dry:
                return Outcome("SELECT", describe(cursor, compiled), reads=compiled.reads)
            return _fetch(cursor, compiled)

    def change(self, change: Change, request: Request) -> Outcome:
        """Run a statement that writes, in the caller's transaction."""
        with faults():
            identify(change.cursor, request.user)
            statement = self._single(request.sql)
            if isinstance(statement, exp.Query):
                if request.destination is None:
                    raise invalid_query("Expected a statement that writes")
                compiled = self._compiler.query(request.sql, request.place, request.parameters)
                outcome = _fetch(change.cursor, compiled)
                store(change, self._catalog, self._tables, request.destination, compiled, outcome.fields)
                return outcome
            if request.destination is not None:
                raise invalid_query("Cannot set destination table in jobs with DML or DDL statements")
            if isinstance(statement, (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.TruncateTable)):
                return self._changes.run(change, statement, request.sql, request.place, request.parameters)
            return self._definitions.run(change, statement, request.place, request.parameters)

    def dry(self, request: Request) -> Outcome:
        """Check a statement that writes without keeping anything."""
        outcome: Outcome | None = None
        try:
            with self._catalog.change() as change:
                outcome = self.change(change, request)
                raise _Undo
        except _Undo:
            assert outcome is not None
            return Outcome(outcome.statement, outcome.fields, reads=outcome.reads)

    def _single(self, sql: str) -> exp.Expr:
        statements = self._parsed.pop(sql, None) or parse(sql)
        if not statements:
            raise invalid_query("Syntax error: Unexpected end of statement")
        if len(statements) > 1:
            raise unsupported("scripting (more than one statement in a request)")
        return statements[0]


class _Undo(Exception):
    """Rolls a dry run back."""


def _fetch(cursor: duckdb.DuckDBPyConnection, compiled: Compiled) -> Outcome:
    found = cursor.execute(compiled.sql, compiled.values) if compiled.values else cursor.execute(compiled.sql)
    fields = fields_of(found.description)
    rows = fetched(found)
    check_arrays(fields, rows)
    return Outcome("SELECT", fields, rows, reads=compiled.reads)


def identify(cursor: duckdb.DuckDBPyConnection, user: str) -> None:
    """Tell the statement who asks, for SESSION_USER()."""
    cursor.execute("SET VARIABLE bq_user = '" + user.replace("'", "''") + "'")


@contextmanager
def faults() -> Iterator[None]:
    """Turn DuckDB's errors into the API's."""
    try:
        yield
    except duckdb.Error as error:
        raise translated(error) from None
