"""`localemu up`: options in, a running platform until a signal comes. `__main__` calls `run`.

Order: config, state folder (locked), secrets, ports, storage, BigQuery and translation, buckets, setup commands, functions, events, then READY.
Storage and BigQuery each have a thread with a loop of its own, so that a slow query never holds up an upload or an event; the main
loop has the dispatcher, the schedule, the functions host and the status page.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import secrets
import shlex
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import uvicorn
from starlette.types import ASGIApp

from localemu.config import Config, ConfigError, fill, load_config
from localemu.events.dispatcher import Dispatcher
from localemu.events.ledger import Ledger, connect
from localemu.events.policy import RetryPolicy
from localemu.faults import Faults, FaultyService
from localemu.functions.host import Host
from localemu.functions.schedule import Schedule
from localemu.status.app import status_app
from localemu.status.guard import Guard
from localemu.status.rooms import Ports, Rooms
from localemu.storage.errors import ApiError
from localemu.store import Store, StoreBusy

# Runs a command so that the kernel kills it when the platform is gone: prctl(PR_SET_PDEATHSIG, SIGKILL), then exec.
_MORTAL = "import ctypes,os,sys;hasattr(ctypes.CDLL(None),'prctl') and ctypes.CDLL(None).prctl(1,9,0,0,0);os.execvp(sys.argv[1],sys.argv[1:])"
_STOP_LIMIT_S = 0.6
_LOOPBACK = "127.0.0.1,localhost"


@dataclass(frozen=True)
class Options:
    """The command line of `up`."""

    state: Path
    base: int
    config: Path
    time_scale: float


async def run(options: Options, environ: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Start, say the environment and READY, serve until SIGINT or SIGTERM. Raises ConfigError when it cannot start."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    config = load_config(options.config)
    ports = Ports(options.base)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_locked(options.state))
        state = options.state.resolve()
        environment = _environment(config, ports, state)
        _make_secrets(config, state)
        sockets = stack.enter_context(_bound(config, ports))
        # A proxy of the user's must not stand between a client and loopback.
        direct = ",".join(filter(None, (environ.get("NO_PROXY") or environ.get("no_proxy"), _LOOPBACK)))
        inherited = {**environ, **environment, "NO_PROXY": direct, "no_proxy": direct}
        await _serve(_Start(config, ports, state, environment, inherited, sockets, options.time_scale), stop, say)


@dataclass(frozen=True)
class _Start:
    config: Config
    ports: Ports
    state: Path
    environment: Mapping[str, str]
    inherited: Mapping[str, str]
    sockets: list[socket.socket]
    time_scale: float


async def _serve(start: _Start, stop: asyncio.Event, say: Callable[[str], None]) -> None:
    faults = Faults()
    try:
        store = Store(start.state / "storage")
    except StoreBusy:
        raise ConfigError(f"the state folder {start.state} is in use by another running platform") from None
    services = _services(start, store, faults)
    logs = start.state / "logs"
    logs.mkdir(exist_ok=True)
    functions = start.config.functions
    triggered = [function for function in functions if function.signature == "cloudevent"]
    ledger_path = start.state / "events.db"
    ledger = Ledger(connect(store, ledger_path), triggered)
    host = Host(functions, start.sockets[4:], start.inherited, logs)
    dispatcher = Dispatcher(ledger, host, triggered, faults, RetryPolicy(start.time_scale))
    schedule = Schedule([function for function in functions if function.signature == "http"], host, ledger, faults)
    rooms = Rooms(
        start.config,
        start.ports,
        start.environment,
        store,
        ledger,
        ledger_path,
        dispatcher,
        schedule,
        host,
        faults,
        start.time_scale,
    )
    store.on_commit = dispatcher.wake
    try:
        for service in services:
            service.start()
        await _answering(services)
        page = _Service(Guard(status_app(rooms), start.ports.status), start.sockets[2], "status", lifespan="off")
        work = asyncio.create_task(_work(start, rooms, page, say))
        ended = asyncio.create_task(stop.wait())
        await asyncio.wait([work, ended], return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
        work.cancel()
        await asyncio.wait([work], timeout=_STOP_LIMIT_S)
    finally:
        for service in services:
            service.server.should_exit = True
        await host.stop()
        # A query or an upload that takes longer is cut off with the process; what was acknowledged is on disk.
        end = time.monotonic() + _STOP_LIMIT_S
        while any(service.alive for service in services) and time.monotonic() < end:
            await asyncio.sleep(0.01)


async def _answering(services: "Sequence[_Service]") -> None:
    while not all(service.server.started for service in services):
        if dead := [service.name for service in services if not service.alive]:
            raise ConfigError(f"the {dead[0]} emulator does not start; its reason stands above")
        await asyncio.sleep(0.005)


async def _work(start: _Start, rooms: Rooms, page: "_Service", say: Callable[[str], None]) -> None:
    for bucket in start.config.buckets:
        await asyncio.to_thread(_make_bucket, rooms.store, bucket)
    # The functions start beside the setup commands; events come to them when both are done.
    async with asyncio.TaskGroup() as first:
        first.create_task(_set_up_all(start))
        first.create_task(rooms.host.start())
    async with asyncio.TaskGroup() as group:
        group.create_task(page.server.serve(sockets=[page.socket]))
        group.create_task(rooms.dispatcher.run())
        group.create_task(rooms.schedule.keep())
        # The same as a file for the shell: `. {state}/env` sets what is printed here.
        exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in start.environment.items())
        await asyncio.to_thread((start.state / "env").write_text, exports, "utf-8")
        for name, value in start.environment.items():
            say(f"{name}={value}")
        say("LOCALEMU_READY=1")


async def _set_up_all(start: _Start) -> None:
    for command in start.config.setup:
        words = [fill(word, _placeholders(start.config, start.ports, start.state)) for word in command]
        await _set_up(words, start.inherited)


class _Service:
    """An ASGI app on a bound socket; `start` serves it from a thread of its own."""

    def __init__(
        self, app: ASGIApp, bound: socket.socket, name: str, lifespan: Literal["auto", "off"] = "auto"
    ) -> None:
        config = uvicorn.Config(
            app,
            lifespan=lifespan,
            log_level="error",
            access_log=False,
            # Clients keep idle connections; one closed just as a request is sent looks like a fault.
            timeout_keep_alive=600,
            timeout_graceful_shutdown=1,
            server_header=False,
            proxy_headers=False,
        )
        self.name = name
        self.socket = bound
        self.server = uvicorn.Server(config)
        # The platform handles signals itself, for all its servers at once.
        self.server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Serve from now on. The socket listens already, so nothing is refused meanwhile."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        self.server.run(sockets=[self.socket])


def _services(start: _Start, store: Store, faults: Faults) -> list[_Service]:
    from localemu.bigquery import bigquery_app
    from localemu.storage import storage_app
    from localemu.translate import translate_app

    logging.getLogger("uvicorn.error").addFilter(_not_on_purpose)
    apps: dict[str, ASGIApp] = {
        "storage": storage_app(store),
        "bigquery": bigquery_app(start.state / "bigquery", store),
        "translation": translate_app(),
    }
    ports = (start.ports.storage, start.ports.bigquery, start.ports.translation)
    bound_to = (*start.sockets[:2], start.sockets[3])
    return [
        _Service(Guard(FaultyService(app, faults, name), port), bound, name)
        for (name, app), port, bound in zip(apps.items(), ports, bound_to, strict=True)
    ]


def _not_on_purpose(record: logging.LogRecord) -> bool:
    """The server complains of a reply that a broken_stream fault left incomplete; nobody needs to hear of that."""
    return "without completing response" not in record.getMessage()


def _placeholders(config: Config, ports: Ports, state: Path) -> dict[str, str]:
    return {
        "state": str(state),
        "python": sys.executable,
        "project": config.project,
        "storage": f"http://127.0.0.1:{ports.storage}",
        "bigquery": f"http://127.0.0.1:{ports.bigquery}",
        "status": f"http://127.0.0.1:{ports.status}",
        "translate": f"http://127.0.0.1:{ports.translation}/",
    }


def _environment(config: Config, ports: Ports, state: Path) -> dict[str, str]:
    values = _placeholders(config, ports, state)
    return {
        "STORAGE_EMULATOR_HOST": values["storage"],
        "BIGQUERY_EMULATOR_HOST": values["bigquery"],
        "GOOGLE_CLOUD_PROJECT": config.project,
        **{name: fill(text, values) for name, text in config.environment.items()},
        "LOCALEMU_STATUS": values["status"],
    }


@contextlib.contextmanager
def _locked(state: Path) -> Iterator[None]:
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (state / "lock").open("a+", encoding="ascii")
    except OSError:
        raise ConfigError(f"the state folder {state} cannot be written; choose another with --state") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            owner = lock.read(20).strip() or "unknown"
            raise ConfigError(
                f"the state folder {state} is in use by another `up` (process {owner}); stop it, or choose another with --state"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _make_secrets(config: Config, state: Path) -> None:
    folder = state / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in config.secrets:
        path = folder / f"{name}.key"
        if not path.exists():
            # Written aside and renamed: a crash leaves no half key, and a key once used never changes.
            fresh = folder / f"{name}.new"
            fresh.unlink(missing_ok=True)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(secrets.token_hex(32) + "\n")
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)


@contextlib.contextmanager
def _bound(config: Config, ports: Ports) -> Iterator[list[socket.socket]]:
    wanted = [
        (ports.storage, "storage"),
        (ports.bigquery, "BigQuery"),
        (ports.status, "the status page"),
        (ports.translation, "translation"),
    ]
    owners = [function.name for function in config.functions for _ in range(function.workers)]
    wanted += [(ports.workers + index, f"function {name}") for index, name in enumerate(owners)]
    if wanted[-1][0] > 65535:
        raise ConfigError(
            f"--port-base {ports.base} is too high: the last of {len(wanted)} ports would be {wanted[-1][0]}"
        )
    with contextlib.ExitStack() as stack:
        sockets = []
        for port, use in wanted:
            bound = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP))
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                bound.bind(("127.0.0.1", port))
                bound.listen(512)
            except OSError:
                raise ConfigError(
                    f"port {port} (for {use}) is taken; choose other ports with --port-base, e.g. --port-base {ports.base + 1000}"
                ) from None
            sockets.append(bound)
        yield sockets


def _make_bucket(store: Store, bucket: str) -> None:
    try:
        store.ensure_bucket(bucket)
    except ApiError:
        raise ConfigError(f"the bucket name {bucket} is not one Cloud Storage allows") from None


async def _set_up(command: list[str], environment: Mapping[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-I", "-S", "-c", _MORTAL, *command),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=dict(environment),
        start_new_session=True,
    )
    try:
        output, _ = await process.communicate()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        raise
    if process.returncode != 0:
        text = output.decode("utf-8", "replace")[-8000:].rstrip()
        raise ConfigError(
            f"the setup command `{' '.join(command)}` failed with exit code {process.returncode}:\n{text}"
        )
