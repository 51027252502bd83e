"""Folded text in, the dates that stand in it out, each with what may replace it. Called by `cleaner.py`.

A date is shifted in the notation it has. One that could be read in two ways (03/04/2021) is the reading the object itself states; where it
states neither, it is removed. Text is folded one character for one (`identities.fold`), so that places are those of the original.
"""

import datetime
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from dicomlake.pseudonyms import is_no_date

Day = datetime.date
# Writes a date in the notation that was found, its parts in the order given.
Writer = Callable[[Day, str], str]
# Start, end, readings with their order, and the writer; None where no full date stands, which can only be removed.
Candidate = tuple[int, int, list[tuple[Day, str]], Writer | None]

# Months that are also a word beside numbers: a stand, a planet.
_OTHER_WORDS = frozenset(("mayo", "mars"))
# Short forms of months that are no word of the technique, as OCT and MAR are.
_SHORT = "jan|feb|febr|apr|jun|jul|aug|sep|sept|okt|nov|dec|dez|abr|avr|fevr|janv|juil"
_NEVER = re.compile(r"(?!)")
_SOME_DAY = datetime.date(2000, 1, 1)
_OLDEST, _NEWEST = 1880, 2100
_PIVOT = 50  # two digits up to it are of this century
_YEAR_FIRST = re.compile(r"(?<!\d)(?<!\d\.)(\d{4})([-./_|])(\d{1,2})\2(\d{1,2})(?!\d|\.\d)")
_COMPACT = re.compile(r"(?<!\d)(?<!\d[.])(\d{4})(\d{2})(\d{2})((?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?)?(?!\d)(?!\.\d{4})")
_YEAR_LAST = re.compile(r"(?<!\d)(?<!\d\.)(\d{1,2})([-./ _|]|\.\s)(\d{1,2})\2(\d{4})(?!\d|\.\d)")
_COMPACT_LAST = re.compile(r"(?<!\d)(?<!\d\.)(\d{2})(\d{2})(\d{4})(?!\d|\.\d)")
_SHORT_YEAR = re.compile(r"(?<![\w./-])(\d{1,2})([./-])(\d{1,2})\2(\d{2})(?![\w/-]|\.\d)")
_COMPACT_SHORT = re.compile(r"(?<![\w.])(\d{2})(\d{2})(\d{2})(?![\w]|\.\d)")
_ROMAN = re.compile(r"(?<![\w.])(\d{1,2})([./ -]{1,2})(xi{0,2}|ix|iv|vi{0,3}|i{1,3})([./ -]{1,2})(\d{4})(?!\d|\.\d)")
# Notations that are only taken out: signs for year, month and day; year. month. day; day and month with points; an apostrophe before the
# year; an era of Thailand.
_FAR = re.compile(
    r"(?:\d{2,4}|[^\W\d_]{2}\s?(?:\d{1,2}|元))\s?[年년]\s?\d{1,2}\s?[月월](?:\s?\d{1,2}\s?[日일])?"
    r"|(?<![\w.])(?:19|20)\d\d\.\s\d{1,2}\.\s\d{1,2}\.?(?!\d)"
    r"|(?<![\w.])\d{1,2}[./-]\s?\d{1,2}[./-]\s?['’]\d\d(?!\d)"
    r"|(?<![\w.])\d{1,2}\.?[\s-](?:[a-z]{3,9})\.?\s?['’]\d\d(?!\d)"
    r"|(?<![\w.,/-])(?:0[1-9]|[12]\d|3[01])\.(?:0[1-9]|1[0-2])\.(?![^\s),;:])"
    r"|(?<![\w.])\d{1,2}\s[\u0e00-\u0e7f][\u0e00-\u0e7f.]{2,14}\s(?:19|20|24|25)\d\d(?!\d)"
)
_CLOCK = re.compile(
    r"[ t]\s?(?:\d{1,2}:\d\d|\d{3,4}\s?(?:h|hrs?|hours|uhr)(?![^\W_])|\d{1,2}\s?h\s?\d\d(?!\d)|\d{1,2}\.\d\d\s?uhr)"
)
# What stands before three numbers that are no day.
_VERSION = re.compile(
    r"(?<![^\W_])(?:v|v[a-z]|xa|ver|vers|versions?|rel|release|sw|software|syngo|build|rev|fw|firmware|update|patch)\.?[\s:]{0,2}$"
)
_LATEST_SHORT = 2032  # three pairs of digits that make a later day are none
ROMANS = "i ii iii iv v vi vii viii ix x xi xii".split()


