"""A running emulator and real clients for the tests of this folder."""

import socket
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from google.auth.credentials import AnonymousCredentials, Credentials
from google.cloud import bigquery

from localemu.bigquery import bigquery_app


class Objects:
    """Objects of the tests, as files."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, bucket: str, name: str, data: bytes) -> None:
        path = self.root / bucket / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def open_object(self, bucket: str, name: str) -> Path:
        path = self.root / bucket / name
        if not path.is_file():
            raise FileNotFoundError
        return path

    def list_names(self, bucket: str, prefix: str) -> list[str]:
        base = self.root / bucket
        names = sorted(str(path.relative_to(base)) for path in base.rglob("*") if path.is_file())
        return [name for name in names if name.startswith(prefix)]


class Bearer(Credentials):  # type: ignore[no-untyped-call, misc]
    """A fixed token."""

    def __init__(self, token: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.token = token

    @property
    def expired(self) -> bool:
        return False

    @property
    def valid(self) -> bool:
        return True

    def refresh(self, request: Any) -> None:
        raise AssertionError("never refreshed")


class Server:
    """The emulator on a free port of loopback, in a thread."""

    def __init__(self, root: Path) -> None:
        self.objects = Objects(root / "objects")
        self.app = bigquery_app(root / "bq", self.objects)
        # The protocol is named so that asyncio switches Nagle's delay off.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._server = uvicorn.Server(uvicorn.Config(self.app, log_level="error", lifespan="off"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.01)

    def client(self, token: str | None = None, project: str = "proj") -> bigquery.Client:
        credentials = Bearer(token) if token else AnonymousCredentials()  # type: ignore[no-untyped-call]
        return bigquery.Client(project=project, credentials=credentials, client_options={"api_endpoint": self.url})

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self.app.state.api.engine.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("bigquery"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def client(server: Server) -> bigquery.Client:
    return server.client()


@pytest.fixture
def dataset(client: bigquery.Client) -> str:
    """A fresh dataset's name."""
    name = f"ds_{uuid.uuid4().hex[:10]}"
    client.create_dataset(name)
    return name
