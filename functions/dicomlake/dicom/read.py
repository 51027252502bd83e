"""Bytes of one object in, a checked `RawInstance` out: where everything is, and the facts that identify it. Called by `pipeline/` and `cli.py`.

Reads Part 10 files and what came before them: no preamble, no prefix, no file meta, big endian, deflated, implicit VR. Nothing is read by
a lenient library: what is released later was understood here to the last byte, and everything else has a reason code.
"""

import re
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from mmap import mmap
from operator import lt
from typing import cast

from dicomlake.dicom.bigendian import little_endian
from dicomlake.dicom.dictionary import dictionary, load_pydicom
from dicomlake.dicom.elements import PIXEL_DATA, UNDEFINED, Element, Walker, corrupt
from dicomlake.dicom.limits import DEFAULT, Limits
from dicomlake.dicom.part10 import guessed_vr, layout_of
from dicomlake.dicom.syntaxes import Syntax
from dicomlake.dicom.text import PADDING, Charset, decoded_values
from dicomlake.errors import Code, PermanentError

_UID = re.compile(rb"[0-9]+(?:\.[0-9]+)*")
_PADDED = PADDING.encode("ascii")
_SOP_CLASS = 0x00080016
_MANDATORY = (
    (_SOP_CLASS, "sop_class_uid"),
    (0x00080018, "sop_instance_uid"),
    (0x0020000D, "study_instance_uid"),
    (0x0020000E, "series_instance_uid"),
)
_CHARSET, _DIRECTORY_RECORDS = 0x00080005, 0x00041220
_DIRECTORY_CLASS = b"1.2.840.10008.1.3.10"
# Samples per pixel as stored, in sixths, where chroma is shared between pixels (PS3.3 C.7.6.3.1.2).
_SUBSAMPLED = {"YBR_FULL_422": 12, "YBR_PARTIAL_422": 12, "YBR_PARTIAL_420": 9}


@dataclass(frozen=True)
class RawInstance:
    """One object as it came. `buffer` holds its data set in little endian from `start` on, the original bytes wherever those are; `elements`
    is the checked tree over it. `status` is "modern", or "legacy" where prefix, file meta or transfer syntax were missing.
    """

    data: bytes = field(repr=False)
    status: str
    syntax: Syntax
    buffer: bytes = field(repr=False)
    start: int
    elements: list[Element] = field(repr=False)

    @property
    def transfer_syntax(self) -> str:
        """UID of the encoding the object came in."""
        return self.syntax.uid

    @cached_property
    def study_instance_uid(self) -> str:
        """Checked to be there and valid, as the next two."""
        return self.values("StudyInstanceUID")[0]

    @cached_property
    def series_instance_uid(self) -> str:
        """Of the series."""
        return self.values("SeriesInstanceUID")[0]

    @cached_property
    def sop_instance_uid(self) -> str:
        """Of the instance."""
        return self.values("SOPInstanceUID")[0]

    @cached_property
    def index(self) -> dict[int, Element]:
        """Top-level elements by tag."""
        return {element[0]: element for element in self.elements}

    @cached_property
    def charset(self) -> Charset:
        """The character set of the top level (SpecificCharacterSet)."""
        return Charset.of(self.value(_CHARSET) or b"")

    @cached_property
    def picture_size(self) -> int | None:
        """The size of native pixel data by the header (PS3.5 8.1), in bytes without padding; None when the header does not say."""
        rows, columns, bits, samples, frames = (self.number(keyword) for keyword in PICTURE_SIZE)
        return picture_bytes(rows, columns, bits, samples, frames, self.first("PhotometricInterpretation") or "")

    def value(self, tag: int) -> bytes | None:
        """The encoded value of a top-level element, None when it is not there."""
        element = self.index.get(tag)
        return None if element is None else self.buffer[element[3] : element[4]]

    def values(self, keyword: str) -> tuple[str, ...]:
        """The values of a top-level attribute as trimmed text; () when absent, empty or a sequence."""
        element = self.index.get(dictionary().tag.get(keyword, -1))
        if element is None or element[5] is not None or element[3] == element[4]:
            return ()
        return decoded_values(self.buffer[element[3] : element[4]], element[0], element[1], self.charset)

    def first(self, keyword: str) -> str | None:
        """The first value of a top-level attribute as trimmed text; None when there is none."""
        return next((value for value in self.values(keyword) if value), None)

    def number(self, keyword: str) -> int | None:
        """The first value as a whole number; None when it is absent or no number."""
        text = self.first(keyword)
        return int(text) if text is not None and re.fullmatch(r"[+-]?[0-9]{1,18}", text) else None


def read_raw(data: "bytes | bytearray | memoryview | mmap", limits: Limits = DEFAULT) -> RawInstance:
    """Read and check one object; a mapped file is read where it is, so that a large one takes no memory.

    Raises PermanentError: empty, not_dicom, corrupt, unsupported, missing_uid, invalid_uid, resource_limit.
    """
    raw = parse_raw(data, limits)
    _check_identity(raw)
    _check_pixels(raw)
    return raw


