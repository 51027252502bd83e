"""The boundary: whatever a flow raises, the event is acknowledged or comes again, and nothing of the input leaves."""

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dicomlake.entry import boundary
from dicomlake.entry.boundary import Retry, schedule_function, storage_function
from dicomlake.errors import Code, ConfigError, PermanentError, TransientError
from dicomlake.events import StorageEvent
from dicomlake.pipeline.services import Services
from dicomlake.settings import load
from tests.test_ground import ATTRIBUTES, RESOURCE

PLANTED = "DOE^JANE"
ROOT = Path(__file__).resolve().parents[2]


class Event:
    def __init__(self, attributes: dict[str, Any], data: object) -> None:
        self.attributes, self.data = attributes, data

    def __getitem__(self, name: str) -> object:
        return self.attributes[name]

    def get(self, name: str) -> object:
        return self.attributes.get(name)


@pytest.fixture(autouse=True)
def _services(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boundary, "services", lambda: Services(load({})))
    monkeypatch.setattr(boundary.safelog, "setup", lambda: None)  # it takes the lines away from pytest


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Any:
    caplog.set_level(logging.INFO, logger="dicomlake")
    return lambda: [json.loads(message) for message in caplog.messages]


def flow(error: Exception | None) -> Any:
    def run(_services: Services, _event: StorageEvent) -> None:
        if error is not None:
            raise error

    return run


def call(error: Exception | None, held: list[str], *, holding: Exception | None = None) -> None:
    def give_up(_services: Services, event: StorageEvent) -> None:
        held.append(event.name)
        if holding is not None:
            raise holding

    storage_function("on_upload", flow(error), give_up)(Event(ATTRIBUTES, RESOURCE))


def test_a_flow_that_ends_well_is_acknowledged(lines: Any) -> None:
    held: list[str] = []
    call(None, held)
    assert held == []
    assert lines()[-1]["event"] == "handled"


@pytest.mark.parametrize("error", [TransientError("lake_busy"), ConfigError(f"about {PLANTED}")])
def test_what_passes_by_itself_comes_again_with_a_constant(error: Exception, lines: Any) -> None:
    held: list[str] = []
    with pytest.raises(Retry, match=r"^retry$") as caught:
        call(error, held)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert held == []
    assert PLANTED not in json.dumps(lines())


@pytest.mark.parametrize(
    "error",
    [
        ValueError(PLANTED),
        KeyError(PLANTED),
        PermanentError(Code.CORRUPT, "odd"),
        RecursionError(PLANTED),
        MemoryError(),
    ],
)
def test_what_nobody_foresaw_is_held_and_acknowledged(error: Exception, lines: Any) -> None:
    held: list[str] = []
    call(error, held)
    assert len(held) == 1
    told = json.dumps(lines())
    assert PLANTED not in told
    assert type(error).__name__ in told
    assert '"severity": "ERROR"' in told


def test_what_cannot_even_be_held_comes_again(lines: Any) -> None:
    held: list[str] = []
    with pytest.raises(Retry):
        call(ValueError(PLANTED), held, holding=OSError(PLANTED))
    assert PLANTED not in json.dumps(lines())


@pytest.mark.parametrize("data", [None, [], PLANTED, {"bucket": PLANTED}, RESOURCE | {"generation": PLANTED}])
def test_a_malformed_event_is_acknowledged_and_counted(data: object, lines: Any) -> None:
    storage_function("on_upload", flow(AssertionError()), flow(AssertionError()))(Event(ATTRIBUTES, data))
    assert lines()[-1]["event"] == "event_malformed"
    assert PLANTED not in json.dumps(lines())


def test_a_schedule_answers_with_a_constant(lines: Any) -> None:
    def broken(_services: Services) -> int:
        raise ValueError(PLANTED)

    assert schedule_function("on_operations_schedule", broken)(None) == ("retry", 503)
    assert schedule_function("on_operations_schedule", lambda _services: 3)(None) == ("done", 200)
    assert lines()[-1]["count"] == 3
    assert PLANTED not in json.dumps(lines())


def test_a_process_starts_once_and_in_one_thread() -> None:
    """Run apart: it is about a fresh interpreter. Nobody imports a heavy package while another thread is at it, and no library warns."""
    code = """
import sys, threading, warnings
from dicomlake.entry import boundary
found = []
barrier = threading.Barrier(4)
def start():
    barrier.wait()
    found.append(boundary.services())
threads = [threading.Thread(target=start) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(found) == 4 and len(set(map(id, found))) == 1
assert "pydicom.charset" in sys.modules
warnings.warn("DOE^JANE")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert PLANTED not in done.stderr
