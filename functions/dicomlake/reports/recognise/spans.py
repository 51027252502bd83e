"""What a recogniser says about a text: spans, their labels, and how the findings of several recognisers become one list. Used by the whole room."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class Label(StrEnum):
    """What a span is. An age up to 89, a sex and a word for a relative are told, and stay in the text."""

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

    def at(self, start: int, end: int) -> "Span":
        """The same finding at another place."""
        if (start, end) == (self.start, self.end):
            return self
        return Span(start, end, self.label, self.layer, self.fine, self.score)


# Where findings differ, the earlier layer decides on the label and the limits; a later one only adds what it sees beyond.
LAYERS = ("placed", "known", "fine", "sure", "model", "pattern", "engine", "propagated", "strange")
_RANK = {name: rank for rank, name in enumerate(LAYERS)}
SURE = 0.9
_LONGEST = 40  # letters of a word
_JOINERS = ",;:|^=-–/.'’`´ \t\n"


def united(text: str, spans: Iterable[Span]) -> list[Span]:
    """All characters anybody found, in spans that do not overlap, in order of place.

    A finding that reaches beyond a better ranked one of its label widens it, unless that came from the finer model, which knows where its
    kind ends; else its rest is a span of its own. A rest without a letter or digit is dropped. What stands in an e-mail address is part of it.
    """
    given = list(spans)
    mails = [span for span in given if span.label is Label.EMAIL]
    given = [
        one
        for one in given
        if one.label is Label.EMAIL or not any(m.start <= one.start and one.end <= m.end for m in mails)
    ]
    taken: list[Span] = []
    for span in sorted(given, key=_order):
        same = [other for other in taken if span.meets(other) and other.label is span.label and other.layer != "fine"]
        if same:
            span = replace(
                same[0], start=min(span.start, *(o.start for o in same)), end=max(span.end, *(o.end for o in same))
            )
            taken = [other for other in taken if other not in same]
        for start, end in _rests(span, taken):
            if span.layer != "fine" or (start, end) != (span.start, span.end):
                start, end = trimmed(text, start, end)
            if any(map(str.isalnum, text[start:end])):
                taken.append(replace(span, start=start, end=end))
    return sorted(taken)


def _order(span: Span) -> tuple[int, int, int]:
    layer = "sure" if span.layer == "pattern" and span.score >= SURE else span.layer
    return _RANK.get(layer, len(LAYERS)), span.start, -span.end


def _rests(span: Span, taken: list[Span]) -> list[tuple[int, int]]:
    rests = [(span.start, span.end)]
    for other in taken:
        if span.meets(other):
            rests = [rest for one in rests for rest in _cut(one, other)]
    return rests


def _cut(rest: tuple[int, int], other: Span) -> list[tuple[int, int]]:
    start, end = rest
    if other.start >= end or other.end <= start:
        return [rest]
    return [piece for piece in ((start, other.start), (other.end, end)) if piece[0] < piece[1]]


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The same without white space and joining punctuation at the ends."""
    while start < end and text[start] in _JOINERS:
        start += 1
    while end > start and text[end - 1] in _JOINERS and not (text[end - 1] == "." and _is_initial(text, start, end)):
        end -= 1
    return start, end


def _is_initial(text: str, start: int, end: int) -> bool:
    """Whether the point at the end belongs to an abbreviation ("R. J.")."""
    return end - start >= 2 and text[end - 2].isupper() and (end - start == 2 or not text[end - 3].isalnum())


# The half of a word before or behind a hyphen at the end of a line.
_PARTED_AFTER = re.compile(r"[-\u2010\u00ad][ \t]*\n[ \t]*[^\W\d_]+")
_PARTED_BEFORE = re.compile(r"(?<![^\W\d_])[^\W\d_]+[-\u2010\u00ad][ \t]*\n[ \t]*$")
_JOINED = {Label.ID: re.compile(r"[\w/-]*"), Label.PHONE: re.compile(r"[\d/-]*")}
_JOINED |= dict.fromkeys((Label.NAME, Label.LOCATION, Label.HOSPITAL), re.compile(r"(?:[^\W\d_]|[-'’´](?=[^\W\d_]))*"))


def widened(text: str, span: Span) -> Span:
    """To the ends of the words a span begins and ends in: a part of a double name or of a number with hyphens is never left behind."""
    joined = _JOINED.get(span.label)
    if joined is None or span.layer == "fine":
        return span
    start, end = _to_ends(text, span.start, span.end, joined)
    if span.label is Label.NAME:  # a name that a line parts
        after = _PARTED_AFTER.match(text, end)
        before = _PARTED_BEFORE.search(text, max(0, start - _LONGEST), start)
        end = after.end() if after is not None else end
        start = before.start() if before is not None else start
    return span.at(start, end)


def _to_ends(text: str, start: int, end: int, joined: re.Pattern[str]) -> tuple[int, int]:
    after, before = joined.match(text, end), joined.match(text[max(0, start - _LONGEST) : start][::-1])
    return start - (before.end() if before else 0), after.end() if after else end
