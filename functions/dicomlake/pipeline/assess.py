"""What becomes of an object's bytes: read -> route -> de-identify -> verify, and one outcome for the research side.

Pure: bytes and tools in, an `Assessment` out. Called by `ingest.py` (the platform) and `local.py` (the command line).
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from dicomlake.dicom import CleanInstance, RawInstance, Recogniser, deidentify, read_raw, verify
from dicomlake.errors import Code, PermanentError
from dicomlake.pipeline.route import MODALITIES, REPORTS, Kind, sniff
from dicomlake.pseudonyms import IdentityRules, PatientIdentity, SiteKey, patient_identity
from dicomlake.rules import PixelRoute, PixelRoutes, Profile

# What `on_upload` does itself; anything larger is handed on to `on_task`.
LIGHT_MAX_BYTES = 32 << 20


class Outcome(StrEnum):
    """What happened to an object on one side of the wall."""

    RELEASED = "released"
    QUARANTINED = "quarantined"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    PENDING = "pending"


@dataclass(frozen=True)
class Tools:
    """Rules and the research key of one site; `recognise` finds what identifies in text beyond what an object itself tells."""

    profile: Profile
    pixel_routes: PixelRoutes
    key: SiteKey
    identity: IdentityRules
    recognise: Recogniser | None = None


@dataclass(frozen=True)
class Assessment:
    """One object judged. `clean` is set when it is released; `raw` whenever the object could be read as DICOM."""

    outcome: Outcome
    code: Code | None
    detail: str
    kind: Kind
    status: str | None
    raw: RawInstance | None = None
    clean: CleanInstance | None = None

    @classmethod
    def held(cls, code: Code, detail: str = "", kind: Kind = Kind.OTHER, status: str = "not_dicom") -> "Assessment":
        """An object that goes to quarantine unread or unreadable."""
        return cls(Outcome.QUARANTINED, code, detail, kind, status)

    def summary(self) -> "Assessment":
        """The same without the bytes, small enough to travel between processes."""
        return replace(self, raw=None, clean=None)


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


def assess(data: bytes, tools: Tools, *, light: bool = False, waived: frozenset[Code] = frozenset()) -> Assessment:
    """Judge one object. With `light`, heavy work is not begun: the outcome is `pending`.

    `waived` are review codes that a steward has approved for this very object.
    """
    try:
        raw = read_raw(data)
    except PermanentError as error:
        return _not_dicom(data, error)
    return _dicom(raw, len(data), tools, light, waived)


def _not_dicom(data: bytes, error: PermanentError) -> Assessment:
    if error.code is not Code.NOT_DICOM:
        status = "not_dicom" if error.code is Code.EMPTY else "corrupt"
        return Assessment.held(
            error.code, error.detail, Kind.OTHER if error.code is Code.EMPTY else Kind.DICOM_OTHER, status
        )
    kind = sniff(data)
    if kind in REPORTS:
        return Assessment.held(Code.TEXT_PHI_SUSPECTED, "no_cleaner_for_kind", kind)
    if kind is Kind.ARCHIVE:
        return Assessment.held(Code.UNSUPPORTED, "archive", kind)
    return Assessment.held(Code.NOT_DICOM, error.detail, kind)


def _dicom(raw: RawInstance, size: int, tools: Tools, light: bool, waived: frozenset[Code]) -> Assessment:
    route = tools.pixel_routes.decide({keyword: raw.values(keyword) for keyword in tools.pixel_routes.keywords})
    found = Assessment(Outcome.QUARANTINED, route.code, route.reason, Kind(route.kind), raw.status, raw)
    if light and (route.pixels is PixelRoute.LOOK or size > LIGHT_MAX_BYTES):
        return replace(found, outcome=Outcome.PENDING, code=Code.PENDING, detail="handed_on")
    if route.code is not None and route.code not in waived:
        return found
    try:
        clean = deidentify(raw, tools.profile, tools.key, identity_of(raw, tools.identity), tools.recognise)
        verify(raw, clean, tools.profile)
    except PermanentError as error:
        return replace(found, code=error.code, detail=error.detail)
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
