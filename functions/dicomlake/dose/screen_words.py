"""A line of a dose screen in, what its words and numbers say out: labels, totals, phantoms, kinds of scans. Called by the readers of screens.

No layout is assumed here; `screen_table.py` and `screen_cards.py` know two ways to arrange the same words.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from dicomlake.dose.model import LOCALISER
from dicomlake.dose.screen_text import LETTER, Piece, alike, resembles
from dicomlake.rules.dose_screens import ScreenRules

UNIT = re.compile(r"[mna]?[gq6]y\w*|[ca]m")
_LONG_TOTAL = 5
_FRACTION = re.compile(r"[0-9][.,][0-9]")
_SLICE_CM, _LOCALISER_CM, _BODY_CM = Decimal("0.04"), Decimal(4), Decimal(210)


@dataclass(frozen=True, slots=True)
class Row:
    """An exposure as read at height `y`, its dose from `left` to `right` and whether that was read for sure, and how sure its CTDIvol; None for a
    value that is not there.
    """

    y: float
    ctdivol: Decimal | None
    dlp: Decimal
    phantom: str | None
    acq_type: str | None
    left: float = 0.0
    right: float = 0.0
    is_sure: bool = True
    ctdivol_sure: float = 1.0

    def fits(self, ctdivol: Decimal, dlp: Decimal) -> bool:
        """Whether a dose can be that of a scan with this CTDIvol, by the length they make together: from a slice to a whole body."""
        least = _LOCALISER_CM if self.acq_type == LOCALISER else _SLICE_CM
        return not ctdivol or least <= dlp / ctdivol <= _BODY_CM


@dataclass(frozen=True, slots=True)
class Total:
    """The numbers that together are the stated total, () when none is stated, and whether all were read for sure."""

    values: tuple[Decimal, ...] = ()
    is_sure: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """One reading: rows from top to bottom, the total, and the height of a letter."""

    rows: tuple[Row, ...]
    total: Total
    height: float = 10.0


@dataclass(frozen=True, slots=True)
class Place:
    """A number, where it stands, whether it was read for sure, and how sure the reader was (0 to 1)."""

    value: Decimal
    left: float
    right: float
    is_sure: bool = True
    confidence: float = 1.0

    @property
    def x(self) -> float:
        """Its middle."""
        return (self.left + self.right) / 2


def agree(parts: Sequence[Decimal], total: Sequence[Decimal]) -> bool:
    """Whether the sum of the rows is the total, each rounded to the digits it is printed with."""
    rounding = sum((_half_digit(value) for value in (*parts, *total)), Decimal("0.01"))
    return bool(parts) and abs(sum(parts, Decimal(0)) - sum(total, Decimal(0))) <= rounding


def digits_behind_point(value: Decimal) -> int:
    """How many a number is written with."""
    exponent = value.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _half_digit(value: Decimal) -> Decimal:
    return Decimal(5).scaleb(-digits_behind_point(value) - 1)


def alike_all(words: Sequence[str]) -> tuple[str, ...]:
    """Words of the rules, with letters and digits that look the same made the same."""
    return tuple(map(alike, words))


def is_ctdivol(piece: Piece, rules: ScreenRules) -> bool:
    """Whether it is the label of a CTDIvol."""
    return any(resembles(piece.folded, word) for word in rules.ctdivol)


def is_dlp(piece: Piece, rules: ScreenRules) -> bool:
    """Whether it is the label of a DLP."""
    return alike(piece.folded).startswith(alike_all(rules.dlp))


def says_total(line: Sequence[Piece], rules: ScreenRules) -> bool:
    """Whether a word of the line says total."""
    return any(is_total(piece, rules) for piece in line)


def is_total(piece: Piece, rules: ScreenRules) -> bool:
    """Whether it says total; of a longer word one letter may be read wrongly."""
    word, totals = alike(piece.folded), alike_all(rules.totals)
    if word in totals or len(word) < _LONG_TOTAL:
        return word in totals
    return any(len(word) == len(one) and sum(a != b for a, b in zip(word, one, strict=True)) == 1 for one in totals)


def acquisition_type(line: Sequence[Piece], rules: ScreenRules) -> str | None:
    """The kind of scan that the line names, None for none or several."""
    words = [alike(piece.folded) for piece in line]
    if any(word.startswith(alike_all(tuple(rules.localisers))) for word in words):
        return LOCALISER
    kinds = {kind for word, kind in rules.acquisition_types.items() if alike(word) in words}
    return kinds.pop() if len(kinds) == 1 else None


def numbers_of(line: Sequence[Piece], rules: ScreenRules) -> list[Place]:
    """The numbers of a line but for the size of a phantom."""
    found = []
    for number, piece in enumerate(line):
        value = piece.number
        size = number > 0 and _named(line[number - 1], rules) and _named(piece, rules)
        if value is not None and not size:
            found.append(Place(value, piece.left, piece.right, piece.is_sure, piece.confidence))
    return found


def phantom_of(line: Sequence[Piece], after: float, rules: ScreenRules, letters_after: float = -math.inf) -> str | None:
    """The phantom a row names: a word, a size behind `after` (the dose), or a letter behind `letters_after` (the CTDIvol)."""
    words = [piece for piece in line if piece.number is None or piece.x > after]
    words = [piece for piece in words if len(piece.folded) > 1 or piece.x > letters_after]
    named = {phantom for piece in words if (phantom := _named(piece, rules)) and _is_word(piece)}
    named |= {rules.phantoms[match[0].casefold()] for piece in line if (match := LETTER.search(piece.text))}
    return named.pop() if len(named) == 1 else None


def is_phantom(piece: Piece, rules: ScreenRules) -> bool:
    """Whether it is the label of the phantoms."""
    return any(resembles(piece.folded, word) for word in rules.phantom_labels)


def phantom_named(piece: Piece, rules: ScreenRules) -> str | None:
    """The phantom that a word of its own names; a letter names none."""
    return _named(piece, rules) if len(piece.folded) > 1 else None


def _named(piece: Piece, rules: ScreenRules) -> str | None:
    """The phantom of a word, letter or size; 1.6 is no 16."""
    return None if _FRACTION.search(piece.text) else rules.phantoms.get(piece.folded)


def _is_word(piece: Piece) -> bool:
    """Whether it is no more than a word: the S of `S&V` is no letter of a phantom."""
    return len(piece.folded) > 1 or len(piece.text.strip("*()[]:;,.")) == 1
