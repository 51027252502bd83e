"""What a running server knows of resumable uploads beyond their rows: who writes now, and the digests of what came so far.

`resumable` uses it. Nothing here must survive a restart: locks die with their requests, digests are read again from the file.
"""

import asyncio
import weakref
from collections import OrderedDict

from localemu.storage.contents import RunningDigests

_MOST_DIGESTS = 256


class Sessions:
    """One per application; used on the event loop only."""

    def __init__(self) -> None:
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self._digests: OrderedDict[str, tuple[int, RunningDigests]] = OrderedDict()

    def lock(self, upload: str) -> asyncio.Lock:
        """The lock that lets one request at a time write to `upload`."""
        lock = self._locks.get(upload)
        if lock is None:
            lock = self._locks[upload] = asyncio.Lock()
        return lock

    def remember(self, upload: str, size: int, digests: RunningDigests) -> None:
        """Keep the digests of the first `size` bytes for the next piece. The oldest of many are forgotten."""
        self._digests[upload] = (size, digests)
        self._digests.move_to_end(upload)
        if len(self._digests) > _MOST_DIGESTS:
            self._digests.popitem(last=False)

    def recall(self, upload: str, size: int) -> RunningDigests | None:
        """Take what was kept, if it is for exactly `size` bytes."""
        known = self._digests.pop(upload, None)
        return known[1] if known is not None and known[0] == size else None
