"""Readings of one dose screen in, its rows and total out, each proven. Called by `read.py` for secondary captures, with a reader passed in.

The picture is looked at several times, each time drawn otherwise. The sum decides which readings of the doses are right: rows and total must
agree, if need be after one kind of slip (a lost decimal point) is set right in all of them. What the sum does not prove (CTDIvol, phantom,
rows of a screen without a total) counts when two readings agree. The rest is unknown.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product
from typing import TypeVar

from dicomlake.dose.model import LOCALISER, Dose, Event, ObjectKind, ScreenText
from dicomlake.dose.screen_cards import cards
from dicomlake.dose.screen_table import columns_table
from dicomlake.dose.screen_text import lines_of, with_neighbours
from dicomlake.dose.screen_words import Row, Table, Total, agree, digits_behind_point, is_ctdivol, is_dlp
from dicomlake.rules.dose_screens import ScreenRules

Value = TypeVar("Value")
LOOKS = 3
_MOST_TRIES = 4096
_GROUP = 3  # digits of a thousand; no screen has as many behind the point
_SURE, _LESS_SURE = (
    0.75,
    0.1,
)  # of the least sure letter of a number that no sum proves; how much less another reading must be
_WEIGHT = {True: 5, False: 2}  # of a number that was read for sure; three that were not outweigh one that was
# Reads the picture; the number says which of the ways to draw it.
Look = Callable[[int], Sequence[ScreenText]]


@dataclass(frozen=True)
class Rows:
    """What the readings say of one row: None stands for a reading that does not have it."""

    readings: tuple[Row | None, ...]

    @property
    def told(self) -> bool:
        """Whether any reading has a CTDIvol beside the dose, as a scan has."""
        return any(row is not None and row.ctdivol is not None for row in self.readings)

    @property
    def doses(self) -> list[tuple[Decimal | None, int]]:
        """The readings of its DLP, each with the weight it has, the heaviest first. Of a scout the dashes may have been read as digits."""
        told: Counter[Decimal | None] = Counter()
        for row in self.readings:
            told[row.dlp if row else None] += _WEIGHT[row is None or row.is_sure]
        if any(row is not None and row.acq_type == LOCALISER for row in self.readings):
            told[None] += 0
        return told.most_common()


def read_screen(look: Look, rules: ScreenRules) -> Dose | None:
    """The doses on a screen, None when it shows no table of doses."""
    tables: list[Table] = []
    for number in range(LOOKS):
        words = look(number)
        if number == 0 and not _hints(words, rules):
            return None
        table = _table_of(words, rules)
        if table is not None:
            tables.append(table)
        if len(tables) > 1 and (dose := _settled(tables)) is not None:
            return dose
    return _as_far_as_known(tables) if tables else None


def _hints(words: Sequence[ScreenText], rules: ScreenRules) -> bool:
    """Whether something read may label doses, so that a second look is worth its time."""
    return any(
        is_ctdivol(piece, rules) or is_dlp(piece, rules) or "mgy" in piece.folded
        for line in lines_of(words)
        for piece in with_neighbours(line.pieces)
    )


def _table_of(words: Sequence[ScreenText], rules: ScreenRules) -> Table | None:
    """The doses of a reading, as columns or as cards: the one whose sum is the total, else the one that tells more."""
    lines = lines_of(words)
    found = [table for table in (columns_table(lines, rules), cards(lines, rules)) if table is not None]
    table = max(found, key=_worth, default=None)
    return replace(table, rows=tuple(map(_without_stray, table.rows))) if table else None


def _without_stray(row: Row) -> Row:
    """A CTDIvol without a fraction is a number of another column, or has lost its point."""
    stray = row.ctdivol is not None and not digits_behind_point(row.ctdivol)
    return replace(row, ctdivol=None) if stray else row


def _worth(table: Table) -> tuple[bool, int]:
    proven = bool(table.total.values) and agree([row.dlp for row in table.rows], table.total.values)
    return proven, sum(row.ctdivol is not None for row in table.rows)


def _settled(tables: Sequence[Table]) -> Dose | None:
    """The dose when nothing of it is in doubt."""
    dose = _as_far_as_known(tables)
    return dose if not dose.doubts and not any(event.doubts for event in dose.events) else None


def _as_far_as_known(tables: Sequence[Table]) -> Dose:
    rows = _side_by_side(tables)
    proven = _proven(rows, tables)
    dose = Dose(ObjectKind.SCREEN, {"modality": "CT"})
    contradicted = proven is None and any(table.total.values for table in tables)
    if contradicted:
        dose.doubt("total_dlp_mGycm", "conflict")
    elif proven is not None and proven.total is not None:
        dose.study["total_dlp_mGycm"] = float(proven.total)
    for number, row in enumerate(rows):
        dlp = proven.doses[number] if proven else None
        seen = sum(one is not None for one in row.readings)
        often = seen >= min(2, len(tables))
        if dlp is None and (
            dose.study.get("total_dlp_mGycm") is not None or (not often and (contradicted or not row.told))
        ):
            continue
        event = _event(row, dlp, len(tables))
        if contradicted:  # a screen that is not read right in one column is not believed in another, and a row may lack
            for name in ("ctdivol_mGy", *(["phantom"] if "phantom" in event.fields else [])):
                event.doubt(name, "conflict")
        event.fields["index"] = len(dose.events)
        dose.events.append(event)
    dose.study["n_events"] = len(dose.events)
    return dose


def _event(rows: Rows, dlp: Decimal | None, looks: int) -> Event:
    event = Event({"kind": "ct"})
    if dlp is None:
        event.doubt("dlp_mGycm", "conflict")
    else:
        event.fields["dlp_mGycm"] = float(dlp)
    there = [row for row in rows.readings if row is not None]
    stated = [(row.ctdivol, row.ctdivol_sure) for row in there if row.ctdivol is not None]
    ctdivol = _surely([(value, sure) for value, sure in stated if dlp is None or _fits(there, value, dlp)], looks)
    if ctdivol is not None:
        event.fields["ctdivol_mGy"] = float(ctdivol)
    else:
        event.doubt("ctdivol_mGy", "number")
    named = [row.phantom for row in there if row.phantom is not None]
    if named:
        phantom = _agreed(named, min(looks, len(named)))
        if phantom is not None:
            event.fields["phantom"] = phantom
        else:
            event.doubt("phantom", "conflict")
    kinds = [row.acq_type for row in there if row.acq_type is not None]
    if LOCALISER in kinds:
        event.fields["acq_type"] = LOCALISER
    elif kinds and len(set(kinds)) == 1:
        event.fields["acq_type"] = kinds[0]
    return event


def _agreed(values: Sequence[Value], looks: int) -> Value | None:
    """What two readings say and no other contradicts as often; a single look is believed."""
    told = Counter(values).most_common(2)
    if not told or (len(told) > 1 and told[0][1] == told[1][1]):
        return None
    return told[0][0] if told[0][1] >= min(2, looks) else None


def _surely(values: Sequence[tuple[Decimal, float]], looks: int) -> Decimal | None:
    """What no sum proves: read twice (a single look is believed), once for sure, and nothing else was read about as surely."""
    best: dict[Decimal, float] = {}
    for value, sure in values:
        best[value] = max(sure, best.get(value, 0.0))
    agreed = _agreed([value for value, _ in values], looks)
    if agreed is None or best[agreed] < _SURE:
        return None
    return agreed if all(sure < best[agreed] - _LESS_SURE for other, sure in best.items() if other != agreed) else None


def _side_by_side(tables: Sequence[Table]) -> list[Rows]:
    """Rows of all readings, those on one height together, from top to bottom."""
    places: list[float] = []
    reach = 0.6 * min(table.height for table in tables)
    for row in sorted((row for table in tables for row in table.rows), key=lambda row: row.y):
        if not places or row.y - places[-1] > reach:
            places.append(row.y)
    return [
        Rows(tuple(next((row for row in table.rows if -1 <= row.y - place <= reach), None) for table in tables))
        for place in places
    ]


@dataclass(frozen=True)
class Proven:
    """Doses of the rows and their total. Where there is one, a row without a dose is no exposure; where the screen states none, it is in doubt."""

    doses: tuple[Decimal | None, ...]
    total: Decimal | None


def _proven(rows: Sequence[Rows], tables: Sequence[Table]) -> Proven | None:
    """The one way to read the doses in which rows and total agree. Without a total, what most readings say of every row."""
    totals = [table.total for table in tables if table.total.values]
    if not totals:
        return _without_total(rows, len(tables))
    if not rows:
        same = _agreed([total.values for total in totals], len(tables))
        return Proven((), sum(same, Decimal(0))) if same else None
    digits = _usual_digits(rows, totals)
    # As read; with commas or points that group thousands; with the decimal point that a value without one has lost.
    for mended in (_as_read, _grouped, _pointed):
        found = _agreeing(rows, totals, lambda value, mended=mended: mended(value, digits))  # type: ignore[misc]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _agreeing(rows: Sequence[Rows], totals: Sequence[Total], mended: Callable[[Decimal], Decimal]) -> list[Proven]:
    """Ways to read rows and total that agree: those with the most weight."""
    choices = [[(told, None if value is None else mended(value)) for value, told in row.doses] for row in rows]
    if math.prod(map(len, choices)) > _MOST_TRIES:
        choices = [choice[:1] for choice in choices]
    said: Counter[tuple[Decimal, ...]] = Counter()
    for one in totals:
        said[one.values] += _WEIGHT[one.is_sure]
    sums = [(told, list(map(mended, total))) for total, told in said.items()]
    found: dict[Proven, int] = {}
    for chosen, (told, total) in product(product(*choices), sums):
        doses = [dose for _, dose in chosen]
        if agree([dose for dose in doses if dose is not None], total) and _possible(rows, doses):
            proven = Proven(tuple(doses), sum(total, Decimal(0)))
            found[proven] = max(found.get(proven, 0), told + sum(support for support, _ in chosen))
    best = max(found.values(), default=0)
    return [proven for proven, support in found.items() if support == best]


def _possible(rows: Sequence[Rows], doses: Sequence[Decimal | None]) -> bool:
    """Whether each dose fits one reading of its CTDIvol."""
    for row, dose in zip(rows, doses, strict=True):
        there = [one for one in row.readings if one is not None]
        stated = [one.ctdivol for one in there if one.ctdivol]
        if dose and stated and not any(_fits(there, value, dose) for value in stated):
            return False
    return True


def _fits(row: Sequence[Row], ctdivol: Decimal, dlp: Decimal) -> bool:
    return all(one.fits(ctdivol, dlp) for one in row)


def _as_read(value: Decimal, digits: int) -> Decimal:
    return value


def _grouped(value: Decimal, digits: int) -> Decimal:
    """A number of thousands, where others have fewer than three digits behind the point."""
    return value.scaleb(3) if digits < _GROUP == digits_behind_point(value) and value >= 1 else value


def _pointed(value: Decimal, digits: int) -> Decimal:
    """A number without a fraction, with the point it has lost before its last `digits`."""
    if not digits or digits_behind_point(value) or value < 10**digits:
        return value
    return value.scaleb(-digits)


def _usual_digits(rows: Sequence[Rows], totals: Sequence[Total]) -> int:
    """How many digits stand behind the point of those numbers that have one."""
    values = [value for row in rows for value, _ in row.doses if value is not None]
    values += [value for total in totals for value in total.values]
    told = Counter(digits for value in values if 0 < (digits := digits_behind_point(value)) < _GROUP)
    return told.most_common(1)[0][0] if told else 0


def _without_total(rows: Sequence[Rows], looks: int) -> Proven:
    """What two readings say of a row; None stands for a dose that they tell otherwise."""
    return Proven(tuple(_agreed([one.dlp for one in row.readings if one is not None], looks) for row in rows), None)
