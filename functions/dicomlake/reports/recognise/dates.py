"""Text in, the calendar dates in it out, in the notations of six languages, whole or without a year. Called by the recogniser.

Numbers that could be something else (versions, ranges, levels like 4-5, sizes like 3.2) count only as a whole date.
"""

import re
from collections.abc import Iterator, Mapping

from dicomlake.reports.recognise.spans import Label, Span
from dicomlake.reports.recognise.writing import fold

_DAY, _MONTH = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:18[5-9]\d|19\d\d|20\d\d)"
_TIME = r"(?:[t\s]{1,2}\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,6})?)?(?:z|[+-]\d{2}:?\d{2})?)?"
_NUMERIC = tuple(
    re.compile(form)
    for form in (
        rf"(?<![\d.,/-]){_YEAR}\s?([-/.])\s?{_MONTH}\s?\1\s?{_DAY}(?![\d]|[.,/-]\d)",
        rf"(?<![\d.,/-])(?:{_DAY}\s?([-/.])\s?{_MONTH}|{_MONTH}\s?([-/.])\s?{_DAY})\s?(?:\1|\2)\s?'?(?:{_YEAR}|\d{{2}})(?![\d]|[.,/-]\d|\s?[%°])",
        rf"(?<![\d.,/-])(?:0[1-9]|[12]\d|3[01])\s(?:0[1-9]|1[0-2])\s{_YEAR}(?![\d])",
        rf"(?<![\w.,/-]){_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[0-2]\d[0-5]\d[0-5]\d)?(?![\w]|[.,/-]\d)",
        r"(?<![\w.,/-])(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19[3-9]\d|20[0-3]\d)(?![\w]|[.,/-]\d)",
        rf"(?<![\d.,/-])(?:0?[1-9]|1[0-2])\s?[/.-]\s?{_YEAR}(?![\d]|[.,/-]\d)",
    )
)
# Forms of which only the first group is the date: a day and month after a word that a day follows.
_CUED = tuple(
    re.compile(form)
    for form in (
        rf"(?<![^\W_])(?:from|on|dated|since|vom|am|seit|del|el|du|le|dal|il|em|(?:study|scan|ct) of)\s"
        rf"({_DAY}/{_MONTH}|{_MONTH}/{_DAY})(?![\w]|[.,/-]\d|\s?(?:mm|cm|%))",
        rf"(?<![^\W_])(?:vom|am|seit|bis|zum|dem)\s({_DAY}\.{_MONTH}\.)(?![\w])",
    )
)
_ROMAN = re.compile(
    rf"(?<![\w.,/-]){_DAY}(?:\s?([-./])\s?(?:i{{1,3}}|iv|vi{{0,3}}|ix|xi{{0,2}})\s?\1\s?(?:{_YEAR}|\d{{2}})"
    rf"|\s(?:i{{1,3}}|iv|vi{{0,3}}|ix|xi{{0,2}})\s{_YEAR})(?![\w]|[.,/-]\d)"
)
# Months that are another word too count only where a day or year stands beside them.
_OTHER_WORDS = frozenset(("mayo", "mars", "may", "march", "set", "out", "dic", "mar", "ago", "gen", "fev", "mag", "lug", "giu", "dec", "jan",
                          "sept", "mai", "abr", "ene"))  # fmt: skip


class DateFinder:
    """The forms that name months are made once from the rules."""

    def __init__(self, months: Mapping[str, tuple[tuple[str, ...], ...]]) -> None:
        names = {fold(name) for forms in months.values() for form in forms for name in form} | {"sept", "marz", "fevr"}
        either = "|".join(sorted(names, key=lambda name: (-len(name), name)))
        long = "|".join(sorted(names - _OTHER_WORDS, key=lambda name: (-len(name), name)))
        gap = r"\.?[\s.,/-]{0,3}(?:(?:de|del|of|do|di)\s)?"
        ordinal = r"(?:st|nd|rd|th|er|re|o|º|ª|°|\.)?"
        week = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s)?"
        self._forms = (
            re.compile(rf"{week}(?<![\d.,]){_DAY}{ordinal}{gap}(?:{either})(?![^\W\d_]){gap}(?:{_YEAR}|'?\d{{2}}(?![\w%]|\s?(?:mm|cm|ml|mg|h\b)))(?!\d)"),
            re.compile(rf"{week}(?<![^\W\d_])(?:{either})\.?\s?{_DAY}(?:st|nd|rd|th)?,?\s{{1,2}}{_YEAR}(?!\d)"),
            re.compile(rf"(?<![^\W\d_])(?:{either})[/.-]{_DAY}[/.-]{_YEAR}(?!\d)"),
            re.compile(rf"(?<!\d){_YEAR}[\s.,/-]{{1,2}}(?:{either})\.?[\s.,/-]{{1,2}}{_DAY}(?!\d)"),
            re.compile(rf"(?<![^\W\d_])(?:{either})\.?{gap}{_YEAR}(?!\d)"),
            re.compile(rf"(?<![\d.,]){_DAY}{ordinal}\s(?:de |of |di )?(?:{long})(?![^\W_])"),
            re.compile(rf"(?<![^\W\d_])(?:{long})\s{_DAY}(?:st|nd|rd|th)?(?![\w]|[.,]\d)"),
        )  # fmt: skip

    def find(self, text: str) -> Iterator[Span]:
        """Spans of layer `pattern`."""
        folded = fold(text)
        if not any(map(str.isdigit, folded)):
            return
        for form in _CUED:
            for found in form.finditer(folded):
                yield Span(*found.span(1), Label.DATE, "pattern", score=0.9)
        for form in (*_NUMERIC, _ROMAN, *self._forms):
            for found in form.finditer(folded):
                yield Span(*found.span(), Label.DATE, "pattern", score=0.9)
