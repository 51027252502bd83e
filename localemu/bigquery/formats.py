"""Files of load jobs into blocks of decoded rows: NDJSON, CSV, Parquet; gzip is seen by its first bytes."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import duckdb

from localemu.bigquery.decode import decode, decode_record
from localemu.bigquery.errors import ApiError, unsupported_field
from localemu.bigquery.schema import Field, by_name, duck_type, quote

_BLOCK = 1_000
_FORMATS = {"CSV", "NEWLINE_DELIMITED_JSON", "PARQUET"}
_ENCODINGS = {"UTF-8": "utf-8-sig", "ISO-8859-1": "latin-1", "": "utf-8-sig"}
csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


@dataclass(frozen=True)
class Options:
    """How a file is to be read."""

    format: str
    skip: int = 0
    delimiter: str = ","
    quote: str | None = '"'
    null: str = ""
    encoding: str = "utf-8-sig"
    jagged: bool = False
    unknown: bool = False
    max_bad_records: int = 0

    @staticmethod
    def of(configuration: Mapping[str, Any]) -> Options:
        """Read a load configuration; CSV is the default format."""
        name = str(configuration.get("sourceFormat") or "CSV")
        if name not in _FORMATS:
            raise unsupported_field(f"sourceFormat {name}")
        encoding = str(configuration.get("encoding") or "")
        if encoding not in _ENCODINGS:
            raise unsupported_field("encoding")
        if configuration.get("preserveAsciiControlCharacters"):
            raise unsupported_field("preserveAsciiControlCharacters")
        mark = configuration.get("quote")
        delimiter = {"\\t": "\t", "tab": "\t"}.get(
            str(configuration.get("fieldDelimiter") or ","), str(configuration.get("fieldDelimiter") or ",")
        )
        if len(delimiter) != 1 or (mark and len(mark) != 1):
            raise unsupported_field("fieldDelimiter or quote of more than one character")
        return Options(
            name, int(configuration.get("skipLeadingRows") or 0), delimiter, '"' if mark is None else mark or None,
            str(configuration.get("nullMarker") or ""), _ENCODINGS[encoding], bool(configuration.get("allowJaggedRows")),
            bool(configuration.get("ignoreUnknownValues")), int(configuration.get("maxBadRecords") or 0),
        )  # fmt: skip


@dataclass(frozen=True)
class Rejected:
    """A record that could not be read: its line (0 when unknown) and why, without its content."""

    line: int
    message: str


@dataclass(frozen=True)
class Block:
    """Some rows, and what was rejected among them."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    errors: list[Rejected] = field(default_factory=list)


def read_file(
    cursor: duckdb.DuckDBPyConnection, path: Path, options: Options, fields: tuple[Field, ...]
) -> Iterator[Block]:
    """Give the rows of a file for the given columns."""
    if options.format == "PARQUET":
        yield from _parquet(cursor, path, fields)
        return
    records = (
        _ndjson(path, options, fields) if options.format == "NEWLINE_DELIMITED_JSON" else _csv(path, options, fields)
    )
    block = Block()
    for record in records:
        (block.errors if isinstance(record, Rejected) else block.rows).append(record)  # type: ignore[arg-type]
        if len(block.rows) >= _BLOCK or len(block.errors) > options.max_bad_records:
            yield block
            block = Block()
    yield block


def open_text(path: Path, encoding: str) -> TextIO:
    """Open a text file, compressed or not."""
    with path.open("rb") as probe:
        packed = probe.read(2) == b"\x1f\x8b"
    raw: Any = gzip.open(path, "rb") if packed else path.open("rb")  # noqa: SIM115 closed with the wrapper
    return io.TextIOWrapper(raw, encoding=encoding, newline="")


def _ndjson(path: Path, options: Options, fields: tuple[Field, ...]) -> Iterator[dict[str, Any] | Rejected]:
    with open_text(path, options.encoding) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise ValueError("a JSON object is expected on each line")
                yield decode_record(
                    fields, {key: _plain_json(fields, key, value) for key, value in record.items()}, options.unknown
                )
            except json.JSONDecodeError:
                yield Rejected(number, "JSON parsing error")
            except UnicodeDecodeError:
                yield Rejected(number, "invalid encoding")
            except ValueError as error:
                yield Rejected(number, str(error))


def _plain_json(fields: tuple[Field, ...], key: str, value: Any) -> Any:
    # In a file a JSON column holds the value itself; a string there is a JSON string, unlike in insertAll.
    column = by_name(fields).get(key.lower())
    if column is not None and column.type == "JSON" and isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return value


def csv_rows(path: Path, options: Options) -> Iterator[list[str]]:
    """Give the raw records of a CSV file."""
    with open_text(path, options.encoding) as lines:
        style: dict[str, Any] = {"delimiter": options.delimiter, "strict": True}
        style |= {"quotechar": options.quote} if options.quote else {"quoting": csv.QUOTE_NONE}
        yield from csv.reader(lines, **style)


def _csv(path: Path, options: Options, fields: tuple[Field, ...]) -> Iterator[dict[str, Any] | Rejected]:
    if any(column.repeated or column.type == "RECORD" for column in fields):
        raise ApiError("invalid", "CSV cannot hold REPEATED or RECORD fields")
    try:
        for number, record in enumerate(csv_rows(path, options), 1):
            if number <= options.skip or not record:
                continue
            yield _csv_record(number, record, options, fields)
    except csv.Error:
        raise ApiError("invalid", "Error while reading data, error message: CSV could not be parsed") from None


def _csv_record(
    number: int, record: list[str], options: Options, fields: tuple[Field, ...]
) -> dict[str, Any] | Rejected:
    if len(record) > len(fields) and not options.unknown:
        return Rejected(number, f"Too many values in line. Found {len(record)} columns while expected {len(fields)}.")
    if len(record) < len(fields) and not options.jagged:
        return Rejected(
            number,
            f"CSV table references column position {len(fields) - 1}, but line contains only {len(record)} columns.",
        )
    padded: list[str | None] = [*record, *[None] * (len(fields) - len(record))]
    try:
        return {
            column.name: decode(column, _csv_value(column, text, options))
            for column, text in zip(fields, padded, strict=False)
        }
    except ValueError as error:
        return Rejected(number, str(error))


def _csv_value(column: Field, text: str | None, options: Options) -> str | None:
    if text is None or (text == "" and column.type not in ("STRING", "BYTES")):
        return None
    if options.null and text == options.null:
        return None
    return text


def _parquet(cursor: duckdb.DuckDBPyConnection, path: Path, fields: tuple[Field, ...]) -> Iterator[Block]:
    try:
        described = cursor.execute("SELECT * FROM read_parquet(?) LIMIT 0", [str(path)]).description
    except duckdb.Error:
        raise ApiError(
            "invalid", "Error while reading data, error message: Input file is not in Parquet format."
        ) from None
    present = {str(column[0]).lower() for column in described or ()}
    picked = [column for column in fields if column.name.lower() in present]
    columns = ", ".join(f"CAST({quote(column.name)} AS {duck_type(column)})" for column in picked)
    reader = cursor.cursor()
    reader.execute(f"SELECT {columns} FROM read_parquet(?)", [str(path)])
    while rows := reader.fetchmany(_BLOCK):
        yield Block([_whole(fields, picked, row) for row in rows])
    reader.close()


def _whole(fields: tuple[Field, ...], picked: list[Field], row: tuple[Any, ...]) -> dict[str, Any]:
    values = {column.name: value for column, value in zip(picked, row, strict=True)}
    return {
        column.name: values.get(column.name) if not column.repeated else values.get(column.name) or []
        for column in fields
    }
