"""What a clean file begins with: an empty preamble, the prefix and file meta information of our own (PS3.10 7.1). Called by `deidentify.py`.

Nothing of the original's is copied: a preamble may hold a second file, and the group names who sent the object from where.
"""

from struct import pack

from dicomlake.dicom.values import padded

# Ours, under 2.25 (PS3.5 B.2): names the program that wrote the file, not who runs it.
IMPLEMENTATION_CLASS = "2.25.212704783829406415823167946905318571265"
IMPLEMENTATION_VERSION = "DICOMLAKE_1"


def preamble_and_meta(sop_class: bytes, sop_instance: bytes, transfer_syntax: str) -> bytes:
    """All that stands before the data set."""
    elements = (
        pack("<HH2sHI", 2, 1, b"OB", 0, 2)
        + b"\0\1"
        + _short(2, b"UI", sop_class)
        + _short(3, b"UI", sop_instance)
        + _short(0x10, b"UI", transfer_syntax.encode("ascii"))
        + _short(0x12, b"UI", IMPLEMENTATION_CLASS.encode("ascii"))
        + _short(0x13, b"SH", IMPLEMENTATION_VERSION.encode("ascii"))
    )
    return bytes(128) + b"DICM" + _short(0, b"UL", pack("<I", len(elements))) + elements


def _short(number: int, vr: bytes, value: bytes) -> bytes:
    value = padded(value, vr)
    return pack("<HH2sH", 2, number, vr, len(value)) + value
