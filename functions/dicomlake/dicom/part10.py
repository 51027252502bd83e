"""Bytes of a file in, where its data set begins and how it is encoded out (PS3.10 section 7). Called by `read.py`.

Files older than Part 10 have no preamble, no prefix or no file meta information; how they are encoded is guessed from the first element,
which must be one a DICOM object can begin with: a lenient reader would take text, zeros and archives for DICOM.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from struct import Struct

from dicomlake.dicom.dictionary import LONG_VRS, SHORT_VRS, dictionary
from dicomlake.dicom.elements import corrupt
from dicomlake.dicom.syntaxes import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, Syntax, syntax_of
from dicomlake.errors import Code, PermanentError

_PREFIX, _PREAMBLE = b"DICM", 128
_IMPLICIT, _LENGTH = Struct("<HHI").unpack_from, Struct("<I").unpack_from
_EXPLICIT = Struct("<HH2sH").unpack_from
_MAX_META = 256
_MAX_PADDING = 4096
_CLASS, _SYNTAX = 0x00020002, 0x00020010
_DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
_VRS = SHORT_VRS | LONG_VRS


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the data set begins and its encoding. `modern`: prefix, file meta and a transfer syntax are all there."""

    start: int
    syntax: Syntax
    modern: bool
    meta: Mapping[int, bytes] = field(repr=False)


def layout_of(data: bytes) -> Layout:
    """Locate the data set. Raises PermanentError: empty, not_dicom, corrupt (prefix there, the rest unusable), unsupported (DICOMDIR)."""
    if not data:
        raise PermanentError(Code.EMPTY)
    prefixed, start = _prefix(data)
    if not prefixed and not _begins_object(data, start):
        raise PermanentError(Code.NOT_DICOM, "no_element_at_start")
    meta, pos = _file_meta(data, start)
    if _text(meta, _CLASS) == _DIRECTORY_CLASS:
        raise PermanentError(Code.UNSUPPORTED, "dicomdir")
    if len(data) - pos < 8:
        raise corrupt("data_set_missing")
    declared = _text(meta, _SYNTAX)
    syntax = _checked(syntax_of(declared), data, pos) if declared else _guessed(data, pos)
    return Layout(pos, syntax, prefixed and start == _PREAMBLE + 4 and bool(declared), meta)


def guessed_vr(data: bytes, pos: int) -> bool | None:
    """Whether the element at `pos` has an explicit VR; None when it is too short to tell."""
    vr = data[pos + 4 : pos + 6]
    return vr in _VRS if len(vr) == 2 else None


def _prefix(data: bytes) -> tuple[bool, int]:
    if data[_PREAMBLE : _PREAMBLE + 4] == _PREFIX:
        return True, _PREAMBLE + 4
    if data[:4] == _PREFIX:
        return True, 4
    if _begins_object(data, 0):
        return False, 0
    padded = len(data[:_MAX_PADDING]) - len(data[:_MAX_PADDING].lstrip(b"\0 "))
    # The first byte of a big endian data set is a zero too.
    return False, padded - 1 if padded and _begins_object(data, padded - 1) else padded


def _begins_object(data: bytes, pos: int) -> bool:
    """Whether an element of group 2 or 8, in either byte order, stands at `pos`."""
    if len(data) - pos < 16:
        return False
    group, number, length = _IMPLICIT(data, pos)
    if group in (0x0002, 0x0008) and number < 0x4000:
        if data[pos + 4 : pos + 6] in _VRS:
            return True
        known = group << 16 | number in dictionary().vr
        return (number == 0 and length == 4) or (known and length <= len(data) - pos - 8)
    return group in (0x0200, 0x0800) and data[pos + 4 : pos + 6] in _VRS


def _file_meta(data: bytes, pos: int) -> tuple[dict[int, bytes], int]:
    """The elements of group 2 from `pos` on and where they end. Their group length is not trusted: writers get it wrong."""
    meta: dict[int, bytes] = {}
    for _ in range(_MAX_META):
        if len(data) - pos < 8 or data[pos : pos + 2] != b"\x02\0":
            return meta, pos
        group, number, vr, length = _EXPLICIT(data, pos)
        value = pos + 8
        if vr in LONG_VRS and len(data) - pos >= 12:
            (length,), value = _LENGTH(data, pos + 8), pos + 12
        elif vr not in SHORT_VRS:
            (length,) = _LENGTH(data, pos + 4)  # implicit VR, against PS3.10 7.1; seen in old archives
        if value + length > len(data):
            raise corrupt("file_meta_truncated")
        meta[group << 16 | number] = data[value : value + length] if length <= 64 else b""
        pos = value + length
    raise corrupt("file_meta_endless")


def _text(meta: Mapping[int, bytes], tag: int) -> str:
    return meta.get(tag, b"").decode("ascii", "replace").strip(" \0")


def _checked(syntax: Syntax, data: bytes, pos: int) -> Syntax:
    """What the bytes say where the file meta is wrong about explicit or implicit VR; any other contradiction shows when walked."""
    if syntax.deflated:
        return syntax
    explicit = guessed_vr(data, pos)
    if explicit is None or explicit == syntax.explicit:
        return syntax
    if syntax.encapsulated or syntax.big_endian:
        raise corrupt("encoding_contradicts_meta")
    return syntax_of(EXPLICIT_LITTLE if explicit else IMPLICIT_LITTLE)


def _guessed(data: bytes, pos: int) -> Syntax:
    """The encoding of a data set nobody declared. Groups are small numbers: the byte order that makes them so is the right one."""
    group_little, group_big = int.from_bytes(data[pos : pos + 2], "little"), int.from_bytes(data[pos : pos + 2], "big")
    big = group_big < group_little
    explicit = guessed_vr(data, pos)
    if big and not explicit:
        raise PermanentError(Code.UNSUPPORTED, "implicit_big_endian")
    return syntax_of(EXPLICIT_BIG if big else EXPLICIT_LITTLE if explicit else IMPLICIT_LITTLE)
