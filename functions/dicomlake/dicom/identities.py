"""Search forms of what an object says about people in, the places where a text shows it out. Called by `cleaner.py`; made by `known_forms.py`.

Made anew for every patient, so nothing here costs much to make: words are looked up in sets, and the form of an id becomes a regular
expression only when a text holds its letters and digits in a row.
"""

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from dicomlake.dicom.folding import RUN, UNSPACED, fold
from dicomlake.dicom.guises import Guises
from dicomlake.dicom.seams import KnownIdentity

GLUED, SHORTEST_CUT = 6, 4  # letters from which on a name counts within a word, and as the beginning of one
_TO_DIGITS = 3  # the same beside digits
_IN_BYTES = 5  # letters that do not come about by chance among bytes
TYPED = 6  # digits from which on a number equal to an id is that id
_LETTERS = re.compile(r"[^\W\d_]+")
_NO_SIGN = re.compile(r"[\W_]+")
_LAST = re.compile(r"[^\W\d_]+$")
_INITIAL = re.compile(r"(?<![^\W_])[a-z]\.")
_MOST_BETWEEN = 3  # characters between parts of one name


class Form:
    """How a value may be written: `pattern`, which no text matches that has not the characters of `plain` in a row, whatever signs between."""

    __slots__ = ("_regex", "pattern", "plain")

    def __init__(self, plain: str, pattern: str) -> None:
        self.plain = plain
        self.pattern = pattern
        self._regex: re.Pattern[str] | None = None

    def spans(self, folded: str) -> Iterator[tuple[int, int]]:
        """Where it stands."""
        if self._regex is None:
            self._regex = re.compile(self.pattern)
        return (found.span() for found in self._regex.finditer(folded))


@dataclass(frozen=True)
class Identities:
    """Search forms of the facts of an object. `repr` shows nothing.

    `parts` are the words of names, `strong` those that say enough alone, `long` those that do so within a word, `unspaced` those of scripts
    without blanks; `ids` are whole; `common` are names of nothing but common words.
    """

    parts: frozenset[str] = field(repr=False)
    strong: frozenset[str] = field(repr=False)
    long: frozenset[str] = field(repr=False)
    unspaced: Form | None = field(repr=False)
    telling: frozenset[str] = field(repr=False)
    common: frozenset[frozenset[str]] = field(repr=False)
    vocabulary: frozenset[str] = field(repr=False)
    values: tuple[Form, ...] = field(repr=False)
    stated: frozenset[datetime.date] = field(repr=False)
    vital: frozenset[datetime.date] = field(repr=False)
    phrases: "dict[str, frozenset[str]]" = field(repr=False)
    known: KnownIdentity = field(repr=False)
    numbers: frozenset[bytes] = field(repr=False)
    ids: frozenset[str] = field(repr=False)
    guises: Guises = field(repr=False)

    def is_code(self, folded: str) -> bool:
        """Whether a code is a known id, or shows a name."""
        names = (self._is_name(folded, *place) for place in self._names(folded))
        return _NO_SIGN.sub("", folded) in self.ids or any(names) or any(True for _ in self._glued(folded))

    def find(self, folded: str) -> Iterator[tuple[int, int]]:
        """Where a known value stands in folded text."""
        plain = _NO_SIGN.sub("", folded)
        for value in self.values:
            if value.plain in plain:
                yield from value.spans(folded)
        yield from self._glued(folded)
        for start, end in self._names(folded):
            if self._is_name(folded, start, end):
                yield start, end
        for start, end in self.guises.find(folded):
            if not self._is_phrase(folded, folded[start:end], end):
                yield start, end

    def stands_in(self, data: bytes) -> bool:
        """Whether bytes that are no text hold a long word of a name, in one byte per letter or two."""
        lower = data.lower()
        words = [word.encode("ascii") for word in self.strong if len(word) >= _IN_BYTES and word.isascii()]
        return any(word in lower or b"\0".join(word[at : at + 1] for at in range(len(word))) in lower for word in words)

    def find_encoded(self, text: str) -> Iterator[tuple[int, int]]:
        """Where a word of text that is not folded hides a known value."""
        yield from self.guises.find_base64(text, lambda said: any(True for _ in self.find(fold(said))))

    def _names(self, folded: str) -> Iterator[tuple[int, int]]:
        """Runs of parts of names with little between them."""
        start = end = -1
        for word in RUN.finditer(folded):
            if word[0] not in self.parts:
                continue
            if end >= 0 and 0 < word.start() - end <= _MOST_BETWEEN:
                end = word.end()
                continue
            if end >= 0:
                yield start, end
            start, end = word.span()
        if end >= 0:
            yield start, end
        if self.unspaced is not None and not folded.isascii():
            yield from self.unspaced.spans(folded)

    def _is_name(self, folded: str, start: int, end: int) -> bool:
        """A run of parts of names goes when two of them are written out or one says enough by itself."""
        found = folded[start:end]
        words = {word for word in RUN.findall(found) if len(word) > 1 or not word.isascii()}
        strong = [word for word in words if word in self.strong]
        if not strong and UNSPACED.search(found):
            strong = [part for part in self.strong if part in found]
        if words and _INITIAL.search(folded[: end + 1], start):
            strong = list(words)
        together = len(words) > 1 and (bool(words - self.vocabulary) or any(words <= name for name in self.common))
        if not strong and not together:
            return False
        return len(words) != 1 or not self._is_phrase(folded, next(iter(words)), end)

    def _glued(self, folded: str) -> Iterator[tuple[int, int]]:
        """A part of a name with digits or, if it is long, a letter or two beside it, as log-ins and names of files have them."""
        for run in _LETTERS.finditer(folded):
            start, end = run.span()
            if end - start < _TO_DIGITS:
                continue
            beside = folded[start - 1 : start].isdigit() or folded[end : end + 1].isdigit()
            part = self._within(run[0]) if end - start >= GLUED else ""
            if beside and not part and run[0] in self.strong and self._has_digits(folded, start, end):
                part = run[0]
            found = part and (part != run[0] or beside) and run[0] not in self.vocabulary
            if found and not self._is_phrase(folded, part, end):
                yield start, end

    def _within(self, word: str) -> str:
        """The long part of a name that makes up `word` but for two letters at either end."""
        size = len(word)
        for lead in range(3):
            for tail in range(3):
                if size - lead - tail >= GLUED and word[lead : size - tail] in self.long:
                    return word[lead : size - tail]
        return ""

    @staticmethod
    def _has_digits(folded: str, start: int, end: int) -> bool:
        """Whether two digits at least stand beside a short part, which with one is a word of the technique ("lee2")."""
        return folded[max(0, start - 2) : start].isdigit() or folded[end : end + 2].isdigit()

    def cut_off(self, folded: str) -> tuple[int, int] | None:
        """Where the last word of a text that fills its attribute is the beginning of a known one."""
        found = _LAST.search(folded)
        if found is None or len(found[0]) < SHORTEST_CUT:
            return None
        return found.span() if any(word.startswith(found[0]) for word in self.strong | self.telling) else None

    def _is_phrase(self, folded: str, word: str, end: int) -> bool:
        followers = self.phrases.get(word)
        following = RUN.search(folded, end) if followers is not None else None
        return followers is not None and following is not None and following[0] in followers
