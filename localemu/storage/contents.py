"""Contents on disk: bytes in, an immutable file with its length and digests out. `localemu.store` names them in its tables.

A content is written once, under a number of its own (never under a name a client gave), fsynced, and only then named by a
transaction. Files no row names are orphans of a crash and are removed at start.
"""

import base64
import hashlib
import os
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import google_crc32c

BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Digests:
    """Both digests Cloud Storage gives, in base64. `md5` is None where the service has none (composed objects)."""

    crc32c: str
    md5: str | None


@dataclass(slots=True)
class RunningDigests:
    """Digests of what was fed so far."""

    crc32c: int = 0
    md5: "hashlib._Hash" = field(default_factory=lambda: hashlib.md5(usedforsecurity=False))

    def update(self, data: bytes) -> None:
        """Feed `data`."""
        self.crc32c = google_crc32c.extend(self.crc32c, data)
        self.md5.update(data)

    def result(self) -> Digests:
        """The digests of all that was fed."""
        return Digests(
            base64.b64encode(self.crc32c.to_bytes(4, "big")).decode(),
            base64.b64encode(self.md5.digest()).decode(),
        )


class Contents:
    """The folder of contents. Thread-safe."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._last = 0
        self._unsynced: set[Path] = set()

    def path(self, content: str) -> Path:
        """Where `content` lies. A folder holds the contents of about an hour, so that uploads arriving together share its fsync."""
        return self.root / content[:8] / content

    def create(self) -> tuple[str, BinaryIO]:
        """A new, empty content, open for reading and writing without buffer."""
        while True:
            content = self._number()
            path = self.path(content)
            self._ensure_folder(path.parent)
            try:
                file = path.open("x+b", buffering=0)
            except FileExistsError:  # the clock was set back between two runs
                continue
            with self._lock:
                self._unsynced.add(path.parent)
            return content, file

    def open_to_append(self, content: str, offset: int) -> BinaryIO:
        """An unfinished content again, cut to the `offset` that was acknowledged."""
        file = self.path(content).open("r+b", buffering=0)
        file.truncate(offset)
        file.seek(offset)
        return file

    def sync_folders(self) -> None:
        """Make the names of new contents durable. To be called before the transaction that names them commits."""
        with self._lock:
            folders, self._unsynced = self._unsynced, set()
        for folder in folders:
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def remove(self, contents: Iterable[str]) -> None:
        """Remove contents no row names. Whoever reads one goes on reading: the bytes go when the last reader closes."""
        for content in contents:
            self.path(content).unlink(missing_ok=True)

    def sweep(self, named: set[str]) -> int:
        """Remove every file that is not `named`; returns how many there were."""
        orphans = [path for path in self.root.glob("*/*") if path.name not in named]
        for path in orphans:
            path.unlink(missing_ok=True)
        return len(orphans)

    def _number(self) -> str:
        with self._lock:
            self._last = max(time.time_ns() // 1000, self._last + 1)
            return f"{self._last:016x}"

    def _ensure_folder(self, folder: Path) -> None:
        # Under the lock: nobody may see the folder before it is noted that its own name is not durable yet.
        with self._lock:
            if not folder.exists():
                folder.mkdir()
                self._unsynced.add(self.root)


def digest_file(path: Path, length: int) -> RunningDigests:
    """Digests of the first `length` bytes of a file; used when a resumable upload goes on after a restart."""
    digests = RunningDigests()
    with path.open("rb") as file:
        while length > 0 and (block := file.read(min(BLOCK, length))):
            digests.update(block)
            length -= len(block)
    return digests
