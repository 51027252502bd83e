"""Tables and views as resources: create, get, list, patch, delete; DDL statements come here too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from localemu.bigquery.catalog import Catalog, Change, DatasetName, Resource, TableName, stamp
from localemu.bigquery.datasets import check_etag, merge
from localemu.bigquery.engine import Engine
from localemu.bigquery.errors import ApiError, duplicate, unsupported_field
from localemu.bigquery.schema import Field, by_name, duck_type, parse_fields, quote, schema_resource
from localemu.bigquery.sql.compile import Compiler

_ID = re.compile(r"[\w\- ]{1,1024}")
_KEPT = (
    "friendlyName",
    "description",
    "labels",
    "timePartitioning",
    "rangePartitioning",
    "clustering",
    "tableConstraints",
)
_WITH_EFFECT = (
    "expirationTime", "requirePartitionFilter", "materializedView", "externalDataConfiguration", "encryptionConfiguration",
    "defaultCollation", "cloneDefinition", "snapshotDefinition", "biglakeConfiguration", "maxStaleness", "resourceTags",
    "defaultRoundingMode", "partitionDefinition",
)  # fmt: skip


class Tables:
    """The tables and views of every dataset."""

    def __init__(self, engine: Engine, catalog: Catalog, compiler: Compiler) -> None:
        self._engine = engine
        self._catalog = catalog
        self._compiler = compiler

    def create(self, dataset: DatasetName, body: Mapping[str, Any]) -> Resource:
        """Create a table or a view from its resource."""
        table = str((body.get("tableReference") or {}).get("tableId") or "")
        name = TableName(dataset.project, dataset.dataset, table)
        with self._catalog.change() as change:
            return self.create_in(change, name, body)

    def create_in(self, change: Change, name: TableName, body: Mapping[str, Any], replacing: bool = False) -> Resource:
        """Create it in the caller's transaction; `replacing` when that has just dropped one of the name."""
        if not _ID.fullmatch(name.table):
            raise ApiError("invalid", f'Invalid table ID "{name.table}".')
        _check(body)
        taken = {item["tableReference"]["tableId"].lower() for item in self._catalog.tables(name.parent)}
        if not replacing and name.table.lower() in taken:
            raise duplicate("Table", name.key)
        resource = {key: body[key] for key in _KEPT if body.get(key) is not None}
        resource |= {"kind": "bigquery#table", "id": name.key, "tableReference": name.resource()}
        resource["location"] = self._catalog.dataset(name.parent)["location"]
        if body.get("view"):
            resource |= self._view(name, body["view"], parse_fields(body.get("schema")))
        else:
            fields = parse_fields(body.get("schema"))
            _check_columns(fields)
            _check_layout(resource, fields)
            resource |= {"type": "TABLE", "schema": schema_resource(fields)}
            change.execute(f"CREATE TABLE {name.sql} ({columns_ddl(fields)})")
        resource = stamp(resource, created=True)
        change.put("table", name.key, resource)
        return resource

    def _view(self, name: TableName, view: Mapping[str, Any], described: tuple[Field, ...]) -> Resource:
        if view.get("useLegacySql"):
            raise unsupported_field("view.useLegacySql")
        if view.get("userDefinedFunctionResources"):
            raise unsupported_field("view.userDefinedFunctionResources")
        query = str(view.get("query") or "")
        texts = by_name(described)
        fields = [
            replace(field, description=texts[field.name.lower()].description) if field.name.lower() in texts else field
            for field in self._compiler.defined(name, query).fields
        ]
        return {"type": "VIEW", "view": {"query": query, "useLegacySql": False}, "schema": schema_resource(fields)}

    def get(self, name: TableName) -> Resource:
        """Give one table with its number of rows, or a view with its columns as they are now."""
        resource = dict(self._catalog.table(name))
        if "view" in resource:
            return resource
        with self._engine.read() as cursor:
            count = cursor.execute(f"SELECT count(*) FROM {name.sql}").fetchone()
        rows = count[0] if count else 0
        return resource | {"numRows": str(rows), "numBytes": str(rows * 64), "numLongTermBytes": "0"}

    def list(self, dataset: DatasetName) -> list[Resource]:
        """Give the short resources of a list reply."""
        keys = (
            "kind",
            "id",
            "tableReference",
            "type",
            "labels",
            "friendlyName",
            "timePartitioning",
            "rangePartitioning",
            "clustering",
            "view",
            "creationTime",
        )
        return [{key: item[key] for key in keys if key in item} for item in self._catalog.tables(dataset)]

    def update(self, name: TableName, body: Mapping[str, Any], replace_all: bool, if_match: str | None) -> Resource:
        """Patch or replace what may be changed; columns may be added and relaxed, never dropped."""
        _check(body)
        with self._catalog.change() as change:
            resource = dict(self._catalog.table(name))
            check_etag(resource, if_match)
            return self.update_in(change, name, resource, body, replace_all)

    def update_in(
        self, change: Change, name: TableName, resource: Resource, body: Mapping[str, Any], replace_all: bool
    ) -> Resource:
        """Change it in the caller's transaction."""
        if body.get("view") and "view" in resource:
            resource |= self._view(name, body["view"], parse_fields(body.get("schema") or resource.get("schema")))
        elif body.get("schema") is not None and "view" in resource:
            resource["schema"] = _described(resource["schema"], parse_fields(body["schema"]))
        elif body.get("schema") is not None:
            fields = parse_fields(body["schema"])
            self._alter(change, name, parse_fields(resource["schema"]), fields)
            resource["schema"] = schema_resource(fields)
        layout = [
            key for key in ("timePartitioning", "rangePartitioning") if key in body and body[key] != resource.get(key)
        ]
        if layout:
            raise ApiError("invalid", f"Cannot change {layout[0]} of a table")
        kept = tuple(key for key in _KEPT if key not in ("timePartitioning", "rangePartitioning"))
        resource = stamp(merge(resource, body, kept, replace_all))
        change.put("table", name.key, resource)
        return resource

    def _alter(self, change: Change, name: TableName, old: tuple[Field, ...], new: tuple[Field, ...]) -> None:
        known = by_name(new)
        for field in old:
            kept = known.get(field.name.lower())
            if kept is None:
                raise ApiError(
                    "invalid",
                    f"Provided Schema does not match Table {name.key}. Field {field.name} is missing in new schema",
                )
            if duck_type(kept) != duck_type(field):
                _check_growth(name, field, kept)
                change.execute(f"ALTER TABLE {name.sql} ALTER {quote(field.name)} SET DATA TYPE {duck_type(kept)}")
            if field.mode == "REQUIRED" and kept.mode == "NULLABLE":
                change.execute(f"ALTER TABLE {name.sql} ALTER {quote(field.name)} DROP NOT NULL")
            elif kept.mode != field.mode:
                raise ApiError(
                    "invalid",
                    f"Provided Schema does not match Table {name.key}. Field {field.name} has changed mode from {field.mode} to {kept.mode}",
                )
        before = by_name(old)
        for field in new:
            if field.name.lower() not in before:
                self.add_column(change, name, field)

    def add_column(self, change: Change, name: TableName, field: Field) -> None:
        """Add one column at the end; a required one cannot be added."""
        if field.mode == "REQUIRED":
            raise ApiError(
                "invalid",
                f"Provided Schema does not match Table {name.key}. Cannot add required fields to an existing schema. (field: {field.name})",
            )
        default = " DEFAULT []" if field.repeated else ""
        change.execute(f"ALTER TABLE {name.sql} ADD COLUMN {quote(field.name)} {duck_type(field)}{default}")

    def delete(self, name: TableName) -> None:
        """Delete a table or view."""
        with self._catalog.change() as change:
            self.delete_in(change, name)

    def delete_in(self, change: Change, name: TableName) -> None:
        """Delete it in the caller's transaction."""
        if "view" not in self._catalog.table(name):
            change.execute(f"DROP TABLE {name.sql}")
        change.remove("table", name.key)