class DateMode(StrEnum):
    """What the profile does with dates: shift them (Modified Dates), keep them (Full Dates) or remove them."""

    SHIFT = "MODIFIED"
    KEEP = "UNMODIFIED"
    REMOVE = "REMOVED"


@dataclass(frozen=True)
class DateRules:
    """How dates in the text of one object are treated. `stated` are the true dates of the object, `vital` of birth and death."""

    mode: DateMode
    days: int
    months: "MonthNames"
    birth_label: re.Pattern[str] = field(repr=False)
    stated: frozenset[Day] = field(default=frozenset(), repr=False)
    vital: frozenset[Day] = field(default=frozenset(), repr=False)
    cue: re.Pattern[str] = field(default=_NEVER, repr=False)

    def find(self, folded: str, known_only: bool = False) -> Iterator[tuple[int, int, str | None]]:
        """Start, end and replacement (None: removed) of each date. With `known_only`, of those the object states or nothing else looks like."""
        if not any(map(str.isdigit, folded)):
            return
        taken: list[tuple[int, int]] = []
        for start, end, readings, write in self._candidates(folded):
            real = {day: order for day, order in readings if _OLDEST <= day.year <= _NEWEST}
            known = real.keys() & (self.stated | self.vital)
            if not real or any(start < e and s < end for s, e in taken):
                continue
            if known_only and not known and not self._is_said(folded, start, end):
                continue
            taken.append((start, end))
            born = bool(real.keys() & self.vital) or self.birth_label.search(folded[:start][-32:]) is not None
            if born:
                yield start, end, None
            elif self.mode is not DateMode.KEEP:
                chosen = known or real.keys()
                day = next(iter(chosen)) if len(chosen) == 1 and self.mode is DateMode.SHIFT else None
                yield start, end, None if day is None or write is None else self._shifted(day, write, real[day])

    def _is_near(self, day: Day, possible: bool) -> bool:
        """Whether three numbers without a word about them are this day: one the object states, or, where `possible`, one that can have been."""
        return day in self.stated or day in self.vital or (possible and 1990 <= day.year <= _LATEST_SHORT)

    def _is_said(self, folded: str, start: int, end: int) -> bool:
        """Whether a date is one even among versions: a month with its name, a time of day behind it, a word before it."""
        named = any(map(str.isalpha, folded[start:end])) and end - start > 8
        return named or _CLOCK.match(folded, end) is not None or self.cue.search(folded, 0, start) is not None

    def _shifted(self, day: Day, write: Writer, order: str) -> str | None:
        return None if is_no_date(day) else write(day + datetime.timedelta(days=self.days), order)

    def _candidates(self, text: str) -> Iterator[Candidate]:
        for found in _YEAR_FIRST.finditer(text):
            year, sep, one, two = found.groups()
            yield *found.span(), _readings(year, {"ymd": (one, two)}), _numeric(sep, (len(year), len(one), len(two)))
        for found in _COMPACT.finditer(text):
            year, month, day, clock = found.groups(default="")
            yield *found.span(), _readings(year, {"ymd": (month, day)}), _numeric("", (4, 2, 2), clock)
        for found in _YEAR_LAST.finditer(text):
            one, sep, two, year = found.groups()
            if sep == " " and len(one) + len(two) < 4:
                continue  # three numbers side by side are not yet a date
            readings = _readings(year, {"dmy": (two, one), "mdy": (one, two)})
            yield *found.span(), readings, _numeric(sep, (len(one), len(two), 4))
        for found in _COMPACT_LAST.finditer(text):
            one, two, year = found.groups()
            readings = _readings(year, {"dmy": (two, one), "mdy": (one, two)})
            readings = [(day, order) for day, order in readings if day in self.stated or day in self.vital]
            yield *found.span(), readings, _numeric("", (2, 2, 4))
        for found in _SHORT_YEAR.finditer(text):
            one, sep, two, short = found.groups()
            orders = {"dmy": (two, one), "mdy": (one, two)}
            timed = _CLOCK.match(text, found.end()) is not None
            said = timed or self.cue.search(text, 0, found.start()) is not None
            born = [(day, order) for day, order in _readings("19" + short, orders) if day in self.vital]
            readings = born or _readings(("20" if int(short) <= _PIVOT else "19") + short, orders)
            # Versions and ranges look like that, unless a word says that it is a date.
            if len(one) == 2:  # 21-09-14
                year_first = _readings(("20" if int(one) <= _PIVOT else "19") + one, {"ymd": (two, short)})
                readings += [reading for reading in year_first if reading[0] not in dict(readings)]
            if (sep == "-" or (sep == "." and len(one) + len(two) < 4)) and not said:
                rising = int(one) < int(two) < int(short)  # slices 10-12-15
                dotted = (
                    sep == "." and int(one) <= 31 and int(two) <= 12 and _VERSION.search(text, 0, found.start()) is None
                )
                possible = dotted or (len(one) + len(two) == 4 and sep == "-" and not rising)
                readings = [(day, order) for day, order in readings if self._is_near(day, possible)]
            yield *found.span(), readings, _numeric(sep, (len(one), len(two), 2))
        for found in _COMPACT_SHORT.finditer(text):
            one, two, three = found.groups()
            forms = ((one, two, three), (three, two, one), (three, one, two))
            readings = [day for age in ("19", "20") for y, m, d in forms for day in _readings(age + y, {"ymd": (m, d)})]
            timed = _CLOCK.match(text, found.end()) is not None
            yield (
                *found.span(),
                [day for day in readings if timed or day[0] in self.vital or day[0] in self.stated],
                None,
            )
        for found in _ROMAN.finditer(text):
            day, one, roman, two, year = found.groups()
            month = str(ROMANS.index(roman) + 1)
            yield *found.span(), _readings(year, {"dmy": (month, day)}), _roman(one, two, len(day))
        yield from self.months.find(text)
        for found in _FAR.finditer(text):
            yield *found.span(), [(_SOME_DAY, "")], None


