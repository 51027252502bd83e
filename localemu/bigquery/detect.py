"""Autodetect: columns of files from their contents. CSV takes names from its first line when that is unlike the rest."""

from __future__ import annotations

import json
import re
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from localemu.bigquery.decode import decode
from localemu.bigquery.errors import ApiError
from localemu.bigquery.formats import Options, csv_rows, open_text
from localemu.bigquery.schema import Field, from_duck

_SAMPLE = 500
_CANDIDATES = ("BOOLEAN", "INTEGER", "FLOAT", "DATE", "TIMESTAMP", "TIME")


def detect(cursor: duckdb.DuckDBPyConnection, files: list[Path], options: Options) -> tuple[Field, ...]:
    """Give the columns of the first file (all files must agree)."""
    if not files:
        raise ApiError("invalid", "No files to detect a schema from")
    if options.format == "PARQUET":
        found = cursor.execute("SELECT * FROM read_parquet(?) LIMIT 0", [str(files[0])]).description or ()
        return tuple(from_duck(str(column[0]), column[1]) for column in found)
    if options.format == "NEWLINE_DELIMITED_JSON":
        return _json(files, options)
    return _csv(files[0], options)


def _csv(path: Path, options: Options) -> tuple[Field, ...]:
    rows = list(islice(csv_rows(path, options), _SAMPLE))
    if not rows:
        raise ApiError("invalid", "Schema has no fields")
    header, body = (rows[options.skip - 1], rows[options.skip :]) if options.skip else (rows[0], rows[1:])
    kinds = [_text_kind([row[index] for row in body if index < len(row)]) for index in range(len(header))]
    if not options.skip and (not body or any(_text_kind([cell]) != "STRING" for cell in header if cell)):
        raise ApiError(
            "notImplemented",
            "Not supported by this emulator: autodetect of a CSV file without skipLeadingRows or a header line of its own",
        )
    if not options.skip:
        raise ApiError(
            "notImplemented", "Not supported by this emulator: autodetect of a CSV file without skipLeadingRows"
        )
    return tuple(Field(_name(name, index), kind) for index, (name, kind) in enumerate(zip(header, kinds, strict=True)))


def _name(text: str, index: int) -> str:
    name = re.sub(r"\W", "_", text.strip(), flags=re.ASCII)
    return name if name and not name[0].isdigit() else f"_{name}" if name else f"string_field_{index}"


def _text_kind(values: list[str]) -> str:
    given = [value.strip() for value in values if value.strip()]
    for kind in _CANDIDATES:
        if given and all(_reads_as(kind, value) for value in given):
            return kind
    return "STRING"


def _reads_as(kind: str, value: str) -> bool:
    if kind == "BOOLEAN":
        return value.lower() in ("true", "false")
    if kind == "TIMESTAMP" and not re.match(r"\d{4}-\d", value):
        return False
    if kind == "INTEGER" and not re.fullmatch(r"[-+]?\d+", value):
        return False
    try:
        decode(Field("value", kind), value)
    except ValueError:
        return False
    return True


def _json(files: list[Path], options: Options) -> tuple[Field, ...]:
    records: list[dict[str, Any]] = []
    for path in files:
        with open_text(path, options.encoding) as lines:
            for line in islice(lines, _SAMPLE):
                try:
                    record = json.loads(line) if line.strip() else {}
                except ValueError:
                    raise ApiError("invalid", "Error while reading data, error message: JSON parsing error") from None
                records.append(record if isinstance(record, dict) else {})
    return _members(records)


def _members(records: list[dict[str, Any]]) -> tuple[Field, ...]:
    names = list(dict.fromkeys(name for record in records for name in record))
    return tuple(_member(name, [record[name] for record in records if record.get(name) is not None]) for name in names)


def _member(name: str, values: list[Any]) -> Field:
    if values and all(isinstance(value, list) for value in values):
        inner = _member(name, [item for value in values for item in value])
        return Field(name, inner.type, "REPEATED", inner.fields)
    if values and all(isinstance(value, dict) for value in values):
        return Field(name, "RECORD", fields=_members(values))
    if values and all(isinstance(value, bool) for value in values):
        return Field(name, "BOOLEAN")
    if values and all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return Field(name, "INTEGER")
    if values and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        return Field(name, "FLOAT")
    return Field(name, _text_kind([value if isinstance(value, str) else json.dumps(value) for value in values]))
