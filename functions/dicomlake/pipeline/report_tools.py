"""What judging the reports of a site takes, and how one is to be judged. Called by `services.py` and `assess.py`; what it needs of the reports
room is loaded for the first report, so that pictures do not pay for it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from dicomlake.dicom import KnownIdentity
from dicomlake.pipeline.linking import values_of
from dicomlake.pseudonyms import IdentityRules, SiteKey
from dicomlake.reports.recognise import Label

if TYPE_CHECKING:
    from dicomlake.reports.clean import Cleaner
    from dicomlake.reports.extract import OcrEngine
    from dicomlake.reports.scrub import Replacer, Scrubber

_TELLING_TEXT = 60  # characters from which on the language of a text can be told


class ReportTools:
    """What cleaning reports of a site takes, each part built on first use."""

    def __init__(
        self,
        key: SiteKey,
        identity: IdentityRules,
        shift_days: tuple[int, int],
        root: Path | None,
        text_model: str = "blank",
        pdf_copy: str = "rebuilt",
    ) -> None:
        self.key = key
        self.identity = identity
        self.shift_days = shift_days
        self.pictured = pdf_copy == "pictured"
        self._root = root
        self._text_model = text_model
        self.recognise = lru_cache(maxsize=4096)(self._recognise)

    @cached_property
    def scrubber(self) -> "Scrubber":
        """The rules of recognition, compiled."""
        from dicomlake.reports.scrub import Scrubber

        return Scrubber.load(self._root, self._text_model)

    @cached_property
    def cleaner(self) -> "Cleaner":
        """The maker of clean reports."""
        from dicomlake.reports.clean import Cleaner

        return Cleaner(self.scrubber, self.key.digest8, self.ocr, pictured=self.pictured)

    @cached_property
    def ocr(self) -> "OcrEngine":
        """Reads pages that are pictures."""
        from dicomlake.reports.extract import Tesseract

        return Tesseract()

    def replacer(self, patient_key: str) -> "Replacer":
        """What replaces the values of one patient: dates move by the very shift of the patient's DICOM dates."""
        from dicomlake.reports.scrub import Replacer

        days = self.key.shift_days(patient_key, *self.shift_days) if self.shift_days[1] else 0
        return Replacer(self.key, days, self.scrubber.recogniser.rules)

    def _recognise(self, text: str, known: KnownIdentity) -> Iterable[tuple[int, int, str]]:
        """What identifies in a text of a DICOM object, and its placeholder, the same as in a report. Whole dates are left to the rules that shift
        them.
        """
        from dicomlake.reports.scrub import Replacer

        lang = self.scrubber.language(text, None if len(text) >= _TELLING_TEXT else "en")[0]
        values = values_of(known)
        spans = self.scrubber.spans(text, values, lang)
        new = Replacer(self.key, 0, self.scrubber.recogniser.rules).new_texts(text, spans, values, lang)
        whole = (
            span.label is Label.DATE and any(len(part) == 4 for part in _digits(text[span.start : span.end]))
            for span in spans
        )
        return tuple(
            (span.start, span.end, "[DATE]" if span.label is Label.DATE else stands)
            for span, stands, dated in zip(spans, new, whole, strict=True)
            if not dated
        )


def _digits(text: str) -> list[str]:
    return "".join(c if c.isdigit() else " " for c in text).split()


@dataclass(frozen=True)
class Asked:
    """How a report is to be judged. `light`: pages that are pictures are not begun; `waived`: a reviewer has looked at the doubts."""

    data: bytes = field(repr=False)
    light: bool = False
    waived: bool = False

    @cached_property
    def content_key(self) -> str:
        """A hash of the object, made where a report asks for it: pictures are large."""
        return hashlib.sha256(self.data).hexdigest()
