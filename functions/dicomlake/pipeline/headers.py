"""The recogniser for texts of DICOM headers, built when the first text needs it. Called by the cleaner of `dicom/`, passed to it by `services.py`.

A short text (a description, a protocol name) is searched for forms that prove themselves; a comment of a sentence or more by all layers, without
Presidio, whose import a picture must not pay for. What the object itself is known by, and dates, `dicom/` treats on its own.
"""

from collections.abc import Iterable
from functools import cached_property, lru_cache
from pathlib import Path

from dicomlake.dicom import KnownIdentity
from dicomlake.reports.recognise import NOTHING_KNOWN, KnownValues, Label, Recogniser

_SENTENCE = 60  # characters
_WORDS = 8


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
        if len(text) < _SENTENCE or len(text.split()) < _WORDS:
            return tuple(self._recogniser.header_spans(text, known))
        from dicomlake.reports.scrub.language import detected

        spans = self._recogniser.spans(text, known, detected(text)[0])
        return tuple((span.start, span.end) for span in spans if span.label is not Label.DATE)

    @cached_property
    def _recogniser(self) -> Recogniser:
        return Recogniser.load(self._root)
