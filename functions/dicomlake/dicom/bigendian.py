"""A big endian explicit VR data set in, the same data set in little endian out. Called by `read.py`, so that one walker reads everything.

Big endian is retired (PS3.5, since 2006) and lives on in archives. Header and value sizes are the same in both orders: tags, lengths and
words are swapped where they stand, in a copy.
"""

from struct import Struct
from struct import error as StructError  # noqa: N812

from dicomlake.dicom.dictionary import LONG_VRS, SHORT_VRS
from dicomlake.dicom.elements import ITEM, ITEM_END, PIXEL_DATA, SEQUENCE_END, UNDEFINED, corrupt
from dicomlake.dicom.limits import Limits
from dicomlake.errors import Code, PermanentError

_HEADER, _LENGTH = Struct(">HH2sH").unpack_from, Struct(">I").unpack_from
_DELIMITER = Struct(">HHI").unpack_from
_PUT_TAG, _PUT_SHORT, _PUT_LONG = Struct("<HH").pack_into, Struct("<H").pack_into, Struct("<I").pack_into
_WORD = {b"US": 2, b"SS": 2, b"OW": 2, b"AT": 2, b"UL": 4, b"SL": 4, b"FL": 4, b"OF": 4, b"OL": 4}
_WORD |= {b"FD": 8, b"OD": 8, b"SV": 8, b"UV": 8, b"OV": 8}
_BITS_ALLOCATED = 0x00280100


def little_endian(data: bytes, start: int, limits: Limits) -> bytes:
    """The data set that begins at `start`, in Explicit VR Little Endian. Raises PermanentError for what cannot be followed."""
    swapper = _Swapper(data, start, limits)
    try:
        swapper.level(0, len(swapper.out), 0)
    except StructError:
        raise corrupt("header_truncated") from None
    return bytes(swapper.out)


class _Swapper:
    def __init__(self, data: bytes, start: int, limits: Limits) -> None:
        self.data = memoryview(data)[start:]
        self.out = bytearray(self.data)
        self._limits = limits
        self._bits = 0

    def level(self, pos: int, end: int, depth: int) -> int:
        """Swap the elements up to `end`, or to the delimiter of an item; returns where they end."""
        while end - pos >= 8:
            group, number, vr, length = _HEADER(self.data, pos)
            tag = group << 16 | number
            if tag in (ITEM_END, 0):
                break
            if vr in SHORT_VRS:
                value = pos + 8
                _PUT_SHORT(self.out, pos + 6, length)
            elif vr in LONG_VRS:
                (length,), value = _LENGTH(self.data, pos + 8), pos + 12
                _PUT_LONG(self.out, pos + 8, length)
            else:
                raise corrupt("vr_unknown")
            _PUT_TAG(self.out, pos, group, number)
            pos = self._value(tag, vr, value, length, end, depth)
        return pos

    def _value(self, tag: int, vr: bytes, value: int, length: int, end: int, depth: int) -> int:
        if length != UNDEFINED and value + length > end:
            raise corrupt("value_truncated")
        if vr == b"SQ":
            return self._items(value, end if length == UNDEFINED else value + length, length == UNDEFINED, depth + 1)
        if length == UNDEFINED:
            # Fragments are never big endian, and an undefined UN holds little endian items already: neither can be told from damage here.
            raise corrupt("length_undefined")
        if tag == _BITS_ALLOCATED and length == 2 and not depth:
            self._bits = int.from_bytes(self.data[value : value + 2], "big")
        word = _WORD.get(vr, 1)
        if tag == PIXEL_DATA and vr == b"OW" and self._bits in (32, 64):
            word = self._bits // 8  # PS3.5 8.1.1 as archives wrote it: samples of 32 and 64 bits are swapped as a whole
        if word > 1:
            self._swap(value, value + length, word)
        return value + length

    def _items(self, pos: int, end: int, undefined: bool, depth: int) -> int:
        if depth > self._limits.depth:
            raise PermanentError(Code.RESOURCE_LIMIT, "nested_too_deeply")
        while undefined or pos < end:
            tag, length = self._delimiter(pos)
            if tag == SEQUENCE_END and undefined:
                return pos + 8
            if tag != ITEM or (length != UNDEFINED and pos + 8 + length > end):
                raise corrupt("item_expected")
            stop = self.level(pos + 8, end if length == UNDEFINED else pos + 8 + length, depth)
            if length != UNDEFINED:
                pos = pos + 8 + length
            elif self._delimiter(stop)[0] == ITEM_END:
                pos = stop + 8
            else:
                raise corrupt("item_not_closed")
        return pos

    def _delimiter(self, pos: int) -> tuple[int, int]:
        group, number, length = _DELIMITER(self.data, pos)
        _PUT_TAG(self.out, pos, group, number)
        _PUT_LONG(self.out, pos + 4, length)
        return group << 16 | number, length

    def _swap(self, start: int, end: int, word: int) -> None:
        if (end - start) % word:
            raise corrupt("words_incomplete")
        for offset in range(word):
            self.out[start + offset : end : word] = self.data[start + word - 1 - offset : end : word]
