"""Functions that DuckDB lacks, written in Python and registered at start; `clock.py` holds those of dates and times.

Each takes and returns plain values; a ValueError becomes the error of the query. Messages never hold the input.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import re
import unicodedata
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any, Literal

import duckdb
from duckdb.func import FunctionNullHandling

from localemu.bigquery import decode
from localemu.bigquery.functions import clock
from localemu.bigquery.schema import Field

_CONTEXT = Context(prec=80)
_FORMS: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")


def fail(message: str, _: Any) -> Any:
    """Raise from inside an expression, where DuckDB's own error() could not be caught by TRY."""
    raise ValueError(message)


def float_string(value: float) -> str:
    """CAST(FLOAT64 AS STRING): the shortest of 15 or 17 digits that reads back the same."""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    short = f"{value:.15g}"
    return short if float(short) == value else f"{value:.17g}"


def int_of(text: str) -> int:
    """CAST(STRING AS INT64): decimal or hexadecimal, nothing else."""
    stripped = text.strip()
    if re.fullmatch(r"[-+]?\d+", stripped):
        number = int(stripped)
    elif re.fullmatch(r"[-+]?0[xX][0-9a-fA-F]+", stripped):
        number = int(stripped, 16)
    else:
        raise ValueError("Bad int64 value")
    if not -(2**63) <= number < 2**63:
        raise ValueError("Bad int64 value")
    return number


def bool_of(text: str) -> bool:
    """CAST(STRING AS BOOL)."""
    if text.lower() not in ("true", "false"):
        raise ValueError("Bad bool value")
    return text.lower() == "true"


def parse_numeric(text: str) -> Any:
    """PARSE_NUMERIC and CAST(STRING AS NUMERIC)."""
    return _typed("NUMERIC", text, "Invalid NUMERIC value")


def bignumeric_of(text: str) -> Any:
    """CAST(STRING AS BIGNUMERIC), refused where DECIMAL(38,19) would lose digits."""
    return _typed(
        "BIGNUMERIC", text, "BIGNUMERIC value with more digits than this emulator keeps (19 before and after the point)"
    )


def date_of(text: str) -> Any:
    """CAST(STRING AS DATE)."""
    return _typed("DATETIME", text, "Invalid date").date()


def datetime_of(text: str) -> Any:
    """CAST(STRING AS DATETIME)."""
    return _typed("DATETIME", text, "Invalid datetime string")


def time_of(text: str) -> Any:
    """CAST(STRING AS TIME)."""
    return _typed("TIME", text, "Invalid time string")


def timestamp_of(text: str, zone: str) -> Any:
    """TIMESTAMP(STRING, zone) and CAST(STRING AS TIMESTAMP): the text's own zone wins."""
    match = re.fullmatch(r"(.*\d)\s+([A-Za-z]+/[A-Za-z_/]+)", text.strip())
    if match:
        text, zone = match[1], match[2]
    if match is None and not re.search(r"\d", text):
        raise ValueError("Invalid timestamp")
    try:
        naive = _typed("DATETIME", text, "Invalid timestamp")
    except ValueError:
        if re.fullmatch(r"\s*[-+]?[\d.eE]+\s*", text):
            raise
        return _typed("TIMESTAMP", text, "Invalid timestamp")
    if re.search(r"(Z|UTC)\s*$", text, re.IGNORECASE):
        zone = "UTC"
    return clock.localise(naive, zone).astimezone(dt.UTC)


def _typed(kind: str, text: str, message: str) -> Any:
    try:
        return decode.decode(Field("value", kind), text)
    except (ValueError, InvalidOperation):
        raise ValueError(message) from None


def zone_name(name: str) -> str:
    """Give a zone as DuckDB spells it; offsets become Etc/GMT names (whole hours only)."""
    zone = clock.zone(name)
    if not isinstance(zone, dt.timezone):
        return name
    offset = zone.utcoffset(None)
    hours, rest = divmod(int(offset.total_seconds()), 3600)
    if rest:
        raise ValueError("A zone offset that is not of whole hours is not supported by this emulator here")
    return "UTC" if hours == 0 else f"Etc/GMT{'-' if hours > 0 else '+'}{abs(hours)}"


def numeric_divide(left: Decimal, right: Decimal) -> Decimal:
    """NUMERIC / NUMERIC, rounded half away from zero at nine digits."""
    if right == 0:
        raise ValueError("division by zero")
    return _CONTEXT.divide(left, right).quantize(Decimal("1e-9"), ROUND_HALF_UP, _CONTEXT)


