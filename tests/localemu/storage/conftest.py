"""A storage emulator on a port of its own, the real client, and a raw one for what the real one can't send."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
import uvicorn
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from localemu.storage import storage_app
from localemu.store import Store

BUCKET = "demo-bucket"


@dataclass(frozen=True)
class Server:
    """A running emulator: its address and its store."""

    url: str
    store: Store

    def events(self) -> list[tuple[str, str, str]]:
        rows = self.store.read(lambda cx: cx.execute("SELECT type, name, resource FROM outbox ORDER BY id").fetchall())
        return [(row["type"].rsplit(".", 1)[1], row["name"], json.loads(row["resource"])["generation"]) for row in rows]


@dataclass(frozen=True)
class Raw:
    """Requests as they stand on the wire."""

    url: str
    session: requests.Session

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(method, f"{self.url}{path}", timeout=30, allow_redirects=False, **options)

    def object_path(self, name: str, bucket: str = BUCKET) -> str:
        return f"/storage/v1/b/{bucket}/o/{quote(name, safe='')}"

    def upload(self, name: str, data: bytes, query: str = "", **options: Any) -> requests.Response:
        path = f"/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name={quote(name, safe='')}{query}"
        return self("POST", path, data=data, **options)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    store = Store(tmp_path_factory.mktemp("state"))
    with running(store) as url:
        yield Server(url, store)


class running:
    """The emulator of `store` on a free port, in a thread."""

    def __init__(self, store: Store) -> None:
        self.store = store
        # With the protocol named, asyncio sets TCP_NODELAY on what it accepts: without it each reply waits 40 ms for an ACK.
        self.socket = socket.socket(proto=socket.IPPROTO_TCP)
        self.socket.bind(("127.0.0.1", 0))
        self.uvicorn = uvicorn.Server(uvicorn.Config(storage_app(store), log_level="warning", lifespan="off"))
        self.thread = threading.Thread(target=self.uvicorn.run, kwargs={"sockets": [self.socket]})

    def __enter__(self) -> str:
        self.thread.start()
        while not self.uvicorn.started:
            pass
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self.uvicorn.should_exit = True
        self.thread.join()
        self.store.close()


@pytest.fixture
def client(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[storage.Client]:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
    client = storage.Client(project="local", credentials=AnonymousCredentials())
    yield client
    client.close()


@pytest.fixture
def raw(server: Server) -> Iterator[Raw]:
    with requests.Session() as session:
        yield Raw(server.url, session)


@pytest.fixture
def bucket(server: Server, client: storage.Client) -> storage.Bucket:
    """A bucket emptied before each test, and an empty outbox."""
    server.store.ensure_bucket(BUCKET)

    def empty(connection: Any) -> None:
        connection.execute("DELETE FROM objects")
        connection.execute("DELETE FROM uploads")
        connection.execute("DELETE FROM outbox")

    server.store.write(empty).result()
    return client.bucket(BUCKET)


def state_files(root: Path) -> set[str]:
    return {path.name for path in (root / "objects").glob("*/*")}
