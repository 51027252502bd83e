"""Starts `up` as a process of its own and talks to it."""

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BARE = Path(__file__).with_name("bare.py")
SOURCE = """
import json, os, pathlib, time
import functions_framework

HERE = pathlib.Path(__file__).parent

@functions_framework.cloud_event
def take(event):
    with (HERE / "seen.txt").open("a") as out:
        out.write(event.data["name"] + "\\n")
    if (HERE / "slow").exists():
        time.sleep(30)

@functions_framework.http
def tick(request):
    print("ticked", os.environ["COLOUR"])
    return "done"
"""
CONFIG = """
secrets: [research]
buckets: [in-a, held]
setup: [["{python}", "-c", "import os; open(os.environ['KEY'] + '.seen', 'w').write(os.environ['STORAGE_EMULATOR_HOST'])"]]
environment: {KEY: "{state}/secrets/research.key", COLOUR: blue}
functions:
  - {name: take, source: SOURCE, signature: cloudevent, workers: 2, bucket: in-*, max_attempts: 2}
  - {name: tick, source: SOURCE, signature: http}
pages: [{title: Held back, bucket: held}]
"""


def free_base() -> int:
    """A port base whose whole row is free."""
    while True:
        base = random.randrange(20000, 60000, 50)
        with contextlib.ExitStack() as stack:
            try:
                for port in [*range(base, base + 4), *range(base + 10, base + 15)]:
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return base


@dataclass
class Platform:
    """A running platform."""

    process: "subprocess.Popen[str]"
    base: int
    printed: dict[str, str]

    def ask(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None, port: int = 2
    ) -> tuple[int, bytes]:
        """A request to the status port."""
        connection = http.client.HTTPConnection("127.0.0.1", self.base + port, timeout=30)
        with contextlib.closing(connection):
            data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
            connection.request(method, path, data, headers or {})
            reply = connection.getresponse()
            return reply.status, reply.read()

    def json(self, method: str, path: str, body: object = None) -> Any:
        """The JSON of a reply."""
        return json.loads(self.ask(method, path, body)[1])

    def children(self) -> list[int]:
        """Process ids of what it started."""
        return [
            int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ]


def prepare(folder: Path, config: str = CONFIG) -> None:
    """Write source and config."""
    (folder / "source.py").write_text(SOURCE)
    (folder / "local.yaml").write_text(config.replace("SOURCE", str(folder / "source.py")))


def command(folder: Path, base: int, script: Path | None = BARE) -> list[str]:
    """The command line of `up`."""
    start = [sys.executable, str(script)] if script else [sys.executable, "-m", "localemu"]
    options = ["up", "--state", str(folder / "state"), "--port-base", str(base), "--config", str(folder / "local.yaml")]
    return [*start, *options, "--time-scale", "0.002"]


@contextlib.contextmanager
def platform(folder: Path, base: int = 0, script: Path | None = BARE) -> Iterator[Platform]:
    """Start, wait for READY, kill at the end whatever is left."""
    base = base or free_base()
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(command(folder, base, script), stdout=subprocess.PIPE, text=True, env=environment)
    printed: dict[str, str] = {}
    try:
        assert process.stdout is not None
        for line in process.stdout:
            name, _, value = line.rstrip("\n").partition("=")
            printed[name] = value
            if name == "LOCALEMU_READY":
                break
        assert printed.get("LOCALEMU_READY") == "1", "it did not start"
        yield Platform(process, base, printed)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
