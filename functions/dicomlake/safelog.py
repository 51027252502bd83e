"""Structured logging that cannot carry a value of an input: `event(name, **fields)` writes one JSON line to standard error.

Only the fields below pass, each by its own form; anything else raises before it is written, so that a slip fails in the tests and
not in a log. Cloud Logging reads `severity` and the rest as structured payload. The only module that imports logging.
"""

import json
import logging
import re
import sys
from collections.abc import Callable
from pathlib import Path

from dicomlake.errors import Code

_SLUG = re.compile(r"[a-z][a-z0-9_]{0,47}")
_KEY = re.compile(r"[A-Z][A-Z2-7]{8,32}")
_HEX = re.compile(r"[0-9a-f]{8,64}")
_TYPE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,79}")
_WHERE = re.compile(r"[a-z0-9_/]{1,60}:\d{1,6}( [a-z0-9_/]{1,60}:\d{1,6}){0,5}")
_VERSION = re.compile(r"[0-9a-z.+-]{1,40}")

_PACKAGE = Path(__file__).parent
_LOGGER = logging.getLogger("dicomlake")


def _text(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _count(value: object) -> bool:
    return isinstance(value, int)


# Field name -> the form its value must have. Nothing here can spell a name, an id, a date or an object path.
FIELDS: dict[str, Callable[[object], bool]] = {
    "code": lambda value: isinstance(value, str) and value in set(Code),
    "detail": _text(_SLUG),
    "outcome": _text(_SLUG),
    "kind": _text(_SLUG),
    "status": _text(_SLUG),
    "function": _text(_SLUG),
    "table": _text(_TYPE),
    "error_type": _text(_TYPE),
    "where": _text(_WHERE),
    "object_key": _text(_KEY),
    "trace": _text(_HEX),
    "rules_version": _text(_VERSION),
    "bytes": _count,
    "count": _count,
    "elapsed_ms": _count,
    "attempt": _count,
}


def event(name: str, /, *, severity: str = "INFO", **fields: object) -> None:
    """Write one line. `name` and every field must have the form listed in FIELDS; raises ValueError (naming the field only) otherwise."""
    if not _SLUG.fullmatch(name):
        raise ValueError("event name is not a slug")
    for field, value in fields.items():
        allowed = FIELDS.get(field)
        if allowed is None or not allowed(value):
            raise ValueError(f"log field {field} is not allowed or not of its form")
    line = json.dumps({"severity": severity, "event": name, **fields}, separators=(",", ":"))
    _LOGGER.log(logging.getLevelName(severity), line)


def setup() -> None:
    """Send our lines to standard error as they are, and silence libraries whose messages quote values (pydicom, urllib3)."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    _LOGGER.handlers = [handler]
    _LOGGER.propagate = False
    _LOGGER.setLevel(logging.INFO)
    for noisy in ("pydicom", "urllib3", "google", "werkzeug"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)


def where(error: BaseException) -> str:
    """Places in our own code that `error` passed, innermost last, as `room/module:line`: enough to find a fault, nothing of its message."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.is_relative_to(_PACKAGE):
            places.append(f"{file.relative_to(_PACKAGE).with_suffix('').as_posix()}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " ".join(places[-6:]) or "outside:0"