def columns_ddl(fields: tuple[Field, ...]) -> str:
    """Give the column list of CREATE TABLE; DuckDB wants at least one column, BigQuery does not."""
    if not fields:
        return '"_no_columns" BOOLEAN'
    return ", ".join(
        f"{quote(field.name)} {duck_type(field)}{' NOT NULL' if field.mode == 'REQUIRED' else ''}{' DEFAULT []' if field.repeated else ''}"
        for field in fields
    )


def _check(body: Mapping[str, Any]) -> None:
    for key in _WITH_EFFECT:
        if body.get(key):
            raise unsupported_field(key)


def _check_columns(fields: tuple[Field, ...]) -> None:
    seen: set[str] = set()
    for field in fields:
        if field.name.lower() in seen:
            raise ApiError("invalid", f"Field {field.name} already exists in schema")
        seen.add(field.name.lower())


def _check_layout(resource: Resource, fields: tuple[Field, ...]) -> None:
    known = by_name(fields)
    time_field = (resource.get("timePartitioning") or {}).get("field")
    if (resource.get("timePartitioning") or {}).get("expirationMs"):
        raise unsupported_field("timePartitioning.expirationMs")
    wanted = [
        time_field,
        (resource.get("rangePartitioning") or {}).get("field"),
        *((resource.get("clustering") or {}).get("fields") or []),
    ]
    for name in wanted:
        if name and name.lower() not in known:
            raise ApiError(
                "invalid", f"The field specified for partitioning or clustering cannot be found in the schema: {name}"
            )
    if time_field and known[time_field.lower()].type not in ("DATE", "TIMESTAMP", "DATETIME"):
        raise ApiError(
            "invalid", f"The field {time_field} must be of type DATE, TIMESTAMP or DATETIME to partition by time"
        )


def _check_growth(name: TableName, old: Field, new: Field) -> None:
    grown = (
        old.type == new.type == "RECORD"
        and old.mode == new.mode
        and {child.name.lower() for child in old.fields} <= set(by_name(new.fields))
    )
    wider = (old.type, new.type) in (("INTEGER", "NUMERIC"), ("INTEGER", "FLOAT"), ("NUMERIC", "FLOAT"))
    if not grown and not wider:
        raise ApiError(
            "invalid",
            f"Provided Schema does not match Table {name.key}. Field {old.name} has changed type from {old.type} to {new.type}",
        )


def _described(schema: Resource, described: tuple[Field, ...]) -> Resource:
    texts = by_name(described)
    fields = parse_fields(schema)
    return schema_resource(
        [
            replace(field, description=texts[field.name.lower()].description) if field.name.lower() in texts else field
            for field in fields
        ]
    )
