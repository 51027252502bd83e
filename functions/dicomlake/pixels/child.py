"""The process that touches untrusted pixels: `python -m dicomlake.pixels.child`, started by `worker.py`, which sends it one object after the
other and gets findings and clean pixels back. It has no key, no credentials and limits of its own; what kills it costs one object.
"""

import os
import resource
import sys
import warnings
from collections.abc import Mapping
from typing import Any

from dicomlake.errors import Code, PermanentError
from dicomlake.pixels import wire

_MAX_REQUEST = 2 << 30
_MAX_FILE = 64 << 20  # the second reader works with scratch files


def main() -> None:
    """Serve requests on standard input until it is closed."""
    incoming, outgoing = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # a codec that prints must not break the protocol
    warnings.simplefilter("ignore")  # they quote values
    try:
        hello, _ = wire.receive(incoming, None, 0)
        _limit(int(str(hello["memory_mib"])))
        _serve(incoming, outgoing)
    except wire.Broken:
        sys.exit(0)  # whoever asked is gone


def _limit(memory_mib: int) -> None:
    size = memory_mib << 20
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_FILE, _MAX_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _serve(incoming: int, outgoing: int) -> None:
    from dicomlake.pixels.requests import answer  # all that is heavy, once, before the first object

    wire.send(outgoing, {"ready": True})
    while True:
        header, blobs = wire.receive(incoming, None, _MAX_REQUEST)
        reply, out = _answered(answer, header, blobs[0])
        wire.send(outgoing, reply, out)


def _answered(answer: Any, header: Mapping[str, Any], data: bytes) -> tuple[dict[str, object], list[bytes]]:
    import cv2

    try:
        done: tuple[dict[str, object], list[bytes]] = answer(header, data)
    except PermanentError as error:
        return {"code": str(error.code), "detail": error.detail}, []
    except (MemoryError, cv2.error):
        return {"code": str(Code.RESOURCE_LIMIT), "detail": "picture_needs_too_much_memory"}, []
    return done


if __name__ == "__main__":
    main()
