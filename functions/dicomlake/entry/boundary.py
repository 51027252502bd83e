"""The edge between a function and the world: a CloudEvent in, one flow called, acknowledged or raised again.

Holds the only broad `except` of the product. What leaves here in an exception is a constant, since functions-framework prints it.
"""

import importlib
import threading
import time
import warnings
from collections.abc import Callable
from functools import cache
from typing import Protocol

from dicomlake import events, safelog, settings
from dicomlake.errors import Code, ConfigError, TransientError
from dicomlake.events import MalformedEvent, StorageEvent
from dicomlake.pipeline.services import Services


class CloudEvent(Protocol):
    """What the framework passes: CloudEvents attributes by name, and the data."""

    data: object

    def __getitem__(self, attribute: str) -> object: ...

    def get(self, attribute: str) -> object:
        """The attribute, or None."""
        ...


class Retry(Exception):
    """Raised to the framework so that the event is delivered again. Carries a constant only."""


Flow = Callable[[Services, StorageEvent], None]


_STARTING = threading.Lock()
# What the flows import inside their functions. Two threads that come upon a package at once, from different ends, can fail each other.
_PACKAGES = (
    "cryptography.hazmat.primitives.kdf.hkdf",
    "google.cloud.bigquery",
    "google.cloud.storage",
    "pydicom",
    "pydicom.charset",
    "pydicom.datadict",
    "pydicom.filereader",
)


def services() -> Services:
    """The services of this process. Raises ConfigError when it cannot start."""
    with _STARTING:
        return _services()


@cache
def _services() -> Services:
    safelog.setup()
    warnings.simplefilter(
        "ignore"
    )  # pydicom's quote values, and to silence them in one place is not safe between threads
    made = Services(settings.load())
    for package in _PACKAGES:
        importlib.import_module(package)
    return made


def storage_function(name: str, flow: Flow, give_up: Flow) -> Callable[[CloudEvent], None]:
    """Make the function `name` of `flow`. What `flow` does not know how to judge goes to `give_up`, which must hold the object."""

    def function(cloud_event: CloudEvent) -> None:
        started = time.monotonic()
        try:
            event = events.parse(_attributes(cloud_event), cloud_event.data)
        except MalformedEvent:
            safelog.setup()
            safelog.event("event_malformed", severity="ERROR", function=name)
            return
        _run(name, flow, give_up, event)
        safelog.event("handled", function=name, elapsed_ms=round((time.monotonic() - started) * 1000))

    return function


def schedule_function(name: str, flow: Callable[[Services], int]) -> Callable[[object], tuple[str, int]]:
    """Make the HTTP function `name` of `flow`, which returns how many things it set right. Answers 200 or 503, always a constant text."""

    def function(_request: object) -> tuple[str, int]:
        try:
            count = flow(services())
        except Exception as error:
            _log_fault(name, error)
            return "retry", 503
        safelog.event("schedule_done", function=name, count=count)
        return "done", 200

    return function


def _run(name: str, flow: Flow, give_up: Flow, event: StorageEvent) -> None:
    try:
        flow(services(), event)
    except (TransientError, ConfigError) as error:
        # A platform that is wrongly set up loses nothing: events wait and come again until it is mended.
        _log_fault(name, error)
        raise Retry("retry") from None
    except Exception as error:
        _log_fault(name, error)
        _hold(name, give_up, event)


def _hold(name: str, give_up: Flow, event: StorageEvent) -> None:
    try:
        give_up(services(), event)
    except Exception as error:
        _log_fault(name, error)
        raise Retry("retry") from None


def _log_fault(name: str, error: Exception) -> None:
    if isinstance(error, TransientError):
        safelog.event(
            "transient_fault", severity="WARNING", function=name, detail=error.detail, where=safelog.where(error)
        )
        return
    error_type = type(error).__name__
    safelog.event(
        "internal_error",
        severity="ERROR",
        function=name,
        code=str(Code.INTERNAL_ERROR),
        error_type=error_type,
        where=safelog.where(error),
    )


def _attributes(cloud_event: CloudEvent) -> dict[str, object]:
    return {name: cloud_event.get(name) for name in ("id", "source", "type")}
