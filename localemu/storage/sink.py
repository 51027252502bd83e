"""An upload's bytes on their way to disk: pieces in, a durable content and its digests out. Used by both kinds of upload.

Pieces are gathered to blocks of a MiB before a thread writes them, so a small upload costs one hop and a large one no memory.
"""

import os
from dataclasses import dataclass
from typing import BinaryIO

from localemu.storage.call import Call
from localemu.storage.contents import BLOCK, Digests, RunningDigests


@dataclass(frozen=True, slots=True)
class Stored:
    """A content that is on disk, not yet named by any row."""

    content: str
    size: int
    digests: Digests


class Sink:
    """Takes the bytes of one content. Exactly one of `finish`, `keep` and `abandon` ends it."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._pieces: list[bytes] = []
        self._waiting = 0
        self.size = 0
        self.content: str | None = None
        self._file: BinaryIO | None = None
        self.digests = RunningDigests()

    @classmethod
    def resume(cls, call: Call, content: str, offset: int, digests: RunningDigests) -> "Sink":
        """Go on with an unfinished content after `offset` bytes, whose digests are `digests`. To be called in a thread."""
        sink = cls(call)
        sink.content, sink.size, sink.digests = content, offset, digests
        sink._file = call.store.contents.open_to_append(content, offset)
        return sink

    async def feed(self, piece: bytes) -> None:
        """Take the next piece."""
        if piece:
            self._pieces.append(piece)
            self._waiting += len(piece)
            if self._waiting >= BLOCK:
                await self._call.in_thread(self._write)

    async def finish(self) -> Stored:
        """Make the content durable."""
        return await self._call.in_thread(self._finish)

    async def flush(self) -> int:
        """Write what waits; returns the number of bytes that have arrived."""
        await self._call.in_thread(self._write)
        return self.size

    async def keep(self, size: int) -> None:
        """Make the first `size` bytes durable and drop the rest: an upload that goes on later. To be called after `flush`."""
        await self._call.in_thread(lambda: self._keep(size))

    async def abandon(self) -> None:
        """Remove a content of our own."""
        await self._call.in_thread(self._abandon)

    def _write(self) -> None:
        if self._file is None:
            self.content, self._file = self._call.store.contents.create()
        block, self._pieces, self._waiting = b"".join(self._pieces), [], 0
        self.digests.update(block)
        self.size += len(block)
        rest = memoryview(block)
        while rest:
            rest = rest[self._file.write(rest) :]

    def _finish(self) -> Stored:
        self._write()
        assert self._file is not None and self.content is not None
        os.fsync(self._file.fileno())
        self._file.close()
        return Stored(self.content, self.size, self.digests.result())

    def _keep(self, size: int) -> None:
        assert self._file is not None and size <= self.size
        self._file.truncate(size)
        os.fsync(self._file.fileno())
        self._file.close()

    def _abandon(self) -> None:
        if self._file is not None and self.content is not None:
            self._file.close()
            self._call.store.contents.remove([self.content])
