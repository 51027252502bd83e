"""Forms of text that identify whoever they belong to: rules in, spans out. Numbers with a check digit count only where it is right."""

import re
from collections.abc import Iterator
from dataclasses import replace

from dicomlake.errors import ConfigError
from dicomlake.reports.recognise.checks import CHECKS
from dicomlake.reports.recognise.clinical import Clinical
from dicomlake.reports.recognise.notation import PARTICLES, TITLES
from dicomlake.reports.recognise.spans import Label, Span
from dicomlake.reports.recognise.starts import Starts
from dicomlake.reports.recognise.writing import fold, plain
from dicomlake.rules.recognition import IdentifierPattern

_LEADER = re.compile(r"(?<=\w)[ \t]*(?:\.{3,}|…|_{2,}|:[.…_:-]+|[ \t][|][ \t]|\t)[ .:…_|\t]*(?=[\w+(])")
_WORD = re.compile(r"[^\W\d_]+")


class PatternFinder:
    """The patterns of the rules. Raises ConfigError for one that names a label or check that does not exist."""

    def __init__(self, patterns: tuple[IdentifierPattern, ...], clinical: Clinical) -> None:
        for pattern in patterns:
            if pattern.check and pattern.check not in CHECKS:
                raise ConfigError(f"{pattern.source}: check: there is none of this name")
            if pattern.label not in Label.__members__:
                raise ConfigError(f"{pattern.source}: label: there is none of this name")
        self._patterns = [(pattern, Label(pattern.label), CHECKS.get(pattern.check)) for pattern in patterns]
        self._clinical = clinical

    def find(self, text: str) -> Iterator[Span]:
        """Spans of layer `pattern`. Dots, lines and bars that lead from a label to its value are read as a colon too."""
        yield from self._find(text)
        if _LEADER.search(text):
            kept = [(m.start(), m.end()) for m in _LEADER.finditer(text)]
            short, places, pos = "", list[int](), 0
            for start, end in [*kept, (len(text), len(text))]:
                short += text[pos:start] + (": " if start < end else "")
                places += [*range(pos, start), *((start, end - 1) if start < end else ())]
                pos = end
            for span in self._find(short):
                yield replace(span, start=places[span.start], end=places[span.end - 1] + 1)

    def _find(self, text: str) -> Iterator[Span]:
        shown = plain(text)
        small = shown.lower()
        starts = Starts(shown)
        terms: list[tuple[int, int]] | None = None
        for pattern, label, check in self._patterns:
            if pattern.needs and not any(need in small for need in pattern.needs):
                continue
            for found in starts.matches(pattern.regex, pattern.starts):
                start, end = _limits(found)
                if check is not None and not check(shown[start:end]):
                    continue
                if pattern.safe:
                    terms = self._clinical.terms(fold(text)) if terms is None else terms
                    if label is Label.NAME:
                        start, end = self._name_within(shown, start, end)
                    if label is Label.ID and self._clinical.is_word(fold(shown[start:end])):
                        continue
                    if not self._names_somebody(shown, start, end, terms):
                        continue
                if start < end:
                    yield Span(start, end, label, "pattern", score=0.9 if check or pattern.sure else 0.8)

    def _names_somebody(self, shown: str, start: int, end: int, terms: list[tuple[int, int]]) -> bool:
        words = _WORD.findall(fold(shown[start:end]).split("^")[0])
        none = self._clinical.is_anatomy
        telling = [
            word
            for word in words
            if len(word) > 1 and not self._clinical.is_ordinary(word) and not none(word) and word not in TITLES
        ]
        return bool(telling) and not any(s <= start and end <= e for s, e in terms)

    def _name_within(self, shown: str, start: int, end: int) -> tuple[int, int]:
        """Without titles before it, and cut where the first word stands that names have not: "Dr. Meier Radiologie" is Meier."""
        words = list(_WORD.finditer(shown, start, end))
        while words and fold(words[0][0]) in TITLES:
            start, words = (words[1].start(), words[1:]) if len(words) > 1 else (end, [])
        for place, word in enumerate(words):
            small = fold(word[0])
            if place and len(small) > 3 and self._clinical.is_no_part(small) and small not in PARTICLES:
                return start, words[place - 1].end()
        return start, end


def _limits(found: re.Match[str]) -> tuple[int, int]:
    group = next((number for number in range(1, (found.re.groups or 0) + 1) if found[number] is not None), 0)
    return found.span(group)
