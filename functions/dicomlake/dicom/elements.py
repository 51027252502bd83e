"""Encoded little endian data set in, a checked tree of positions out. Called by `read.py`; values are never read, pixel data never touched.

Everything later stands on this tree: what it cannot follow to the last byte is refused here (corrupt), and so is nesting or a number of
elements beyond the limits (resource_limit). An element is a plain tuple, since an object of its own for each of a thousand elements
costs more than all the rest:

    Element = (tag, vr, start, value, end, items)      start of its header, of its value, of the next element; items or None
    Item    = (start, content, content_end, end, elements)

`vr` is two bytes: the file's own (explicit), the dictionary's (implicit; UN when it knows none), or lower case letters (`switched`) for
an implicitly encoded element amid explicit ones, which some writers make. Lengths are offsets into the buffer given.
"""

from struct import Struct
from struct import error as StructError  # noqa: N812

from dicomlake.dicom.dictionary import LONG_VRS, SHORT_VRS, dictionary
from dicomlake.dicom.limits import DEFAULT, Limits
from dicomlake.errors import Code, PermanentError

Element = tuple[int, bytes, int, int, int, "tuple[Item, ...] | None"]
Item = tuple[int, int, int, int, list[Element]]

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXEL_DATA = 0x7FE00010

_EXPLICIT = Struct("<HH2sH").unpack_from
_IMPLICIT = Struct("<HHI").unpack_from
_LENGTH = Struct("<I").unpack_from
_FRAGMENTED = frozenset((b"OB", b"OW", b"OF", b"OD"))
_SHORT, _LONG = 1, 2
_FORM = dict.fromkeys(SHORT_VRS, _SHORT) | dict.fromkeys(LONG_VRS, _LONG)
_PADDING = b"\0 \t\r\n\x1a\xff"
_PADDING_TAGS = (0, 0x20202020, 0xFFFFFFFF)


def corrupt(detail: str) -> PermanentError:
    """The finding that the structure contradicts itself."""
    return PermanentError(Code.CORRUPT, detail)


