"""FORMAT_* and PARSE_* of dates and times: BigQuery's format elements, computed in Python.

Zones come from pytz, which carries its own data: a fresh Debian has no zone files.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from typing import Any

import pytz  # type: ignore[import-untyped]  # its stubs are not among the dependencies

_ELEMENT = re.compile(r"%(E\*S|E[0-9]S|E4Y|Ez|O?[A-Za-z%])")
_DAYS = list(calendar.day_name)
_MONTHS = list(calendar.month_name)
_OFFSET = re.compile(r"(?:UTC|GMT)?([-+])(\d{1,2})(?::?(\d{2}))?")


def zone(name: str) -> Any:
    """Give the time zone of an IANA name or an offset; ValueError when it is neither."""
    match = _OFFSET.fullmatch(name)
    if match:
        minutes = (int(match[2]) * 60 + int(match[3] or 0)) * (-1 if match[1] == "-" else 1)
        return dt.timezone(dt.timedelta(minutes=minutes))
    try:
        return pytz.timezone(name)
    except pytz.UnknownTimeZoneError:
        raise ValueError("Invalid time zone") from None


def localise(value: dt.datetime, name: str) -> dt.datetime:
    """Read a zoneless time as a time of the zone."""
    found = zone(name)
    return value.replace(tzinfo=found) if isinstance(found, dt.timezone) else found.localize(value)


def format_timestamp(pattern: str, value: dt.datetime, name: str) -> str:
    """FORMAT_TIMESTAMP(pattern, value, zone)."""
    return format_time(pattern, value.astimezone(zone(name)))


def format_time(pattern: str, value: dt.datetime) -> str:
    """FORMAT_DATE, FORMAT_DATETIME, FORMAT_TIME: the elements of zones give nothing without one."""
    return _ELEMENT.sub(lambda match: _element(match[1], value), pattern)


def _element(code: str, value: dt.datetime) -> str:
    if code[0] == "E" and code not in ("E4Y", "Ez"):
        return f"{value.second:02d}" + _fraction(value.microsecond, code[1])
    if code[0] == "O" and len(code) == 2:
        code = code[1]
    make = _ELEMENTS.get(code)
    if make is None:
        raise ValueError(f"Format element %{code} is not supported by this emulator")
    return str(make(value))


def _fraction(micros: int, digits: str) -> str:
    if digits != "*":
        return "" if digits == "0" else "." + f"{micros:06d}".ljust(9, "0")[: int(digits)]
    if micros == 0:
        return ""
    return f".{micros // 1000:03d}" if micros % 1000 == 0 else f".{micros:06d}"


def _offset(value: dt.datetime, colon: bool) -> str:
    offset = value.utcoffset()
    if offset is None:
        return ""
    minutes = int(offset.total_seconds()) // 60
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"{sign}{minutes // 60:02d}{':' if colon else ''}{minutes % 60:02d}"


def _zone_name(value: dt.datetime) -> str:
    offset = value.utcoffset()
    if offset is None:
        return ""
    if not offset:
        return "UTC"
    hours, minutes = divmod(abs(int(offset.total_seconds())) // 60, 60)
    return f"UTC{'-' if offset < dt.timedelta() else '+'}{hours}" + (f":{minutes:02d}" if minutes else "")


def _hour12(value: dt.datetime) -> int:
    return value.hour % 12 or 12


_ELEMENTS: dict[str, Any] = {
    "A": lambda v: _DAYS[v.weekday()],
    "a": lambda v: _DAYS[v.weekday()][:3],
    "B": lambda v: _MONTHS[v.month],
    "b": lambda v: _MONTHS[v.month][:3],
    "h": lambda v: _MONTHS[v.month][:3],
    "C": lambda v: f"{v.year // 100:02d}",
    "c": lambda v: format_time("%a %b %e %H:%M:%S %Y", v),
    "D": lambda v: format_time("%m/%d/%y", v),
    "d": lambda v: f"{v.day:02d}",
    "e": lambda v: f"{v.day:2d}",
    "F": lambda v: format_time("%Y-%m-%d", v),
    "G": lambda v: v.isocalendar()[0],
    "g": lambda v: f"{v.isocalendar()[0] % 100:02d}",
    "H": lambda v: f"{v.hour:02d}",
    "I": lambda v: f"{_hour12(v):02d}",
    "j": lambda v: f"{v.timetuple().tm_yday:03d}",
    "k": lambda v: f"{v.hour:2d}",
    "l": lambda v: f"{_hour12(v):2d}",
    "M": lambda v: f"{v.minute:02d}",
    "m": lambda v: f"{v.month:02d}",
    "n": lambda v: "\n",
    "P": lambda v: "am" if v.hour < 12 else "pm",
    "p": lambda v: "AM" if v.hour < 12 else "PM",
    "Q": lambda v: (v.month + 2) // 3,
    "R": lambda v: format_time("%H:%M", v),
    "S": lambda v: f"{v.second:02d}",
    "s": lambda v: calendar.timegm(v.utctimetuple()),
    "T": lambda v: format_time("%H:%M:%S", v),
    "t": lambda v: "\t",
    "U": lambda v: f"{(v.timetuple().tm_yday + 6 - (v.weekday() + 1) % 7) // 7:02d}",
    "u": lambda v: v.isoweekday(),
    "V": lambda v: f"{v.isocalendar()[1]:02d}",
    "W": lambda v: f"{(v.timetuple().tm_yday + 6 - v.weekday()) // 7:02d}",
    "w": lambda v: v.isoweekday() % 7,
    "X": lambda v: format_time("%H:%M:%S", v),
    "x": lambda v: format_time("%m/%d/%y", v),
    "Y": lambda v: v.year,
    "y": lambda v: f"{v.year % 100:02d}",
    "Z": _zone_name,
    "z": lambda v: _offset(v, colon=False),
    "Ez": lambda v: _offset(v, colon=True),
    "E4Y": lambda v: f"{v.year:04d}",
    "%": lambda v: "%",
}

_COMPOSED = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y", "x": "%m/%d/%y", "X": "%H:%M:%S"}
_PATTERNS = {
    "Y": r"(?P<Y>[-+]?\d{1,4})", "E4Y": r"(?P<Y>\d{4})", "y": r"(?P<y>\d{1,2})", "m": r"(?P<m>\d{1,2})", "d": r"(?P<d>\d{1,2})",
    "e": r"\s*(?P<d>\d{1,2})", "H": r"(?P<H>\d{1,2})", "k": r"\s*(?P<H>\d{1,2})", "I": r"(?P<I>\d{1,2})", "l": r"\s*(?P<I>\d{1,2})",
    "M": r"(?P<M>\d{1,2})", "S": r"(?P<S>\d{1,2})", "E*S": r"(?P<S>\d{1,2})(?P<f>\.\d+)?", "p": r"(?P<p>[AaPp][Mm])",
    "P": r"(?P<p>[AaPp][Mm])", "b": r"(?P<b>[A-Za-z]{3})", "h": r"(?P<b>[A-Za-z]{3})", "B": r"(?P<b>[A-Za-z]{3,9})",
    "a": r"[A-Za-z]{3}", "A": r"[A-Za-z]{6,9}", "j": r"(?P<j>\d{1,3})", "z": r"(?P<z>[-+]\d{2}:?\d{2}|Z)",
    "Ez": r"(?P<z>[-+]\d{2}:?\d{2}|Z)", "s": r"(?P<s>-?\d+)", "%": "%", "n": r"\s*", "t": r"\s*",
}  # fmt: skip


def _expression(pattern: str) -> str:
    parts: list[str] = []
    position = 0
    for match in _ELEMENT.finditer(pattern):
        parts.append(_literal(pattern[position : match.start()]))
        code = match[1]
        if code in _COMPOSED:
            parts.append(_expression(_COMPOSED[code]))
        elif code in _PATTERNS:
            parts.append(_PATTERNS[code])
        elif re.fullmatch("E[0-9]S", code):
            parts.append(r"(?P<S>\d{1,2})(?P<f>\.\d{1," + code[1].replace("0", "1") + "})?")
        else:
            raise ValueError(f"Format element %{code} is not supported by this emulator")
        position = match.end()
    return "".join(parts) + _literal(pattern[position:])


def _literal(text: str) -> str:
    return re.sub(r"(?:\\ |\s)+", r"\\s*", re.escape(text))


def _parsed(pattern: str, text: str) -> dict[str, str]:
    try:
        match = re.fullmatch(r"\s*" + _expression(pattern) + r"\s*", text)
    except re.error:
        raise ValueError("A format element occurs twice, which is not supported by this emulator") from None
    if match is None:
        raise ValueError("Failed to parse input string")
    return {name: value for name, value in match.groupdict().items() if value is not None}


def _moment(got: dict[str, str]) -> dt.datetime:
    if "s" in got:
        return dt.datetime(1970, 1, 1) + dt.timedelta(seconds=int(got["s"]))
    month = _month(got["b"]) if "b" in got else int(got.get("m", 1))
    hour = int(got.get("H", 0))
    if "I" in got:
        hour = int(got["I"]) % 12 + (12 if got.get("p", "am").lower() == "pm" else 0)
    micros = int(got.get("f", ".0")[1:7].ljust(6, "0"))
    value = dt.datetime(
        _year(got), month, int(got.get("d", 1)), hour, int(got.get("M", 0)), int(got.get("S", 0)), micros
    )
    return value + dt.timedelta(days=int(got["j"]) - 1) if "j" in got else value


def _year(got: dict[str, str]) -> int:
    if "y" in got:
        return int(got["y"]) + (1900 if int(got["y"]) >= 69 else 2000)
    return int(got.get("Y", 1970))


def _month(name: str) -> int:
    for number, full in enumerate(_MONTHS):
        if number and name.lower() in (full.lower(), full[:3].lower()):
            return number
    raise ValueError("Failed to parse input string")


def parse_time(pattern: str, text: str) -> dt.datetime:
    """PARSE_DATE, PARSE_DATETIME, PARSE_TIME."""
    return _moment(_parsed(pattern, text))


def parse_timestamp(pattern: str, text: str, name: str) -> dt.datetime:
    """PARSE_TIMESTAMP: an offset in the text wins over the zone."""
    got = _parsed(pattern, text)
    if "s" in got or got.get("z") == "Z":
        return _moment(got).replace(tzinfo=dt.UTC)
    return localise(_moment(got), got.get("z") or name).astimezone(dt.UTC)
