"""Forms of text that identify whoever they belong to: rules in, spans out. Numbers with a check digit count only where it is right."""

import re
from collections.abc import Iterator

from dicomlake.errors import ConfigError
from dicomlake.reports.recognise.checks import CHECKS
from dicomlake.reports.recognise.clinical import Clinical
from dicomlake.reports.recognise.spans import Label, Span
from dicomlake.reports.recognise.writing import fold, plain
from dicomlake.rules.recognition import IdentifierPattern

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

    def find(self, text: str, *, certain: bool = False) -> Iterator[Span]:
        """Spans of layer `pattern`. With `certain`, only of patterns that say enough without the text around them."""
        shown = plain(text)
        for pattern, label, check in self._patterns:
            for found in pattern.regex.finditer(shown):
                start, end = _limits(found)
                if check is not None and not check(shown[start:end]):
                    continue
                if pattern.safe:
                    if label is Label.NAME:
                        end = self._without_ordinary_tail(shown, start, end)
                    if not self._names_somebody(shown, start, end):
                        continue
                if start < end:
                    yield Span(start, end, label, "pattern", score=0.9 if check else 0.8)

    def _names_somebody(self, shown: str, start: int, end: int) -> bool:
        words = _WORD.findall(fold(shown[start:end]).split("^")[0])
        telling = [word for word in words if len(word) > 1 and not self._clinical.is_ordinary(word)]
        return bool(telling) and not self._clinical.is_term(shown, start, end)

    def _without_ordinary_tail(self, shown: str, start: int, end: int) -> int:
        """Cut where the first word stands that no name has, so that "Dr. Meier Radiologie" is Meier."""
        words = list(_WORD.finditer(shown, start, end))
        while len(words) > 1 and self._clinical.is_ordinary(fold(words[-1][0])) and words[-1][0][0].isupper():
            words.pop()
        return words[-1].end() if words and words[-1].end() < end else end


def _limits(found: re.Match[str]) -> tuple[int, int]:
    group = next((number for number in range(1, (found.re.groups or 0) + 1) if found[number] is not None), 0)
    return found.span(group)
