"""A document and what is known of its study in, a `CleanReport` out. Called by the pipeline; nothing else builds a CleanReport.

scrub -> rebuild -> verify. A doubt of the scrubber, or a suspicion of the second reader, holds the report for a reviewer.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from dicomlake.errors import Code, PermanentError
from dicomlake.reports.document import Document
from dicomlake.reports.extract.ocr import OcrEngine
from dicomlake.reports.lookalike import as_known
from dicomlake.reports.placed import Placed
from dicomlake.reports.rebuild import pdf_of, pictured_pdf, text_of
from dicomlake.reports.recognise import KnownValues, Setting
from dicomlake.reports.scrub import Replacer, Scrubbed, Scrubber
from dicomlake.reports.verify import Needles, prove, saying

NOTE = "De-identified copy; names, numbers and places are placeholders, dates are shifted"
_PDF_FOR = frozenset({"pdf", "rtf", "office", "xml"})
Digest = Callable[[bytes], str]


@dataclass(frozen=True)
class CleanFile:
    """A file of a clean report; `ending` is `.pdf`, `.txt` or, for a translation, `.<language>.txt`."""

    ending: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Owner:
    """Under which pseudonyms a report is filed: patient, study (None: not known which), accession, and the key of the report itself."""

    patient_key: str
    study_uid: str | None
    accession_key: str | None
    report_key: str


@dataclass(frozen=True)
class CleanReport:
    """A report without what identifies. `findings` counts what was replaced: label -> layer -> spans; it holds no value."""

    kind: str
    owner: Owner
    text: str
    lang: str
    files: tuple[CleanFile, ...]
    findings: Mapping[str, Mapping[str, int]]
    pages: int
    read: str
    left_behind: Mapping[str, int]
    _digest8: Digest = field(repr=False)
    engine: str = ""

    def object_name(self, file: CleanFile) -> str:
        """`<patient>/<study>/<report>-<8 hex><ending>`; the digits are a keyed hash of the file, so that equal names mean equal bytes."""
        folder = self.owner.study_uid or self.owner.accession_key or "unlinked"
        return f"{self.owner.patient_key}/{folder}/{self.owner.report_key}-{self._digest8(file.data)}{file.ending}"


class Cleaner:
    """Built once from the rules; serves many reports. `ocr` reads the pages of copies that are more than their text; `pictured`: the copy of a
    PDF shows its pages, with boxes burned in, instead of being set anew.
    """

    def __init__(
        self,
        scrubber: Scrubber,
        digest8: Digest,
        ocr: OcrEngine | None = None,
        *,
        pictured: bool = False,
    ) -> None:
        self._scrubber = scrubber
        self._digest8 = digest8
        self._ocr = ocr
        self._pictured = pictured

    def clean(
        self, document: Document, known: KnownValues, owner: Owner, replacer: Replacer, *, waived: bool = False
    ) -> CleanReport:
        """The clean report; `waived`: a reviewer has looked at its doubts. Raises PermanentError: text_phi_suspected, deid_failed."""
        found = self._placed(document)
        known = known | known_of(document) | found.known
        if document.read_by_ocr:
            document = as_known(document, known, self._scrubber.recogniser.is_term)
        scrubbed = self._scrubber.scrub(document.text, replacer, known, None, Setting.STRICT, document.table)
        if scrubbed.doubts and not waived:
            raise PermanentError(Code.TEXT_PHI_SUSPECTED, f"doubt_{scrubbed.doubts[0]}")
        files = [CleanFile(".txt", "text/plain; charset=utf-8", text_of(scrubbed.text))]
        if document.kind in _PDF_FOR:
            files.insert(0, CleanFile(".pdf", "application/pdf", self._pdf(document, scrubbed)))
        needles = Needles.of(known, _replaced(document.text, scrubbed), self._scrubber.recogniser)
        said = saying(scrubbed.text)
        needles = replace(needles, ocr=self._ocr, blurred=document.read_by_ocr, said=said)
        for file in files:
            prove(file.ending, file.data, needles, scrubbed.lang, waived=waived)
        return CleanReport(
            document.kind,
            owner,
            scrubbed.text,
            scrubbed.lang,
            tuple(files),
            _counts(scrubbed),
            max(1, len(document.pages)),
            "ocr" if document.read_by_ocr else "text",
            dict(document.left_behind),
            self._digest8,
        )

    def _placed(self, document: Document) -> Placed:
        found = self._scrubber.placed(document.text, document.table)
        if document.table and not found.header:
            raise PermanentError(Code.TEXT_PHI_SUSPECTED, "table_not_report")
        if document.table and found.several:
            raise PermanentError(Code.UNSUPPORTED, "several_patients_in_one_file")
        return found

    def _pdf(self, document: Document, scrubbed: Scrubbed) -> bytes:
        if self._pictured and document.source:
            return pictured_pdf(document, scrubbed.spans, scrubbed.new, scrubbed.lang, NOTE)
        return pdf_of(scrubbed.text, scrubbed.lang, NOTE)


def in_place(text: str, lang: str, kind: str, owner: Owner, digest8: Digest) -> CleanReport:
    """The text of an object that was cleaned where it stands (a structured report): a row of its own, and no file beside the object."""
    return CleanReport(kind, owner, text, lang, (), {}, 1, "text", {}, digest8)


def with_translation(report: CleanReport, text: str, target: str, engine: str) -> CleanReport:
    """A clean report whose files hold its translation, labelled as such. `text` comes from an engine that was given the scrubbed text only."""
    note = f"Machine translation from {report.lang} to {target} by {engine}; not reviewed by a person"
    plain = CleanFile(f".{target}.txt", "text/plain; charset=utf-8", text_of(f"{note}\n\n{text}"))
    files = [plain]
    if report.kind in _PDF_FOR:
        files.insert(0, CleanFile(f".{target}.pdf", "application/pdf", pdf_of(text, target, note)))
    return replace(report, files=tuple(files), engine=engine)


def known_of(document: Document) -> KnownValues:
    """What the file itself names people by."""
    subject = document.subject
    own = KnownValues(**{kind: tuple(values) for kind, values in document.known.items()})
    ids = tuple(value for value in (subject.patient_id, *subject.accessions) if value)
    return own | KnownValues(ids=ids)


def _replaced(text: str, scrubbed: Scrubbed) -> list[tuple[str, str]]:
    return [(str(span.label), text[span.start : span.end]) for span in scrubbed.spans]


def _counts(scrubbed: Scrubbed) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for span in scrubbed.spans:
        counts.setdefault(str(span.label), Counter())[span.layer] += 1
    return {label: dict(sorted(layers.items())) for label, layers in sorted(counts.items())}
