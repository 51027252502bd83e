"""The lines of one reading of a dose screen in, the numbers that together are its stated total DLP out. Called by its readers."""

from collections.abc import Sequence
from decimal import Decimal

from dicomlake.dose.screen_text import Line, Piece, alike
from dicomlake.dose.screen_words import Place, Row, Total, agree, alike_all, is_dlp, is_total, numbers_of, says_total
from dicomlake.rules.dose_screens import ScreenRules

_SHORT = 5  # pieces of a line that says one thing


def total_of(below: list[Line], lines: list[Line], rows: list[Row], rules: ScreenRules) -> Total:
    """The total DLP: what stands behind `Total ... DLP` (one number per phantom), else the number of a line that says total which stands in
    the column of the doses.
    """
    stated = [places for line in lines if (places := _behind_total(line.pieces, rules))]
    if not stated and rows:
        left, right = min(row.left for row in rows), max(row.right for row in rows)
        for line in below:
            there = [one for one in numbers_of(line.pieces, rules) if one.left < right and left < one.right]
            if says_total(line.pieces, rules) and len(there) == 1:
                stated.append(there)
    if not stated:
        stated = [places for line in lines if (places := _in_its_unit(line.pieces, rules))]
    if not stated:  # the word was not read, but a number beside DLP is the sum, or stands there alone
        doses = [row.dlp for row in rows]
        beside = [places for line in lines if (places := _beside_dlp(line.pieces, rules))]
        stated = [[place] for places in beside for place in places if agree(doses, (place.value,))]
        stated = stated or [places for places in beside if len(places) == 1]
    said = {tuple(place.value for place in places) for places in stated}
    return (
        Total(said.pop(), any(all(place.is_sure for place in places) for places in stated))
        if len(said) == 1
        else Total()
    )


def _beside_dlp(line: Sequence[Piece], rules: ScreenRules) -> list[Place]:
    if len(line) > _SHORT or not any(is_dlp(piece, rules) for piece in line):
        return []
    return [_place(piece, value) for piece in line if (value := piece.number)]


def _place(piece: Piece, value: Decimal) -> Place:
    return Place(value, piece.left, piece.right, piece.is_sure)


def _in_its_unit(line: Sequence[Piece], rules: ScreenRules) -> list[Place]:
    """The only number of a line that says total, where the unit of a DLP stands in it."""
    numbers = numbers_of(line, rules)
    unit = "".join(piece.folded for piece in line if piece.number is None)
    return numbers if says_total(line, rules) and len(numbers) == 1 and "mgycm" in unit else []


def _behind_total(line: Sequence[Piece], rules: ScreenRules) -> list[Place]:
    for number, piece in enumerate(line):
        if not is_dlp(piece, rules):
            continue
        before, behind = line[:number], line[number + 1 :]
        if not any(is_total(one, rules) for one in (*before[-3:], *behind[:1])):
            continue
        places: list[Place] = []
        for one in behind:
            word = alike(one.folded)
            if word.startswith(alike_all(rules.not_totals)) or (is_total(one, rules) and places):
                break
            if (value := one.number) is not None:
                places.append(_place(one, value))
        if places:
            return places
    return []
