"""Datasets, tables, views and finished jobs: REST resources kept in the same DuckDB file as the rows they describe.

A change of a resource and the statement that belongs to it commit together. The memory copy is replaced after the commit.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from localemu.bigquery.engine import Engine
from localemu.bigquery.errors import not_found
from localemu.bigquery.schema import Field, parse_fields, quote

Resource = dict[str, Any]


@dataclass(frozen=True)
class DatasetName:
    """Project and dataset."""

    project: str
    dataset: str

    @property
    def key(self) -> str:
        """Key in the store, also the name of the DuckDB schema."""
        return f"{self.project}:{self.dataset}"

    def resource(self) -> Resource:
        """Give the DatasetReference."""
        return {"projectId": self.project, "datasetId": self.dataset}


@dataclass(frozen=True)
class TableName:
    """Project, dataset and table."""

    project: str
    dataset: str
    table: str

    @property
    def parent(self) -> DatasetName:
        """The dataset."""
        return DatasetName(self.project, self.dataset)

    @property
    def key(self) -> str:
        """Key in the store, also the `id` of the resource."""
        return f"{self.project}:{self.dataset}.{self.table}"

    @property
    def sql(self) -> str:
        """The table as DuckDB knows it."""
        return f"{quote(self.parent.key)}.{quote(self.table)}"

    def resource(self) -> Resource:
        """Give the TableReference."""
        return {"projectId": self.project, "datasetId": self.dataset, "tableId": self.table}


class Catalog:
    """What exists. `version` grows with each change, so that compiled statements can be kept until then."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._entities: dict[str, dict[str, Resource]] = {"dataset": {}, "table": {}, "job": {}}
        self.version = 0
        self.reload()

    def reload(self) -> None:
        """Read everything from the file, at start."""
        with self._engine.read() as cursor:
            for kind, key, resource in cursor.execute("SELECT kind, key, resource FROM localemu.entities").fetchall():
                self._entities[kind][key] = json.loads(resource)

    def dataset(self, name: DatasetName) -> Resource:
        """Give a dataset's resource; notFound when there is none."""
        try:
            return self._entities["dataset"][name.key]
        except KeyError:
            raise not_found("Dataset", name.key) from None

    def table(self, name: TableName) -> Resource:
        """Give a table's or view's resource; notFound names the dataset when that is what is missing."""
        found = self._entities["table"].get(name.key)
        if found is None:
            self.dataset(name.parent)
            raise not_found("Table", name.key)
        return found

    def fields(self, name: TableName) -> tuple[Field, ...]:
        """Give the columns of a table."""
        return parse_fields(self.table(name).get("schema"))

    def has_dataset(self, name: DatasetName) -> bool:
        """Say whether the dataset exists."""
        return name.key in self._entities["dataset"]

    def has_table(self, name: TableName) -> bool:
        """Say whether the table or view exists."""
        return name.key in self._entities["table"]

    def dataset_keys(self) -> list[str]:
        """Give the keys of all datasets."""
        return list(self._entities["dataset"])

    def datasets(self, project: str) -> list[Resource]:
        """List a project's datasets by name."""
        found = [
            item for item in self._entities["dataset"].values() if item["datasetReference"]["projectId"] == project
        ]
        return sorted(found, key=lambda item: str(item["datasetReference"]["datasetId"]))

    def tables(self, name: DatasetName) -> list[Resource]:
        """List a dataset's tables and views by name; notFound when there is no such dataset."""
        self.dataset(name)
        found = [
            item
            for item in self._entities["table"].values()
            if item["tableReference"] | name.resource() == item["tableReference"]
        ]
        return sorted(found, key=lambda item: str(item["tableReference"]["tableId"]))

    def all_tables(self) -> list[Resource]:
        """List every table and view."""
        return list(self._entities["table"].values())

    def job(self, key: str) -> Resource | None:
        """Give the resource of a finished job that had an effect."""
        return self._entities["job"].get(key)

    def jobs(self) -> list[Resource]:
        """List the kept jobs."""
        return list(self._entities["job"].values())

    @contextmanager
    def change(self) -> Iterator[Change]:
        """Open a transaction; what it puts and removes is seen by others only after its commit."""
        with self._engine.lock:
            with self._engine.write() as cursor:
                change = Change(cursor)
                yield change
            for kind, key, resource in change.pending:
                if resource is None:
                    self._entities[kind].pop(key, None)
                else:
                    self._entities[kind][key] = resource
            if any(kind != "job" for kind, _, _ in change.pending):
                self.version += 1


class Change:
    """One transaction on rows and resources."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self.cursor = cursor
        self.pending: list[tuple[str, str, Resource | None]] = []

    def execute(self, sql: str, values: Any = None) -> duckdb.DuckDBPyConnection:
        """Run a statement in the transaction."""
        return self.cursor.execute(sql, values) if values else self.cursor.execute(sql)

    def put(self, kind: str, key: str, resource: Resource) -> None:
        """Store a resource."""
        self.cursor.execute("DELETE FROM localemu.entities WHERE kind = ? AND key = ?", [kind, key])
        self.cursor.execute("INSERT INTO localemu.entities VALUES (?, ?, ?)", [kind, key, json.dumps(resource)])
        self.pending.append((kind, key, resource))

    def remove(self, kind: str, key: str) -> None:
        """Remove a resource."""
        self.cursor.execute("DELETE FROM localemu.entities WHERE kind = ? AND key = ?", [kind, key])
        self.pending.append((kind, key, None))


def stamp(resource: Resource, created: bool = False) -> Resource:
    """Give the resource with its times and etag renewed."""
    now = str(int(time.time() * 1000))
    fresh = dict(resource)
    if created:
        fresh["creationTime"] = now
    fresh["lastModifiedTime"] = now
    fresh.pop("etag", None)
    fresh["etag"] = hashlib.sha256(
        json.dumps(fresh, sort_keys=True).encode() + str(time.time_ns()).encode()
    ).hexdigest()[:22]
    return fresh
