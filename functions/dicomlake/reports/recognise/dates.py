"""Text in, the calendar dates in it out, in the notations of six languages, whole or without a year. Called by the recogniser.

Numbers that could be something else (versions, ranges, levels like 4-5, sizes like 3.2) count only as a whole date.
"""

import re
from collections.abc import Iterator, Mapping

from dicomlake.reports.recognise.spans import Label, Span
from dicomlake.reports.recognise.starts import Starts
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
_ROMAN = re.compile(
    rf"(?<![\w.,/-]){_DAY}(?:\s?([-./])\s?(?:i{{1,3}}|iv|vi{{0,3}}|ix|xi{{0,2}})\s?\1\s?(?:{_YEAR}|\d{{2}})"
    rf"|\s(?:i{{1,3}}|iv|vi{{0,3}}|ix|xi{{0,2}})\s{_YEAR})(?![\w]|[.,/-]\d)"
)


class DateFinder:
    """The forms that name months are made once from the rules; `words` are those of `deid_rules/text/shapes.yaml`."""

    def __init__(self, months: Mapping[str, tuple[tuple[str, ...], ...]], words: Mapping[str, str]) -> None:
        self._other = frozenset(words["other_words"].split("|"))
        names = {fold(name) for forms in months.values() for form in forms for name in form} | {"sept", "marz", "fevr"}
        either = "|".join(sorted(names, key=lambda name: (-len(name), name)))
        long = "|".join(sorted(names - self._other, key=lambda name: (-len(name), name)))
        gap = r"\.?[\s.,/-]{0,3}(?:(?:de|del|of|do|di)\s)?"
        ordinal = r"(?:st|nd|rd|th|er|re|o|º|ª|°|\.)?"
        week = rf"(?:{words['weekdays']})day,?\s"
        self._month = re.compile(rf"(?<![^\W\d_])(?:{either})")
        self._with_weekday = (
            re.compile(rf"{week}(?<![\d.,]){_DAY}{ordinal}{gap}(?:{either})(?![^\W\d_]){gap}(?:{_YEAR}|\d{{2}})(?!\d)"),
            re.compile(rf"{week}(?:{either})\.?\s?{_DAY}(?:st|nd|rd|th)?,?\s{{1,2}}{_YEAR}(?!\d)"),
        )
        # Forms of which only the first group is the date: a day and month after a word that a day follows.
        self._cued = (
            re.compile(
                rf"(?<![^\W_])(?:{words['cues']})\s({_DAY}/{_MONTH}|{_MONTH}/{_DAY})(?![\w]|[.,/-]\d|\s?(?:mm|cm|%))"
            ),
            re.compile(rf"(?<![^\W_])(?:{words['german_cues']})\s({_DAY}\.{_MONTH}\.)(?![\w])"),
        )
        self._parts = self._partial(either, words["parts"], words["years"])
        self._by_number = (
            re.compile(rf"(?<![\d.,]){_DAY}{ordinal}{gap}(?:{either})(?![^\W\d_]){gap}(?:{_YEAR}|'?\d{{2}}(?![\w%]|\s?(?:mm|cm|ml|mg|h\b)))(?!\d)"),
            re.compile(rf"(?<!\d){_YEAR}[\s.,/-]{{1,2}}(?:{either})\.?[\s.,/-]{{1,2}}{_DAY}(?!\d)"),
            re.compile(rf"(?<![\d.,]){_DAY}{ordinal}\s(?:de |of |di )?(?:{long})(?![^\W_])"),
        )  # fmt: skip
        self._by_month = (
            re.compile(rf"(?:{either})\.?\s?{_DAY}(?:st|nd|rd|th)?,?\s{{1,2}}{_YEAR}(?!\d)"),
            re.compile(rf"(?:{either})[/.-]{_DAY}[/.-]{_YEAR}(?!\d)"),
            re.compile(rf"(?:{either})\.?{gap}{_YEAR}(?!\d)"),
            re.compile(rf"(?:{long})\s{_DAY}(?:st|nd|rd|th)?(?![\w]|[.,]\d)"),
        )

    def _partial(self, either: str, part: str, year: str) -> tuple[re.Pattern[str], ...]:
        """Forms of which the first group is the date: a part of a month, a month of last year or with a short year, days that are counted."""
        tail = rf"(?:,? (?:de |del |di |do |of )?(?:{_YEAR}|'\d{{2}}))?"
        return (
            re.compile(
                rf"(?<![^\W_])(?:{part})(?:[ -](?:the |de |d'|di |of |do |del )?|(?<=mi))((?:{either})(?:[./-]\d{{2}}(?!\d)|{tail}))(?![^\W_])"
            ),
            re.compile(rf"(?<![^\W_])({either})(?=,? (?:{year})(?![^\W_]))"),
            re.compile(
                rf"(?<![^\W_])((?:{either})(?:\.? ['’]\d{{2}}|\.?[/-]'?[0-4789]\d))(?![\w%]|[./,-]\d|\s?(?:mm|cm|ml|mg))"
            ),
            re.compile(rf"(?<![\w.,])({_DAY} dias (?:del mes )?de (?:{either})(?: (?:de|del) {_YEAR})?)(?![^\W_])"),
            re.compile(
                rf"(?<![^\W_])((?:{either})\.? (?:the )?{_DAY}(?:st|nd|rd|th)(?:,?\s(?:of\s)?{_YEAR})?)(?![^\W_])"
            ),
            re.compile(rf"(?<![\w.,])({_DAY}(?:st|nd|rd|th)\s(?:of\s)?(?:{either})(?:,?\s{_YEAR})?)(?![^\W_])"),
        )

    def _is_word(self, text: str, folded: str, start: int, end: int) -> bool:
        """Whether what could be a month is another word: one that English writes with a capital, or a short form, standing alone."""
        alone = folded[start:end]
        return (
            alone in self._other
            and (alone in ("may", "march") or (len(alone) < 4 and alone != "mai"))
            and not text[start].isupper()
        )

    def find(self, text: str) -> Iterator[Span]:
        """Spans of layer `pattern`."""
        folded = fold(text)
        starts = Starts(folded)
        found = [cued.span(1) for form in self._cued for cued in form.finditer(folded)]
        if self._month.search(folded):
            parts = (part.span(1) for form in self._parts for part in form.finditer(folded))
            found += [(start, end) for start, end in parts if not self._is_word(text, folded, start, end)]
        found += [
            one.span() for form in (*_NUMERIC, _ROMAN, *self._by_number) for one in starts.matches(form, "digits")
        ]
        found += [one.span() for form in self._by_month for one in starts.at(form, self._month)]
        if "day" in folded:
            found += [one.span() for form in self._with_weekday for one in form.finditer(folded)]
        for start, end in found:
            yield Span(start, end, Label.DATE, "pattern", score=0.9)
