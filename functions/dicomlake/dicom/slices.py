"""Bytes in parts in, a file to read from out: nothing is joined, so that objects larger than memory can be proven and sent. Called by
`verify.py` and, through `CleanInstance.open`, by whoever sends the object.
"""

import io
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from mmap import MADV_DONTNEED, mmap

_CHUNK, _PART = 1 << 20, 4 << 20


def chunks(slices: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """The slices in parts of a few mebibytes. What was read of a mapped file is given back to the system after each."""
    for one in slices:
        view = memoryview(one)
        for at in range(0, len(view), _PART):
            yield view[at : at + _PART]
            give_back(view)


def give_back(view: memoryview) -> None:
    """Let the system take back the memory of what was read of a mapped file; nothing for what is not mapped."""
    if isinstance(view.obj, mmap):
        view.obj.madvise(MADV_DONTNEED)


class SliceReader(io.RawIOBase):
    """Reads slices as the one file they make up."""

    def __init__(self, slices: Iterable[bytes | memoryview]) -> None:
        self._slices = [memoryview(one) for one in slices if len(one)]
        self._starts = [0, *accumulate(map(len, self._slices))]
        self._pos = self._read = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """The place in the file."""
        return self._pos

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; beyond the end nothing is read."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._pos, io.SEEK_END: self._starts[-1]}[whence]
        self._pos = max(0, base + offset)
        return self._pos

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        """Fill `buffer` as far as the slices go."""
        view, done = memoryview(buffer), 0
        number = bisect_right(self._starts, self._pos) - 1
        while done < len(view) and number < len(self._slices):
            at = self._pos - self._starts[number]
            part = self._slices[number][at : at + len(view) - done]
            view[done : done + len(part)] = part
            done, self._pos, self._read = done + len(part), self._pos + len(part), self._read + len(part)
            if self._read > _PART:
                give_back(self._slices[number])
                self._read = 0
            number += 1
        return done


def same(one: SliceReader, one_at: int, two: SliceReader, two_at: int, size: int) -> bool:
    """Whether `size` bytes at two places are equal and all there; a mebibyte at a time."""
    while size > 0:
        wanted = min(size, _CHUNK)
        one.seek(one_at)
        two.seek(two_at)
        mine, other = one.read(wanted), two.read(wanted)
        if mine != other or mine is None or len(mine) < wanted:
            return False
        one_at, two_at, size = one_at + wanted, two_at + wanted, size - wanted
    return True
