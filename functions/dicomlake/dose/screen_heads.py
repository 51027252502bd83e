"""The lines of one reading of a dose screen in, the heads of its columns out. Called by `screen_table.py`.

A head is a word with the units beside it on its line and beneath it on the next. Where each of the two has a column per phantom, the words of
the phantoms on the next line are the heads.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dicomlake.dose.screen_text import Line, Piece
from dicomlake.dose.screen_words import UNIT, is_ctdivol, is_dlp, is_phantom, phantom_named, says_total
from dicomlake.rules.dose_screens import ScreenRules

CTDIVOL, DLP, PHANTOM, OTHER = "ctdivol", "dlp", "phantom", ""
_SAYS = {CTDIVOL: is_ctdivol, DLP: is_dlp, PHANTOM: is_phantom}
_NEAR_LETTERS = 3.0  # how far a unit may stand behind its head, in letters
_REACH = 0.62  # of the distance between the two columns: how far a number may stand from its head
_FEW = 2  # phantoms


@dataclass(frozen=True, slots=True)
class Head:
    """What stands in a column (`ctdivol`, `dlp`, `phantom`, "" for anything else), where its head begins and ends, and the phantom it is for."""

    of: str
    left: float
    right: float
    phantom: str | None = None

    def away(self, left: float, right: float) -> float:
        """How far what stands from `left` to `right` is from standing beneath it, by its left, its right or its middle."""
        before, behind = left - self.left, right - self.right
        return min(abs(before), abs(behind), abs(before + behind) / 2)


@dataclass(frozen=True, slots=True)
class Heads:
    """All heads from left to right, and the number of the line that rows may follow."""

    all: tuple[Head, ...]
    line: int

    @property
    def reach(self) -> float:
        """How far a number may stand from its head, in pixels."""
        (first, *_), (other, *_) = ([head for head in self.all if head.of == of] for of in (CTDIVOL, DLP))
        return _REACH * abs(first.left + first.right - other.left - other.right) / 2

    def over(self, left: float, right: float) -> Head:
        """The head that what stands from `left` to `right` stands beneath."""
        return min(self.all, key=lambda head: head.away(left, right))


def heads_of(lines: Sequence[Line], rules: ScreenRules) -> Iterator[Heads]:
    """The ways to read the first line of heads: one for each column that may be the DLP, () where no line is one."""
    for number, line in enumerate(lines):
        below = lines[number + 1].pieces if number + 1 < len(lines) else ()
        if says_total(line.pieces, rules):
            continue
        heads = _heads(line.pieces, rules)
        if not any(head.of == CTDIVOL for head in heads):
            continue
        if not any(head.of == DLP for head in heads):
            heads = sorted(
                [*heads, *(head for head in _heads(below, rules) if head.of == DLP)], key=lambda one: one.left
            )
        doses = [head for head in heads if head.of == DLP]
        for dose in doses:
            chosen = _only(heads, dose)
            yield Heads(tuple(_per_phantom(chosen, below, rules) or _with_units(chosen, below)), number)
        if doses:
            return


def _only(heads: Sequence[Head], dose: Head) -> list[Head]:
    """The heads with one of CTDIvol (the first) and one of DLP (the one given)."""
    first = next(head for head in heads if head.of == CTDIVOL)
    return [
        replace(head, of=OTHER) if head.of in (CTDIVOL, DLP) and head not in (dose, first) else head for head in heads
    ]


def _heads(line: Sequence[Piece], rules: ScreenRules) -> list[Head]:
    """The heads of a line; a piece that is a unit or no word belongs to the head before it."""
    heads: list[Head] = []
    parted = None
    for piece, after in itertools.zip_longest(line, line[1:]):
        if piece is parted:
            continue
        letter = _letter(piece)
        last = heads[-1] if heads else None
        if (
            last
            and piece.left - last.right < _NEAR_LETTERS * letter
            and (UNIT.fullmatch(piece.folded) or not piece.folded)
        ):
            heads[-1] = replace(last, right=piece.right)
            continue
        right = piece.right
        of = next((of for of, says in _SAYS.items() if says(piece, rules)), OTHER)
        if of == OTHER and after is not None and after.left - right < 1.5 * letter:  # parted in two: `CTDI vol`
            both = Piece(piece.text + after.text, piece.left, after.right)
            if is_ctdivol(both, rules) and not is_ctdivol(after, rules):
                of, right, parted = CTDIVOL, after.right, after
        heads.append(Head(of, piece.left, right))
    return heads


def _letter(piece: Piece) -> float:
    return (piece.right - piece.left) / max(len(piece.text), 1)


def _with_units(heads: Sequence[Head], below: Sequence[Piece]) -> list[Head]:
    """The heads, as wide as the units that stand beneath them."""
    found = list(heads)
    for piece in below:
        if not UNIT.fullmatch(piece.folded):
            continue
        over = [number for number, head in enumerate(heads) if head.left < piece.right and piece.left < head.right]
        if over:
            middle = (piece.left + piece.right) / 2
            nearest = min(over, key=lambda number: abs((heads[number].left + heads[number].right) / 2 - middle))
            head = found[nearest]
            found[nearest] = replace(head, left=min(head.left, piece.left), right=max(head.right, piece.right))
    return found


def _per_phantom(heads: Sequence[Head], below: Sequence[Piece], rules: ScreenRules) -> list[Head]:
    """The heads with a column per phantom for each of the two, [] where the line beneath does not say so."""
    named = [(piece, phantom) for piece in below if (phantom := phantom_named(piece, rules))]
    if len(named) != 2 * _FEW or len({phantom for _, phantom in named}) != _FEW:
        return []
    order = [head.of for head in heads if head.of in (CTDIVOL, DLP)]
    parts = [
        Head(order[number // _FEW], piece.left, piece.right, phantom) for number, (piece, phantom) in enumerate(named)
    ]
    return sorted([*(head for head in heads if head.of not in order), *parts], key=lambda head: head.left)
