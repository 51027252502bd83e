"""Load jobs: an uploaded file or gs:// objects, as NDJSON, CSV or Parquet, into a table."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localemu.bigquery.catalog import Catalog, Change, Resource, TableName
from localemu.bigquery.destination import Destination, prepare
from localemu.bigquery.engine import Engine
from localemu.bigquery.errors import ApiError, unsupported_field
from localemu.bigquery.formats import Options, Rejected, read_file
from localemu.bigquery.jobs import Job, Jobs, Ticket
from localemu.bigquery.objects import ObjectSource
from localemu.bigquery.outcome import Outcome
from localemu.bigquery.schema import Field, by_name, parse_fields, schema_resource
from localemu.bigquery.statements import faults
from localemu.bigquery.tables import Tables
from localemu.bigquery.writing import insert_rows

_WITH_EFFECT = (
    "decimalTargetTypes", "hivePartitioningOptions", "projectionFields", "destinationEncryptionConfiguration", "useAvroLogicalTypes",
    "jsonExtension", "columnNameCharacterMap", "connectionProperties", "createSession", "referenceFileSchemaUri", "parquetOptions",
    "timeZone", "dateFormat", "datetimeFormat", "timeFormat", "timestampFormat", "nullMarkers", "sourceColumnMatch", "fileSetSpecType",
)  # fmt: skip
_UPDATES = {"ALLOW_FIELD_ADDITION", "ALLOW_FIELD_RELAXATION"}


class Loads:
    """Runs load jobs."""

    def __init__(self, engine: Engine, catalog: Catalog, tables: Tables, jobs: Jobs, objects: ObjectSource) -> None:
        self._engine = engine
        self._catalog = catalog
        self._tables = tables
        self._jobs = jobs
        self._objects = objects

    def run(self, ticket: Ticket, file: Path | None) -> Job:
        """Run the load of a job configuration; `file` is the uploaded one, else sourceUris are read."""
        configuration = ticket.configuration["load"]
        for key in _WITH_EFFECT:
            if configuration.get(key):
                raise unsupported_field(key)
        target = configuration.get("destinationTable") or {}
        if not target.get("datasetId") or not target.get("tableId"):
            raise ApiError("required", "Required parameter is missing: destinationTable")
        properties = configuration.get("destinationTableProperties") or {}
        layout = {
            key: configuration[key]
            for key in ("timePartitioning", "rangePartitioning", "clustering")
            if configuration.get(key)
        }
        layout |= {key: properties[key] for key in ("description", "friendlyName", "labels") if properties.get(key)}
        name = TableName(target.get("projectId") or ticket.project, target["datasetId"], target["tableId"])
        destination = Destination(
            name,
            configuration.get("writeDisposition") or "WRITE_APPEND",
            configuration.get("createDisposition") or "CREATE_IF_NEEDED",
            layout,
        )
        return self._jobs.run(ticket, None, lambda change: self._load(change, configuration, destination, file))

    def _load(
        self, change: Change, configuration: Mapping[str, Any], target: Destination, file: Path | None
    ) -> tuple[Outcome, Resource]:
        files = [file] if file is not None else self._files(configuration.get("sourceUris") or [])
        options = Options.of(configuration)
        with faults():
            fields = self._fields(change, configuration, target, options, files)
            columns = prepare(change, self._catalog, self._tables, target, fields)
            columns = self._grow(change, configuration, target.table, columns, fields)
            count, bad = 0, 0
            for path in files:
                for block in read_file(change.cursor, path, options, fields):
                    bad += len(block.errors)
                    if bad > options.max_bad_records:
                        raise _rejected(block.errors[0])
                    insert_rows(change.cursor, target.table, columns, [_filled(columns, row) for row in block.rows])
                    count += len(block.rows)
        size = sum(path.stat().st_size for path in files)
        load = {
            "inputFiles": str(len(files)),
            "inputFileBytes": str(size),
            "outputRows": str(count),
            "outputBytes": str(size),
            "badRecords": str(bad),
        }
        return Outcome("LOAD", table=target.table), {"load": load}

    def _files(self, uris: list[str]) -> list[Path]:
        if not uris:
            raise ApiError("required", "Required parameter is missing: sourceUris")
        found: list[Path] = []
        for uri in uris:
            if not uri.startswith("gs://"):
                raise ApiError("invalid", "Source URI must be a Google Cloud Storage location (gs://..)")
            bucket, _, pattern = uri.removeprefix("gs://").partition("/")
            names = [pattern]
            if "*" in pattern:
                literal = "".join("[" + char + "]" if char in "?[" else char for char in pattern)
                names = [
                    name
                    for name in self._objects.list_names(bucket, pattern.split("*")[0])
                    if fnmatch.fnmatchcase(name, literal)
                ]
            found += [self._open(bucket, name) for name in names]
            if not names:
                raise ApiError("notFound", "Not found: URI matches no object")
        return found

    def _open(self, bucket: str, name: str) -> Path:
        try:
            return self._objects.open_object(bucket, name)
        except (KeyError, FileNotFoundError):
            raise ApiError("notFound", "Not found: URI matches no object") from None

    def _fields(
        self, change: Change, configuration: Mapping[str, Any], target: Destination, options: Options, files: list[Path]
    ) -> tuple[Field, ...]:
        given = parse_fields(configuration.get("schema"))
        if given:
            return given
        exists = self._catalog.has_table(target.table)
        if exists and not configuration.get("autodetect") and options.format != "PARQUET":
            return self._catalog.fields(target.table)
        if options.format != "PARQUET" and not configuration.get("autodetect"):
            raise ApiError("invalid", "No schema specified on job or table.")
        from localemu.bigquery.detect import detect

        found = detect(change.cursor, files, options)
        if exists and target.write != "WRITE_TRUNCATE":
            known = by_name(self._catalog.fields(target.table))
            return tuple(known.get(field.name.lower(), field) for field in found)
        return found

    def _grow(
        self,
        change: Change,
        configuration: Mapping[str, Any],
        name: TableName,
        columns: tuple[Field, ...],
        fields: tuple[Field, ...],
    ) -> tuple[Field, ...]:
        wanted = set(configuration.get("schemaUpdateOptions") or ())
        if wanted - _UPDATES:
            raise unsupported_field("schemaUpdateOptions")
        known = by_name(columns)
        added = [field for field in fields if field.name.lower() not in known]
        for field in fields:
            have = known.get(field.name.lower())
            if have is not None and (have.type, have.repeated) != (field.type, field.repeated):
                raise ApiError(
                    "invalid",
                    f"Provided Schema does not match Table {name.key}. Field {field.name} has changed type from {have.type} to {field.type}",
                )
        if not added:
            return columns
        if "ALLOW_FIELD_ADDITION" not in wanted:
            raise ApiError(
                "invalid",
                f"Provided Schema does not match Table {name.key}. Cannot add fields (field: {added[0].name})",
            )
        resource = dict(self._catalog.table(name))
        body = {"schema": schema_resource([*columns, *added])}
        self._tables.update_in(change, name, resource, body, False)
        return (*columns, *added)


def _filled(columns: tuple[Field, ...], row: dict[str, Any]) -> dict[str, Any]:
    given = {key.lower(): value for key, value in row.items()}
    return {column.name: given.get(column.name.lower(), [] if column.repeated else None) for column in columns}


def _rejected(error: Rejected) -> ApiError:
    where = f"; line {error.line}" if error.line else ""
    return ApiError("invalid", f"Error while reading data, error message: {error.message}{where}")
