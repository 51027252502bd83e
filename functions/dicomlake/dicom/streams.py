"""One compressed frame in, the same frame with everything blank that is no picture out; sizes and places stay. Called by `surplus.py`.

Comments and application data of JPEG (ITU-T T.81 B.2.4), JPEG-LS (T.87 C.2) and JPEG 2000 (T.800 A.9.2), boxes around a JPEG 2000 code stream
(T.800 Annex I), and bytes after the end of a frame or of an RLE segment (PS3.5 Annex G). Nothing is decoded.
"""

import re
from collections.abc import Iterator

from dicomlake.dicom.elements import corrupt

# What a decoder needs to know of the colours: JFIF without a thumbnail, HP's transform of JPEG-LS, Adobe.
# Adobe's is a version, two words of flags and the transform (Adobe TN 5116).
_NEEDED = re.compile(
    rb"JFIF\x00\x01[\x00-\x02][\x00-\x02].{4}\x00\x00|mrfx.|Adobe\x00[\x64\x65][\x00\x40\x80\xc0]\x00\x00\x00[\x00-\x02]",
    re.DOTALL,
)
# Encoders sign their work.
_SIGNED = re.compile(
    rb"\x00\x01(?:Created by (?:GDCM/)?OpenJPEG version [0-9.]{1,12}|Creator: JasPer Version [0-9.]{1,12}|Kakadu-v?[0-9.]{1,12})\x00?"
)
_DCT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_LS_MARKER = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
_END_OF_IMAGE, _START_OF_SCAN, _COMMENT = 0xD9, 0xDA, 0xFE
_TILE, _TILE_DATA, _CODE_STREAM_END, _REMARK = 0x90, 0x93, 0xD9, 0x64
_BOXES = frozenset((b"jP  ", b"ftyp", b"jp2h", b"jp2c"))
_RLE_HEADER, _MAX_SEGMENTS = 64, 15

Span = tuple[int, int]


def jpeg(stream: bytes, lossless_ls: bool = False) -> Iterator[Span]:
    """Where a JPEG or JPEG-LS frame holds what is no picture. Raises PermanentError(corrupt) where its segments cannot be followed."""
    if stream[:2] != b"\xff\xd8":
        raise corrupt("code_stream_not_followed")
    pos, marker_at = 2, _LS_MARKER if lossless_ls else _DCT_MARKER
    while True:
        while stream[pos : pos + 2] == b"\xff\xff":
            pos += 1
        if pos + 4 > len(stream) and stream[pos : pos + 2] != b"\xff\xd9":
            raise corrupt("code_stream_not_followed")
        if stream[pos] != 0xFF:
            raise corrupt("code_stream_not_followed")
        marker = stream[pos + 1]
        if marker == _END_OF_IMAGE:
            yield pos + 2, len(stream)
            return
        stop = pos + 2 + int.from_bytes(stream[pos + 2 : pos + 4], "big")
        if stop < pos + 4 or stop > len(stream):
            raise corrupt("code_stream_not_followed")
        foreign = marker == _COMMENT or 0xE0 <= marker <= 0xEF
        if foreign and not _NEEDED.fullmatch(stream, pos + 4, stop):
            yield pos + 4, stop
        pos = stop
        if marker == _START_OF_SCAN:
            found = marker_at.search(stream, pos)
            if found is None:
                return  # cut off amid the picture: nothing stands behind it
            pos = found.start()


def jpeg_2000(stream: bytes) -> Iterator[Span]:
    """The same of a JPEG 2000 frame, bare or in boxes."""
    if stream[4:8] != b"jP  ":
        yield from _code_stream(stream, 0, len(stream))
        return
    pos = 0
    while pos + 8 <= len(stream):
        length, kind, head = int.from_bytes(stream[pos : pos + 4], "big"), stream[pos + 4 : pos + 8], 8
        if length == 1:
            length, head = int.from_bytes(stream[pos + 8 : pos + 16], "big"), 16
        stop = pos + length if length else len(stream)
        if stop < pos + head or stop > len(stream):
            break
        if kind == b"jp2c":
            yield from _code_stream(stream, pos + head, stop)
        elif kind not in _BOXES:
            yield pos + head, stop
        pos = stop
    yield pos, len(stream)


def _code_stream(stream: bytes, start: int, end: int) -> Iterator[Span]:
    if stream[start : start + 2] != b"\xff\x4f":
        raise corrupt("code_stream_not_followed")
    pos, tile_end = start + 2, end
    while pos + 2 <= end and stream[pos] == 0xFF:
        marker, length = stream[pos + 1], int.from_bytes(stream[pos + 2 : pos + 4], "big")
        if marker == _CODE_STREAM_END:
            yield pos + 2, end
            return
        if marker == _TILE_DATA:
            pos = tile_end
            continue
        if length < 2 or pos + 2 + length > end:
            break
        if marker == _TILE:
            size = int.from_bytes(stream[pos + 6 : pos + 10], "big")
            last = stream.rfind(b"\xff\xd9", pos, end)
            tile_end = pos + size if size else last if last >= 0 else end
            if tile_end <= pos:
                break
        elif marker == _REMARK and not _SIGNED.fullmatch(stream, pos + 4, pos + 2 + length):
            yield pos + 6, pos + 2 + length
        pos += 2 + length
    if pos < end:
        raise corrupt("code_stream_not_followed")


def rle(stream: bytes, plane: int) -> Iterator[Span]:
    """The same of an RLE frame whose segments hold `plane` bytes each when they are unpacked."""
    count = int.from_bytes(stream[:4], "little")
    starts = [int.from_bytes(stream[at : at + 4], "little") for at in range(4, 4 + 4 * count, 4)]
    if not 0 < count <= _MAX_SEGMENTS or starts != sorted(set(starts)) or starts[0] < _RLE_HEADER:
        raise corrupt("code_stream_not_followed")
    yield 4 + 4 * count, starts[0]
    for start, stop in zip(starts, [*starts[1:], len(stream)], strict=True):
        yield _unpacked(stream, start, stop, plane), stop


def _unpacked(stream: bytes, pos: int, stop: int, plane: int) -> int:
    """Where a segment ends that begins at `pos` and fills a plane."""
    made = 0
    while made < plane and pos < stop:
        run = stream[pos]
        if run < 128:
            pos, made = pos + run + 2, made + run + 1
        elif run > 128:
            pos, made = pos + 2, made + 257 - run
        else:
            pos += 1
    return min(pos, stop)
