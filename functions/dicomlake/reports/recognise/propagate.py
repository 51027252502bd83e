"""Spans of a text in, the places where the same names and numbers stand again out. Called by `recogniser.py`.

Who is named once with a title or in a field is the same person in the next sentence.
"""

import re
from collections.abc import Iterable, Iterator

from dicomlake.reports.recognise.clinical import Clinical
from dicomlake.reports.recognise.notation import PARTICLES
from dicomlake.reports.recognise.spans import Label, Span
from dicomlake.reports.recognise.writing import fold

_WORD = re.compile(r"[^\W\d_]+")
_STARTS = re.compile(r"(?:^|[.!?\n])\s*$")
_SHORTEST_NAME, _SHORTEST_ID = 4, 5
_WHOLE = frozenset((Label.ID, Label.HOSPITAL, Label.PHONE, Label.EMAIL))


def propagated(text: str, spans: Iterable[Span], clinical: Clinical) -> Iterator[Span]:
    """Spans of layer `propagated`; they may overlap those given. A name that is a common word too is one within a sentence only."""
    folded = fold(text)
    names: set[str] = set()
    small: set[str] = set()  # of these, written without a capital
    wholes: dict[str, Span] = {}
    for span in spans:
        if span.label is Label.NAME:
            words = [word for word in _WORD.findall(folded[span.start : span.end]) if len(word) >= _SHORTEST_NAME]
            telling = {word for word in words if not clinical.is_word(word) and word not in PARTICLES}
            names |= telling
            if text[span.start : span.end].islower():
                small |= telling
        elif span.label in _WHOLE and span.end - span.start >= _SHORTEST_ID:
            wholes.setdefault(folded[span.start : span.end], span)
    for found in _WORD.finditer(folded) if names else ():
        if found[0] not in names or (clinical.is_both(found[0]) and _STARTS.search(text, 0, found.start())):
            continue
        if found[0] in small or not text[found.start() : found.end()].islower():
            yield Span(*found.span(), Label.NAME, "propagated", score=0.6)
    for value, span in wholes.items():
        for found in re.finditer(rf"(?<![^\W_]){re.escape(value)}(?![^\W_])", folded):
            yield Span(*found.span(), span.label, "propagated", span.fine, 0.6)