class Walker:
    """One pass over one buffer. `elements` counts, `depth` is bounded, so that time and memory are too."""

    def __init__(self, data: bytes, limits: Limits = DEFAULT) -> None:
        self._data = data
        self._limits = limits
        self._count = 0
        self._vr_of = dictionary().vr

    def data_set(self, start: int, explicit: bool) -> list[Element]:
        """The elements of the whole data set from `start` to the end of the buffer; padding after the last one is left out."""
        return self._level(start, len(self._data), explicit, 0, False)[0]

    def sequence(self, start: int, end: int, explicit: bool, depth: int = 1) -> tuple[Item, ...]:
        """The items between `start` and `end`, which must be filled by them exactly."""
        try:
            return self._items(start, end, explicit, depth, False)[0]
        except StructError:
            raise corrupt("header_truncated") from None

    def _level(self, pos: int, end: int, explicit: bool, depth: int, delimited: bool) -> tuple[list[Element], int]:
        elements: list[Element] = []
        try:
            pos = (self._explicit if explicit else self._implicit)(elements, pos, end, depth)
        except StructError:
            raise corrupt("header_truncated") from None
        return elements, self._ended(pos, end, depth, delimited)

    def _explicit(self, elements: list[Element], pos: int, end: int, depth: int) -> int:
        data, form_of, append = self._data, _FORM, elements.append
        last, counted = end - 8, 0
        for _ in range(self._limits.elements - self._count + 1):
            if pos > last:
                break
            group, number, vr, length = _EXPLICIT(data, pos)
            form = form_of.get(vr)
            if form == _SHORT:
                value = pos + 8
                stop = value + length
                if stop > end:
                    raise corrupt("value_truncated")
                append((group << 16 | number, vr, pos, value, stop, None))
                pos = stop
                continue
            tag = group << 16 | number
            if form == _LONG:
                value = pos + 12
                (length,) = _LENGTH(data, pos + 8)
            else:
                if group == 0xFFFE or tag in _PADDING_TAGS:
                    break
                vr, value = self._switched(tag, vr), pos + 8
                (length,) = _LENGTH(data, pos + 4)
            stop, items = value + length, None
            if vr == b"SQ" and not group & 1 and stop <= end:  # most of the sequences there are; the odd ones below
                self._count += len(elements) - counted
                counted = len(elements)
                items = self._items(value, stop, True, depth + 1, False)[0]
            elif length == UNDEFINED or vr in (b"SQ", b"UN", b"sq"):
                counted = self._counted(len(elements) - counted, len(elements))
                stop, items = self._nested(tag, vr, value, length, end, depth)
            if stop > end or value > end:
                raise corrupt("value_truncated")
            append((tag, vr, pos, value, stop, items))
            pos = stop
        self._counted(len(elements) - counted)
        return pos

    def _implicit(self, elements: list[Element], pos: int, end: int, depth: int) -> int:
        data, vr_of, append = self._data, self._vr_of, elements.append
        last, counted = end - 8, 0
        for _ in range(self._limits.elements - self._count + 1):
            if pos > last:
                break
            group, number, length = _IMPLICIT(data, pos)
            tag = group << 16 | number
            if group == 0xFFFE or tag in _PADDING_TAGS:
                break
            vr, value = vr_of.get(tag, b"UN"), pos + 8
            stop, items = value + length, None
            if length == UNDEFINED or vr == b"SQ":
                counted = self._counted(len(elements) - counted, len(elements))
                stop, items = self._nested(tag, vr, value, length, end, depth, False)
            if stop > end:
                raise corrupt("value_truncated")
            append((tag, vr, pos, value, stop, items))
            pos = stop
        self._counted(len(elements) - counted)
        return pos

    def _switched(self, tag: int, vr: bytes) -> bytes:
        """The VR of an element that has none in its header. Two capitals would be a VR of a later standard, whose length nobody here knows."""
        known = self._vr_of.get(tag)
        if known is None or vr.isalpha():
            raise corrupt("vr_unknown")
        return known.lower()

    def _ended(self, pos: int, end: int, depth: int, delimited: bool) -> int:
        """Check how a level ended and return where; the delimiter of an item of undefined length is left for the caller."""
        if delimited:
            if end - pos < 8 or _IMPLICIT(self._data, pos) != (0xFFFE, 0xE00D, 0):
                raise corrupt("item_not_closed")
            return pos
        if pos != end and (depth or not self._is_padding(pos)):
            raise corrupt("trailing_bytes")
        return end

    def _is_padding(self, pos: int) -> bool:
        """Whether nothing but what media and transfers pad files with follows."""
        rest = memoryview(self._data)[pos:]
        return len(rest) < 1 << 20 and not bytes(rest).strip(_PADDING)

    def _nested(
        self, tag: int, vr: bytes, value: int, length: int, end: int, depth: int, explicit: bool = True
    ) -> tuple[int, tuple[Item, ...] | None]:
        """End and items of a value that may be a sequence or a chain of fragments."""
        undefined = length == UNDEFINED
        if undefined and (vr.upper() in _FRAGMENTED or tag == PIXEL_DATA):
            return self._fragments(value, end), None
        stop = end if undefined else value + length
        if stop > end:
            raise corrupt("value_truncated")
        if vr in (b"UN", b"sq"):
            return self._wrapped(tag, value, stop, depth, undefined)
        if undefined and explicit and vr != b"SQ":
            raise corrupt("length_undefined")
        if not undefined and tag >> 16 & 1:
            return stop, None  # private: removed or kept as it is, never looked into
        items, stop = self._items(value, stop, explicit, depth + 1, undefined)
        return stop, items

    def _wrapped(
        self, tag: int, value: int, stop: int, depth: int, undefined: bool
    ) -> tuple[int, tuple[Item, ...] | None]:
        """A value under UN: implicit VR whatever stands around it (PS3.5 6.2.2 note 4)."""
        if not undefined and (self._vr_of.get(tag) != b"SQ" or value == stop):
            return stop, None
        items, stopped = self._items(value, stop, False, depth + 1, undefined)
        return stopped, items

    def _items(self, pos: int, end: int, explicit: bool, depth: int, undefined: bool) -> tuple[tuple[Item, ...], int]:
        if depth > self._limits.depth:
            raise PermanentError(Code.RESOURCE_LIMIT, "nested_too_deeply")
        data, items, most = self._data, list[Item](), self._limits.elements
        walked = self._explicit if explicit else self._implicit
        while undefined or pos < end:
            if end - pos < 8:
                raise corrupt("sequence_truncated")
            group, number, length = _IMPLICIT(data, pos)
            content = pos + 8
            if number != 0xE000 or group != 0xFFFE:
                if (group, number) == (0xFFFE, 0xE0DD) and undefined and not length:
                    return tuple(items), content
                raise corrupt("item_expected")
            elements: list[Element] = []
            if length == UNDEFINED:
                elements, content_end = self._level(content, end, explicit, depth, True)
                stop = content_end + 8
            else:
                stop = content_end = content + length
                if stop > end:
                    raise corrupt("item_truncated")
                if walked(elements, content, stop, depth) != stop:
                    raise corrupt("trailing_bytes")
            items.append((pos, content, content_end, stop, elements))
            self._count += 1
            if self._count > most:
                raise PermanentError(Code.RESOURCE_LIMIT, "too_many_elements")
            pos = stop
        return tuple(items), pos

    def _fragments(self, pos: int, end: int) -> int:
        """The end of a chain of pixel data fragments (PS3.5 A.4), which must be whole."""
        first = True
        while end - pos >= 8:
            group, number, length = _IMPLICIT(self._data, pos)
            tag, pos = group << 16 | number, pos + 8
            if tag == SEQUENCE_END and not length and not first:
                return pos
            if tag != ITEM or length == UNDEFINED or length > end - pos:
                break
            first, pos = False, pos + length
            self._counted(1)
        raise corrupt("fragments_broken")

    def _counted(self, number: int, so_far: int = 0) -> int:
        """Add `number` to what this buffer holds; hands `so_far` back, for the caller to go on from."""
        self._count += number
        if self._count > self._limits.elements:
            raise PermanentError(Code.RESOURCE_LIMIT, "too_many_elements")
        return so_far
