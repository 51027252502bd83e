"""One level of an object as pydicom read it, its elements by plain number. Called by `proof.py`.

pydicom's look-ups convert tags and values on each call; the proof needs the encoded values only, and each of them once.
"""

import re
from collections.abc import Iterator, MutableSequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_DAY = re.compile(rb"([0-9]{4})\.?([0-9]{2})\.?([0-9]{2})")


class Level:
    """The elements of one level. What pydicom has not converted is a RawDataElement with the bytes of the file."""

    __slots__ = ("dataset", "found")

    def __init__(self, dataset: "Dataset") -> None:
        self.dataset = dataset
        self.found: dict[int, Any] = {int(one.tag): one for one in dataset.values()}

    def vr(self, tag: int) -> bytes:
        """The VR in the header, the dictionary's where the encoding has none."""
        vr = self.found[tag].VR
        return _dictionary_vr(tag) if vr is None else _two(vr)

    def creator(self, tag: int) -> str:
        """The creator element of a block, as the file has it."""
        item = self.found.get(tag)
        value = b"" if item is None or item.value is None else item.value
        return value.decode("latin-1").strip(" \0") if isinstance(value, bytes) else str(value).strip(" \0")

    def value(self, tag: int) -> bytes:
        """The encoded value, as the file has it."""
        return pair(self, self, tag)[0]

    def items(self, tag: int) -> "list[Dataset]":
        """The items of a sequence."""
        return self.dataset[tag].value or []

    def days(self) -> Iterator[str]:
        """The dates stated on this level and below, in the notations people write."""
        for tag in self.found:
            vr = self.vr(tag)
            if vr == b"SQ":
                for item in self.items(tag):
                    yield from Level(item).days()
            elif vr in (b"DA", b"DT"):
                for part in self.value(tag).split(b"\\"):
                    yield from _notations(part)


def pair(before: Level, after: Level, tag: int) -> tuple[bytes, bytes]:
    """The encoded values of both, as the files have them; nothing where a level has no such element."""
    old, new = before.found.get(tag), after.found.get(tag)
    one = b"" if old is None or old.value is None else old.value
    two = b"" if new is None or new.value is None else new.value
    if isinstance(one, bytes) and isinstance(two, bytes):
        return one, two
    # pydicom converts a few elements while it reads, since others depend on them: then both are compared as it understands them.
    return _text(before.dataset[tag].value), _text(after.dataset[tag].value)


def _text(value: object) -> bytes:
    parts = value if isinstance(value, MutableSequence) else [] if value is None else [value]
    return "\\".join(map(str, parts)).encode("latin-1", "replace")


def _notations(part: bytes) -> Iterator[str]:
    found = _DAY.match(part)
    if found is not None:
        year, month, day = (group.decode() for group in found.groups())
        for sep in ("-", ".", "/"):
            yield from (f"{year}{sep}{month}{sep}{day}", f"{day}{sep}{month}{sep}{year}")
            yield f"{month}{sep}{day}{sep}{year}"
        yield f"{year}{month}{day}"


@cache
def _two(vr: str) -> bytes:
    return str(vr)[:2].encode("ascii", "replace")


def _dictionary_vr(tag: int) -> bytes:
    from pydicom.datadict import dictionary_VR

    try:
        return _two(dictionary_VR(tag))
    except KeyError:
        return b"UN"
