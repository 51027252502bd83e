"""Carries deliveries from the ledger to the workers, until each is acknowledged or given up. `localemu.up` runs it on the main loop.

At least once, in no promised order: a 2xx within the function's time acknowledges, anything else is tried again after the policy's delay.
A worker that let the time pass is replaced, since what hangs in it would hold its place for ever.
"""

import asyncio
import time
from collections.abc import Sequence

from localemu.config import Function
from localemu.events.ledger import Attempt, Claim, Ledger
from localemu.events.policy import RetryPolicy
from localemu.events.wire import WireError
from localemu.faults import Faults
from localemu.functions.host import Host, Worker

_LONGEST_WAIT_S = 60.0


class Dispatcher:
    """See the module. `functions` are those of signature cloudevent. Only `wake` may be called from other threads."""

    def __init__(
        self, ledger: Ledger, host: Host, functions: Sequence[Function], faults: Faults, policy: RetryPolicy
    ) -> None:
        self._ledger = ledger
        self._host = host
        self._functions = functions
        self._faults = faults
        self._policy = policy
        self._news = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        host.on_free = self._news.set

    def wake(self) -> None:
        """There is something new: an outbox row, an injected event, a replay."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)

    async def run(self) -> None:
        """Dispatch until cancelled. An error of the ledger itself (a full disk) ends it."""
        self._ledger.recover()
        async with asyncio.TaskGroup() as group:
            while True:
                self._news.clear()
                self._ledger.fan_out()
                for function in self._functions:
                    self._start(function, group)
                await self._wait()

    def _start(self, function: Function, group: asyncio.TaskGroup) -> None:
        for claim in self._ledger.claim(function.name, free) if (free := self._host.free(function.name)) else []:
            worker = self._host.take(function.name)
            assert worker is not None, "as many were claimed as were free"
            group.create_task(self._deliver(function, claim, worker))

    async def _wait(self) -> None:
        due = self._ledger.next_due([function.name for function in self._functions])
        wait = _LONGEST_WAIT_S if due is None else min(max(due - time.time(), 0.0), _LONGEST_WAIT_S)
        timer = self._loop.call_later(wait, self._news.set)
        await self._news.wait()
        timer.cancel()

    async def _deliver(self, function: Function, claim: Claim, worker: Worker) -> None:
        started = time.time()
        try:
            status, note = await self._try(function, claim, worker)
        finally:
            self._host.release(worker)
        now = time.time()
        attempt = Attempt(started, (now - started) * 1000, status, note)
        due = None
        failures = claim.failures + 1
        if not attempt.acknowledged and not self._policy.given_up(failures, now - claim.born, function.max_attempts):
            due = now + self._policy.delay_s(failures)
        self._ledger.finish(claim, attempt, due)

    async def _try(self, function: Function, claim: Claim, worker: Worker) -> tuple[int | None, str]:
        rule = self._faults.draw("functions", "POST", f"/{function.name}/{claim.event.bucket}/{claim.event.name}")
        kind = rule.kind if rule is not None else ""
        if rule is not None and kind == "error":
            return rule.status, "fault on purpose"
        if rule is not None and kind == "delay":
            await asyncio.sleep(rule.delay_s)
        if kind == "duplicate":
            self._ledger.duplicate(claim.delivery_id)
        try:
            async with asyncio.timeout(function.timeout_s):
                reply = await worker.post(claim.event.headers(), claim.event.body, torn=kind == "broken_stream")
        except TimeoutError:
            worker.kill()
            return None, f"no reply within {function.timeout_s:g} s"
        except WireError as error:
            return None, str(error)
        if rule is not None and kind == "after":
            return rule.status, "fault on purpose, after the call"
        return reply.status, "" if 200 <= reply.status < 300 else f"HTTP {reply.status}"