def numeric_mod(left: Decimal, right: Decimal) -> Decimal:
    """MOD of NUMERIC: the sign of the left side."""
    if right == 0:
        raise ValueError("division by zero")
    return _CONTEXT.remainder(left, right)


def numeric_round(value: Decimal, digits: int) -> Decimal:
    """ROUND(NUMERIC, digits), half away from zero."""
    return value.quantize(Decimal(1).scaleb(-min(digits, 9)), ROUND_HALF_UP, _CONTEXT).quantize(
        Decimal("1e-9"), ROUND_HALF_UP, _CONTEXT
    )


def round_float(value: float, digits: int) -> float:
    """ROUND(FLOAT64, digits), half away from zero in decimal."""
    if not math.isfinite(value) or digits > 30:
        return value
    return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _CONTEXT))


def trunc_float(value: float, digits: int) -> float:
    """TRUNC(FLOAT64, digits)."""
    if not math.isfinite(value) or digits > 30:
        return value
    return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), "ROUND_DOWN", _CONTEXT))


def utf8(value: bytes) -> str:
    """CAST(BYTES AS STRING)."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise ValueError("Invalid UTF-8") from None


def lossy_utf8(value: bytes) -> str:
    """SAFE_CONVERT_BYTES_TO_STRING."""
    return value.decode(errors="replace")


def normalize(value: str, form: str) -> str:
    """NORMALIZE."""
    for known in _FORMS:
        if form.upper() == known:
            return unicodedata.normalize(known, value)
    raise ValueError("Invalid normalization mode")


def casefold(value: str) -> str:
    """NORMALIZE_AND_CASEFOLD."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", value).casefold())


def initcap(value: str) -> str:
    """INITCAP with BigQuery's default delimiters."""
    parts = re.split(r"([ \t\r\n\[\](){}/|<>!?@\"^#$&~_,.:;*%+\-]+)", value)
    return "".join(part[:1].upper() + part[1:].lower() for part in parts)


def trim(value: str, characters: str | None) -> str:
    """TRIM."""
    return value.strip(characters)


def ltrim(value: str, characters: str | None) -> str:
    """LTRIM."""
    return value.lstrip(characters)


def rtrim(value: str, characters: str | None) -> str:
    """RTRIM."""
    return value.rstrip(characters)


