"""The whole platform on the emulators, for the flows: real clients, real HTTP, real functions in their own processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dicomlake.lake import query as lake_query
from dicomlake.lake.definitions import qualify
from dicomlake.pipeline.services import Services
from dicomlake.settings import load

ROOT = Path(__file__).resolve().parents[2]
SITE, OTHER_SITE, GATED_SITE = "clinic-a", "clinic-b", "example"


class Platform:
    """`python -m localemu up` in a folder of its own."""

    def __init__(self, state: Path, time_scale: float = 0.005) -> None:
        self.state = state
        self.time_scale = time_scale
        self.port = _free_port_base()

    def start(self) -> "Platform":
        """Start it and wait until it is ready."""
        command = [sys.executable, "-m", "localemu", "up", "--state", str(self.state), "--port-base", str(self.port)]
        command += ["--time-scale", str(self.time_scale), "--config", str(ROOT / "tests/flows/local.yaml")]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        environment = {}
        assert self.process.stdout is not None
        for line in self.process.stdout:
            name, _, value = line.strip().partition("=")
            if name == "LOCALEMU_READY":
                break
            environment[name] = value
        else:
            assert self.process.stderr is not None
            raise AssertionError(f"the platform did not start:\n{self.process.stderr.read()}")
        self.environment = environment
        self.services = Services(load(environment))
        with pytest.MonkeyPatch.context() as patch:  # Google's clients look for the emulators when they are made
            for name in ("STORAGE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST"):
                patch.setenv(name, environment[name])
            assert self.services.storage and self.services.bigquery
        return self

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it, gently or not."""
        self.process.send_signal(how)
        self.process.communicate(timeout=30)

    def admin(self, method: str, path: str, body: object = None) -> Any:
        """Call the emulators' admin interface."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.environment["LOCALEMU_STATUS"] + path, data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def wait_idle(self, timeout_s: float = 240) -> None:
        """Wait until nothing is pending or in flight."""
        deadline = time.monotonic() + timeout_s
        calm = 0
        while calm < 2:
            assert time.monotonic() < deadline, self.admin("GET", "/admin/summary")
            calm = calm + 1 if self.admin("GET", "/admin/idle")["idle"] else 0
            time.sleep(0.05)

    def put(self, name: str, data: bytes, site: str = SITE) -> int:
        """Upload one object to a site's landing bucket; its generation."""
        blob = self.services.storage.bucket(self.services.settings.landing_bucket(site)).blob(name)
        blob.upload_from_string(data, content_type="application/octet-stream")
        assert blob.generation is not None
        return blob.generation

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Ask BigQuery."""
        columns, rows = lake_query.run(self.services.bigquery, qualify(sql, self.services.settings))
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def receipts(self, batch: str, site: str = SITE) -> dict[str, dict[str, Any]]:
        """Settled receipts of a batch by the path inside it, which only the receipt files know."""
        from dicomlake.batches import Receipt, receipt_prefix
        from dicomlake.lake import objects

        bucket = self.services.settings.state_bucket
        paths = {}
        for name in objects.names(self.services.storage, bucket, receipt_prefix(site, batch)):
            receipt = Receipt.from_json(objects.read(self.services.storage, bucket, name, None, 1 << 20))
            paths[receipt.object_key, receipt.generation] = receipt.path
        rows = self.rows(f"SELECT * FROM `clinic.receipts` WHERE site = '{site}'")
        return {paths[key]: row for row in rows if (key := (row["object_key"], row["generation"])) in paths}

    def dicomlake(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a verb as a user does."""
        return subprocess.run(
            [sys.executable, "-m", "dicomlake", *arguments],
            env=os.environ | self.environment | {"DICOMLAKE_STATE_DIR": str(self.state / "user")},
            capture_output=True,
            text=True,
            timeout=120,
        )

    def faults(self) -> list[str]:
        """What the functions logged as not going well."""
        lines = (line for path in sorted((self.state / "logs").glob("*")) for line in path.read_text().splitlines())
        return [line for line in lines if '"WARNING"' in line or '"ERROR"' in line]

    def everything_written(self) -> Iterator[tuple[str, bytes]]:
        """All that leaves the identified side or could be read by an operator: logs, research objects, tables, quarantine notes."""
        for path in sorted((self.state / "logs").glob("*")):
            yield f"log {path.name}", path.read_bytes()
        settings = self.services.settings
        for blob in self.services.storage.list_blobs(settings.research_bucket):
            yield f"research {blob.name}", blob.name.encode() + blob.download_as_bytes()
        for blob in self.services.storage.list_blobs(settings.quarantine_bucket):
            if blob.name.endswith("note.json"):
                yield f"quarantine {blob.name}", blob.name.encode() + blob.download_as_bytes()
        for table in (
            "lake.instances",
            "ops.receipts",
            "ops.acquisitions",
            "ops.manifests",
            "ops.batches",
            "ops.audit",
            "ops.retractions",
        ):
            yield f"table {table}", json.dumps(self.rows(f"SELECT * FROM `{table}`"), default=str).encode()


def _free_port_base() -> int:
    for base in range(20000 + os.getpid() % 200 * 100, 60000, 100):
        try:
            for port in range(base, base + 16):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base
    raise AssertionError("no free ports")


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One platform for all flows that do not break it; each test uses a batch of its own."""
    running = Platform(tmp_path_factory.mktemp("platform") / "state").start()
    yield running
    running.stop()
