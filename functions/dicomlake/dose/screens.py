"""The text read in a dose screen in, its rows and total out. Called by `read.py` for secondary captures, with a reader of text passed in.

A screen is a table: two column heads (CTDIvol, DLP), rows of numbers beneath them, a total somewhere. No layout of a maker is assumed. What was
read is proven by the sum: rows that do not add up to the total are left out unless one lost decimal point explains it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from dicomlake.dose.model import Dose, Event, ObjectKind, ScreenText
from dicomlake.dose.numbers import decimal
from dicomlake.rules.dose_screens import ScreenRules

_NUMBER = re.compile(r"[0-9OoIl|]+(?:[.,][0-9OoIl|]+)?")
_LETTER = re.compile(r"(?<=[0-9])[LS]$")  # the phantom, printed close to a CTDIvol
_DIGITS = str.maketrans({"O": "0", "o": "0", "I": "1", "l": "1", "|": "1", ",": ".", "，": "."})
_JUNK = re.compile(r"[\W_]+")
_REACH = 0.62  # of the distance between the two columns: how far a number may stand from its head
_SHIFTS = (0.0, -0.3, 0.3, -0.6, 0.6)  # of that distance: how far all numbers may stand aside from their heads
_UNIT, _UNIT_OF_DLP = "mgy", "mgycm"
_LENGTH_CM = (Decimal("0.02"), Decimal(300))


@dataclass(frozen=True, slots=True)
class Piece:
    """A word or number of a line, and where it begins and ends."""

    text: str
    left: float
    right: float

    @property
    def x(self) -> float:
        """Its middle."""
        return (self.left + self.right) / 2

    @property
    def folded(self) -> str:
        """In small letters, without punctuation."""
        return _JUNK.sub("", self.text).casefold()

    @property
    def number(self) -> Decimal | None:
        """The number it is, None for a word."""
        text = _LETTER.sub("", self.text.strip("*()[]:;"))
        if not _NUMBER.fullmatch(text) or not any(c.isdigit() for c in text):
            return None
        value = decimal(text.translate(_DIGITS))
        return value if value is not None and 0 <= value < 1_000_000 else None


Line = list[Piece]


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


def read_screen(words: Sequence[ScreenText], rules: ScreenRules) -> Dose | None:
    """The doses on a screen, None when it shows no table of doses."""
    lines = _lines(words)
    columns = _columns(lines, rules)
    if columns is None:
        return None
    total = _total(lines, columns, rules)
    tables = [_table(lines, columns.moved(shift), rules) for shift in _SHIFTS]
    events = next((table for table in tables if total is not None and _agree(_doses(table), total)), tables[0])
    _letters_read_as_digits(lines[columns.line + 1 :], events)
    if not events and total is None:
        return None
    dose = Dose(ObjectKind.SCREEN, {"modality": "CT"}, events, screen=tuple(words))
    _prove(dose, total)
    for number, event in enumerate(dose.events):
        event.fields["index"] = number
    dose.study["n_events"] = len(dose.events)
    return dose


def _lines(words: Sequence[ScreenText]) -> list[Line]:
    """Words on one height are one line, from left to right; a text of several words is parted at its blanks."""
    rows: list[list[ScreenText]] = []
    for word in sorted(words, key=lambda word: word.y + word.height / 2):
        middle = word.y + word.height / 2
        last = rows[-1] if rows else []
        average = sum(one.y + one.height / 2 for one in last) / len(last) if last else 0.0
        if last and abs(middle - average) < 0.5 * min(word.height, *(one.height for one in last)):
            last.append(word)
        else:
            rows.append([word])
    return [[piece for word in _distinct(row) for piece in _pieces(word)] for row in rows]


def _distinct(row: list[ScreenText]) -> list[ScreenText]:
    """The words of a line from left to right; one that was read a second time inside a longer one gives it its phantom's letter, no more."""
    kept: list[ScreenText] = []
    for word in sorted(row, key=lambda word: -len(word.text)):
        within = next((number for number, one in enumerate(kept) if _lies_in(word, one)), None)
        if within is None:
            kept.append(word)
        elif (letter := _LETTER.search(word.text)) and not _LETTER.search(kept[within].text):
            kept[within] = kept[within]._replace(text=f"{kept[within].text} {letter[0]}")
    return sorted(kept, key=lambda word: word.x)


def _lies_in(word: ScreenText, other: ScreenText) -> bool:
    across = min(word.x + word.width, other.x + other.width) - max(word.x, other.x)
    return across > 0.3 * word.width and _LETTER.sub("", word.text) in other.text