def pad_left(value: str, length: int, pattern: str) -> str:
    """LPAD."""
    _check_pad(length, pattern)
    missing = max(length - len(value), 0)
    return (pattern * (missing // len(pattern) + 1))[:missing] + value[:length]


def pad_right(value: str, length: int, pattern: str) -> str:
    """RPAD."""
    _check_pad(length, pattern)
    missing = max(length - len(value), 0)
    return value[:length] + (pattern * (missing // len(pattern) + 1))[:missing]


def _check_pad(length: int, pattern: str) -> None:
    if length < 0 or not pattern:
        raise ValueError("Invalid length or empty pattern in a padding function")


def instr(value: str, part: str, position: int, occurrence: int) -> int:
    """INSTR: from the end when the position is negative."""
    if position == 0 or occurrence <= 0:
        raise ValueError("Invalid position or occurrence in INSTR")
    step = 1 if position > 0 else -1
    at = position - 1 if position > 0 else len(value) + position
    while 0 <= at < len(value):
        if value.startswith(part, at):
            occurrence -= 1
            if occurrence == 0:
                return at + 1
        at += step
    return 0


def sha512(value: bytes) -> bytes:
    """SHA512."""
    return hashlib.sha512(value).digest()


def parse_json(text: str) -> str:
    """PARSE_JSON: exact mode, the document normalised."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))
    except ValueError:
        raise ValueError("Invalid input to JSON parsing: syntax error") from None


def _strict(document: str, kinds: tuple[type, ...], name: str) -> Any:
    value = json.loads(document)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise ValueError(f"The provided JSON input is not a {name}")
    return value


def json_string(document: str) -> str:
    """STRING(json)."""
    return str(_strict(document, (str,), "string"))


def json_int64(document: str) -> int:
    """INT64(json)."""
    value = _strict(document, (int, float), "integer")
    if value != int(value):
        raise ValueError("The provided JSON number cannot be converted to an int64")
    return int(value)


def json_float64(document: str) -> float:
    """FLOAT64(json)."""
    return float(_strict(document, (int, float), "number"))


def json_bool(document: str) -> bool:
    """BOOL(json)."""
    return bool(_strict(document, (bool,), "boolean"))


def lax_string(document: str) -> str | None:
    """LAX_STRING(json)."""
    value = json.loads(document)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return float_string(value)
    return str(value) if isinstance(value, (str, int)) else None


def _lax_number(document: str) -> float | int | None:
    value = json.loads(document)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        try:
            return int(value) if re.fullmatch(r"[-+]?\d+", value) else float(value)
        except ValueError:
            return None
    return value if isinstance(value, (int, float)) else None


def lax_int64(document: str) -> int | None:
    """LAX_INT64(json)."""
    number = _lax_number(document)
    if number is None or not math.isfinite(number):
        return None
    rounded = int(Decimal(repr(number)).to_integral_value(ROUND_HALF_UP)) if isinstance(number, float) else number
    return rounded if -(2**63) <= rounded < 2**63 else None


def lax_float64(document: str) -> float | None:
    """LAX_FLOAT64(json): a boolean is no number."""
    number = None if json.loads(document) in (True, False) else _lax_number(document)
    return None if number is None else float(number)


def lax_bool(document: str) -> bool | None:
    """LAX_BOOL(json)."""
    value = json.loads(document)
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return bool(value) if isinstance(value, (bool, int, float)) else None


_DIRECTIVE = re.compile(r"%([-+ #0']*)(\*|\d+)?(?:\.(\*|\d+))?([a-zA-Z%])")


def format_text(pattern: str, arguments: list[str]) -> str | None:
    """FORMAT: `arguments` are `KIND:text`, a missing text (KIND alone) is NULL."""
    remaining = list(arguments)
    null_seen = False

    def put(match: re.Match[str]) -> str:
        nonlocal null_seen
        flags, width, precision, letter = match.groups()
        if letter == "%":
            return "%"
        if width == "*" or precision == "*" or "'" in flags:
            raise ValueError("FORMAT with * or ' is not supported by this emulator")
        if not remaining:
            raise ValueError("Too few arguments to FORMAT for pattern")
        kind, given, text = remaining.pop(0).partition(":")
        if not given:
            null_seen = null_seen or letter not in "tT"
            return f"%{flags.replace('0', '')}{width or ''}s" % "NULL"
        return _directive(flags, width or "", precision, letter, kind, text)

    out = _DIRECTIVE.sub(put, pattern)
    if remaining:
        raise ValueError("Too many arguments to FORMAT for pattern")
    return None if null_seen else out


def _directive(flags: str, width: str, precision: str | None, letter: str, kind: str, text: str) -> str:
    point = "" if precision is None else "." + precision
    if letter in "di" and kind == "INT64":
        return f"%{flags}{width}{point}d" % int(text)
    if letter in "oxX" and kind == "INT64":
        return f"%{flags}{width}{point}{letter}" % int(text)
    if letter in "fFeEgG" and kind in ("FLOAT64", "NUMERIC", "INT64") and kind != "INT64":
        return f"%{flags}{width}{point}{letter}" % float(text)
    if letter == "s" and kind == "STRING":
        return f"%{flags}{width}{point}s" % text
    if letter in "tT":
        return f"%{flags}{width}{point}s" % _printed(letter, kind, text)
    raise ValueError("Invalid type for argument of FORMAT")


def _printed(letter: str, kind: str, text: str) -> str:
    if kind == "FLOAT64":
        text = float_string(float(text))
        text = text if re.search(r"[.en]", text) else text + ".0"
    if letter == "t" or kind in ("INT64", "FLOAT64", "BOOL"):
        return text
    if kind == "STRING":
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    return f'{kind} "{text}"' if kind in ("DATE", "DATETIME", "TIME", "TIMESTAMP") else f"{kind} '{text}'"


_FUNCTIONS: tuple[tuple[str, Any, list[Any], str], ...] = (
    ("bq_fail_double", fail, ["VARCHAR", "DOUBLE"], "DOUBLE"),
    ("bq_fail_bigint", fail, ["VARCHAR", "BIGINT"], "BIGINT"),
    ("bq_fail_varchar", fail, ["VARCHAR", "VARCHAR"], "VARCHAR"),
    ("bq_float_string", float_string, ["DOUBLE"], "VARCHAR"),
    ("bq_int64_of", int_of, ["VARCHAR"], "BIGINT"),
    ("bq_bool_of", bool_of, ["VARCHAR"], "BOOLEAN"),
    ("bq_parse_numeric", parse_numeric, ["VARCHAR"], "DECIMAL(38,9)"),
    ("bq_bignumeric_of", bignumeric_of, ["VARCHAR"], "DECIMAL(38,19)"),
    ("bq_date_of", date_of, ["VARCHAR"], "DATE"),
    ("bq_datetime_of", datetime_of, ["VARCHAR"], "TIMESTAMP"),
    ("bq_time_of", time_of, ["VARCHAR"], "TIME"),
    ("bq_timestamp", timestamp_of, ["VARCHAR", "VARCHAR"], "TIMESTAMPTZ"),
    ("bq_zone", zone_name, ["VARCHAR"], "VARCHAR"),
    ("bq_numeric_divide", numeric_divide, ["DECIMAL(38,9)", "DECIMAL(38,9)"], "DECIMAL(38,9)"),
    ("bq_numeric_mod", numeric_mod, ["DECIMAL(38,9)", "DECIMAL(38,9)"], "DECIMAL(38,9)"),
    ("bq_numeric_round", numeric_round, ["DECIMAL(38,9)", "BIGINT"], "DECIMAL(38,9)"),
    ("bq_round", round_float, ["DOUBLE", "BIGINT"], "DOUBLE"),
    ("bq_trunc", trunc_float, ["DOUBLE", "BIGINT"], "DOUBLE"),
    ("bq_utf8", utf8, ["BLOB"], "VARCHAR"),
    ("bq_lossy_utf8", lossy_utf8, ["BLOB"], "VARCHAR"),
    ("bq_normalize", normalize, ["VARCHAR", "VARCHAR"], "VARCHAR"),
    ("bq_casefold", casefold, ["VARCHAR"], "VARCHAR"),
    ("bq_initcap", initcap, ["VARCHAR"], "VARCHAR"),
    ("bq_lpad", pad_left, ["VARCHAR", "BIGINT", "VARCHAR"], "VARCHAR"),
    ("bq_rpad", pad_right, ["VARCHAR", "BIGINT", "VARCHAR"], "VARCHAR"),
    ("bq_instr", instr, ["VARCHAR", "VARCHAR", "BIGINT", "BIGINT"], "BIGINT"),
    ("bq_sha512", sha512, ["BLOB"], "BLOB"),
    ("bq_parse_json", parse_json, ["VARCHAR"], "VARCHAR"),
    ("bq_json_string", json_string, ["VARCHAR"], "VARCHAR"),
    ("bq_json_int64", json_int64, ["VARCHAR"], "BIGINT"),
    ("bq_json_float64", json_float64, ["VARCHAR"], "DOUBLE"),
    ("bq_json_bool", json_bool, ["VARCHAR"], "BOOLEAN"),
    ("bq_format_time", clock.format_time, ["VARCHAR", "TIMESTAMP"], "VARCHAR"),
    ("bq_format_timestamp", clock.format_timestamp, ["VARCHAR", "TIMESTAMPTZ", "VARCHAR"], "VARCHAR"),
    ("bq_parse_time", clock.parse_time, ["VARCHAR", "VARCHAR"], "TIMESTAMP"),
    ("bq_parse_timestamp", clock.parse_timestamp, ["VARCHAR", "VARCHAR", "VARCHAR"], "TIMESTAMPTZ"),
)
# These see or give NULL themselves.
_WITH_NULLS: tuple[tuple[str, Any, list[Any], str], ...] = (
    ("bq_trim", lambda value, chars: None if value is None else trim(value, chars), ["VARCHAR", "VARCHAR"], "VARCHAR"),
    (
        "bq_ltrim",
        lambda value, chars: None if value is None else ltrim(value, chars),
        ["VARCHAR", "VARCHAR"],
        "VARCHAR",
    ),
    (
        "bq_rtrim",
        lambda value, chars: None if value is None else rtrim(value, chars),
        ["VARCHAR", "VARCHAR"],
        "VARCHAR",
    ),
    (
        "bq_format",
        lambda text, args: None if text is None else format_text(text, args),
        ["VARCHAR", "VARCHAR[]"],
        "VARCHAR",
    ),
    ("bq_lax_string", lambda doc: None if doc is None else lax_string(doc), ["VARCHAR"], "VARCHAR"),
    ("bq_lax_int64", lambda doc: None if doc is None else lax_int64(doc), ["VARCHAR"], "BIGINT"),
    ("bq_lax_float64", lambda doc: None if doc is None else lax_float64(doc), ["VARCHAR"], "DOUBLE"),
    ("bq_lax_bool", lambda doc: None if doc is None else lax_bool(doc), ["VARCHAR"], "BOOLEAN"),
)


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions known to the database of a connection."""
    for name, function, takes, gives in _FUNCTIONS:
        connection.create_function(name, function, takes, gives)
    for name, function, takes, gives in _WITH_NULLS:
        connection.create_function(name, function, takes, gives, null_handling=FunctionNullHandling.SPECIAL)
