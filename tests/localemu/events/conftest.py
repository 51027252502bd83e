"""A dispatcher with real workers on a store of its own, and a function whose behaviour a test writes into a file."""

import asyncio
import contextlib
import json
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from localemu.config import FINALIZED, Function
from localemu.events import log
from localemu.events.dispatcher import Dispatcher
from localemu.events.ledger import Ledger, connect
from localemu.events.policy import RetryPolicy
from localemu.faults import Faults
from localemu.functions.host import Host
from localemu.functions.schedule import Schedule
from localemu.store import Store

SOURCE = """
import json, os, pathlib, time
import flask
import functions_framework

HERE = pathlib.Path(__file__).parent

def act(record):
    record["pid"] = os.getpid()
    record["began"] = time.time()
    with (HERE / "seen.jsonl").open("a") as out:
        out.write(json.dumps(record) + "\\n")
    plan = HERE / "plan.json"
    steps = json.loads(plan.read_text()) if plan.exists() else []
    seen = (HERE / "seen.jsonl").read_text().splitlines()
    step = steps[len(seen) - 1] if len(seen) <= len(steps) else "ok"
    if step == "fail":
        raise RuntimeError("planned")
    if step == "die":
        os._exit(3)
    if isinstance(step, (int, float)):
        time.sleep(step)
    return "OK"

@functions_framework.cloud_event
def take(event):
    act({"headers": dict(flask.request.headers), "body": json.loads(flask.request.data), "method": flask.request.method, "path": flask.request.path})

@functions_framework.http
def tick(request):
    return act({"tick": True})
"""


@dataclass
class Stage:
    """What a test acts on."""

    folder: Path
    store: Store
    ledger: Ledger
    host: Host
    dispatcher: Dispatcher
    schedule: Schedule
    faults: Faults

    def put(self, bucket: str, name: str, kind: str = FINALIZED) -> None:
        """An outbox row, as the store writes it together with an object."""
        row = (
            bucket,
            name,
            7,
            kind,
            json.dumps({"bucket": bucket, "name": name, "generation": "7"}),
            "2026-11-20T20:00:00.123456Z",
        )
        sql = "INSERT INTO outbox(bucket, name, generation, type, resource, created_at) VALUES (?,?,?,?,?,?)"
        self.store.write(lambda write: write.execute(sql, row)).result()

    def seen(self) -> list[dict[str, Any]]:
        """What the function was called with."""
        path = self.folder / "seen.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def deliveries(self, state: str = "") -> list[dict[str, Any]]:
        """Deliveries, newest first."""
        with contextlib.closing(connect(self.store, self.folder / "events.db")) as connection:
            return log.deliveries(connection, state)

    async def settle(self, limit_s: float = 20.0) -> None:
        """Wait until nothing is pending or in flight."""
        await self.until(self.ledger.settled, limit_s)

    async def until(self, true: Callable[[], bool], limit_s: float = 20.0) -> None:
        """Wait for something."""
        end = time.monotonic() + limit_s
        while not true():
            assert time.monotonic() < end, "it did not come about"
            await asyncio.sleep(0.005)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "source.py").write_text(SOURCE)
    (tmp_path / "logs").mkdir()
    return tmp_path


@contextlib.asynccontextmanager
async def stage(folder: Path, *functions: Function, time_scale: float = 0.002) -> AsyncIterator[Stage]:
    """Everything running; ends as the platform does."""
    with contextlib.ExitStack() as stack:
        sockets = []
        for _ in range(sum(function.workers for function in functions)):
            bound = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP))
            bound.bind(("127.0.0.1", 0))
            bound.listen(64)
            sockets.append(bound)
        store = Store(folder / "storage")
        triggered = [function for function in functions if function.signature == "cloudevent"]
        ledger = Ledger(connect(store, folder / "events.db"), triggered)
        host, faults = Host(functions, sockets, os.environ, folder / "logs"), Faults()
        dispatcher = Dispatcher(ledger, host, triggered, faults, RetryPolicy(time_scale))
        schedule = Schedule([function for function in functions if function.signature == "http"], host, ledger, faults)
        store.on_commit = dispatcher.wake
        work = []
        try:
            await host.start()
            work = [asyncio.create_task(dispatcher.run()), asyncio.create_task(schedule.keep())]
            yield Stage(folder, store, ledger, host, dispatcher, schedule, faults)
        finally:
            for task in work:
                task.cancel()
            if work:
                await asyncio.wait(work)
            await host.stop()
            ledger.close()
            store.close()


def trigger(folder: Path, **fields: Any) -> Function:
    """A function on buckets in-*."""
    given = {"name": "take", "target": "take", "bucket": "in-*", "timeout_s": 5.0, **fields}
    return Function(source=str(folder / "source.py"), signature="cloudevent", **given)


def timed(folder: Path, **fields: Any) -> Function:
    """An HTTP function."""
    return Function(
        name="tick", target="tick", source=str(folder / "source.py"), signature="http", timeout_s=5.0, **fields
    )
