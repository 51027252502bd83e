"""What was acknowledged is there after `kill -9`, whole; what was not is there whole or not at all; nothing else lies about."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from localemu.store import Store, StoreBusy
from tests.localemu.storage.conftest import BUCKET, Raw, running, state_files

_SERVER = """
import socket, sys, uvicorn
from pathlib import Path
from localemu.storage import storage_app
from localemu.store import Store
store = Store(Path(sys.argv[1]))
store.ensure_bucket(sys.argv[2])
listening = socket.socket(proto=socket.IPPROTO_TCP)
listening.bind(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
server = uvicorn.Server(uvicorn.Config(storage_app(store), log_level="warning", lifespan="off"))
server.run(sockets=[listening])
"""


def server_process(root: Path) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen([sys.executable, "-c", _SERVER, str(root), BUCKET], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = f"http://127.0.0.1:{process.stdout.readline().strip()}"
    while True:
        try:
            requests.get(url, timeout=5)
            return process, url
        except requests.ConnectionError:
            time.sleep(0.02)


def content(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest() * (
        1 + int.from_bytes(hashlib.md5(name.encode()).digest()[:2], "big") % 4000
    )


def test_kill_in_the_middle_of_many_uploads_loses_nothing_acknowledged(tmp_path: Path) -> None:
    acknowledged: set[str] = set()
    process, url = server_process(tmp_path)
    enough = threading.Event()

    def upload_until_killed(worker: int) -> None:
        with requests.Session() as session:
            raw = Raw(url, session)
            for number in range(10_000):
                name = f"w{worker}/{number}"
                try:
                    response = raw.upload(name, content(name), "&ifGenerationMatch=0")
                except requests.RequestException:
                    return
                if response.status_code == 200:
                    acknowledged.add(name)
                    if len(acknowledged) > 150:
                        enough.set()

    with ThreadPoolExecutor(6) as pool:
        for worker in range(6):
            pool.submit(upload_until_killed, worker)
        assert enough.wait(60)
        os.kill(process.pid, signal.SIGKILL)
    process.wait()
    store = Store(tmp_path)
    with running(store) as again, requests.Session() as session:
        names = store.list_names(BUCKET)
        assert acknowledged <= set(names)
        raw = Raw(again, session)
        for name in names:
            assert raw("GET", f"{raw.object_path(name)}?alt=media").content == content(name)
        events = store.read(lambda cx: [row[0] for row in cx.execute("SELECT name FROM outbox")])
        assert sorted(events) == names
        assert len(state_files(tmp_path)) == len(names)


def test_a_state_folder_belongs_to_one_process(tmp_path: Path) -> None:
    process, _ = server_process(tmp_path)
    try:
        with pytest.raises(StoreBusy):
            Store(tmp_path)
    finally:
        process.kill()
        process.wait()


def test_large_transfers_stay_out_of_memory(tmp_path: Path) -> None:
    process, url = server_process(tmp_path)
    try:
        block = os.urandom(1 << 20)
        raw = Raw(url, requests.Session())
        before = resident_mib(process.pid)
        head = b'--b\r\n\r\n{"name":"multi"}\r\n--b\r\n\r\n'
        path = f"/upload/storage/v1/b/{BUCKET}/o"
        for query, size, data, headers in (
            ("uploadType=media&name=single", 300, [block] * 300, {}),
            (
                "uploadType=multipart",
                100,
                [head, *[block] * 100, b"\r\n--b--"],
                {"content-type": "multipart/related; boundary=b"},
            ),
        ):
            response = raw("POST", f"{path}?{query}", data=iter(data), headers=headers)
            assert response.json()["size"] == str(size << 20)
        with requests.get(f"{url}{raw.object_path('single')}?alt=media", stream=True, timeout=60) as response:
            assert sum(len(piece) for piece in response.iter_content(1 << 20)) == 300 << 20
        raw(
            "POST",
            f"{raw.object_path('joined')}/compose",
            json={"sourceObjects": [{"name": "multi"}, {"name": "multi"}]},
        )
        assert peak_mib(process.pid) - before < 60
    finally:
        process.kill()
        process.wait()


def resident_mib(process: int) -> int:
    return _status_kib(process, "VmRSS") // 1024


def peak_mib(process: int) -> int:
    return _status_kib(process, "VmHWM") // 1024


def _status_kib(process: int, field: str) -> int:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    raise AssertionError(field)
