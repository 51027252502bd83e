"""A raw instance in; nothing out, or an error where bulk data hold more than their header declares. Called by `deidentify.py`.

Tables, waveforms and spectra say elsewhere in their level how long they are (PS3.3 C.7.6.3.1.5, C.11.1, C.10.9, C.8.14.4): bytes behind that are
nothing a reader shows, and could be anything. No binary attribute that stays may hold a word the object is known by, and one that is text
throughout is looked at as text.
"""

from collections.abc import Callable, Iterable, Mapping
from struct import unpack

from dicomlake.dicom.elements import Element, corrupt
from dicomlake.dicom.read import RawInstance
from dicomlake.errors import Code, PermanentError

_BULK = frozenset((b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN", b"ob", b"ow", b"of", b"od", b"ol", b"ov", b"un"))
_BLANK = b"\0 \xff"
# Table data and the descriptor of as many entries, 16 bits each at most.
_TABLES = {
    0x00281201: 0x00281101,
    0x00281202: 0x00281102,
    0x00281203: 0x00281103,
    0x00281204: 0x00281104,
    0x00283006: 0x00283002,
}
# Tables written in segments (PS3.3 C.7.9.2) and their descriptors.
_SEGMENTED = {0x00281221: 0x00281101, 0x00281222: 0x00281102, 0x00281223: 0x00281103}
_DISCRETE, _LINEAR, _INDIRECT = range(3)
_WAVEFORM, _CHANNELS, _SAMPLES, _BITS = 0x54001010, 0x003A0005, 0x003A0010, 0x54001004
_SPECTRUM, _POINT_ROWS, _POINT_COLUMNS, _FRAMES, _REPRESENTATION = (
    0x56000020,
    0x00289001,
    0x00289002,
    0x00280008,
    0x00089108,
)
_SIZED = frozenset((*_TABLES, *_SEGMENTED, _WAVEFORM, _SPECTRUM))
# `surplus.py` sees to the pictures, the reports room to an encapsulated document.
_ELSEWHERE = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010, 0x00420011))
_SHORTEST, _LONGEST = 8, 1 << 18

# Tag, VR and value in, whether the value would stay and is text that identifies somebody, or holds a word that does.
Tells = Callable[[int, bytes, bytes], bool]


def check_bulk(raw: RawInstance, tells: Tells) -> None:
    """Raises PermanentError: corrupt for bytes behind a table, a waveform or a spectrum, deid_failed for what tells in binary values."""
    levels: list[Iterable[Element]] = [raw.elements]
    while levels:
        elements = levels.pop()
        some = [one for one in elements if one[5] or one[0] in _SIZED or one[1] in _BULK]
        by_tag: Mapping[int, Element] | None = None
        for tag, vr, _, value, end, items in some:
            if items:
                levels.extend(item[4] for item in items)
            elif tag in _SIZED:
                by_tag = by_tag if by_tag is not None else {one[0]: one for one in elements}
                most = _declared(raw.buffer, by_tag, tag)
                if most is not None and raw.buffer[value + most : end].strip(_BLANK):
                    raise corrupt("data_too_long")
            looked_at = not tag & 0x10000 and tag not in _ELSEWHERE and not items
            if (
                looked_at
                and _SHORTEST <= end - value <= _LONGEST
                and tells(tag, vr, raw.buffer[value:end].strip(b"\0 "))
            ):
                raise PermanentError(Code.DEID_FAILED, "text_in_data")


def _declared(buffer: bytes, level: Mapping[int, Element], tag: int) -> int | None:
    """How many bytes the level says that an element has at most; None where it does not say."""
    if tag in _TABLES:
        descriptor = level.get(_TABLES[tag])
        if descriptor is None or descriptor[4] - descriptor[3] < 6:
            return None
        entries, _, bits = unpack("<HHH", buffer[descriptor[3] : descriptor[3] + 6])
        entries = entries or 1 << 16
        return entries if bits <= 8 and not _in_words(buffer[level[tag][3] : level[tag][4]], entries) else entries * 2
    if tag in _SEGMENTED:
        descriptor = level.get(_SEGMENTED[tag])
        if descriptor is None or descriptor[4] - descriptor[3] < 6:
            return None
        entries, _, bits = unpack("<HHH", buffer[descriptor[3] : descriptor[3] + 6])
        return _segments(buffer[level[tag][3] : level[tag][4]], entries or 1 << 16, 1 if bits <= 8 else 2)
    if tag == _WAVEFORM:
        channels, samples, bits = (_number(buffer, level, one) for one in (_CHANNELS, _SAMPLES, _BITS))
        return None if None in (channels, samples, bits) else (channels or 0) * (samples or 0) * ((bits or 0) + 7) // 8
    rows, columns = _number(buffer, level, _POINT_ROWS), _number(buffer, level, _POINT_COLUMNS)
    if rows is None or columns is None:
        return None
    frames = level.get(_FRAMES)
    said = buffer[frames[3] : frames[4]].strip(b"\0 ") if frames is not None else b""
    complex_ = level.get(_REPRESENTATION)
    values = (
        2 if complex_ is None or buffer[complex_[3] : complex_[4]].strip(b"\0 ") in (b"COMPLEX", b"MIXED", b"") else 1
    )
    return rows * columns * max(int(said) if said.isdigit() else 1, 1) * values * 4


def _in_words(table: bytes, entries: int) -> bool:
    """Whether a table of 8 bits stands in words of 16, as many writers have it: one byte of each word says nothing."""
    words = table[: entries * 2]
    return len(words) == entries * 2 and (not any(words[1::2]) or not any(words[::2]) or words[::2] == words[1::2])


def _segments(table: bytes, entries: int, width: int) -> int:
    """How many bytes the segments of a table take until it has its entries. Raises PermanentError(corrupt) where they cannot be followed."""
    pos, made = 0, 0
    starts: dict[int, int] = {}  # where each segment begins, and its number
    sizes: list[int] = []

    def read(words: int) -> int:
        nonlocal pos
        value = table[pos : pos + words * width]
        if len(value) < words * width:
            raise corrupt("table_not_followed")
        pos += words * width
        return int.from_bytes(value, "little")

    while made < entries:
        starts[pos] = len(sizes)
        kind, length = read(1), read(1)
        if kind == _DISCRETE:
            size = length
            pos += length * width
        elif kind == _LINEAR:
            size = length
            read(1)
        elif kind == _INDIRECT:
            offset = read(2 if width == 2 else 4)
            offset = offset if offset in starts else offset * width  # some count in words
            first = starts.get(offset, len(sizes))
            size = sum(sizes[first : first + length])  # 0, which is refused, where no segment before this one begins
        else:
            raise corrupt("table_not_followed")
        if not size or pos > len(table):
            raise corrupt("table_not_followed")
        sizes.append(size)
        made += size
    return pos


def _number(buffer: bytes, level: Mapping[int, Element], tag: int) -> int | None:
    element = level.get(tag)
    return (
        int.from_bytes(buffer[element[3] : element[4]], "little")
        if element is not None and element[4] - element[3] in (2, 4)
        else None
    )
