"""What becomes of an object's bytes: read -> route -> de-identify -> verify, and one outcome for the research side.

Pure: bytes and tools in, an `Assessment` out. Called by `ingest.py` (the platform) and `local.py` (the command line).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from dicomlake.dicom import CleanInstance, RawInstance, Recogniser, deidentify, read_raw, verify
from dicomlake.errors import Code, PermanentError
from dicomlake.pipeline import pictures
from dicomlake.pipeline.headers import for_reports
from dicomlake.pipeline.linking import Link, StudyFacts
from dicomlake.pipeline.pictures import Pictures, Treated
from dicomlake.pipeline.report_tools import Asked, ReportTools
from dicomlake.pipeline.route import MODALITIES, REPORTS, Kind, sniff
from dicomlake.pseudonyms import IdentityRules, PatientIdentity, SiteKey, patient_identity
from dicomlake.rules import PixelRoutes, Profile
from dicomlake.rules.cleaning import Box

if TYPE_CHECKING:  # what reads and writes reports is loaded for a report only
    from dicomlake.reports.clean import CleanReport
    from dicomlake.reports.document import Document

# What `on_upload` does itself; anything larger is handed on to `on_task`.
LIGHT_MAX_BYTES = 32 << 20
_TEXT_KINDS = frozenset({Kind.DICOM_SR, Kind.DICOM_ENCAPSULATED})


class Outcome(StrEnum):
    """What happened to an object on one side of the wall."""

    RELEASED = "released"
    QUARANTINED = "quarantined"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    PENDING = "pending"


@dataclass(frozen=True)
class Tools:
    """Rules and the research key of one site; `pictures` cleans pictures; `recognise` finds what identifies in text beyond what an object
    itself tells.
    """

    profile: Profile
    pixel_routes: PixelRoutes
    key: SiteKey
    identity: IdentityRules
    pictures: Pictures
    recognise: Recogniser | None = None
    reports: ReportTools | None = None

    @cached_property
    def document_profile(self) -> Profile:
        """The profile for objects whose document has been cleaned."""
        from dicomlake.pipeline import encapsulated

        return encapsulated.keeping_document(self.profile)


@dataclass(frozen=True)
class Around:
    """What surrounds an object: `link` tells the study a report belongs to (None: not known), `alone` lets one pass that belongs to none.
    `masks` are what a steward wants painted over in its picture.
    """

    link: "Callable[[Document], Link | None]" = field(repr=False, default=lambda _: None)
    alone: bool = False
    folder: tuple[str, ...] = field(repr=False, default=())
    masks: tuple[Box, ...] = ()


@dataclass(frozen=True)
class Assessment:
    """One object judged. `clean` and `report` are set when it is released: an instance, the text of a report, or both (a report in a DICOM
    object); `raw` whenever the object could be read as DICOM; `facts` are what a message tells of its study; `preview` is its
    picture before and after, where one was wanted.
    """

    outcome: Outcome
    code: Code | None
    detail: str
    kind: Kind
    status: str | None
    raw: RawInstance | None = None
    clean: CleanInstance | None = None
    report: "CleanReport | None" = None
    facts: StudyFacts | None = None
    preview: bytes | None = field(default=None, repr=False)

    @classmethod
    def held(cls, code: Code, detail: str = "", kind: Kind = Kind.OTHER, status: str = "not_dicom") -> "Assessment":
        """An object that goes to quarantine unread or unreadable."""
        return cls(Outcome.QUARANTINED, code, detail, kind, status)

    def summary(self) -> "Assessment":
        """The same without the bytes, small enough to travel between processes."""
        return replace(self, raw=None, clean=None, report=None, facts=None, preview=None)


@dataclass(frozen=True)
class Judged:
    """An assessment and the plain hash of the bytes it judged (None when they were not read). `mismatched`: at odds with its manifest.

    `turn` counts what may make one judgement of an object differ from another: the manifests seen and the decisions of stewards. Neither
    ever becomes fewer, so of two judgements the one with the higher turn knew more.
    """

    assessment: Assessment
    sha256: str | None
    mismatched: bool = False
    turn: int = 0

    @property
    def operations_outcome(self) -> Outcome:
        """The operations side does not wait for the research side: what could be read counts there."""
        found = self.assessment
        if found.kind is Kind.MANIFEST or found.outcome is Outcome.PENDING or self.mismatched:
            return found.outcome
        return Outcome.RELEASED if found.raw is not None else Outcome.IGNORED

    @property
    def research_outcome(self) -> Outcome:
        """What became of it for researchers."""
        return Outcome.IGNORED if self.assessment.kind is Kind.MANIFEST else self.assessment.outcome

    @property
    def modality(self) -> str | None:
        """Modality, where it is one of the standard's defined terms; anything else could spell a name."""
        modality = self.assessment.raw.first("Modality") if self.assessment.raw else None
        return modality if modality in MODALITIES else None


def assess(
    data: bytes,
    tools: Tools,
    *,
    light: bool = False,
    waived: frozenset[Code] = frozenset(),
    around: Around = Around(),
) -> Assessment:
    """Judge one object. With `light`, heavy work is not begun: the outcome is `pending`.

    `waived` are review codes that a steward has approved for this very object; `around` is what is known of its surroundings.
    """
    asked = Asked(data, light, Code.TEXT_PHI_SUSPECTED in waived)
    try:
        raw = read_raw(data)
    except PermanentError as error:
        return _not_dicom(data, error, tools, asked, around)
    return _dicom(raw, len(data), tools, asked, waived, around.masks)


