"""Values out: what DuckDB hands to Python, as the cells of a REST reply ({"v": ...}, arrays and structs nested)."""

from __future__ import annotations

import base64
import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from localemu.bigquery.errors import ApiError, invalid_query
from localemu.bigquery.rows import Rows
from localemu.bigquery.schema import Field

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True)
class TimestampFormat:
    """How the request wants its timestamps: float seconds (the default) or whole microseconds."""

    int64: bool = False

    def text(self, value: dt.datetime) -> str:
        """Render one instant."""
        micros = (value.astimezone(dt.UTC) - _EPOCH) // dt.timedelta(microseconds=1)
        if self.int64:
            return str(micros)
        # BigQuery writes seconds as a double in exponent form; the client reads any float literal.
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}" if micros >= 0 else repr(micros / 1e6)


def encode_rows(
    fields: Sequence[Field], rows: Sequence[Sequence[Any]], stamps: TimestampFormat
) -> list[dict[str, Any]]:
    """Give the rows of a reply."""
    cells = [_cells(field, stamps) for field in fields]
    return [{"f": [{"v": cell(value)} for cell, value in zip(cells, row, strict=True)]} for row in rows]


def check_arrays(fields: Sequence[Field], rows: Rows) -> None:
    """Refuse a result with a NULL inside an array, which BigQuery cannot write either."""
    for index, field in enumerate(fields):
        if field.repeated or field.type == "RECORD":
            for row in rows.first:
                _check(field, row[index])
            if rows.rest is not None and _null_within(rows.rest.column(index).combine_chunks()):
                raise _null_element(field)


def _null_within(array: Any) -> bool:
    """Whether a list in an Arrow array has an element that is NULL, however deep."""
    if hasattr(array.type, "value_type"):
        elements = array.flatten()
        return bool(elements.null_count) or _null_within(elements)
    return array.type.num_fields > 0 and any(_null_within(one) for one in array.flatten())


def _null_element(field: Field) -> ApiError:
    return invalid_query(f"Array cannot have a null element; error in writing field {field.name}")


def _check(field: Field, value: Any) -> None:
    if value is None:
        return
    if field.repeated:
        element = field.element()
        for item in value:
            if item is None:
                raise _null_element(field)
            _check(element, item)
    elif field.type == "RECORD":
        for member, item in zip(field.fields, _members(value), strict=True):
            _check(member, item)


def _members(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else list(value)


def _cells(field: Field, stamps: TimestampFormat) -> Callable[[Any], Any]:
    """What turns a value of a column into its cell."""
    if field.repeated:
        element = _cells(field.element(), stamps)
        return lambda value: [{"v": element(item)} for item in value or ()]
    if field.type == "RECORD":
        return lambda value: None if value is None else encode_rows(field.fields, [_members(value)], stamps)[0]
    text = stamps.text if field.type == "TIMESTAMP" else _TEXTS.get(field.type, str)
    return lambda value: None if value is None else text(value)


def _integer_text(value: int) -> str:
    if value not in _INT64:
        raise invalid_query("integer overflow")
    return str(value)


def float_text(value: float) -> str:
    """Render a FLOAT64 as the REST API does."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(float(value))


def decimal_text(value: Decimal) -> str:
    """Render a NUMERIC: no exponent, no trailing zeros."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


_TEXTS: Mapping[str, Callable[[Any], str]] = {
    "INTEGER": _integer_text,
    "FLOAT": float_text,
    "BOOLEAN": lambda value: "true" if value else "false",
    "BYTES": lambda value: base64.b64encode(value).decode(),
    "DATETIME": lambda value: str(value.isoformat()),
    "DATE": lambda value: str(value.isoformat()),
    "TIME": lambda value: str(value.isoformat()),
    "NUMERIC": decimal_text,
    "BIGNUMERIC": decimal_text,
}
