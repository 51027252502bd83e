"""The functions host: keeps every worker process of every function alive and says which one is free. `localemu.up` starts and stops it.

The host binds each worker's socket itself and hands it down, so that a taken port is known at once and a restarted worker listens where
its predecessor did. Workers are started from the main thread: the kernel's death signal follows the thread that forked them.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from localemu.config import ConfigError, Function
from localemu.events.wire import Reply, WireError, request
from localemu.functions.worker import HEALTH

_START_LIMIT_S = 60.0
_POLL_S = 0.02
_FIRST_RESTART_S = 0.1
_LONGEST_RESTART_S = 10.0
# A worker that lived this long was well: its next restart is immediate again.
_WELL_AFTER_S = 10.0
_LARGEST_LOG_BYTES = 10 << 20


@dataclass(eq=False)
class Worker:
    """One worker process. `state` is starting, ready or stopped."""

    function: Function
    socket: socket.socket
    state: str = "starting"
    in_flight: int = 0
    served: int = 0
    restarts: int = -1
    process: asyncio.subprocess.Process | None = None
    task: asyncio.Task[None] | None = None
    ready_once: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.socket.getsockname()[1])

    @property
    def free(self) -> int:
        """How many more requests it may take now."""
        return self.function.concurrency - self.in_flight if self.state == "ready" else 0

    async def post(self, headers: Mapping[str, str], body: bytes, *, torn: bool = False) -> Reply:
        """Call the function. Raises WireError; the caller has counted `in_flight` up and sets the time limit."""
        return await request(self.port, "POST", "/", headers, body, torn=torn)

    def kill(self) -> None:
        """End the process and what it started; the host starts a new one."""
        self.state = "stopped"
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


class Host:
    """All workers. Use from the main thread's event loop."""

    def __init__(
        self,
        functions: Sequence[Function],
        sockets: Sequence[socket.socket],
        environment: Mapping[str, str],
        logs: Path,
    ) -> None:
        owners = [function for function in functions for _ in range(function.workers)]
        self.workers = [Worker(function, bound) for function, bound in zip(owners, sockets, strict=True)]
        self.on_free: Callable[[], None] = lambda: None
        self._environment = environment
        self._logs = logs
        self._stopping = False

    async def start(self) -> None:
        """Start all workers at once; return when each answers. Raises ConfigError with the end of the log of one that cannot start."""
        for name in {worker.function.name for worker in self.workers}:
            _rotate(self.log_path(name))
        for worker in self.workers:
            worker.task = asyncio.create_task(self._keep_alive(worker), name=f"worker {worker.function.name}")
        await asyncio.gather(*(self._first_ready(worker) for worker in self.workers))

    async def stop(self) -> None:
        """End all workers: asked first, then killed."""
        self._stopping = True
        processes = [
            worker.process
            for worker in self.workers
            if worker.process is not None and worker.process.returncode is None
        ]
        for process in processes:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGTERM)
        if processes:
            await asyncio.wait([asyncio.ensure_future(process.wait()) for process in processes], timeout=0.5)
        for worker in self.workers:
            worker.kill()
            if worker.task is not None:
                worker.task.cancel()

    def log_path(self, function: str) -> Path:
        """Where the workers of `function` write."""
        return self._logs / f"{function}.log"

    def free(self, function: str) -> int:
        """How many requests its workers may take now."""
        return sum(worker.free for worker in self.workers if worker.function.name == function)

    def take(self, function: str) -> Worker | None:
        """The least busy worker with room, counted as taken; give it back by `release`."""
        free = [worker for worker in self.workers if worker.function.name == function and worker.free > 0]
        if not free:
            return None
        worker = min(free, key=lambda worker: worker.in_flight)
        worker.in_flight += 1
        return worker

    def release(self, worker: Worker) -> None:
        """A request is over."""
        worker.in_flight -= 1
        worker.served += 1
        self.on_free()

    async def _first_ready(self, worker: Worker) -> None:
        assert worker.task is not None
        ready = asyncio.create_task(worker.ready_once.wait())
        await asyncio.wait([ready, worker.task], timeout=_START_LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
        if worker.ready_once.is_set():
            return
        ready.cancel()
        name = worker.function.name
        raise ConfigError(
            f"function {name} does not start; the end of {self.log_path(name)}:\n{tail(self.log_path(name), 20)}"
        )

    async def _keep_alive(self, worker: Worker) -> None:
        pause = _FIRST_RESTART_S
        while not self._stopping:
            started = time.monotonic()
            worker.restarts += 1
            worker.state = "starting"
            process = worker.process = await self._spawn(worker)
            ended = asyncio.create_task(process.wait())
            if await _healthy(worker, ended):
                worker.state = "ready"
                worker.ready_once.set()
                self.on_free()
            await ended
            worker.state = "stopped"
            if not worker.ready_once.is_set():
                return
            pause = (
                _FIRST_RESTART_S if time.monotonic() - started > _WELL_AFTER_S else min(pause * 2, _LONGEST_RESTART_S)
            )
            await asyncio.sleep(pause)

    async def _spawn(self, worker: Worker) -> asyncio.subprocess.Process:
        function = worker.function
        command = [sys.executable, "-m", "localemu.functions.worker", str(worker.socket.fileno()), str(os.getpid())]
        command += [function.source, function.target, function.signature, str(function.concurrency)]
        own = {
            "FUNCTION_TARGET": function.target,
            "K_SERVICE": function.name,
            "PYTHONUNBUFFERED": "1",
            **function.environment,
        }
        with self.log_path(function.name).open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=[worker.socket.fileno()],
                # A group of its own: Ctrl-C reaches the platform only, and what a worker started ends with it.
                start_new_session=True,
                env={**self._environment, **own},
            )


async def _healthy(worker: Worker, ended: "asyncio.Task[int]") -> bool:
    limit = time.monotonic() + _START_LIMIT_S
    while not ended.done() and time.monotonic() < limit:
        # The socket is bound already, so the question waits in its queue until the worker has loaded its source.
        asked = asyncio.create_task(request(worker.port, "GET", HEALTH))
        await asyncio.wait([asked, ended], timeout=_START_LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
        if asked.done():
            with contextlib.suppress(WireError):
                return asked.result().status == 200
        asked.cancel()
        await asyncio.sleep(_POLL_S)
    if not ended.done():
        worker.kill()
    return False


def tail(path: Path, lines: int) -> str:
    """The last lines of a log, at most 64 KiB of it; what is not UTF-8 is replaced."""
    try:
        with path.open("rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(0, log.tell() - (64 << 10)))
            text = log.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def _rotate(path: Path) -> None:
    if path.exists() and path.stat().st_size > _LARGEST_LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
