"""An object and its treated picture in, the picture without what is no picture out. Called by `deidentify.py`.

A native picture ends where its header says (PS3.5 8.1); frames of a compressed one hold comments and stray bytes that no one sees (`streams.py`).
Where nothing of that kind is found the picture is left alone, to the byte.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from struct import pack

from dicomlake.dicom.elements import ITEM, PIXEL_DATA, corrupt
from dicomlake.dicom.read import RawInstance
from dicomlake.dicom.seams import CleanPixels
from dicomlake.dicom.streams import Span, jpeg, jpeg_2000, rle
from dicomlake.dicom.syntaxes import RLE

_JPEG = "1.2.840.10008.1.2.4."
_LS, _J2K = frozenset(("80", "81")), frozenset(("90", "91", "92", "93", "201", "202", "203"))
_EXTENDED_OFFSETS = 0x7FE00001
_FLOATS = {0x7FE00008: 4, 0x7FE00009: 8}  # FloatPixelData, DoubleFloatPixelData: bytes each
_BLANK = b"\0 \xff"
_ITEM = pack("<HH", ITEM >> 16, ITEM & 0xFFFF)


def without_surplus(raw: RawInstance, pixels: CleanPixels | None) -> CleanPixels | None:
    """`pixels` with new data where those of `raw` hold more than a picture. Raises PermanentError(corrupt) where that cannot be told."""
    _check_floats(raw)
    element = raw.index.get(PIXEL_DATA)
    if element is None or element[3] == element[4] or (pixels is not None and pixels.data is not None):
        return pixels
    value, end = element[3], element[4]
    data = _fragments(raw, value, end) if raw.syntax.encapsulated else _native(raw, value, end)
    if data is None:
        return pixels
    return CleanPixels(data, cleaned=False) if pixels is None else replace(pixels, data=data)


def _check_floats(raw: RawInstance) -> None:
    """Pixels that are floating point numbers must be as many as the header says (PS3.3 C.7.6.24)."""
    for tag, size in _FLOATS.items():
        element = raw.index.get(tag)
        if element is not None:
            rows, columns, frames = (raw.number(keyword) for keyword in ("Rows", "Columns", "NumberOfFrames"))
            if element[4] - element[3] > (rows or 0) * (columns or 0) * max(frames or 1, 1) * size:
                raise corrupt("pixel_data_too_long")


def _native(raw: RawInstance, value: int, end: int) -> bytes | None:
    size = raw.picture_size
    if size is None or not raw.buffer[value + size : end].strip(_BLANK):
        return None
    if end - value - size > size // max(raw.number("NumberOfFrames") or 1, 1) // 4:
        raise corrupt("pixel_data_too_long")  # whole frames, or samples the header does not know: which, nobody says
    return raw.buffer[value : value + size]


def _fragments(raw: RawInstance, value: int, end: int) -> bytes | None:
    kind = raw.syntax.uid.removeprefix(_JPEG)
    if not (raw.syntax.uid == RLE or kind in _LS | _J2K or (kind.isdecimal() and int(kind) <= 70)):
        return None  # video and what has no segments of this kind
    table, pieces = _pieces(raw.buffer, value, end)
    frames = max(raw.number("NumberOfFrames") or 1, 1)
    groups = _grouped(table, pieces, frames)
    plane = (raw.number("Rows") or 0) * (raw.number("Columns") or 0)
    made, dirty = [], False
    for group in groups:
        frame = bytearray(b"".join(group))
        for start, stop in _surplus(bytes(frame), raw.syntax.uid, kind, plane):
            if frame[start:stop].strip(_BLANK):
                frame[start:stop], dirty = bytes(stop - start), True
        sizes = [0, *accumulate(map(len, group))]
        made.append([bytes(frame[a:b]) for a, b in pairwise(sizes)])
    offsets = _offsets(made)
    dirty |= bool(table) and table != pack(f"<{len(offsets)}I", *offsets)
    dirty |= (raw.value(_EXTENDED_OFFSETS) or b"") not in (b"", pack(f"<{len(offsets)}Q", *offsets))
    return _encapsulated(made, offsets) if dirty else None


def _surplus(frame: bytes, syntax: str, kind: str, plane: int) -> Iterator[Span]:
    if syntax == RLE:
        return rle(frame, plane)
    return jpeg_2000(frame) if kind in _J2K else jpeg(frame, kind in _LS)


def _pieces(buffer: bytes, value: int, end: int) -> tuple[bytes, list[bytes]]:
    """The offset table and the fragments; `elements.py` has checked that they are whole."""
    found, pos = [], value
    while buffer[pos : pos + 4] == _ITEM:
        stop = pos + 8 + int.from_bytes(buffer[pos + 4 : pos + 8], "little")
        found.append(buffer[pos + 8 : stop])
        pos = stop
    return found[0], [piece for piece in found[1:] if piece]


def _grouped(table: bytes, pieces: Sequence[bytes], frames: int) -> list[list[bytes]]:
    """The fragments of each frame: one each, all of them, or by the offset table or where a frame begins."""
    if len(pieces) == frames:
        return [[piece] for piece in pieces]
    if len(pieces) < frames:
        raise corrupt("frames_absent")
    if frames == 1:
        if any(piece[:3] in (b"\xff\xd8\xff", b"\xff\x4f\xff") for piece in pieces[1:]):
            raise corrupt("more_frames_than_declared")
        return [list(pieces)]
    begins = {int.from_bytes(table[at : at + 4], "little") for at in range(0, len(table), 4)}
    groups: list[list[bytes]] = []
    for place, piece in zip(_offsets([[piece] for piece in pieces]), pieces, strict=True):
        if not groups or (place in begins if table else piece[:3] in (b"\xff\xd8\xff", b"\xff\x4f\xff")):
            groups.append([])
        groups[-1].append(piece)
    if len(groups) != frames:
        raise corrupt("more_frames_than_declared")
    return groups


def _offsets(groups: Sequence[Sequence[bytes]]) -> list[int]:
    """Where each frame begins, counted from the first fragment (PS3.5 A.4)."""
    return [0, *accumulate(sum(8 + len(piece) for piece in group) for group in groups)][:-1]


def _encapsulated(groups: Sequence[Sequence[bytes]], offsets: Sequence[int]) -> bytes:
    small = len(offsets) > 1 and offsets[-1] < 1 << 32
    table = pack(f"<{len(offsets)}I", *offsets) if small else b""
    pieces = (table, *(piece for group in groups for piece in group))
    return b"".join(_ITEM + pack("<I", len(piece)) + piece for piece in pieces)
