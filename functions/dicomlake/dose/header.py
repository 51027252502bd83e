"""A data set or an item of a sequence as a reader of headers needs it: text, numbers and items by keyword. Called by `images.py`, `sequence.py`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from dicomlake.dicom.dictionary import dictionary
from dicomlake.dicom.elements import Element
from dicomlake.dicom.read import RawInstance
from dicomlake.dicom.text import Charset, decoded_values
from dicomlake.dose.numbers import decimal

_WORDS_IN_KEYWORD = re.compile(r"[A-Z][A-Za-z0-9]*")


@dataclass(frozen=True)
class Header:
    """Elements of one level. Absent, empty and malformed values are None or ()."""

    buffer: bytes = field(repr=False)
    charset: Charset = field(repr=False)
    index: dict[int, Element] = field(repr=False)

    @classmethod
    def of(cls, raw: RawInstance) -> "Header":
        """The top level of an object."""
        return cls(raw.buffer, raw.charset, raw.index)

    def values(self, keyword: str) -> tuple[str, ...]:
        """The values of an attribute as trimmed text."""
        assert _WORDS_IN_KEYWORD.fullmatch(keyword)
        return self.at(dictionary().tag.get(keyword, -1))

    def at(self, tag: int) -> tuple[str, ...]:
        """The values at a tag."""
        element = self.index.get(tag)
        if element is None or element[5] is not None or element[3] == element[4]:
            return ()
        return decoded_values(self.buffer[element[3] : element[4]], tag, element[1], self.charset)

    def first(self, keyword: str) -> str | None:
        """The first value that is not empty."""
        return next((value for value in self.values(keyword) if value), None)

    def numbers(self, keyword: str) -> list[Decimal]:
        """All values that are numbers; [] where one is not."""
        found = [decimal(value) for value in self.values(keyword) if value]
        return [value for value in found if value is not None] if None not in found else []

    def number(self, keyword: str, factor: str = "1") -> float | None:
        """The first value as a number, times `factor`."""
        found = self.numbers(keyword)
        return float(found[0] * Decimal(factor)) if found else None

    def items(self, keyword: str) -> list["Header"]:
        """The items of a sequence."""
        element = self.index.get(dictionary().tag.get(keyword, -1))
        if element is None or not element[5]:
            return []
        return [Header(self.buffer, self.charset, _index(item[4])) for item in element[5]]

    def private(self, group: int, creator: str, low: int) -> tuple[str, ...]:
        """The values of a private attribute, by the creator of its block (PS3.5 7.8.1)."""
        for block in range(0x10, 0x100):
            if creator in self._text(group << 16 | block):
                return self._text(group << 16 | block << 8 | low)
        return ()

    def _text(self, tag: int) -> tuple[str, ...]:
        """The values at a private tag as text, whatever VR it is stored in: implicit files state none."""
        element = self.index.get(tag)
        if element is None or element[5] is not None:
            return ()
        text = self.charset.decode(self.buffer[element[3] : element[4]], b"LO")
        return tuple(part.strip(" \0") for part in text.split("\\"))

    def with_acquisition(self) -> "Header":
        """This level and, for what it does not hold, the one acquisition that its frames share (PS3.3 C.7.6.16, C.8.21.3.4)."""
        acquired = self.items("XRay3DAcquisitionSequence")
        levels = acquired if len(acquired) == 1 else []
        groups = self.items("SharedFunctionalGroupsSequence")[:1]
        frames = self.items("PerFrameFunctionalGroupsSequence")
        for group in groups + (frames if len(frames) == 1 else []):
            for element in group.index.values():
                if element[5] and len(element[5]) == 1:
                    levels.append(Header(self.buffer, self.charset, _index(element[5][0][4])))
        index = {tag: element for level in reversed(levels) for tag, element in level.index.items()}
        return Header(self.buffer, self.charset, {**index, **self.index})

    def below(self, keyword: str) -> Iterable["Header"]:
        """Every level, this one first, that holds the attribute."""
        tag = dictionary().tag.get(keyword, -1)
        waiting = [self]
        while waiting:
            level = waiting.pop(0)
            if tag in level.index:
                yield level
            for element in level.index.values():
                for item in element[5] or ():
                    waiting.append(Header(level.buffer, level.charset, _index(item[4])))


def _index(elements: list[Element]) -> dict[int, Element]:
    return {element[0]: element for element in elements}
