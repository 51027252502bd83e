"""What passes between a worker and its child: one message each way, a header of JSON and a list of byte strings. Called by `worker.py`, `child.py`.

No pickles: what a child says that has read a hostile file is read as data.
"""

import json
import os
import select
from collections.abc import Mapping, Sequence

_MAX_HEADER = 32 << 20
_CHUNK = 1 << 20


class Broken(Exception):
    """The other side is gone, silent for too long, or says what cannot be."""


def send(descriptor: int, header: Mapping[str, object], blobs: Sequence[bytes | memoryview] = ()) -> None:
    """Write one message. Raises Broken."""
    text = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}).encode()
    try:
        for part in (len(text).to_bytes(8, "little"), text, *blobs):
            view = memoryview(part)
            while view:
                view = view[os.write(descriptor, view[:_CHUNK]) :]
    except OSError:
        raise Broken from None


def receive(descriptor: int, timeout_s: float | None, max_bytes: int) -> tuple[dict[str, object], list[bytes]]:
    """Read one message; each piece of it must come within `timeout_s` (None: whenever). Raises Broken."""
    size = int.from_bytes(_exactly(descriptor, 8, timeout_s), "little")
    if size > _MAX_HEADER:
        raise Broken
    try:
        header: dict[str, object] = json.loads(_exactly(descriptor, size, timeout_s))
        lengths = [int(length) for length in header.pop("blobs")]  # type: ignore[attr-defined]  # checked by what follows
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Broken from None
    if any(length < 0 for length in lengths) or sum(lengths) > max_bytes:
        raise Broken
    return header, [_exactly(descriptor, length, timeout_s) for length in lengths]


def _exactly(descriptor: int, count: int, timeout_s: float | None) -> bytes:
    got = bytearray()
    while len(got) < count:
        if timeout_s is not None and not select.select([descriptor], [], [], timeout_s)[0]:
            raise Broken
        try:
            piece = os.read(descriptor, min(count - len(got), _CHUNK))
        except OSError:
            raise Broken from None
        if not piece:
            raise Broken
        got += piece
    return bytes(got)
