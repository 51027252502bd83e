"""What a recogniser says about a text: spans, their labels, and how the findings of several recognisers become one list. Used by the whole room."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Label(StrEnum):
    """What a span is. The first block identifies and is replaced; of the second, `kept_as_is` decides."""

    NAME = "NAME"
    DATE = "DATE"
    ID = "ID"
    LOCATION = "LOCATION"
    HOSPITAL = "HOSPITAL"
    PHONE = "PHONE"
    EMAIL = "EMAIL"
    URL = "URL"
    PROFESSION = "PROFESSION"
    OTHER = "OTHER"
    AGE = "AGE"
    SEX = "SEX"
    RELATIVE = "RELATIVE"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters `start` to `end` (exclusive) of a text. `layer` is who found it, `fine` the label in the finer set of MEDDOCAN, if known."""

    start: int
    end: int
    label: Label
    layer: str
    fine: str = ""
    score: float = 1.0

    def meets(self, other: "Span") -> bool:
        """Whether the two share a character."""
        return self.start < other.end and other.start < self.end


# Where findings differ, the earlier layer decides on the label and the limits; the later one only adds what it sees beyond.
LAYERS = ("known", "pattern", "fine", "model", "engine", "propagated")
_RANK = {name: rank for rank, name in enumerate(LAYERS)}


def united(text: str, spans: Iterable[Span]) -> list[Span]:
    """All characters anybody found, in spans that do not overlap, in order of place.

    A finding that reaches beyond a better ranked one leaves its rest as spans of its own, cut at the words; a rest without a letter or
    digit is dropped.
    """
    taken: list[Span] = []
    for span in sorted(spans, key=lambda one: (_RANK.get(one.layer, len(LAYERS)), one.start, -one.end)):
        for start, end in _rests(span, taken):
            start, end = trimmed(text, start, end)
            if any(map(str.isalnum, text[start:end])):
                taken.append(Span(start, end, span.label, span.layer, span.fine, span.score))
    return sorted(taken)


def _rests(span: Span, taken: list[Span]) -> list[tuple[int, int]]:
    rests = [(span.start, span.end)]
    for other in taken:
        if not span.meets(other):
            continue
        cut = []
        for start, end in rests:
            if other.start >= end or other.end <= start:
                cut.append((start, end))
                continue
            if start < other.start:
                cut.append((start, other.start))
            if other.end < end:
                cut.append((other.end, end))
        rests = cut
    return rests


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The same without white space and joining punctuation at the ends."""
    while start < end and (text[start].isspace() or text[start] in ",;:|^=-–/"):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in ",;:|^=-–/"):
        end -= 1
    return start, end