def _readings(year: str, orders: dict[str, tuple[str, str]]) -> list[tuple[Day, str]]:
    """The dates a year with a month and a day make, by the order they are in; one date only once."""
    found: dict[Day, str] = {}
    for order, (month, day) in orders.items():
        made = _day(int(year), int(month), int(day))
        if made is not None:
            found.setdefault(made, order)
    return list(found.items())


def _day(year: int, month: int, day: int) -> Day | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _numeric(sep: str, widths: Sequence[int], tail: str = "") -> Writer:
    def write(day: Day, order: str) -> str:
        parts = {"y": day.year, "m": day.month, "d": day.day}
        return (
            sep.join(f"{parts[o] % 10**w if o == 'y' else parts[o]:0{w}d}" for o, w in zip(order, widths, strict=True))
            + tail
        )

    return write


def _roman(one: str, two: str, width: int) -> Writer:
    return lambda day, _: f"{day.day:0{width}d}{one}{ROMANS[day.month - 1].upper()}{two}{day.year}"


class MonthNames:
    """The forms of a date that names its month, in the languages of the rules. Made once per set of rules."""

    def __init__(self, forms: tuple[tuple[str, ...], ...]) -> None:
        self._number = {name: number for form in forms for number, name in enumerate(form, 1)}
        self._form = {name: form for form in reversed(forms) for name in form}
        names = _either(self._number)
        long = _either(name for name in self._number if len(name) > 3 and name not in _OTHER_WORDS)
        gap = r"([\s.,/_-]{0,3}(?:de |del |of )?)"
        self._full = (
            (
                re.compile(
                    rf"(?<!\d)(\d{{1,2}})((?:st|nd|rd|th|\.)?){gap}({names})(?![^\W\d_]){gap}(\d{{4}}|\d{{2}})(?!\d)"
                ),
                ("day", "", "", "month", "gap", "year"),
            ),
            (
                re.compile(
                    rf"(?<![^\W\d_])({names})([\s.,/_-]{{0,2}})(\d{{1,2}})((?:st|nd|rd|th)?[\s.,/_-]{{1,3}}'?)(\d{{4}}|(?<=')\d{{2}})(?!\d)"
                ),
                ("month", "", "day", "", "year"),
            ),
            (
                re.compile(rf"(?<!\d)(\d{{4}})([\s.,/-]{{1,2}})({names})([\s.,/-])(\d{{1,2}})(?!\d)"),
                ("year", "", "month", "", "day"),
            ),
        )
        self._parts = (
            re.compile(rf"(?<![\d.])\d{{1,2}}(?:st|nd|rd|th|\.)?\s(?:de |of )?(?:{long})(?![^\W_])"),
            re.compile(rf"(?<![^\W_])(?:{long})\s\d{{1,2}}(?:st|nd|rd|th)?(?![\w.])"),
            re.compile(
                r"(?<![^\W_])may\s\d{1,2}(?:st|nd|rd|th)?(?![\w.%]|\s?(?:views?|mm|cm|x|of|to|or|and)(?![^\W_]))"
            ),
            re.compile(rf"(?<![^\W_])(?:{names})\.?[\s,/-](?:de |of )?\d{{4}}(?!\d)"),
            re.compile(rf"(?<![\w.])(?:0?[1-9]|[12]\d|3[01])[\s-](?:{_SHORT})\.?(?:[\s-]\d{{2}}(?![\w.,]))?(?![^\W_])"),
        )

    def find(self, text: str) -> Iterator[Candidate]:
        """Whole dates first, then days and years without the rest, which can only be removed."""
        for regex, roles in self._full:
            for found in regex.finditer(text):
                parts = dict(zip(roles, found.groups(), strict=True))
                year = parts["year"]
                if len(year) == 2:
                    if parts.get("gap", "'").isspace():
                        continue  # two digits after a blank are a number of something else
                    year = ("20" if int(year) <= _PIVOT else "19") + year
                day = _day(int(year), self._number[parts["month"]], int(parts["day"]))
                readings = [(day, "")] if day is not None else []
                yield *found.span(), readings, self._writer(roles, found.groups())
        for regex in self._parts:
            for found in regex.finditer(text):
                yield *found.span(), [(_SOME_DAY, "")], None

    def _writer(self, roles: tuple[str, ...], groups: tuple[str, ...]) -> Writer:
        def write(day: Day, _: str) -> str:
            out = []
            for role, old in zip(roles, groups, strict=True):
                if role == "day":
                    out.append(f"{day.day:0{len(old)}d}")
                elif role == "month":
                    out.append(self._form[old][day.month - 1].capitalize())
                elif role == "year":
                    out.append(f"{day.year % 10 ** len(old):0{len(old)}d}")
                else:
                    out.append(old.replace("st", "").replace("nd", "").replace("rd", "").replace("th", ""))
            return "".join(out)

        return write


def _either(names: Iterable[str]) -> str:
    return "|".join(sorted(set(names), key=lambda name: (-len(name), name)))
