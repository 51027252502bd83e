"""A line of text in, whether it says nothing but what is technical. Called by `decide.py`.

Letters that readers confuse (I, l and 1; O and 0) count as one. Numbers are short, units follow something, a comma between words means people,
a lone sex and number mean an age.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property

from dicomlake.rules.cleaning import Technical

_DATE_OR_TIME = re.compile(
    r"\d\s*:\s*\d|\d\s*-\s*\d+\s*-\s*\d|\d/\d+/\d|\d\d/\d\d(?!\d)|\d+\.\d+\.\d|\b(19|20)\d\d\b|\d\d\s*[-/.]?\s*(JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)"
)
_PEOPLE = re.compile(r"[^\W\d_],\s*[^\W\d_]|[\^@]")
_NUMBER = re.compile(r"\d{1,4}(?:[.,]\d{1,3})?")
_PIECES = re.compile(r"\d+(?:[.,]\d+)?|[^\W\d_]+(?:['*]|(?:[/\-*][^\W\d_]+)+\d?|(?<=CM|MM)[23])?")
_CONFUSED = str.maketrans({"L": "I", "1": "I", "|": "I", "!": "I", "0": "O"})
_SEXES = frozenset("FMWD")
_DIGITS = 6  # of numbers that follow each other; more may be one long number in groups
_BARE_DIGITS = 4  # of a line that is nothing but numbers
_LEAST = 3  # letters of the words that a chunk without blanks is made of


def plain(text: str) -> str:
    """Letters and digits only, what readers confuse made one: for comparing two readings."""
    return re.sub(r"[\W_]", "", text).upper().translate(_CONFUSED)


@dataclass(frozen=True)
class Phrases:
    """What may stay: `technical`, unless it is in `names` (of people, all words) or `others` (ids, places; not its technical words)."""

    technical: Technical
    names: tuple[str, ...] = field(default=(), repr=False)
    others: tuple[str, ...] = field(default=(), repr=False)

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(map(_as_read, self.technical.words))

    @cached_property
    def _units(self) -> frozenset[str]:
        return frozenset(map(_as_read, self.technical.units))

    @cached_property
    def _codes(self) -> re.Pattern[str]:
        return re.compile("|".join(f"(?:{code})" for code in self.technical.codes) or r"(?!)")

    @cached_property
    def _forbidden(self) -> frozenset[str]:
        names = {word for value in self.names for word in _split(value) if len(word) > 1}
        others = {word for value in self.others for word in _split(value) if len(word) > 1} - self._words - self._units
        return frozenset(names | others)

    def forbids(self, text: str) -> bool:
        """Whether a value that identifies is in it."""
        return any(word in self._forbidden for word in _split(text))

    def may_stay(self, text: str) -> bool:
        """Whether every part of it is technical or a short number, and none identifies."""
        upper = text.upper().strip()
        if _DATE_OR_TIME.search(upper) or _PEOPLE.search(upper) or self.forbids(upper):
            return False
        parts: list[str] = []
        for chunk in upper.split():
            split = self._parts(chunk.strip(".,:;=<>()[]{}%~°*+-_'\"/"))
            if split is None:
                return False
            parts += split
        return self._reads(parts)

    def _parts(self, chunk: str) -> list[str] | None:
        """The words, units and numbers that a chunk without blanks is made of, None where something else is in it."""
        if not chunk or self._codes.fullmatch(chunk):
            return ["CODE"] if chunk else []
        if self._is_word(chunk) and not chunk.isdecimal():
            return [chunk]
        parts: list[str] = []
        for piece in _PIECES.findall(chunk):
            if piece[0].isdecimal():
                if not _NUMBER.fullmatch(piece):
                    return None
                parts.append(piece)
            elif self._is_word(piece) or self._is_unit(piece):
                parts.append(piece)
            elif (
                all(self._is_word(one) or self._is_unit(one) for one in re.split(r"[/\-*]", piece) if one)
                and len(piece) > 1
                and re.search(r"[/\-*]", piece)
            ):
                parts += [one for one in re.split(r"[/\-*]", piece) if one]
            else:
                split = self._joined(piece, 3)
                if split is None:
                    return None
                parts += split
        return parts

    def _joined(self, piece: str, most: int) -> list[str] | None:
        """Words that stand together without a blank."""
        if len(piece) >= _LEAST and self._is_word(piece):
            return [piece]
        if most > 1:
            for cut in range(len(piece) - _LEAST, _LEAST - 1, -1):
                rest = self._joined(piece[cut:], most - 1) if self._is_word(piece[:cut]) else None
                if rest is not None:
                    return [piece[:cut], *rest]
            if piece[:2] in ("RT", "LT", "2D", "AX") and (rest := self._joined(piece[2:], most - 1)) is not None:
                return [piece[:2], *rest]
        return None

    def _is_word(self, piece: str) -> bool:
        return _as_read(piece) in self._words

    def _is_unit(self, piece: str) -> bool:
        return _as_read(piece) in self._units

    def _reads(self, parts: list[str]) -> bool:
        """Whether the parts make a technical line."""
        if not parts or (self._is_unit(parts[0]) and not self._is_word(parts[0])):
            return False
        numbers = [part for part in parts if part[0].isdecimal()]
        runs = "".join(part if part[0].isdecimal() else " " for part in parts).split()
        if any(sum(map(str.isdecimal, run)) > _DIGITS for run in runs):
            return False
        words = [part for part in parts if not part[0].isdecimal()]
        if not words:
            return sum(map(str.isdecimal, "".join(numbers))) <= _BARE_DIGITS and len(numbers) <= 2
        return not (set(words) <= _SEXES and any(number.isdecimal() and 10 <= int(number) < 120 for number in numbers))


def _split(text: str) -> list[str]:
    return [_as_read(word.upper()) for word in re.findall(r"[^\W_]+", text)]


def _as_read(word: str) -> str:
    """What readers confuse made one, except in words of two letters that begin with it: LI is a name, L1 none."""
    return word if len(word) <= 2 and word[:1].translate(_CONFUSED) in "IO" else word.translate(_CONFUSED)
