"""Tag, VR and value in, an encoded little endian element out. Called by `deidentify.py` and `marks.py`."""

from collections.abc import Iterable
from struct import pack

from dicomlake.dicom.dictionary import LONG_VRS
from dicomlake.dicom.elements import corrupt
from dicomlake.rules import DummyElement

# The delimiter that closes a value of undefined length.
SEQUENCE_END = pack("<HHI", 0xFFFE, 0xE0DD, 0)


def header(tag: int, vr: bytes, length: int, explicit: bool) -> bytes:
    """What stands before a value of `length` bytes."""
    if not explicit:
        return pack("<HHI", tag >> 16, tag & 0xFFFF, length)
    if vr in LONG_VRS:
        return pack("<HH2sHI", tag >> 16, tag & 0xFFFF, vr, 0, length)
    if length > 0xFFFF:
        raise corrupt("value_too_long")
    return pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, length)


def element(tag: int, vr: bytes, value: bytes, explicit: bool) -> bytes:
    """An element; `value` has an even length."""
    return header(tag, vr, len(value), explicit) + value


def sequence(tag: int, items: Iterable[bytes], explicit: bool) -> bytes:
    """A sequence of items given as their encoded elements, all lengths defined."""
    content = b"".join(pack("<HHI", 0xFFFE, 0xE000, len(item)) + item for item in items)
    return element(tag, b"SQ", content, explicit)


def constant(elements: Iterable[DummyElement], explicit: bool) -> bytes:
    """The elements of a constant item of the rules."""
    parts = []
    for one in elements:
        if one.vr == "SQ":
            parts.append(sequence(one.tag, (constant(item, explicit) for item in one.items), explicit))
        else:
            parts.append(element(one.tag, one.vr.encode("ascii"), one.value, explicit))
    return b"".join(parts)
