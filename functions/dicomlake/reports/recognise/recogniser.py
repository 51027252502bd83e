"""All layers together: text and what is known in, spans that do not overlap out. Called by `scrub/` and, for header texts, the pipeline."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from dicomlake.reports.recognise.clinical import Clinical
from dicomlake.reports.recognise.dates import DateFinder
from dicomlake.reports.recognise.known import NOTHING_KNOWN, KnownFinder, KnownValues
from dicomlake.reports.recognise.patterns import PatternFinder
from dicomlake.reports.recognise.spans import Span, united
from dicomlake.reports.recognise.writing import fold
from dicomlake.rules.recognition import RecognitionRules, load_recognition_rules


class Setting(StrEnum):
    """How much is taken when in doubt: `strict` leaves as little as it can, `research` keeps what is probably clinical."""

    STRICT = "strict"
    RESEARCH = "research"


class Recogniser:
    """The rules, compiled. One instance serves many texts and threads."""

    def __init__(self, rules: RecognitionRules) -> None:
        self.rules = rules
        self.clinical = Clinical(rules)
        self._patterns = PatternFinder(rules.patterns, self.clinical)
        self._dates = DateFinder(rules.months)
        self._months = tuple(tuple(map(fold, form)) for forms in rules.months.values() for form in forms)
        self._known = lru_cache(maxsize=64)(self._known_finder)

    @classmethod
    def load(cls, root: Path | None = None) -> "Recogniser":
        """From the rule files. Raises ConfigError."""
        return cls(load_recognition_rules(root))

    def spans(
        self, text: str, known: KnownValues = NOTHING_KNOWN, lang: str = "en", setting: Setting = Setting.STRICT
    ) -> list[Span]:
        """What identifies in a report, in order of place, no two overlapping."""
        return united(text, self.clinical.kept(text, self._found(text, known)))

    def header_spans(self, text: str, known: KnownValues = NOTHING_KNOWN) -> Iterable[tuple[int, int]]:
        """What identifies in the short text of a header attribute, where no sentence tells what a word is."""
        return [(span.start, span.end) for span in self.spans(text, known)]

    def _found(self, text: str, known: KnownValues) -> Iterator[Span]:
        yield from self._known(known).find(text)
        yield from self._dates.find(text)
        yield from self._patterns.find(text)

    def _known_finder(self, known: KnownValues) -> KnownFinder:
        return KnownFinder(known, self.clinical.is_ordinary, self._months, self.rules.words.phrases)
