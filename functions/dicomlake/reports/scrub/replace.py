"""What was recognised in, what stands there instead out. Called by the scrubber.

The same person has the same placeholder through a study, dates move by the very shift of the study's DICOM dates, ages over 89 become
one, and everything else becomes a placeholder of its kind. All from the site's key and the text itself: nothing is remembered.
"""

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from dicomlake.dicom.textdates import DateMode, DateRules, MonthNames
from dicomlake.pseudonyms import SiteKey
from dicomlake.reports.recognise.known import KnownValues
from dicomlake.reports.recognise.spans import Label, Span
from dicomlake.reports.recognise.writing import fold
from dicomlake.reports.scrub.language import LANGUAGES
from dicomlake.reports.scrub.monthly import Months
from dicomlake.reports.scrub.people import People
from dicomlake.rules.recognition import RecognitionRules

# Labels whose different values are told apart by a number.
_NUMBERED = frozenset((Label.NAME, Label.ID, Label.HOSPITAL, Label.LOCATION))
_OLDEST_SHOWN = 89  # PS3.15 E.3.4 Retain Patient Characteristics, and 45 CFR 164.514(b)(2)(i)(C): ages over 89 are one
_NUMBER = re.compile(r"\d+")
_MONTH_FIRST = frozenset(("en",))
_ALWAYS = re.compile("")  # the recogniser has said already that it is a date
_LABEL = 32  # characters before a date in which its label stands
_TWO_WAYS = re.compile(r"(?<!\d)(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d{2})(?!\d)")
PLACEHOLDER = re.compile(r"\[(?:" + "|".join(Label) + r")(?:-\d{5})?\]")


