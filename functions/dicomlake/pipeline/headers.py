"""The recogniser for texts of DICOM headers, built when the first text needs it. Called by the cleaner of `dicom/`, passed to it by `services.py`.

A short text (a description, a protocol name) is searched for forms that prove themselves; a comment of a sentence or more by all layers, without
Presidio, whose import a picture must not pay for. What the object itself is known by, and dates, `dicom/` treats on its own.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path

from dicomlake.dicom import KnownIdentity
from dicomlake.dicom import Recogniser as DicomRecogniser
from dicomlake.reports.recognise import NOTHING_KNOWN, KnownValues, Label, Recogniser, Span
from dicomlake.reports.recognise.writing import plain

_SENTENCE = 60  # characters
_WORDS = 8
_GUESSED = frozenset(("model", "fine", "propagated"))
_NUMBER_BEFORE, _NUMBER_AFTER = re.compile(r"\d[.,/x]?$"), re.compile(r"[.,/x]?\d")


@lru_cache(maxsize=8)
def for_reports(header: DicomRecogniser, prose: DicomRecogniser) -> DicomRecogniser:
    """The recogniser of a structured report: its descriptions, code meanings and short answers are read as headers are, only sentences as prose."""
    return lambda text, known: (prose if _is_prose(text) else header)(text, known)


def _is_prose(text: str) -> bool:
    return len(text) >= _SENTENCE and len(text.split()) >= _WORDS


class HeaderRecogniser:
    """Text and what is known in, the places that identify out. Gives the same answer for the same text."""

    def __init__(self, root: Path | None) -> None:
        self._root = root
        self._spans = lru_cache(maxsize=4096)(self._found)

    def __call__(self, text: str, known: KnownIdentity) -> Iterable[tuple[int, int]]:
        """The (start, end) of what identifies in `text`."""
        if not any(map(str.isalnum, text)):
            return ()
        return self._spans(text, KnownValues(names=known.names) if len(text) >= _SENTENCE else NOTHING_KNOWN)

    def _found(self, text: str, known: KnownValues) -> tuple[tuple[int, int], ...]:
        if not _is_prose(text):
            return tuple(self._recogniser.header_spans(text, known))
        from dicomlake.reports.scrub.language import detected

        spans = self._recogniser.spans(text, known, detected(text)[0])
        kept = (self._without_technique(text, span) for span in spans if span.label is not Label.DATE)
        return tuple((span.start, span.end) for span in kept if span is not None)

    def _without_technique(self, text: str, span: Span) -> Span | None:
        """A guess of the models without what it took of the technique beside it: "Tapia, TE 102", half a number, a unit alone."""
        if span.layer not in _GUESSED:
            return span
        rules = self._recogniser.rules
        before, shown, after = text[: span.start], text[span.start : span.end], text[span.end :]
        halved = (shown[0].isdigit() and _NUMBER_BEFORE.search(before)) or (
            shown[-1].isdigit() and _NUMBER_AFTER.match(after)
        )
        unit = shown.lower() in rules.clinical.units and before.rstrip()[-1:].isdigit()
        if halved or unit:
            return None
        end = rules.words.names.end(plain(text), span.start, span.end, True) if span.label is Label.NAME else span.end
        return replace(span, end=end) if end > span.start else span

    @cached_property
    def _recogniser(self) -> Recogniser:
        return Recogniser.load(self._root)
