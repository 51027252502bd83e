"""Text in, the months with a year in it moved by the shift out ("April 2021", "04/2021"). Called by `replace.py` where no whole date stands.

The middle of the month is moved, so that an interval is right to half a month.
"""

import datetime
import re
from collections.abc import Mapping, Sequence

from dicomlake.reports.recognise.writing import fold

_MIDDLE = 15
_NUMERIC = re.compile(r"(0?[1-9]|1[0-2])(\s?[/.-]\s?)((?:19|20)\d{2})")


class Months:
    """`forms`: per language the twelve names in each way of writing them, as the rules have them; of `lang` before all others."""

    def __init__(self, forms: Mapping[str, Sequence[Sequence[str]]], lang: str) -> None:
        ranked = [form for other in (lang, *forms) for form in forms.get(other, ())]
        self._place = {fold(name): (form, number) for form in reversed(ranked) for number, name in enumerate(form)}
        names = "|".join(sorted(self._place, key=lambda name: (-len(name), name)))
        self._day_first = re.compile(
            rf"(?<!\d)\d{{1,2}}(?:st|nd|rd|th)?[\s./-]{{1,2}}(?:of )?(?:{names})(?![^\W_])[\s.,/-]{{1,2}}\d{{2,4}}"
        )
        self._month_first = re.compile(
            rf"(?<![^\W_])(?:{names})[\s.-]{{1,2}}\d{{1,2}}(?:st|nd|rd|th)?[\s,/-]{{1,2}}\d{{4}}"
        )
        self._named = re.compile(rf"({names})(\.?[\s,/-]{{1,2}}(?:(?:de|del|of|di|do) )?)((?:19|20)\d{{2}})")

    def order(self, folded: str) -> tuple[bool, bool]:
        """Whether the dates of a text that name their month have the day first, and whether they have the month first."""
        return self._day_first.search(folded) is not None, self._month_first.search(folded) is not None

    def moved(self, text: str, days: int) -> str | None:
        """The whole of a text, if it is a month and a year and nothing else."""
        folded = fold(text)
        named, numeric = self._named.fullmatch(folded), _NUMERIC.fullmatch(folded)
        found = named or numeric
        if found is None:
            return None
        form, number = self._place[found[1]] if named else ((), int(found[1]) - 1)
        day = _shifted(int(found[3]), number + 1, days)
        if day is None:
            return None
        month = form[day.month - 1] if named else f"{day.month:0{len(found[1])}d}"
        if text[0].isupper():
            month = month.upper() if text[: len(found[1])].isupper() else month.capitalize()
        return f"{month}{text[found.start(2) : found.end(2)]}{day.year}"


def _shifted(year: int, month: int, days: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, _MIDDLE) + datetime.timedelta(days=days)
    except OverflowError:
        return None
