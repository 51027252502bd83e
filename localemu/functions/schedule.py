"""HTTP functions by the clock and on demand: each runs every `every_s` seconds and when asked, and never twice at once.

`localemu.up` runs it beside the dispatcher; the status page's admin API asks for runs.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from localemu.config import Function
from localemu.events.ledger import Attempt, Ledger
from localemu.events.wire import WireError
from localemu.faults import Faults
from localemu.functions.host import Host

_HEADERS = {"Content-Type": "application/json", "User-Agent": "Google-Cloud-Scheduler"}
_WAIT_FOR_WORKER_S = 0.02


@dataclass(frozen=True)
class Run:
    """How a run ended, with the reply's body."""

    attempt: Attempt
    body: bytes


class Schedule:
    """See the module. `functions` are those of signature http."""

    def __init__(self, functions: Sequence[Function], host: Host, ledger: Ledger, faults: Faults) -> None:
        self._functions = {function.name: function for function in functions}
        self._host = host
        self._ledger = ledger
        self._faults = faults
        self._running = {name: asyncio.Lock() for name in self._functions}

    @property
    def names(self) -> list[str]:
        """The functions that can be run."""
        return list(self._functions)

    @property
    def busy(self) -> bool:
        """Whether one runs now."""
        return any(lock.locked() for lock in self._running.values())

    async def keep(self) -> None:
        """Run each function by its clock until cancelled."""
        async with asyncio.TaskGroup() as group:
            for function in self._functions.values():
                if function.every_s is not None:
                    group.create_task(self._by_clock(function.name, function.every_s))

    async def run(self, name: str) -> Run:
        """Run a function now, or as soon as the run under way is over."""
        async with self._running[name]:
            run = await self._call(self._functions[name])
            self._ledger.note_run(name, run.attempt)
            return run

    async def _by_clock(self, name: str, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            await self.run(name)

    async def _call(self, function: Function) -> Run:
        started = time.time()
        try:
            async with asyncio.timeout(function.timeout_s):
                status, note, body = await self._ask(function)
        except TimeoutError:
            status, note, body = None, f"no reply within {function.timeout_s:g} s", b""
        return Run(Attempt(started, (time.time() - started) * 1000, status, note), body)

    async def _ask(self, function: Function) -> tuple[int | None, str, bytes]:
        rule = self._faults.draw("functions", "POST", f"/{function.name}")
        if rule is not None and rule.kind == "error":
            return rule.status, "fault on purpose", b""
        if rule is not None and rule.kind == "delay":
            await asyncio.sleep(rule.delay_s)
        while (worker := self._host.take(function.name)) is None:
            await asyncio.sleep(_WAIT_FOR_WORKER_S)
        try:
            reply = await worker.post(_HEADERS, b"{}", torn=rule is not None and rule.kind == "broken_stream")
            if rule is not None and rule.kind == "duplicate":
                reply = await worker.post(_HEADERS, b"{}")
        except WireError as error:
            return None, str(error), b""
        except asyncio.CancelledError:
            # It ran out of time: what still runs in there must not overlap the next run.
            worker.kill()
            raise
        finally:
            self._host.release(worker)
        if rule is not None and rule.kind == "after":
            return rule.status, "fault on purpose, after the call", reply.body
        return reply.status, "" if 200 <= reply.status < 300 else f"HTTP {reply.status}", reply.body
