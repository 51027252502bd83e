"""Words and numbers of one language. Called by the sections of the report."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dicomlake.rules.exams import ReferenceRules
from dicomlake.rules.words import load_words


@dataclass(frozen=True)
class Speech:
    """The words of `lang`, and how it writes numbers, dates and lists."""

    lang: str
    words: Mapping[str, str]

    @classmethod
    def of(cls, lang: str, root: Path | None = None) -> "Speech":
        """The speech of `lang`, en or es."""
        return cls(lang, load_words(lang, root))

    def __call__(self, name: str, **filled: object) -> str:
        """The word `name` with its places filled in."""
        return self.words[name].format(**filled) if filled else self.words[name]

    def number(self, value: float | None, digits: int = 3) -> str:
        """`value` with `digits` significant digits, never in powers of ten; a dash where unknown."""
        if value is None:
            return "–"
        if value == 0:
            return "0"
        rounded = round(value, digits - 1 - _magnitude(value))
        text = f"{rounded:.{max(0, digits - 1 - _magnitude(rounded))}f}"
        return text.replace(".", ",") if self.lang == "es" else text

    def between(self, low: float | None, high: float | None) -> str:
        """Two ends of an interval."""
        return "–" if low is None or high is None else f"{self.number(low)} – {self.number(high)}"

    def share(self, part: int, whole: int) -> str:
        """A percentage without decimals; between 0 and 1 or 99 and 100 it says so."""
        if whole == 0:
            return "–"
        percent = 100 * part / whole
        if 0 < percent < 1:
            return "<1 %"
        return ">99 %" if 99 < percent < 100 else f"{percent:.0f} %"

    def change(self, now: int, before: int) -> str:
        """The change from `before` in percent, with its sign."""
        percent = round(100 * (now - before) / before)
        return f"{percent:+d} %".replace("-", "\u2212")

    def date(self, day: datetime.date) -> str:
        """A date in figures that nobody can misread."""
        return day.isoformat() if self.lang == "en" else day.strftime("%d/%m/%Y")

    def month(self, first: datetime.date) -> str:
        """Month and year."""
        name = self.words["months"].split()[first.month - 1]
        return f"{name} {first.year}" if self.lang == "en" else f"{name} de {first.year}"

    def listed(self, names: Sequence[str]) -> str:
        """a, b and c."""
        return " ".join([", ".join(names[:-1]), self.words["and"], names[-1]]) if len(names) > 1 else "".join(names)

    def exam(self, rules: ReferenceRules, name: str) -> str:
        """The name of an exam."""
        found = next((exam for exam in rules.exams if exam.name == name), None)
        return name if found is None else (found.en if self.lang == "en" else found.es)


def _magnitude(value: float) -> int:
    """The power of ten of the first digit."""
    return int(f"{value:e}".partition("e")[2])
