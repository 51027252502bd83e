"""The lines of one reading of a dose screen in, its labelled values out: `CTDIvol: 35.97 mGy (32 cm)   DLP: 602.1 mGy cm`. Called by `screens.py`.

A label and its number stand beside each other, on one line for both values or on a line each; what kind of scan it is says the line itself
or the one above. A head of a column has no number beside it, so that no table is taken for cards.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from dicomlake.dose.screen_text import Line, Piece
from dicomlake.dose.screen_totals import total_of
from dicomlake.dose.screen_words import (
    UNIT,
    Place,
    Row,
    Table,
    acquisition_type,
    is_ctdivol,
    is_dlp,
    phantom_of,
    says_total,
)
from dicomlake.rules.dose_screens import ScreenRules


@dataclass(frozen=True, slots=True)
class Said:
    """A labelled number, `of` ctdivol or dlp, and the phantom named behind it."""

    of: str
    number: Place
    phantom: str | None


def cards(lines: Sequence[Line], rules: ScreenRules) -> Table | None:
    """The labelled values of a screen as a table, None where it labels none."""
    rows: list[Row] = []
    others: list[Line] = []
    first, waiting = "", dict[str, Said]()
    kind = None
    for line in lines:
        labelled = [] if says_total(line.pieces, rules) else list(_labelled(line, rules))
        kind = acquisition_type(line.pieces, rules) or (kind if labelled else None)
        if not labelled:
            others.append(line)
        for said in labelled:
            first = first or said.of
            waiting = {said.of: said} if said.of == first else {**waiting, said.of: said}
            if len(waiting) == 2:
                rows += _row(line, waiting["ctdivol"], waiting["dlp"], kind)
                waiting = {}
    total = total_of(others, others, rows, rules)
    return Table(tuple(rows), total, lines[0].height) if rows or total.values else None


def _row(line: Line, ctdivol: Said, dlp: Said, kind: str | None) -> list[Row]:
    if not dlp.number.value:
        return []
    phantom = ctdivol.phantom or dlp.phantom
    number = dlp.number
    row = Row(
        line.y,
        ctdivol.number.value,
        number.value,
        phantom,
        kind,
        number.left,
        number.right,
        number.is_sure,
        ctdivol.number.confidence,
    )
    return [row if row.fits(ctdivol.number.value, number.value) else replace(row, ctdivol=None)]


def _labelled(line: Line, rules: ScreenRules) -> Iterator[Said]:
    """The labels of a line that have their number behind them, from left to right."""
    starts = list(_labels(line.pieces, rules))
    for (of, start), (_, end) in pairwise([*starts, ("", len(line.pieces))]):
        number = _number_behind(line.pieces[start:end])
        if number is not None:
            beside = [piece for piece in line.pieces[start:end] if piece.left != number.left]
            yield Said(of, number, phantom_of(beside, -math.inf, rules))


def _labels(pieces: Sequence[Piece], rules: ScreenRules) -> Iterator[tuple[str, int]]:
    """Which label each is, and the place behind it; one may have been parted in two."""
    for place, piece in enumerate(pieces):
        if is_ctdivol(piece, rules):
            yield "ctdivol", place + 1
        elif is_dlp(piece, rules):
            yield "dlp", place + 1
        elif place + 1 < len(pieces) and piece.number is None and not is_ctdivol(pieces[place + 1], rules):
            both = Piece(piece.text + pieces[place + 1].text, piece.left, pieces[place + 1].right)
            if is_ctdivol(both, rules):
                yield "ctdivol", place + 2


def _number_behind(pieces: Sequence[Piece]) -> Place | None:
    """The number that follows, but for units and the size of a phantom, which is in cm."""
    for place, piece in enumerate(pieces):
        before_cm = place + 1 < len(pieces) and pieces[place + 1].folded == "cm"
        if piece.number is not None and not before_cm:
            return Place(piece.number, piece.left, piece.right, piece.is_sure, piece.confidence)
        if piece.folded and piece.number is None and not UNIT.fullmatch(piece.folded):
            return None
    return None
