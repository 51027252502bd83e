"""PatientID, issuer and accession number as sites write them in, one normal form out. Called wherever an identity is read: DICOM, manifests, reports.

Normal form: Unicode NFKC, control and format characters removed, white space at the ends removed and inside made one space, upper case
(unless the site says that case tells patients apart), leading zeros removed only where the site says so. Text that stands for "no id" counts
as absent, so that different people are never merged under it.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from dicomlake.errors import Code, PermanentError
from dicomlake.pseudonyms.uids import PADDING

# In normal form, upper case. Ids without a letter or digit, or of zeros only, are absent as well.
_NO_ID = (
    "UNKNOWN UNBEKANNT DESCONOCIDO INCONNU SCONOSCIUTO UNKNOWNPATIENT NONE NULL NIL NA N/A NAN EMPTY MISSING NOID NO-ID TBD "
    "ANON ANONYM ANONYMOUS ANONYMIZED ANONYMISED ANONYMIZE ANONIMO DEIDENTIFIED DE-IDENTIFIED REMOVED DELETED X XX XXX XXXX "
    "TEST TESTPATIENT TEST-PATIENT DUMMY PHANTOM EMERGENCY TRAUMA PATIENT PATIENTID PATIENT_ID"
)
DEFAULT_PLACEHOLDERS = frozenset(_NO_ID.split())


@dataclass(frozen=True, slots=True)
class IdentityRules:
    """How one site writes ids. `strip_leading_zeros` is about accession numbers, `strip_patient_zeros` about patient ids."""

    default_issuer: str = ""
    issuer_aliases: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    accession_prefixes: tuple[str, ...] = ()
    strip_leading_zeros: bool = False
    strip_patient_zeros: bool = False
    case_sensitive: bool = False
    placeholders: frozenset[str] = DEFAULT_PLACEHOLDERS


@dataclass(frozen=True, slots=True)
class PatientIdentity:
    """Who a study is about, in normal form: an id with its issuer, or (patient_id None) the unknown patient of one study. `repr` shows nothing."""

    patient_id: str | None = field(repr=False)
    issuer: str = field(repr=False)
    study_uid: str = field(repr=False)

    @property
    def known(self) -> bool:
        """True when a usable PatientID stands behind it."""
        return self.patient_id is not None


def patient_identity(
    rules: IdentityRules, patient_id: str | None, issuer: str | None, study_uid: str
) -> PatientIdentity:
    """The identity behind a header, manifest line or report. Raises PermanentError(missing_uid) when neither a PatientID nor a study is there."""
    identifier = _usable(rules, normal_id(rules, patient_id or ""))
    if identifier is not None and rules.strip_patient_zeros:
        identifier = identifier.lstrip("0")  # an id of zeros only is a placeholder already
    if identifier is not None:
        return PatientIdentity(identifier, _issuer(rules, issuer), "")
    study = study_uid.strip(PADDING)
    if not study:
        raise PermanentError(Code.MISSING_UID, "neither_patient_nor_study")
    return PatientIdentity(None, "", study)


def normal_accession(rules: IdentityRules, text: str | None) -> str | None:
    """The accession number in normal form (no white space, upper case, the site's prefixes and zeros removed); None for none."""
    accession = _compact(text or "")
    for prefix in sorted(map(_compact, rules.accession_prefixes), key=len, reverse=True):
        if prefix and accession.startswith(prefix):
            accession = accession[len(prefix) :] or accession
            break
    usable = _usable(rules, accession)
    return usable.lstrip("0") if usable is not None and rules.strip_leading_zeros else usable


def normal_id(rules: IdentityRules, text: str) -> str:
    """Any id of the site in normal form; empty when nothing is left."""
    plain = _normal(text)
    return plain if rules.case_sensitive else _normal(plain.upper())


def _issuer(rules: IdentityRules, issuer: str | None) -> str:
    name = _usable(rules, normal_id(rules, issuer or "")) or normal_id(rules, rules.default_issuer)
    aliases = {normal_id(rules, alias): normal_id(rules, target) for alias, target in rules.issuer_aliases.items()}
    return aliases.get(name, name)


def _usable(rules: IdentityRules, identifier: str) -> str | None:
    folded = identifier.upper()
    if folded.replace(" ", "") in rules.placeholders or folded in rules.placeholders:
        return None
    if not any(c.isalnum() for c in folded) or all(c == "0" or not c.isalnum() for c in folded):
        return None
    return identifier


def _compact(text: str) -> str:
    return _normal(
        _normal(_normal(text).upper()).replace(" ", "")
    )  # without its space, an accent may join the letter before it


def _normal(text: str) -> str:
    if text.isascii() and text.isalnum():
        return text
    # Controls and format characters are no part of an id. Surrogates stay: they are bytes nobody could decode, and tell two ids apart.
    spaced = "".join(" " if c.isspace() else c for c in unicodedata.normalize("NFKC", text))
    visible = "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cf"))
    return " ".join(unicodedata.normalize("NFKC", visible).split())
