"""The lines of one reading of a dose screen in, its table out: rows of CTDIvol and DLP, and the total. Called by `screens.py`.

A table is two column heads (CTDIvol, DLP), rows of numbers beneath them, a total somewhere. No layout of a maker is assumed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from dicomlake.dose.screen_text import LETTER, Line, Piece, with_neighbours
from dicomlake.dose.screen_totals import total_of
from dicomlake.dose.screen_words import (
    UNIT,
    Place,
    Row,
    Table,
    acquisition_type,
    agree,
    digits_behind_point,
    is_ctdivol,
    is_dlp,
    numbers_of,
    phantom_of,
    says_total,
)
from dicomlake.rules.dose_screens import ScreenRules

_REACH = 0.62  # of the distance between the two columns: how far a number may stand from its head
_SHIFTS = (0.0, -0.3, 0.3, -0.6, 0.6)  # of that distance: how far all numbers may stand aside from their heads
_HEAD_LETTER = ("s", "5")  # S for the small phantom, and what readers of text take it for
_LETTERS = {"5": "s", "1": "l"}  # the phantom's letter close to a CTDIvol, by the digit it was taken for


@dataclass(frozen=True, slots=True)
class Columns:
    """Middles of the two columns, and the number of the line their heads stand in."""

    ctdivol: float
    dlp: float
    line: int

    def moved(self, share: float) -> "Columns":
        """Both moved aside by a share of their distance."""
        step = (self.dlp - self.ctdivol) * share
        return Columns(self.ctdivol + step, self.dlp + step, self.line)


def columns_table(lines: list[Line], rules: ScreenRules) -> Table | None:
    """The table of a reading, None when it shows none."""
    columns = _columns(lines, rules)
    if columns is None:
        return None
    found = [_rows(lines, columns.moved(shift), rules) for shift in _SHIFTS]
    told = [(rows, total_of(lines[columns.line + 1 :], lines, rows, rules)) for rows in found]
    proven = [(rows, total) for rows, total in told if total.values and agree([row.dlp for row in rows], total.values)]
    rows, total = max(proven or told[:1], key=lambda one: sum(row.ctdivol is not None for row in one[0]))
    return Table(tuple(_without_strays(rows)), total, lines[columns.line].height) if rows else None


def _columns(lines: list[Line], rules: ScreenRules) -> Columns | None:
    """The line that holds both heads, or two lines that follow each other."""
    for number, line in enumerate(lines):
        below = lines[number + 1].pieces if number + 1 < len(lines) else ()
        ctdivol = next((one for one in with_neighbours(line.pieces) if is_ctdivol(one, rules)), None)
        heads = [*line.pieces, *below]
        dlp = next((one for one in heads if is_dlp(one, rules)), None)
        if ctdivol is None or dlp is None or ctdivol is dlp or says_total(line.pieces, rules):
            continue
        middle, of_dlp = _middle(ctdivol, dlp, line.pieces, below), _middle(dlp, ctdivol, line.pieces, below)
        return Columns(middle, of_dlp, number)
    return None


def _middle(head: Piece, other: Piece, line: Sequence[Piece], below: Sequence[Piece]) -> float:
    """The middle of a head with its unit, beside it on its line or beneath it on the next."""
    left, right = head.left, head.right
    for one in line:
        if one.left < right:
            continue
        if one.left - right >= head.right - head.left or not UNIT.fullmatch(one.folded):
            break
        right = one.right
    for one in below:
        nearer = abs(one.x - head.x) < abs(one.x - other.x)
        if UNIT.fullmatch(one.folded) and nearer and one.left < head.right and head.left < one.right:
            left, right = min(left, one.left), max(right, one.right)
    return (left + right) / 2


def _rows(lines: list[Line], columns: Columns, rules: ScreenRules) -> list[Row]:
    letters = _digits_before_letters(lines)
    return [row for line in lines[columns.line + 1 :] if (row := _row(line, columns, rules, letters)) is not None]


def _digits_before_letters(lines: list[Line]) -> int | None:
    """How many digits stand behind the point of values that a phantom's letter follows, close or apart; None where none does."""
    values = [LETTER.sub("", one.text) for line in lines for one in line.pieces if LETTER.search(one.text)]
    for line in lines:
        values += [
            one.text for one, other in pairwise(line.pieces) if other.text in ("L", "S") and one.number is not None
        ]
    return max((len(text.replace(",", ".").partition(".")[2]) for text in values), default=None)


