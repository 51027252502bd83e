"""Values in: JSON cells of insertAll, NDJSON and query parameters as Python values that DuckDB takes for the field's type.

Raises ValueError with a message in BigQuery's words, never with the value itself.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import math
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

from localemu.bigquery.schema import BIGNUMERIC_SCALE, Field, by_name

_WIDE = Context(prec=80)
_INT = re.compile(r"\s*[-+]?\d+\s*")
_STAMP = re.compile(
    r"(\d{4}-\d{1,2}-\d{1,2})(?:[T ](\d{1,2}:\d{1,2}(?::\d{1,2})?)(\.\d{1,9})?)?\s*(Z|UTC|[-+]\d{1,2}(?::?\d{2})?)?",
    re.IGNORECASE,
)
_TIME = re.compile(r"(\d{1,2}:\d{1,2}(?::\d{1,2})?)(\.\d{1,9})?")


class UnknownField(ValueError):
    """A row holds a field that the schema has not."""

    def __init__(self, path: str) -> None:
        super().__init__("no such field: " + path + ".")
        self.path = path


def decode_record(
    fields: tuple[Field, ...], row: Mapping[str, Any], ignore_unknown: bool, path: str = ""
) -> dict[str, Any]:
    """Turn a JSON object into column values, every field present; ValueError or UnknownField names the field only."""
    known = by_name(fields)
    given: dict[str, Any] = {}
    for key, value in row.items():
        field = known.get(str(key).lower())
        if field is None:
            if ignore_unknown:
                continue
            raise UnknownField(path + str(key))
        given[field.name] = value
    return {field.name: decode(field, given.get(field.name), ignore_unknown, path + field.name) for field in fields}


def decode(field: Field, value: Any, ignore_unknown: bool = False, path: str = "") -> Any:
    """Turn one JSON value into what DuckDB takes for the field."""
    path = path or field.name
    if field.repeated:
        if value is None:
            return []
        if not isinstance(value, list):
            raise ValueError(f"Array specified for non-repeated field or value is not an array: {path}.")
        if any(item is None for item in value):
            raise ValueError(f"Only optional fields can be set to NULL. Field: {path}; Value: NULL")
        return [decode(field.element(), item, ignore_unknown, path) for item in value]
    if value is None:
        if field.mode == "REQUIRED":
            raise ValueError(f"Missing required field: {path}.")
        return None
    if field.type == "RECORD":
        if not isinstance(value, Mapping):
            raise ValueError(f"This field: {path} is a record.")
        return decode_record(field.fields, value, ignore_unknown, path + ".")
    if isinstance(value, (list, dict)) and field.type != "JSON":
        raise ValueError(f"Array or object specified for a scalar field: {path}.")
    try:
        decoded = _DECODERS[field.type](value)
    except (ValueError, InvalidOperation, OverflowError, binascii.Error):
        raise ValueError(f"Could not convert value to {field.type.lower()}. Field: {path}") from None
    if field.max_length is not None and len(decoded) > field.max_length:
        raise ValueError(f"Field {path}: value is longer than the maximum length {field.max_length}.")
    return decoded


def _integer(value: Any) -> int:
    if isinstance(value, bool):
        raise ValueError
    if isinstance(value, float):
        if not value.is_integer():
            raise ValueError
        number = int(value)
    elif isinstance(value, str):
        if not _INT.fullmatch(value):
            number = int(Decimal(value))
            if Decimal(value) != number:
                raise ValueError
        else:
            number = int(value)
    else:
        number = int(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError
    return number


def _float(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError
    number = float(value)
    if math.isinf(number) and isinstance(value, str) and "inf" not in value.lower():
        raise ValueError
    return number


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "t", "yes", "y", "1"):
        return True
    if isinstance(value, str) and value.strip().lower() in ("false", "f", "no", "n", "0"):
        return False
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    raise ValueError


def _string(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def _bytes(value: Any) -> bytes:
    if not isinstance(value, str):
        raise ValueError
    text = value.strip().replace("-", "+").replace("_", "/")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def _date(value: Any) -> dt.date:
    if not isinstance(value, str):
        raise ValueError
    year, month, day = value.strip().split("-")
    return dt.date(int(year), int(month), int(day))


def _time(value: Any) -> dt.time:
    match = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError
    return _clock(match[1], match[2])


def _clock(clock: str, fraction: str | None) -> dt.time:
    parts = [int(part) for part in clock.split(":")] + [0]
    micros = int((fraction or ".0")[1:7].ljust(6, "0"))
    return dt.time(parts[0], parts[1], parts[2] if clock.count(":") == 2 else 0, micros)


def _instant(value: str) -> tuple[dt.datetime, str | None]:
    match = _STAMP.fullmatch(value.strip())
    if match is None:
        raise ValueError
    return dt.datetime.combine(_date(match[1]), _clock(match[2] or "0:0:0", match[3])), match[4]


def _datetime(value: Any) -> dt.datetime:
    if not isinstance(value, str):
        raise ValueError
    instant, zone = _instant(value)
    if zone is not None and zone.upper() not in ("Z", "UTC"):
        raise ValueError
    return instant


def _timestamp(value: Any) -> dt.datetime:
    if isinstance(value, bool):
        raise ValueError
    if isinstance(value, (int, float)) or (
        isinstance(value, str) and re.fullmatch(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?", value.strip())
    ):
        micros = int((Decimal(str(value).strip()) * 1_000_000).to_integral_value(ROUND_HALF_UP))
        return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=micros)
    if not isinstance(value, str):
        raise ValueError
    instant, zone = _instant(value)
    return (instant - _offset(zone)).replace(tzinfo=dt.UTC)


def _offset(zone: str | None) -> dt.timedelta:
    if zone is None or zone.upper() in ("Z", "UTC"):
        return dt.timedelta()
    digits = zone[1:].replace(":", "")
    hours, minutes = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits), 0)
    return dt.timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)


def _numeric(value: Any) -> Decimal:
    if isinstance(value, bool):
        raise ValueError
    number = Decimal(str(value).strip())
    exact = number.quantize(Decimal(1).scaleb(-9), ROUND_HALF_UP, _WIDE)
    if not exact.is_finite() or abs(exact) >= Decimal(10) ** 29:
        raise ValueError
    return exact


def _bignumeric(value: Any) -> Decimal:
    number = Decimal(str(value).strip())
    exact = number.quantize(Decimal(1).scaleb(-BIGNUMERIC_SCALE), ROUND_HALF_UP, _WIDE)
    if exact != number or abs(exact) >= Decimal(10) ** (38 - BIGNUMERIC_SCALE):
        raise ValueError  # more digits than DECIMAL(38,19) holds
    return exact


def _json(value: Any) -> str:
    # The streaming API takes JSON as a document in a string; a bare value is kept as it stands.
    if isinstance(value, str):
        json.loads(value)
        return value
    return json.dumps(value, ensure_ascii=False)


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "INTEGER": _integer, "FLOAT": _float, "BOOLEAN": _boolean, "STRING": _string, "BYTES": _bytes, "DATE": _date, "TIME": _time,
    "DATETIME": _datetime, "TIMESTAMP": _timestamp, "NUMERIC": _numeric, "BIGNUMERIC": _bignumeric, "JSON": _json,
}  # fmt: skip