@dataclass(frozen=True)
class Replacer:
    """What replacing takes of one patient: the site's key and the days its dates move (`SiteKey.shift_days`). `repr` shows neither.

    With `surrogates` (a keyed choice of invented names and places per language), what is replaced looks like the rest, so that a name
    that was missed does not stand out ("hide in plain sight"); else placeholders like `[NAME-48213]` are written.
    """

    key: SiteKey = field(repr=False)
    days: int = field(repr=False)
    rules: RecognitionRules = field(repr=False)
    surrogates: Mapping[str, Mapping[str, tuple[str, ...]]] | None = field(repr=False, default=None)

    def new_texts(self, text: str, spans: Sequence[Span], known: KnownValues, lang: str) -> list[str]:
        """What stands in the place of each span."""
        dates = list(self._dates(text, known, lang))
        people = People(known.names, [text[span.start : span.end] for span in spans if span.label is Label.NAME])
        return [self._new(text, span, people, dates, lang) for span in spans]

    def _new(self, text: str, span: Span, people: People, dates: list[tuple[int, int, str | None]], lang: str) -> str:
        old = text[span.start : span.end]
        if span.label is Label.DATE:
            return self._date(span, text, dates, lang)
        if span.label is Label.AGE:
            return (
                _NUMBER.sub(lambda n: "90+" if int(n[0][:4]) > _OLDEST_SHOWN else n[0], old) if _shows(old) else "[AGE]"
            )
        if span.label is Label.SEX or (span.label is Label.RELATIVE and old.islower()):
            return old
        value = people.canonical(old) if span.label is Label.NAME else " ".join(re.findall(r"[^\W_]+", fold(old)))
        if self.surrogates is not None and span.label in (Label.NAME, Label.HOSPITAL, Label.LOCATION):
            return self._surrogate(span.label, value, lang, len(old.split()))
        if span.label not in _NUMBERED or not value:
            return f"[{span.label}]"
        return f"[{span.label}-{self._number(span.label, value) % 100_000:05d}]"

    def _number(self, label: Label, value: str) -> int:
        return int.from_bytes(self.key.identifier(f"text_{label.lower()}", value, "T").encode(), "big") % (2**61 - 1)

    def _surrogate(self, label: Label, value: str, lang: str, words: int) -> str:
        assert self.surrogates is not None
        lists = self.surrogates.get(lang) or self.surrogates["en"]
        number = self._number(label, value)
        if label is not Label.NAME:
            names = lists["hospitals" if label is Label.HOSPITAL else "towns"]
            return names[number % len(names)]
        family = lists["family"][number % len(lists["family"])]
        given = lists["given"][number // 1009 % len(lists["given"])]
        return family if words == 1 else f"{given} {family}"

    def _date(self, span: Span, text: str, dates: list[tuple[int, int, str | None]], lang: str) -> str:
        """The span with its dates moved; a constant where any digit or month in it would stay, and for a date of birth."""
        if not self._birth.search(fold(text[max(0, span.start - _LABEL) : span.start])):
            month = self._months[lang].moved(text[span.start : span.end], self.days)
            if month is not None:
                return month
        inside = [one for one in dates if span.start <= one[0] and one[1] <= span.end]
        rest = "".join(text[s:e] for s, e in _between(span, inside))
        if not inside or any(new is None for _, _, new in inside) or re.search(r"\d{3}|[^\W\d_]{3}", rest):
            return "[DATE]"
        out, pos = "", span.start
        for start, end, new in inside:
            out, pos = out + text[pos:start] + (new or ""), end
        return out + text[pos : span.end]

    def _dates(self, text: str, known: KnownValues, lang: str) -> Iterator[tuple[int, int, str | None]]:
        folded = fold(text)
        months = MonthNames(tuple(tuple(map(fold, form)) for form in self.rules.words.months))
        stated = frozenset(_likely_days(folded, lang, self._months[lang])) | known.stated_days
        rules = DateRules(DateMode.SHIFT, self.days, months, self._birth, stated, known.birth_days, _ALWAYS)
        return iter(sorted(rules.find(folded)))

    @cached_property
    def _months(self) -> Mapping[str, Months]:
        return {lang: Months(self.rules.months, lang) for lang in LANGUAGES}

    @cached_property
    def _birth(self) -> re.Pattern[str]:
        """What stands before a date of birth."""
        labels = sorted(map(fold, self.rules.words.birth_labels), key=lambda label: (-len(label), label))
        return re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, labels))})\s{{0,2}}[:=(]?\s{{0,2}}$")


def joined(text: str, spans: Sequence[Span], new: Sequence[str]) -> str:
    """The text with the new ones in place of its spans."""
    out, pos = [], 0
    for span, stands in zip(spans, new, strict=True):
        out += [text[pos : span.start], stands]
        pos = span.end
    return "".join([*out, text[pos:]])


def _shows(old: str) -> bool:
    """Whether an age is written in digits."""
    return any(map(str.isdigit, old))


def _between(span: Span, inside: list[tuple[int, int, str | None]]) -> Iterator[tuple[int, int]]:
    pos = span.start
    for start, end, _ in inside:
        yield pos, start
        pos = end
    yield pos, span.end


def _likely_days(folded: str, lang: str, months: Months) -> Iterator[datetime.date]:
    """For dates that could be read in two ways: the day first, but for English texts whose other dates have the month first.

    An English text that does not say which has none: such a date is removed.
    """
    found = list(_TWO_WAYS.finditer(folded))
    day_first = any(int(one[1]) > 12 for one in found)
    month_first = any(int(one[3]) > 12 for one in found)
    if day_first == month_first:
        day_first, month_first = months.order(folded)
    if lang in _MONTH_FIRST and day_first == month_first:
        return
    for one in found:
        day, month = (int(one[3]), int(one[1])) if lang in _MONTH_FIRST and month_first else (int(one[1]), int(one[3]))
        year = int(one[4]) if len(one[4]) == 4 else int(one[4]) + (2000 if int(one[4]) <= 50 else 1900)
        try:
            yield datetime.date(year, month, day)
        except ValueError:
            continue
