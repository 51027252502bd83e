"""What a statement came to."""

from __future__ import annotations

from dataclasses import dataclass, field

from localemu.bigquery.catalog import DatasetName, TableName
from localemu.bigquery.rows import Rows
from localemu.bigquery.schema import Field


@dataclass(frozen=True)
class Outcome:
    """Rows of a query, or counts and targets of a change. `inserted`, `updated`, `deleted` are None for what changes no rows."""

    statement: str
    fields: tuple[Field, ...] = ()
    rows: Rows = field(default_factory=Rows)
    reads: tuple[TableName, ...] = ()
    inserted: int | None = None
    updated: int | None = None
    deleted: int | None = None
    operation: str | None = None
    table: TableName | None = None
    dataset: DatasetName | None = None

    @property
    def affected(self) -> int | None:
        """Rows touched by DML."""
        counts = [count for count in (self.inserted, self.updated, self.deleted) if count is not None]
        return sum(counts) if counts else None