def _pieces(word: ScreenText) -> Line:
    step = word.width / max(len(word.text), 1)
    return [
        Piece(part[0], word.x + step * part.start(), word.x + step * part.end())
        for part in re.finditer(r"[^\s\[\](){}]+", word.text.replace("，", ","))
    ]


def _columns(lines: list[Line], rules: ScreenRules) -> Columns | None:
    """The line that holds both heads, or two lines that follow each other."""
    for number, line in enumerate(lines):
        near = [*line, *(lines[number + 1] if number + 1 < len(lines) else [])]
        ctdivol = next((piece for piece in _with_joined(line) if rules.ctdivol.match(piece.folded)), None)
        dlp = next((piece for piece in near if piece.folded.startswith(rules.dlp)), None)
        if ctdivol is not None and dlp is not None and ctdivol is not dlp and not _says_total(line, rules):
            return Columns(_middle(ctdivol, near, _UNIT), _middle(dlp, near, _UNIT_OF_DLP), number)
    return None


def _middle(head: Piece, line: Line, unit: str) -> float:
    """The middle of a head with its unit, beside or beneath it."""
    units = [
        piece
        for piece in line
        if piece.folded == unit
        and (0 <= piece.left - head.right < head.right - head.left or piece.left < head.right > head.left < piece.right)
    ]
    return (min(one.left for one in [head, *units]) + max(one.right for one in [head, *units])) / 2


def _with_joined(line: Line) -> Line:
    """The pieces of a line, and neighbours that a reader of text has parted as one."""
    joined = [
        Piece(one.text + other.text, one.left, other.right)
        for one, other in pairwise(line)
        if other.left - one.right < (one.right - one.left) / max(len(one.text), 1) * 1.5
    ]
    return [*line, *joined]


def _says_total(line: Line, rules: ScreenRules) -> bool:
    return any(piece.folded in rules.totals for piece in line)


def _table(lines: list[Line], columns: Columns, rules: ScreenRules) -> list[Event]:
    rows = [row for line in lines[columns.line + 1 :] if (row := _row(line, columns, rules)) is not None]
    if (
        len({whole for _, whole in rows}) > 1
    ):  # a CTDIvol without the fraction the others have is another column's number
        for event, whole in rows:
            if whole:
                event.doubt("ctdivol_mGy", "number")
    return [event for event, _ in rows]


def _letters_read_as_digits(lines: list[Line], events: list[Event]) -> None:
    """Where some rows print the phantom's letter close to their CTDIvol, a value with one more digit than they have may end in such a letter."""
    lettered = [_LETTER.sub("", piece.text) for line in lines for piece in line if _LETTER.search(piece.text)]
    usual = max((len(text.replace(",", ".").partition(".")[2]) for text in lettered), default=None)
    for event in events:
        value = event.fields.get("ctdivol_mGy")
        if usual is not None and "phantom" not in event.fields and len(str(value).partition(".")[2]) > usual:
            event.doubt("ctdivol_mGy", "number")


def _doses(events: list[Event]) -> list[Decimal]:
    return [Decimal(str(event.fields["dlp_mGycm"])) for event in events]


def _row(line: Line, columns: Columns, rules: ScreenRules) -> tuple[Event, bool] | None:
    """An exposure, and whether its CTDIvol has no fraction: numbers beneath both heads. Rows without a dose and totals are none."""
    if _says_total(line, rules) or any("=" in piece.text for piece in line):
        return None
    found = _pair(line, columns, rules)
    if found is None:
        return None
    ctdivol, dlp = found
    if not dlp[1]:
        return None
    event = Event({"kind": "ct", "dlp_mGycm": float(dlp[1])})
    if ctdivol is not None:
        event.fields["ctdivol_mGy"] = float(ctdivol[1])
        if ctdivol[1] and not _LENGTH_CM[0] <= dlp[1] / ctdivol[1] <= _LENGTH_CM[1]:
            event.doubt("ctdivol_mGy", "number")
    words = [piece.folded for piece in line]
    phantom = _phantom(line, dlp[0], rules)
    if phantom:
        event.fields["phantom"] = phantom
    kinds = {rules.acquisition_types[word] for word in words if word in rules.acquisition_types}
    if any(word.startswith(tuple(rules.localisers)) for word in words):
        event.fields["acq_type"] = "Constant Angle Acquisition"
    elif len(kinds) == 1:
        event.fields["acq_type"] = kinds.pop()
    return event, ctdivol is not None and _is_whole(ctdivol[1])


Place = tuple[float, Decimal]


