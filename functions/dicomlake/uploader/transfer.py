"""One content to one object name, once: repeated while the storage is busy, never over another object. Called by `run.py`."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from dicomlake.errors import TransientError
from dicomlake.lake import objects

if TYPE_CHECKING:
    from dicomlake.lake.clients import StorageClient

_MAX_COMPARED_BYTES = 256 << 20
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0

T = TypeVar("T")


class NameTaken(Exception):
    """An object with other content has the name; it is left as it is."""


class Patience:
    """How often a call is repeated while the storage is busy, and how it waits in between (`sleep` takes seconds)."""

    def __init__(self, attempts: int, sleep: Callable[[float], None]) -> None:
        self._attempts = attempts
        self._sleep = sleep

    def call(self, action: Callable[[], T]) -> T:
        """Run `action` until it answers. Raises the last TransientError."""
        wait = _FIRST_WAIT_S
        for _ in range(self._attempts - 1):
            try:
                return action()
            except TransientError:
                self._sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT_S)
        return action()


def deliver(
    client: "StorageClient",
    bucket: str,
    name: str,
    data: bytes | Path,
    sha256: str,
    content_type: str,
    patience: Patience,
) -> bool:
    """Put `data` under `name`. True when this call did, False when the same bytes were there. Raises NameTaken, TransientError, PermanentError."""
    attempts = 0

    def put() -> bool:
        nonlocal attempts
        attempts += 1
        return objects.create(client, bucket, name, data, content_type, {"sha256": sha256})

    if patience.call(put):
        return True
    size = len(data) if isinstance(data, bytes) else data.stat().st_size
    if not patience.call(lambda: _same(client, bucket, name, sha256, size)):
        raise NameTaken
    return attempts > 1  # the first attempt had arrived, only its answer was lost


def _same(client: "StorageClient", bucket: str, name: str, sha256: str, size: int) -> bool:
    found = objects.facts(client, bucket, name)
    if found is None:
        raise TransientError("object_came_and_went")
    if found.size != size:
        return False
    if "sha256" in found.metadata:
        return found.metadata["sha256"] == sha256
    if size > _MAX_COMPARED_BYTES:
        return False
    there = objects.read(client, bucket, name, found.generation, _MAX_COMPARED_BYTES)
    return hashlib.sha256(there).hexdigest() == sha256
