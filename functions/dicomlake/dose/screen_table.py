"""The lines of one reading of a dose screen in, its table out: rows of CTDIvol and DLP, and the total. Called by `screens.py`.

A screen is a table: two column heads (CTDIvol, DLP), rows of numbers beneath them, a total somewhere. No layout of a maker is assumed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from dicomlake.dose.model import ScreenText
from dicomlake.dose.screen_text import LETTER, Line, Piece, alike, lines_of, resembles, with_neighbours
from dicomlake.rules.dose_screens import ScreenRules

_REACH = 0.62  # of the distance between the two columns: how far a number may stand from its head
_SHIFTS = (0.0, -0.3, 0.3, -0.6, 0.6)  # of that distance: how far all numbers may stand aside from their heads
_UNIT = re.compile(r"[mna]?[gq6]y\w*|[ca]m")
_SHORT = 5  # pieces of a line that says one thing
_HEAD_LETTER = ("s", "5")  # S for the small phantom, and what readers of text take it for


LOCALISER = "Constant Angle Acquisition"
_SLICE_CM, _LOCALISER_CM, _BODY_CM = Decimal("0.04"), Decimal(4), Decimal(210)


@dataclass(frozen=True, slots=True)
class Row:
    """An exposure as read at height `y`, its dose from `left` to `right`: None for a value that is not there."""

    y: float
    ctdivol: Decimal | None
    dlp: Decimal
    phantom: str | None
    acq_type: str | None
    left: float = 0.0
    right: float = 0.0

    def fits(self, ctdivol: Decimal, dlp: Decimal) -> bool:
        """Whether a dose can be that of a scan with this CTDIvol, by the length they make together: from a slice to a whole body."""
        least = _LOCALISER_CM if self.acq_type == LOCALISER else _SLICE_CM
        return not ctdivol or least <= dlp / ctdivol <= _BODY_CM


@dataclass(frozen=True, slots=True)
class Table:
    """One reading: rows from top to bottom, and the numbers that together are the stated total; () when none is stated."""

    rows: tuple[Row, ...]
    total: tuple[Decimal, ...]
    height: float = 10.0


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


def table_of(words: Sequence[ScreenText], rules: ScreenRules) -> Table | None:
    """The table of a reading, None when it shows none."""
    lines = lines_of(words)
    columns = _columns(lines, rules)
    if columns is None:
        return _cards(lines, rules)
    found = [_rows(lines, columns.moved(shift), rules) for shift in _SHIFTS]
    told = [(rows, _total(lines[columns.line + 1 :], lines, rows, rules)) for rows in found]
    proven = [(rows, total) for rows, total in told if total and agree([row.dlp for row in rows], total)]
    rows, total = max(proven or told[:1], key=lambda one: sum(row.ctdivol is not None for row in one[0]))
    if not rows:
        return _cards(lines, rules)
    return Table(tuple(_without_strays(rows)), total, lines[columns.line].height)


def _cards(lines: list[Line], rules: ScreenRules) -> Table | None:
    """A screen without a table: `CTDIvol: 35.97 mGy (32 cm)` and `DLP: 602.1 mGy.cm` on lines of their own, one after the other."""
    rows: list[Row] = []
    ctdivol: tuple[Decimal, Line] | None = None
    for line in lines:
        if _says_total(line.pieces, rules):
            continue
        numbers = _numbers(line.pieces, rules)
        if numbers and any(_is_ctdivol(one, rules) for one in with_neighbours(line.pieces)):
            ctdivol = numbers[0].value, line
        elif numbers and ctdivol and any(alike(one.folded).startswith(_alike(rules.dlp)) for one in line.pieces):
            dlp = numbers[0]
            if dlp.value:
                phantom = _phantom(ctdivol[1].pieces, ctdivol[1].pieces[0].right, rules)
                row = Row(line.y, ctdivol[0], dlp.value, phantom, None, dlp.left, dlp.right)
                rows.append(row if row.fits(ctdivol[0], dlp.value) else replace(row, ctdivol=None))
            ctdivol = None
    total = _total([], lines, [], rules)
    return Table(tuple(rows), total, lines[0].height) if rows or total else None


def hints(words: Sequence[ScreenText], rules: ScreenRules) -> bool:
    """Whether something read may be the head of such a table, so that a second look is worth its time."""
    return any(
        _is_ctdivol(piece, rules) or alike(piece.folded).startswith(_alike(rules.dlp)) or "mgy" in piece.folded
        for line in lines_of(words)
        for piece in with_neighbours(line.pieces)
    )


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


def _alike(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(alike, words))


def _columns(lines: list[Line], rules: ScreenRules) -> Columns | None:
    """The line that holds both heads, or two lines that follow each other."""
    for number, line in enumerate(lines):
        below = lines[number + 1].pieces if number + 1 < len(lines) else ()
        ctdivol = next((one for one in with_neighbours(line.pieces) if _is_ctdivol(one, rules)), None)
        heads = [*line.pieces, *below]
        dlp = next((one for one in heads if alike(one.folded).startswith(_alike(rules.dlp))), None)
        if ctdivol is None or dlp is None or ctdivol is dlp or _says_total(line.pieces, rules):
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
        if one.left - right >= head.right - head.left or not _UNIT.fullmatch(one.folded):
            break
        right = one.right
    for one in below:
        nearer = abs(one.x - head.x) < abs(one.x - other.x)
        if _UNIT.fullmatch(one.folded) and nearer and one.left < head.right and head.left < one.right:
            left, right = min(left, one.left), max(right, one.right)
    return (left + right) / 2


def _is_ctdivol(piece: Piece, rules: ScreenRules) -> bool:
    return any(resembles(piece.folded, word) for word in rules.ctdivol)


def _says_total(line: Sequence[Piece], rules: ScreenRules) -> bool:
    return any(alike(piece.folded) in _alike(rules.totals) for piece in line)


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
    if _says_total(line.pieces, rules) or any("=" in piece.text for piece in line.pieces):
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
    phantom = _phantom(line.pieces, dlp.x, rules)
    if letters and value is not None and phantom is None:
        if digits_behind_point(value) == letters + 1 and str(value)[-1] == "5":
            value, small = Decimal(str(value)[:-1]), True
        elif digits_behind_point(value) > letters:
            value = None
    if small and phantom is None:
        phantom = rules.phantoms[_HEAD_LETTER[0]]
    row = Row(line.y, value, dlp.value, phantom, _acquisition_type(line.pieces, rules), dlp.left, dlp.right)
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


def _acquisition_type(line: Sequence[Piece], rules: ScreenRules) -> str | None:
    words = [alike(piece.folded) for piece in line]
    if any(word.startswith(_alike(tuple(rules.localisers))) for word in words):
        return "Constant Angle Acquisition"
    kinds = {kind for word, kind in rules.acquisition_types.items() if alike(word) in words}
    return kinds.pop() if len(kinds) == 1 else None


@dataclass(frozen=True, slots=True)
class Place:
    """A number and where it stands."""

    value: Decimal
    left: float
    right: float

    @property
    def x(self) -> float:
        """Its middle."""
        return (self.left + self.right) / 2


def _pair(line: Sequence[Piece], columns: Columns, rules: ScreenRules) -> tuple[Place | None, Place] | None:
    """The two neighbouring numbers that stand best beneath the heads, in their order; the dose may stand alone."""
    gap = columns.dlp - columns.ctdivol
    reach = abs(gap) * _REACH
    numbers = _numbers(line, rules)
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


def _numbers(line: Sequence[Piece], rules: ScreenRules) -> list[Place]:
    """The numbers of a line but for the size of a phantom."""
    found = []
    for number, piece in enumerate(line):
        value = piece.number
        size = number > 0 and line[number - 1].folded in rules.phantoms and piece.folded in rules.phantoms
        if value is not None and not size:
            found.append(Place(value, piece.left, piece.right))
    return found


def _phantom(line: Sequence[Piece], after: float, rules: ScreenRules) -> str | None:
    """The phantom a row names: a letter behind a CTDIvol, or a word or size behind the dose."""
    words = [piece for piece in line if piece.number is None or piece.x > after]
    named = {rules.phantoms[piece.folded] for piece in words if piece.folded in rules.phantoms}
    named |= {rules.phantoms[match[0].casefold()] for piece in line if (match := LETTER.search(piece.text))}
    return named.pop() if len(named) == 1 else None


def _without_strays(rows: list[Row]) -> list[Row]:
    """A CTDIvol without the fraction that the others have is a number of another column, or has lost its point."""
    fractions = any(row.ctdivol is not None and digits_behind_point(row.ctdivol) for row in rows)
    return [
        replace(row, ctdivol=None) if fractions and row.ctdivol and not digits_behind_point(row.ctdivol) else row
        for row in rows
    ]


def _total(below: list[Line], lines: list[Line], rows: list[Row], rules: ScreenRules) -> tuple[Decimal, ...]:
    """The total DLP: what stands behind `Total ... DLP` (one number per phantom), else the number of a line that says total which stands in
    the column of the doses.
    """
    stated = [values for line in lines if (values := _behind_total(line.pieces, rules))]
    if not stated and rows:
        left, right = min(row.left for row in rows), max(row.right for row in rows)
        for line in below:
            there = [one for one in _numbers(line.pieces, rules) if one.left < right and left < one.right]
            if _says_total(line.pieces, rules) and len(there) == 1:
                stated.append((there[0].value,))
    if not stated:  # the word was not read, but a number beside DLP is the sum, or stands there alone
        doses = [row.dlp for row in rows]
        beside = [numbers for line in lines if (numbers := _beside_dlp(line.pieces, rules))]
        stated = [(value,) for numbers in beside for value in numbers if agree(doses, (value,))]
        stated = stated or [(numbers[0],) for numbers in beside if len(numbers) == 1]
    return stated[0] if stated and all(values == stated[0] for values in stated) else ()


def _beside_dlp(line: Sequence[Piece], rules: ScreenRules) -> list[Decimal]:
    if len(line) > _SHORT or not any(alike(piece.folded).startswith(_alike(rules.dlp)) for piece in line):
        return []
    return [value for piece in line if (value := piece.number)]


def _behind_total(line: Sequence[Piece], rules: ScreenRules) -> tuple[Decimal, ...]:
    for number, piece in enumerate(line):
        if not alike(piece.folded).startswith(_alike(rules.dlp)):
            continue
        before, behind = line[:number], line[number + 1 :]
        near = [alike(one.folded) for one in (*before[-3:], *behind[:1])]
        if not any(word in _alike(rules.totals) for word in near):
            continue
        values: list[Decimal] = []
        for one in behind:
            word = alike(one.folded)
            if word.startswith(_alike(rules.not_totals)) or (word in _alike(rules.totals) and values):
                break
            if one.number is not None:
                values.append(one.number)
        if values:
            return tuple(values)
    return ()