def _row(line: Line, columns: Columns, rules: ScreenRules, letters: int | None) -> Row | None:
    """An exposure: numbers beneath both heads. Rows without a dose and totals are none."""
    if says_total(line.pieces, rules) or any("=" in piece.text for piece in line.pieces):
        return None
    pieces: Sequence[Piece] = line.pieces
    small = False
    if letters:
        pieces, small = _letters_apart(pieces, letters)
    found = _pair(pieces, columns, rules)
    if found is None or not found[1].value:
        return None
    ctdivol, dlp = found
    value = ctdivol.value if ctdivol else None
    phantom = phantom_of(line.pieces, dlp.x, rules)
    if letters and value is not None and phantom is None:
        letter = _LETTERS.get(str(value)[-1]) if digits_behind_point(value) == letters + 1 else None
        if letter:
            value, phantom = Decimal(str(value)[:-1]), rules.phantoms[letter]
        elif digits_behind_point(value) > letters:
            value = None
    if small and phantom is None:
        phantom = rules.phantoms[_HEAD_LETTER[0]]
    kind = acquisition_type(line.pieces, rules)
    row = Row(line.y, value, dlp.value, phantom, kind, dlp.left, dlp.right, dlp.is_sure)
    return replace(row, ctdivol=None) if value is not None and not row.fits(value, dlp.value) else row


def _letters_apart(pieces: Sequence[Piece], letters: int) -> tuple[list[Piece], bool]:
    """The pieces without an S that was read as a 5 and stands by itself behind a value, and whether there was one."""
    kept: list[Piece] = []
    for piece in pieces:
        last = kept[-1] if kept else None
        value = last.number if last else None
        if (
            value is not None
            and last is not None
            and digits_behind_point(value) == letters
            and piece.folded in _HEAD_LETTER
        ):
            letter = (last.right - last.left) / len(last.text)
            if piece.left - last.right < 4 * letter and len(piece.text) == 1:
                return [*kept, *pieces[len(kept) + 1 :]], True
        kept.append(piece)
    return kept, False


def _pair(line: Sequence[Piece], columns: Columns, rules: ScreenRules) -> tuple[Place | None, Place] | None:
    """The two neighbouring numbers that stand best beneath the heads, in their order; the dose may stand alone."""
    gap = columns.dlp - columns.ctdivol
    reach = abs(gap) * _REACH
    numbers = numbers_of(line, rules)
    pairs = []
    for first, second in pairwise(numbers):
        ctdivol, dlp = (first, second) if gap > 0 else (second, first)
        away = abs(ctdivol.x - columns.ctdivol), abs(dlp.x - columns.dlp)
        if max(away) <= reach:
            # A CTDIvol has a fraction, kV and mA have none.
            pairs.append((sum(away) + (reach / 2 if not digits_behind_point(ctdivol.value) else 0), ctdivol, dlp))
    if pairs:
        _, ctdivol, dlp = min(pairs, key=lambda pair: pair[0])
        return ctdivol, dlp
    alone = [place for place in numbers if abs(place.x - columns.dlp) <= reach / 2]
    return (None, min(alone, key=lambda place: abs(place.x - columns.dlp))) if alone else None


def _without_strays(rows: list[Row]) -> list[Row]:
    """A CTDIvol without a fraction is a number of another column, or has lost its point."""
    return [
        replace(row, ctdivol=None) if row.ctdivol is not None and not digits_behind_point(row.ctdivol) else row
        for row in rows
    ]
