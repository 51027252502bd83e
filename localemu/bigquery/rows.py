"""Rows of a query, for as long as its job is kept: what one page holds as Python values, all behind it in columns of Arrow.

A result of millions of rows would be a hundred times its size in Python's objects; in columns it is what DuckDB itself takes, and only the
pages that somebody asks for become Python values.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from localemu.bigquery.schema import quote

Row = tuple[Any, ...]
PAGE_CELLS = 400_000
_PAGE_ROWS = 50_000


def page_rows(columns: int) -> int:
    """How many rows of so many columns are one page: BigQuery's pages hold some megabytes, not a number of rows."""
    return max(1, min(_PAGE_ROWS, PAGE_CELLS // max(columns, 1)))


@dataclass(frozen=True)
class Rows:
    """All rows of a result in their order; `rest` is an Arrow table whose columns have the DuckDB types `kinds`."""

    first: Sequence[Row] = ()
    rest: Any = None
    kinds: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.first) + (self.rest.num_rows if self.rest is not None else 0)

    def page(self, start: int, count: int) -> Sequence[Row]:
        """At most `count` rows from `start` on."""
        page = list(self.first[start : start + count])
        missing = count - len(page)
        if self.rest is None or missing <= 0 or start + len(page) < len(self.first):
            return page
        behind = self.rest.slice(start + len(page) - len(self.first), missing)
        return page + _values(behind, self.kinds)


def fetched(found: duckdb.DuckDBPyConnection) -> Rows:
    """The rows of a statement that was just executed."""
    description = found.description or []
    size = page_rows(len(description))
    first = found.fetchmany(size)
    if len(first) < size:
        return Rows(first)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the rows are copied, which is meant
        rest = found.to_arrow_table()
    return Rows(first, rest, tuple(str(column[1]) for column in description))


def _values(table: Any, kinds: Sequence[str]) -> list[Row]:
    """Rows of an Arrow table as DuckDB gives them to Python, with the types that they had before."""
    names = [f"c{number}" for number in range(len(kinds))]
    table = table.rename_columns(names)
    columns = ", ".join(f"CAST({quote(name)} AS {kind})" for name, kind in zip(names, kinds, strict=True))
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("page", table)
        return connection.execute(f"SELECT {columns} FROM page").fetchall()
