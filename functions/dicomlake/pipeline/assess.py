"""What becomes of an object's bytes: read -> route -> de-identify -> verify, and one outcome for the research side.

Pure: bytes and tools in, an `Assessment` out. Called by `ingest.py` (the platform) and `local.py` (the command line).
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from dicomlake.dicom import CleanInstance, RawInstance, deidentify, read_raw, verify
from dicomlake.errors import Code, PermanentError
from dicomlake.pipeline.route import REPORTS, Kind, sniff
from dicomlake.pseudonyms import IdentityRules, PatientIdentity, SiteKey, patient_identity
from dicomlake.rules import PixelRoutes, Profile

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
    """Rules and the research key of one site."""

    profile: Profile
    pixel_routes: PixelRoutes
    key: SiteKey
    identity: IdentityRules


@dataclass(frozen=True)
class Assessment:
    """One object judged. `clean` is set when it is released; `raw` whenever the object could be read as DICOM."""

    outcome: Outcome
    code: Code | None
    detail: str
    kind: Kind
    status: str
    raw: RawInstance | None = None
    clean: CleanInstance | None = None

    @classmethod
    def held(cls, code: Code, detail: str = "", kind: Kind = Kind.OTHER, status: str = "not_dicom") -> "Assessment":
        """An object that goes to quarantine unread or unreadable."""
        return cls(Outcome.QUARANTINED, code, detail, kind, status)

    def summary(self) -> "Assessment":
        """The same without the bytes, small enough to travel between processes."""
        return replace(self, raw=None, clean=None)


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
    route = tools.pixel_routes.decide(raw.facts)
    kind = _KINDS[route.kind]
    code = Code(route.code) if route.code else None
    found = Assessment(Outcome.QUARANTINED, code, "", kind, raw.status, raw)
    if light and (code is Code.PIXEL_PHI_SUSPECTED or size > LIGHT_MAX_BYTES):
        return replace(found, outcome=Outcome.PENDING, code=Code.PENDING, detail="handed_on")
    if code is not None and code not in waived:
        return replace(found, detail=route.reason)
    try:
        clean = deidentify(raw, tools.profile, tools.key, identity_of(raw, tools.identity))
        verify(raw, clean, tools.profile)
    except PermanentError as error:
        return replace(found, code=error.code, detail=error.detail)
    return replace(found, outcome=Outcome.RELEASED, code=Code.LEGACY if raw.status == "legacy" else None, clean=clean)


def identity_of(raw: RawInstance, rules: IdentityRules) -> PatientIdentity:
    """The patient of an object, by the site's rules."""
    return patient_identity(rules, raw.first("PatientID"), raw.first("IssuerOfPatientID"), raw.study_uid)


_KINDS = {
    "image": Kind.DICOM_IMAGE,
    "report": Kind.DICOM_SR,
    "document": Kind.DICOM_ENCAPSULATED,
    "other": Kind.DICOM_OTHER,
}