def parse_raw(data: "bytes | bytearray | memoryview | mmap", limits: Limits = DEFAULT) -> RawInstance:
    """The same without a look at its identity and pixels: enough to read numbers from, never to release. Raises PermanentError."""
    # A map answers like bytes to all that is asked here: its slices are bytes, its length is known.
    load_pydicom()
    data = cast("bytes", data) if isinstance(data, (bytes, mmap)) else bytes(data)
    layout = layout_of(data)
    syntax, buffer, start = layout.syntax, data, layout.start
    if syntax.deflated:
        buffer, start = _inflated(data, start, limits), 0
        if guessed_vr(buffer, 0) is False:
            raise corrupt("encoding_contradicts_meta")
    elif syntax.big_endian:
        buffer, start = little_endian(data, start, limits), 0
    elements = Walker(buffer, limits).data_set(start, syntax.explicit)
    buffer, start, elements = _in_order(buffer, start, elements, syntax, limits)
    return RawInstance(data, "modern" if layout.modern else "legacy", syntax, buffer, start, elements)


def check_inflation(data: bytes) -> None:
    """Raises PermanentError (resource_limit, corrupt) for a deflated object that no reader without limits should be given."""
    layout = layout_of(data)
    if layout.syntax.deflated:
        _inflated(data, layout.start, DEFAULT)


def _inflated(data: bytes, start: int, limits: Limits) -> bytes:
    """Inflate the data set (PS3.5 A.5), never beyond what the limits allow for its size."""
    deflated = memoryview(data)[start:]
    ceiling = min(limits.inflated_bytes, max(limits.inflated_floor, limits.inflated_ratio * len(deflated)))
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        out = engine.decompress(deflated, ceiling + 1)
    except zlib.error:
        raise corrupt("deflated_data_damaged") from None
    if len(out) > ceiling:
        raise PermanentError(Code.RESOURCE_LIMIT, "inflates_too_far")
    if not engine.eof:
        raise corrupt("deflated_data_truncated")
    return out


def _in_order(
    buffer: bytes, start: int, elements: list[Element], syntax: Syntax, limits: Limits
) -> tuple[bytes, int, list[Element]]:
    """The data set with its top level in order of tag, as PS3.5 7.1 demands and a few writers do not."""
    tags = [element[0] for element in elements]
    if all(map(lt, tags, tags[1:])):
        return buffer, start, elements
    if len(set(tags)) != len(tags):
        raise corrupt("element_stands_twice")  # which of two values a reader takes is anybody's guess
    ordered = b"".join(buffer[e[2] : e[4]] for e in sorted(elements, key=lambda element: element[0]))
    return ordered, 0, Walker(ordered, limits).data_set(0, syntax.explicit)


def _check_identity(raw: RawInstance) -> None:
    if _DIRECTORY_RECORDS in raw.index or (raw.value(_SOP_CLASS) or b"").strip(_PADDED) == _DIRECTORY_CLASS:
        raise PermanentError(Code.UNSUPPORTED, "dicomdir")
    uids = [((raw.value(tag) or b"").strip(_PADDED), slug) for tag, slug in _MANDATORY]
    for uid, slug in uids:
        if not uid.strip(_PADDED + b"\\"):
            raise PermanentError(Code.MISSING_UID, slug)
    for uid, slug in uids:
        if len(uid) > 64 or not _UID.fullmatch(uid):
            raise PermanentError(Code.INVALID_UID, slug)


def _check_pixels(raw: RawInstance) -> None:
    """Pixel data must be in the form the transfer syntax says, and native ones long enough for the picture they claim."""
    element = raw.index.get(PIXEL_DATA)
    if element is None:
        return
    _, _, _, value, end, _ = element
    fragmented = raw.buffer[value - 4 : value] == UNDEFINED.to_bytes(4, "little")
    if fragmented != raw.syntax.encapsulated:
        raise corrupt("pixel_data_contradict_syntax")
    # Empty or absent pixel data are no damage: archives of headers are made that way.
    if not fragmented and 0 < end - value < (raw.picture_size or 0):
        raise corrupt("pixel_data_truncated")


PICTURE_SIZE = ("Rows", "Columns", "BitsAllocated", "SamplesPerPixel", "NumberOfFrames")


def picture_bytes(
    rows: int | None, columns: int | None, bits: int | None, samples: int | None, frames: int | None, photometric: str
) -> int | None:
    """The same of the values themselves."""
    if not rows or not columns or not bits:
        return None
    samples = samples or 1
    sixths = _SUBSAMPLED.get(photometric, 6 * samples) if samples == 3 else 6 * samples
    return (rows * columns * sixths * bits * max(frames or 1, 1) + 47) // 48
