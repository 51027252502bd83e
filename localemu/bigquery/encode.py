"""Values out: what DuckDB hands to Python, as the cells of a REST reply ({"v": ...}, arrays and structs nested)."""

from __future__ import annotations

import base64
import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from localemu.bigquery.errors import invalid_query
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


def encode_row(fields: Sequence[Field], values: Sequence[Any], stamps: TimestampFormat) -> dict[str, Any]:
    """Give one row of a reply."""
    return {"f": [{"v": _cell(field, value, stamps)} for field, value in zip(fields, values, strict=True)]}


def check_arrays(fields: Sequence[Field], rows: Sequence[Sequence[Any]]) -> None:
    """Refuse a result with a NULL inside an array, which BigQuery cannot write either."""
    for index, field in enumerate(fields):
        if field.repeated or field.type == "RECORD":
            for row in rows:
                _check(field, row[index])


def _check(field: Field, value: Any) -> None:
    if value is None:
        return
    if field.repeated:
        element = field.element()
        for item in value:
            if item is None:
                raise invalid_query(f"Array cannot have a null element; error in writing field {field.name}")
            _check(element, item)
    elif field.type == "RECORD":
        check_arrays(field.fields, [list(value.values()) if isinstance(value, dict) else list(value)])


def _cell(field: Field, value: Any, stamps: TimestampFormat) -> Any:
    if field.repeated:
        element = field.element()
        return [{"v": _cell(element, item, stamps)} for item in value or ()]
    if value is None:
        return None
    if field.type == "RECORD":
        return encode_row(field.fields, list(value.values()) if isinstance(value, dict) else list(value), stamps)
    return _scalar(field.type, value, stamps)


def _scalar(kind: str, value: Any, stamps: TimestampFormat) -> str:
    if kind == "INTEGER":
        if value not in _INT64:
            raise invalid_query("integer overflow")
        return str(value)
    if kind == "FLOAT":
        return float_text(value)
    if kind == "BOOLEAN":
        return "true" if value else "false"
    if kind == "BYTES":
        return base64.b64encode(value).decode()
    if kind == "TIMESTAMP":
        return stamps.text(value)
    if kind == "DATETIME":
        return str(value.isoformat())
    if kind in ("DATE", "TIME"):
        return str(value.isoformat())
    if kind in ("NUMERIC", "BIGNUMERIC"):
        return decimal_text(value)
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
