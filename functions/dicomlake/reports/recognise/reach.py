"""A name that was found in, the same with what belongs to it out: initials, particles and strange words beside it. Called by `recogniser.py`."""

import re
from collections.abc import Callable
from dataclasses import replace

from dicomlake.reports.recognise.known import TITLES
from dicomlake.reports.recognise.spans import Label, Span
from dicomlake.reports.recognise.writing import fold

_FAR = 40  # characters looked at
_INITIAL_AFTER = re.compile(r"(?:,? [^\W\d_]\.)+(?!\w)")
_PARTICLES_BEFORE = re.compile(
    r"(?<![^\W_])(?:von und zu |von der |van der |van den |van |ap |ibn |bin |(?:(?:de|De) (?:la|las|los|La|Las|Los) )|"
    r"(?<=[^\W\d_] )(?:El|Al|Lo|Di|Del|De|Degli|Della|Dos|Da) )$"
)
_WORD_BEFORE = re.compile(r"(?<![\w'-])([^\W\d_][^\W\d_'-]{2,}) $")
_WORD_AFTER = re.compile(r" ([^\W\d_][^\W\d_'-]{2,})(?![\w'-])")


def reached(text: str, span: Span, is_term: Callable[[str], bool]) -> Span:
    """The span, wider for a name that is no finding of the finer model, which knows where its kind ends. `is_term`: a folded word names nobody."""
    if span.label is not Label.NAME or span.layer == "fine" or not text[span.start].isalpha():
        return span
    start, end = span.start, span.end
    after = _WORD_AFTER.match(text, end)
    if after is not None and _is_name(after[1], is_term):
        end = after.end()
    initial = _INITIAL_AFTER.match(text, end)
    if initial is not None and text[initial.start() :].lstrip(", ")[0].isupper():
        end = initial.end()
    before = _WORD_BEFORE.search(text, max(0, start - _FAR), start)
    if before is not None and _is_name(before[1], is_term):
        start = before.start(1)
    particles = _PARTICLES_BEFORE.search(text[max(0, start - _FAR) : start])
    return replace(span, start=start - len(particles[0]) if particles else start, end=end)


def _is_name(word: str, is_term: Callable[[str], bool]) -> bool:
    """Whether a word has a capital and is none of the languages, of the trade or of address."""
    folded = fold(word)
    return (
        word[0].isupper() and folded not in TITLES and not any(is_term(part) for part in (folded, folded.rstrip("s")))
    )
