"""Datasets: create, get, list, patch, delete. A dataset is a DuckDB schema named `project:dataset` and a resource."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from localemu.bigquery.catalog import Catalog, DatasetName, Resource, TableName, stamp
from localemu.bigquery.errors import ApiError, duplicate, unsupported_field
from localemu.bigquery.schema import quote

_ID = re.compile(r"[A-Za-z0-9_]{1,1024}")
_KEPT = (
    "friendlyName",
    "description",
    "labels",
    "access",
    "isCaseInsensitive",
    "storageBillingModel",
    "maxTimeTravelHours",
)
_WITH_EFFECT = (
    "defaultTableExpirationMs", "defaultPartitionExpirationMs", "defaultCollation", "defaultEncryptionConfiguration",
    "externalDatasetReference", "linkedDatasetSource", "resourceTags", "defaultRoundingMode",
)  # fmt: skip


class Datasets:
    """The datasets of every project."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def create(self, project: str, body: Mapping[str, Any]) -> Resource:
        """Create a dataset; duplicate when the name is taken (letters' case aside, which DuckDB does not tell apart)."""
        reference = body.get("datasetReference") or {}
        name = DatasetName(str(reference.get("projectId") or project), str(reference.get("datasetId") or ""))
        if not _ID.fullmatch(name.dataset):
            raise ApiError(
                "invalid", f'Invalid dataset ID "{name.dataset}". Dataset IDs must be alphanumeric (plus underscores).'
            )
        _check(body)
        with self._catalog.change() as change:
            taken = {item["datasetReference"]["datasetId"].lower() for item in self._catalog.datasets(name.project)}
            if name.dataset.lower() in taken:
                raise duplicate("Dataset", name.key)
            resource = {key: body[key] for key in _KEPT if body.get(key) is not None}
            resource |= {"kind": "bigquery#dataset", "id": name.key, "datasetReference": name.resource()}
            resource |= {"location": str(body.get("location") or "US"), "type": "DEFAULT"}
            resource = stamp(resource, created=True)
            change.execute(f"CREATE SCHEMA {quote(name.key)}")
            change.put("dataset", name.key, resource)
        return resource

    def get(self, name: DatasetName) -> Resource:
        """Give one dataset."""
        return self._catalog.dataset(name)

    def list(self, project: str) -> list[Resource]:
        """Give the short resources of a list reply."""
        keys = ("kind", "id", "datasetReference", "labels", "friendlyName", "location")
        return [{key: item[key] for key in keys if key in item} for item in self._catalog.datasets(project)]

    def update(self, name: DatasetName, body: Mapping[str, Any], replace: bool, if_match: str | None) -> Resource:
        """Patch or replace what may be changed."""
        _check(body)
        with self._catalog.change() as change:
            resource = dict(self._catalog.dataset(name))
            check_etag(resource, if_match)
            resource = merge(resource, body, _KEPT, replace)
            resource = stamp(resource)
            change.put("dataset", name.key, resource)
        return resource

    def delete(self, name: DatasetName, contents: bool) -> None:
        """Delete a dataset, its tables too when asked; resourceInUse when it still has some."""
        with self._catalog.change() as change:
            tables = self._catalog.tables(name)
            if tables and not contents:
                raise ApiError("resourceInUse", f"Dataset {name.key} is still in use")
            for table in tables:
                change.remove("table", TableName(name.project, name.dataset, table["tableReference"]["tableId"]).key)
            change.execute(f"DROP SCHEMA {quote(name.key)} CASCADE")
            change.remove("dataset", name.key)


def _check(body: Mapping[str, Any]) -> None:
    for key in _WITH_EFFECT:
        if body.get(key):
            raise unsupported_field(key)


def check_etag(resource: Resource, if_match: str | None) -> None:
    """Refuse a change that was made on an older version."""
    if if_match not in (None, "", "*") and if_match != resource.get("etag"):
        raise ApiError("conditionNotMet", "Precondition check failed.")


def merge(resource: Resource, body: Mapping[str, Any], kept: tuple[str, ...], replace: bool) -> Resource:
    """Apply a patch: null removes, absent stays (unless the whole is replaced); labels merge key by key."""
    for key in kept:
        if key not in body:
            if replace:
                resource.pop(key, None)
        elif body[key] is None:
            resource.pop(key, None)
        elif key == "labels" and not replace:
            labels = {**resource.get("labels", {}), **body[key]}
            resource["labels"] = {label: value for label, value in labels.items() if value is not None}
        else:
            resource[key] = body[key]
    return resource