def _pair(line: Line, columns: Columns, rules: ScreenRules) -> tuple[Place | None, Place] | None:
    """The two neighbouring numbers that stand best beneath the heads, in their order; the dose may stand alone."""
    gap = columns.dlp - columns.ctdivol
    reach = abs(gap) * _REACH
    numbers = _numbers(line, rules)
    pairs = []
    for first, second in pairwise(numbers):
        ctdivol, dlp = (first, second) if gap > 0 else (second, first)
        away = abs(ctdivol[0] - columns.ctdivol), abs(dlp[0] - columns.dlp)
        if max(away) <= reach:
            whole = _is_whole(ctdivol[1])
            pairs.append(
                (sum(away) + (reach / 2 if whole else 0), ctdivol, dlp)
            )  # a CTDIvol has a fraction, kV and mA have none
    if pairs:
        _, ctdivol, dlp = min(pairs, key=lambda pair: pair[0])
        return ctdivol, dlp
    alone = [place for place in numbers if abs(place[0] - columns.dlp) <= reach / 2]
    return (None, min(alone, key=lambda place: abs(place[0] - columns.dlp))) if alone else None


def _is_whole(value: Decimal) -> bool:
    return value.as_tuple().exponent == 0


def _numbers(line: Line, rules: ScreenRules) -> list[Place]:
    """The numbers of a line but for the size of a phantom."""
    found = []
    for number, piece in enumerate(line):
        value = piece.number
        size = number > 0 and line[number - 1].folded in rules.phantoms and piece.folded in rules.phantoms
        if value is not None and not size:
            found.append((piece.x, value))
    return found


def _phantom(line: Line, after: float, rules: ScreenRules) -> str | None:
    """The phantom a row names: a letter behind a CTDIvol, or a word or size behind the dose."""
    words = [piece for piece in line if piece.number is None or piece.x > after]
    named = {rules.phantoms[piece.folded] for piece in words if piece.folded in rules.phantoms}
    named |= {rules.phantoms[match[0].casefold()] for piece in line if (match := _LETTER.search(piece.text))}
    return named.pop() if len(named) == 1 else None


def _total(lines: list[Line], columns: Columns, rules: ScreenRules) -> Decimal | None:
    """The total DLP: what stands behind `Total ... DLP` (per phantom: their sum), else in the DLP column of a line that says total."""
    stated = [value for line in lines if (value := _behind_total(line, rules)) is not None]
    if not stated:
        for line in lines[columns.line + 1 :]:
            found = _pair(line, columns, rules) if _says_total(line, rules) else None
            if found is not None:
                stated.append(found[1][1])
    return stated[0] if stated and all(value == stated[0] for value in stated) else None


def _behind_total(line: Line, rules: ScreenRules) -> Decimal | None:
    for number, piece in enumerate(line):
        if not piece.folded.startswith(rules.dlp):
            continue
        before, behind = line[:number], line[number + 1 :]
        near = [one.folded for one in before[-3:]] + [one.folded for one in behind[:1]]
        if not any(word in rules.totals for word in near):
            continue
        values: list[Decimal] = []
        for one in behind:
            if one.folded.startswith(rules.not_totals) or (one.folded in rules.totals and values):
                break
            if one.number is not None:
                values.append(one.number)
        if values:
            return sum(values, Decimal(0))
    return None


def _prove(dose: Dose, total: Decimal | None) -> None:
    """Rows and total must agree within the rounding of each; else neither is taken."""
    parts = _doses(dose.events)
    if total is None:
        return
    if _agree(parts, total):
        dose.study["total_dlp_mGycm"] = float(total)
        return
    for number, event in enumerate(dose.events):  # dashes in the row of a scout, read as digits
        if event.fields.get("acq_type") == "Constant Angle Acquisition" and _agree(
            [*parts[:number], *parts[number + 1 :]], total
        ):
            del dose.events[number]
            dose.study["total_dlp_mGycm"] = float(total)
            return
    for shift in (Decimal(10), Decimal(100)):  # a decimal point is the smallest thing on a screen
        if parts and _agree(parts, total / shift):
            dose.study["total_dlp_mGycm"] = float(total / shift)
            return
        for number, part in enumerate(parts):
            if _agree([*parts[:number], part / shift, *parts[number + 1 :]], total):
                dose.events[number].fields["dlp_mGycm"] = float(part / shift)
                dose.study["total_dlp_mGycm"] = float(total)
                return
    dose.doubt("total_dlp_mGycm", "conflict")
    for event in dose.events:
        event.doubt("dlp_mGycm", "conflict")


def _agree(parts: list[Decimal], total: Decimal) -> bool:
    """Whether the sum is the total, each rounded to the digits it is printed with."""
    rounding = sum((_half_digit(value) for value in [*parts, total]), Decimal("0.01"))
    return abs(sum(parts, Decimal(0)) - total) <= rounding


def _half_digit(value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    return Decimal(5).scaleb(min(exponent, 0) - 1) if isinstance(exponent, int) else Decimal(0)