def _not_dicom(data: bytes, error: PermanentError, tools: Tools, asked: Asked, around: Around) -> Assessment:
    if error.code is not Code.NOT_DICOM:
        status = "not_dicom" if error.code is Code.EMPTY else "corrupt"
        return Assessment.held(
            error.code, error.detail, Kind.OTHER if error.code is Code.EMPTY else Kind.DICOM_OTHER, status
        )
    kind = sniff(data)
    if kind in REPORTS and tools.reports is not None:
        return _report(data, kind, tools.reports, asked, around)
    if kind is Kind.ARCHIVE:
        return Assessment.held(Code.UNSUPPORTED, "archive", kind)
    return Assessment.held(Code.NOT_DICOM, error.detail, kind)


def _report(data: bytes, kind: Kind, tools: ReportTools, asked: Asked, around: Around) -> Assessment:
    from dicomlake.pipeline import reports
    from dicomlake.reports.extract import NeedsOcr

    found = Assessment.held(Code.TEXT_PHI_SUSPECTED, "", kind)
    try:
        document = reports.read(data, kind, tools, light=asked.light)
        found = replace(found, facts=reports.facts_of(document, tools, around.folder))
        link = around.link(document)
        if link is None and not (around.alone or reports.speaks_for_itself(document, tools)):
            return replace(found, outcome=Outcome.PENDING, code=Code.PENDING, detail="waits_for_context")
        if link is not None and link.contradicted:
            return replace(found, code=Code.ACCESSION_MISMATCH, detail="report_names_another_study")
        report = reports.clean_report(document, link, tools, asked)
    except NeedsOcr:
        return replace(found, outcome=Outcome.PENDING, code=Code.PENDING, detail="handed_on")
    except PermanentError as error:
        return replace(found, code=error.code, detail=error.detail)
    detail = "" if link or reports.speaks_for_itself(document, tools) else "study_not_known"
    return replace(found, outcome=Outcome.RELEASED, code=None, detail=detail, report=report)


def _dicom(
    raw: RawInstance, size: int, tools: Tools, asked: Asked, waived: frozenset[Code], masks: tuple[Box, ...]
) -> Assessment:
    route = tools.pixel_routes.decide({keyword: raw.values(keyword) for keyword in tools.pixel_routes.keywords})
    found = Assessment(Outcome.QUARANTINED, route.code, route.reason, Kind(route.kind), raw.status, raw)
    if asked.light and size > LIGHT_MAX_BYTES:
        return replace(found, outcome=Outcome.PENDING, code=Code.PENDING, detail="handed_on")
    if found.kind in _TEXT_KINDS and tools.reports is not None:
        return _text_object(found, raw, tools, tools.reports, asked)
    if route.code is Code.TEXT_PHI_SUSPECTED and route.code not in waived:
        return found
    try:
        heavy = pictures.is_heavy(raw, route, tools.pictures, tools.profile) or bool(masks)
        waits = pictures.waits_for(raw, tools.pictures, asked.light) if heavy else ""
        if waits:
            return replace(found, outcome=Outcome.PENDING, code=Code.PENDING, detail=waits)
        approved = Code.PIXEL_PHI_SUSPECTED in waived
        treated = pictures.treat(raw, tools.pictures, tools.profile, approved, masks) if heavy else Treated()
        patient = identity_of(raw, tools.identity)
        clean = deidentify(raw, tools.profile, tools.key, patient, tools.recognise, treated.pixels)
        verify(raw, clean, tools.profile)
    except PermanentError as error:
        return replace(found, code=error.code, detail=error.detail)
    return replace(_released(found, raw, clean), preview=treated.preview)


def _text_object(found: Assessment, raw: RawInstance, tools: Tools, own: ReportTools, asked: Asked) -> Assessment:
    """A structured report cleaned in place, or a document taken out, cleaned and put back."""
    from dicomlake.pipeline import encapsulated, reports
    from dicomlake.reports.extract import NeedsOcr

    profile, patient = tools.profile, identity_of(raw, tools.identity)
    try:
        if found.kind is Kind.DICOM_SR:
            recognise = own.recognise if tools.recognise is None else for_reports(tools.recognise, own.recognise)
            clean = deidentify(raw, profile, tools.key, patient, recognise)
            verify(raw, clean, profile)
            return replace(_released(found, raw, clean), report=reports.report_of_sr(raw, clean, patient, own, asked))
        inner = encapsulated.cleaned(raw, patient, tools.profile, own, asked)
        profile = tools.document_profile
        clean = deidentify(inner.raw, profile, tools.key, patient, own.recognise)
        verify(inner.raw, clean, profile)
        return replace(_released(found, raw, clean), report=inner.report)
    except NeedsOcr:
        return replace(found, outcome=Outcome.PENDING, code=Code.PENDING, detail="handed_on")
    except PermanentError as error:
        return replace(found, code=error.code, detail=error.detail)


def _released(found: Assessment, raw: RawInstance, clean: CleanInstance) -> Assessment:
    code = Code.LEGACY if raw.status == "legacy" else None
    return replace(found, outcome=Outcome.RELEASED, code=code, detail="", clean=clean)


def identity_of(raw: RawInstance, rules: IdentityRules) -> PatientIdentity:
    """The patient of an object, by the site's rules."""
    return patient_identity(
        rules, raw.first("PatientID"), raw.first("IssuerOfPatientID"), uid_of(raw, "StudyInstanceUID")
    )


def uid_of(raw: RawInstance, keyword: str) -> str:
    """A UID that `read_raw` has proven to be there."""
    uid = raw.first(keyword)
    assert uid is not None, "read_raw lets no object through without it"
    return uid
