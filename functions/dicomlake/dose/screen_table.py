"""The lines of one reading of a dose screen in, its table out: rows of CTDIvol and DLP, and the total. Called by `screens.py`.

A table is two column heads (CTDIvol, DLP), rows of numbers beneath them, a total somewhere. No layout of a maker is assumed.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from dicomlake.dose.screen_heads import CTDIVOL, DLP, PHANTOM, Heads, heads_of
from dicomlake.dose.screen_text import LETTER, Line, Piece
from dicomlake.dose.screen_totals import total_of
from dicomlake.dose.screen_words import (
    Place,
    Row,
    Table,
    acquisition_type,
    agree,
    digits_behind_point,
    numbers_of,
    phantom_named,
    phantom_of,
    says_total,
)
from dicomlake.rules.dose_screens import ScreenRules

_HEAD_LETTER = ("s", "5")  # S for the small phantom, and what readers of text take it for
_LETTERS = {"5": "s", "1": "l"}  # the phantom's letter close to a CTDIvol, by the digit it was taken for


def columns_table(lines: list[Line], rules: ScreenRules) -> Table | None:
    """The table of a reading, None when it shows none. Of several ways to read its columns the first whose rows add up to the total counts."""
    found = []
    for heads in heads_of(lines, rules):
        below = lines[heads.line + 1 :]
        rows = _rows(below, heads, rules)
        total = total_of(below, lines, rows, rules)
        found.append(Table(tuple(rows), total, lines[heads.line].height))
        if total.values and agree([row.dlp for row in rows], total.values):
            return found[-1]
    return found[0] if found and found[0].rows else None


def _rows(below: list[Line], heads: Heads, rules: ScreenRules) -> list[Row]:
    letters = _digits_before_letters(below)
    return [row for line in below if (row := _row(line, heads, rules, letters)) is not None]


def _digits_before_letters(lines: list[Line]) -> int | None:
    """How many digits stand behind the point of values that a phantom's letter follows, close or apart; None where none does."""
    values = [LETTER.sub("", one.text) for line in lines for one in line.pieces if LETTER.search(one.text)]
    for line in lines:
        values += [
            one.text for one, other in pairwise(line.pieces) if other.text in ("L", "S") and one.number is not None
        ]
    return max((len(text.replace(",", ".").partition(".")[2]) for text in values), default=None)


def _row(line: Line, heads: Heads, rules: ScreenRules, letters: int | None) -> Row | None:
    """An exposure: numbers beneath both heads. Rows without a dose and totals are none."""
    if says_total(line.pieces, rules) or any("=" in piece.text for piece in line.pieces):
        return None
    pieces: Sequence[Piece] = line.pieces
    small = False
    if letters:
        pieces, small = _letters_apart(pieces, letters)
    ctdivol, dlp, phantom = _beneath(pieces, heads, rules)
    if dlp is None or not dlp.value:
        return None
    value = ctdivol.value if ctdivol else None
    phantom = phantom or phantom_of(
        _without_counts(line.pieces, heads, rules), dlp.x, rules, min(dlp.x, ctdivol.x if ctdivol else dlp.x)
    )
    if letters and value is not None and phantom is None:
        letter = _LETTERS.get(str(value)[-1]) if digits_behind_point(value) == letters + 1 else None
        if letter:
            value, phantom = Decimal(str(value)[:-1]), rules.phantoms[letter]
        elif digits_behind_point(value) > letters:
            value = None
    if small and phantom is None:
        phantom = rules.phantoms[_HEAD_LETTER[0]]
    kind = acquisition_type(line.pieces, rules)
    sure = ctdivol.confidence if ctdivol else 0.0
    row = Row(line.y, value, dlp.value, phantom, kind, dlp.left, dlp.right, dlp.is_sure, sure)
    return replace(row, ctdivol=None) if value is not None and not row.fits(value, dlp.value) else row


def _without_counts(line: Sequence[Piece], heads: Heads, rules: ScreenRules) -> list[Piece]:
    """The pieces of a line without numbers that are no size of a phantom: it stands beneath the label, behind a phantom's word or before `cm`."""
    kept = []
    for before, piece, behind in zip([None, *line], line, [*line[1:], None], strict=False):
        beside = (before is not None and phantom_named(before, rules)) or (behind is not None and behind.folded == "cm")
        if (
            piece.number is None
            or LETTER.search(piece.text)
            or beside
            or heads.over(piece.left, piece.right).of == PHANTOM
        ):
            kept.append(piece)
    return kept


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


def _beneath(line: Sequence[Piece], heads: Heads, rules: ScreenRules) -> tuple[Place | None, Place | None, str | None]:
    """The numbers that stand beneath the heads of CTDIvol and DLP and beneath no other, and the phantom of these columns."""
    found: dict[str, list[tuple[float, Place, str | None]]] = {CTDIVOL: [], DLP: []}
    for place in numbers_of(line, rules):
        head = heads.over(place.left, place.right)
        if head.of in found and (away := head.away(place.left, place.right)) <= heads.reach:
            # A CTDIvol has a fraction, kV and mA have none.
            whole = head.of == CTDIVOL and not digits_behind_point(place.value)
            found[head.of].append((away + (heads.reach / 2 if whole else 0), place, head.phantom))
    ctdivol, dlp = (min(found[of], key=lambda one: one[0], default=None) for of in (CTDIVOL, DLP))
    if dlp is None or (ctdivol is None and dlp[0] > heads.reach / 2):
        return None, None, None
    if ctdivol is not None and ctdivol[2] != dlp[2]:
        ctdivol = None
    return ctdivol[1] if ctdivol else None, dlp[1], dlp[2]
