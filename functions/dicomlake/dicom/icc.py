"""An ICC profile in, the same without its texts out: copyright, descriptions and makers' remarks name whoever made it. Called by `deidentify.py`.

The numbers that say how colours are shown stay where they are, texts become zeros of the same length (ICC.1:2022, clauses 7 and 10). Whatever
no listed element covers, and elements of a kind not listed here, become zeros too: they are no colours.
"""

from struct import Struct

_HEADER, _ENTRY = 128, Struct(">4sII")
_COUNT = Struct(">I")
_MOST_TAGS = 200
# Kinds of elements that are numbers (clause 10).
_NUMBERS = frozenset((b"XYZ ", b"curv", b"para", b"mft1", b"mft2", b"mAB ", b"mBA ", b"mpet", b"sf32", b"uf32", b"ui08", b"ui16", b"ui32",
                      b"sig ", b"view", b"meas", b"chrm", b"clro", b"dtim", b"cicp"))  # fmt: skip
# Kinds that are texts, and what an empty one has behind its kind: a terminator; a count with the terminator; no records, of twelve bytes each.
_EMPTY = {b"text": b"", b"desc": _COUNT.pack(1), b"mluc": _COUNT.pack(0) + _COUNT.pack(12)}


def without_text(profile: bytes) -> bytes | None:
    """The profile with its length; None for what is none, and can only be removed."""
    size = int.from_bytes(profile[:4], "big")
    if profile[36:40] != b"acsp" or not _HEADER + 4 <= size <= len(profile) or len(profile) - size > 1:
        return None
    (number,) = _COUNT.unpack_from(profile, _HEADER)
    start = _HEADER + 4 + number * _ENTRY.size
    if number > _MOST_TAGS or start > size:
        return None
    made = bytearray(len(profile))
    made[:start] = profile[:start]
    for n in range(number):
        _, offset, length = _ENTRY.unpack_from(profile, _HEADER + 4 + n * _ENTRY.size)
        if offset < start or offset + length > size or length < 8:
            return None
        kind = profile[offset : offset + 4]
        if kind in _NUMBERS:
            made[offset : offset + length] = profile[offset : offset + length]
        elif kind in _EMPTY:
            empty = (kind + bytes(4) + _EMPTY[kind])[:length]
            made[offset : offset + len(empty)] = empty
    return bytes(made)
