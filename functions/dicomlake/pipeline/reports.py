"""A report's bytes in, its assessment out: read -> scrub -> rebuild -> verify, with what is known of its study. Called by `assess.py`.

Reports without a header, documents in a DICOM object, and the text of structured reports. Pure, as `assess.py` is.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from dicomlake.dicom import CleanInstance, KnownIdentity, RawInstance
from dicomlake.pipeline.linking import Link, StudyFacts, facts_of_document, person, values_of
from dicomlake.pseudonyms import IdentityRules, PatientIdentity, SiteKey, normal_accession
from dicomlake.reports.clean import Cleaner, CleanReport, Owner, in_place, known_of
from dicomlake.reports.document import Document
from dicomlake.reports.extract import NeedsOcr, OcrEngine, Tesseract, document_of
from dicomlake.reports.extract.sr import text_of_sr
from dicomlake.reports.recognise import KnownValues, Label

if TYPE_CHECKING:
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
    def cleaner(self) -> Cleaner:
        """The maker of clean reports."""
        return Cleaner(self.scrubber, self.key.digest8, self.ocr, pictured=self.pictured)

    @cached_property
    def ocr(self) -> OcrEngine:
        """Reads pages that are pictures."""
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


def read(data: bytes, kind: str, tools: ReportTools, *, light: bool) -> Document:
    """The document. Raises PermanentError and, with `light`, NeedsOcr for what has pictures to be read."""
    return document_of(data, kind, None if light else tools.ocr)


def clean_report(document: Document, link: Link | None, tools: ReportTools, asked: Asked) -> CleanReport:
    """The clean report of a document. Without a link it stands for its own unknown patient. Raises PermanentError, NeedsOcr when `light`."""
    if asked.light and tools.pictured and document.source:
        raise NeedsOcr  # to make pictures of pages and to read them again
    link = link or _own_link(document, tools)
    patient = link.patient if link else _unknown(asked)
    patient_key = tools.key.patient(patient)
    owner = Owner(
        patient_key,
        tools.key.uid(link.study_uid) if link and link.study_uid else None,
        tools.key.identifier("accession", link.accession, "A") if link and link.accession else None,
        tools.key.identifier("report", asked.content_key, "T"),
    )
    known = link.known if link else KnownValues()
    return tools.cleaner.clean(document, known, owner, tools.replacer(patient_key), waived=asked.waived)


def speaks_for_itself(document: Document, tools: ReportTools) -> bool:
    """Whether a report names its own patient, as a message or clinical document does."""
    return person(tools.identity, document.subject.patient_id, document.subject.issuer) is not None


def report_of_sr(
    raw: RawInstance, clean: CleanInstance, patient: PatientIdentity, tools: ReportTools, asked: Asked
) -> CleanReport | None:
    """The text of a structured report, shown from its clean copy; None when it has none to show."""
    text = text_of_sr(clean.to_bytes())
    if not any(map(str.isalnum, text)):
        return None
    lang, _ = tools.scrubber.language(text, None)
    return in_place(text, lang, "dicom_sr", owner_of(raw, patient, tools, asked), tools.key.digest8)


def owner_of(raw: RawInstance, patient: PatientIdentity, tools: ReportTools, asked: Asked) -> Owner:
    """Under what the report in a DICOM object is filed."""
    accession = normal_accession(tools.identity, raw.first("AccessionNumber"))
    return Owner(
        tools.key.patient(patient),
        tools.key.uid(raw.study_instance_uid),
        tools.key.identifier("accession", accession, "A") if accession else None,
        tools.key.identifier("report", asked.content_key, "T"),
    )


def facts_of(document: Document, tools: ReportTools, folder: tuple[str, ...]) -> StudyFacts | None:
    """What a message tells of its study to the reports around it."""
    return facts_of_document(document, known_of(document), tools.identity, folder)


def _own_link(document: Document, tools: ReportTools) -> Link | None:
    """What a message says of its own patient and study."""
    facts = facts_of_document(document, KnownValues(), tools.identity, ())
    return Link(facts.study_uid, facts.patient, facts.accession, facts.known) if facts else None


def _unknown(asked: Asked) -> PatientIdentity:
    return PatientIdentity(None, "", f"report {asked.content_key}")
