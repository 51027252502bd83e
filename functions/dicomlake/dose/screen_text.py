"""Lines of text read in a picture in, lines of pieces (words and numbers with their places) out. Called by the readers of screens.

Readers of text take letters and digits for each other, part words and join them: what is one word and one number is set right here.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from itertools import pairwise

from dicomlake.dose.model import ScreenText
from dicomlake.dose.numbers import decimal

_NUMBER = re.compile(
    r"[0-9OoDQIl|BZ]+(?:[.,][0-9OoDQIl|BZ]+)?|[0-9]{1,3}(?:[.][0-9]{3})+,[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+[.][0-9]+"
)
# The phantom, printed close to a CTDIvol of two digits behind the point; behind fewer it may be a 1 or a 5.
LETTER = re.compile(r"(?<=[.,][0-9]{2})[LS]$")
_DIGITS = str.maketrans(
    {"O": "0", "o": "0", "D": "0", "Q": "0", "B": "8", "Z": "2", "I": "1", "l": "1", "|": "1", ",": "."}
)
_FOR_DIGITS, _SURE = re.compile(r"[OoDQIl|BZ]"), 0.9
_ITS_UNIT = re.compile(r"(?<=[0-9])m[Gg]y\S*$")
_COLON = re.compile(r"(?<=[0-9]):(?=[0-9]{1,2}$)")  # a point with a speck above it
_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s"})
_WORD = re.compile(r"[^\s\[\](){}:=]*[^\W\d][:=](?=[0-9])|[^\s\[\](){}]+")  # `DLP:1089` and `DLP=1089` are two
# What parts two words that were read as one: `Gesamt-DLP` (`mGy-cm` is one), `7.31mGy|DLP`, `7.31mGy,DLP`.
_BETWEEN_WORDS = re.compile(
    r"(?<=[^\W\d_]{3})-(?=[^\W\d_]{3})|(?<![0-9.,])[|]|[|](?![0-9.,])|[;]|(?<=[^\W\d_]),(?=[^\W\d_])"
)
_SIMILAR, _NEAR, _LONG = SequenceMatcher, 0.75, 6
_JUNK = re.compile(r"[\W_]+")
# Two pieces that are one number: `1550,` and `8`, `1550` and `,8`.
_PARTED = (
    (re.compile(r"[0-9]+[.,]"), re.compile(r"[0-9]{1,3}[LS]?")),
    (re.compile(r"[0-9]+"), re.compile(r"[.,][0-9]{1,3}[LS]?")),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A word or number of a line, and where it begins and ends."""

    text: str
    left: float
    right: float
    confidence: float = 1.0

    @property
    def x(self) -> float:
        """Its middle."""
        return (self.left + self.right) / 2

    @property
    def folded(self) -> str:
        """In small letters, without punctuation and accents."""
        parted = unicodedata.normalize("NFD", _JUNK.sub("", self.text).casefold())
        return "".join(letter for letter in parted if not unicodedata.combining(letter))

    @property
    def number(self) -> Decimal | None:
        """The number it is, None for a word."""
        text = _ITS_UNIT.sub("", LETTER.sub("", self.text.strip("*()[]:;")))
        text = _COLON.sub(".", text)
        if not _NUMBER.fullmatch(text) or not any(c.isdigit() for c in text):
            return None
        grouped = "," in text and "." in text
        value = decimal(text if grouped else text.translate(_DIGITS))
        return value if value is not None and 0 <= value < 1_000_000 else None

    @property
    def is_sure(self) -> bool:
        """Whether the reader was sure of it, and no letter stands for a digit."""
        return self.confidence >= _SURE and not _FOR_DIGITS.search(_ITS_UNIT.sub("", LETTER.sub("", self.text)))


@dataclass(frozen=True, slots=True)
class Line:
    """Pieces on one height, from left to right; `y` is their middle, `height` that of a letter, both in pixels."""

    pieces: tuple[Piece, ...]
    y: float
    height: float


def alike(word: str) -> str:
    """A folded word with letters and digits that look the same made the same: `Tota1`, `Total`."""
    return word.translate(_ALIKE)


def resembles(word: str, head: str) -> bool:
    """Whether a folded word begins like the head of a column, but for a letter or two read wrongly."""
    begun, head = alike(word)[: len(head) + 1], alike(head)
    if len(begun) < len(head) - 1 or not begun.isalpha():
        return False
    if len(head) < _LONG:
        return begun.startswith(head)
    return max(_SIMILAR(None, begun[:size], head).ratio() for size in (len(head), len(head) + 1)) >= _NEAR


def lines_of(words: Sequence[ScreenText]) -> list[Line]:
    """Words on one height are one line; a text of several words is parted at its blanks."""
    rows: list[list[ScreenText]] = []
    for word in sorted(words, key=lambda word: word.y + word.height / 2):
        middle = word.y + word.height / 2
        last = rows[-1] if rows else []
        average = sum(one.y + one.height / 2 for one in last) / len(last) if last else 0.0
        if last and abs(middle - average) < 0.5 * min(word.height, *(one.height for one in last)):
            last.append(word)
        else:
            rows.append([word])
    return [_line(row) for row in rows]


def _line(row: list[ScreenText]) -> Line:
    pieces = [piece for word in _distinct(row) for piece in _pieces(word)]
    middle = sum(one.y + one.height / 2 for one in row) / len(row)
    return Line(tuple(_numbers_joined(pieces)), middle, min(one.height for one in row))


def _distinct(row: list[ScreenText]) -> list[ScreenText]:
    """The words of a line from left to right; one that was read a second time inside a longer one gives it its phantom's letter, no more."""
    kept: list[ScreenText] = []
    for word in sorted(row, key=lambda word: -len(word.text)):
        within = next((number for number, one in enumerate(kept) if _lies_in(word, one)), None)
        if within is None:
            kept.append(word)
        elif (letter := LETTER.search(word.text)) and not LETTER.search(kept[within].text):
            kept[within] = kept[within]._replace(text=f"{kept[within].text} {letter[0]}")
    return sorted(kept, key=lambda word: word.x)


def _lies_in(word: ScreenText, other: ScreenText) -> bool:
    across = min(word.x + word.width, other.x + other.width) - max(word.x, other.x)
    return across > 0.3 * word.width and LETTER.sub("", word.text) in other.text


def _pieces(word: ScreenText) -> list[Piece]:
    step = word.width / max(len(word.text), 1)
    text = _BETWEEN_WORDS.sub(" ", unicodedata.normalize("NFKC", word.text))
    return [
        Piece(part[0], word.x + step * part.start(), word.x + step * part.end(), word.confidence)
        for part in _WORD.finditer(text)
    ]


def _numbers_joined(pieces: list[Piece]) -> list[Piece]:
    """`1550,` and `6` close behind it are one number."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if last is not None and any(one.fullmatch(last.text) and two.fullmatch(piece.text) for one, two in _PARTED):
            letter = (last.right - last.left) / len(last.text)
            if piece.left - last.right < 1.2 * letter:
                sure = min(last.confidence, piece.confidence)
                joined[-1] = Piece(last.text + piece.text, last.left, piece.right, sure)
                continue
        joined.append(piece)
    return joined


def with_neighbours(line: Sequence[Piece]) -> list[Piece]:
    """The pieces of a line, and close neighbours that a reader of text has parted as one."""
    joined = [
        Piece(one.text + other.text, one.left, other.right)
        for one, other in pairwise(line)
        if other.left - one.right < (one.right - one.left) / max(len(one.text), 1) * 1.5
    ]
    return [*line, *joined]
