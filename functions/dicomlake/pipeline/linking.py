"""What is known of studies and what a report tells in, the study it belongs to out. Pure; called by `local.py` and `context.py`.

By what the report itself or its manifest says, then by an accession number or patient id in its text, then by the nearest folder that
holds studies. The answer depends on the studies given and never on their order.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, takewhile

from dicomlake.dicom import KnownIdentity, RawInstance
from dicomlake.pseudonyms import IdentityRules, PatientIdentity, normal_accession, normal_id
from dicomlake.reports.document import Document
from dicomlake.reports.recognise import KnownValues

_TOKEN = re.compile(r"[^\W_][\w./-]{1,62}")
_MAX_TOKENS = 5000


@dataclass(frozen=True)
class StudyFacts:
    """What one object tells about its study. `folder` is where it lay, as parts of a path. `repr` shows nothing."""

    study_uid: str | None = field(repr=False)
    patient: PatientIdentity = field(repr=False)
    accession: str | None = field(repr=False)
    folder: tuple[str, ...] = field(repr=False)
    known: KnownValues = field(repr=False)

    @property
    def study(self) -> tuple[str, str]:
        """Tells studies apart: by UID, else by accession number."""
        return ("uid", self.study_uid) if self.study_uid else ("accession", self.accession or "")


@dataclass(frozen=True)
class Clues:
    """What is known of a report: ids it or its manifest names, tokens of its text, its folder."""

    folder: tuple[str, ...] = field(repr=False)
    study_uid: str | None = field(default=None, repr=False)
    patient_id: str | None = field(default=None, repr=False)
    accessions: tuple[str, ...] = field(default=(), repr=False)
    tokens: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Link:
    """The study, or only the patient (then `study_uid` is None), a report belongs to, with all that is known of them."""

    study_uid: str | None = field(repr=False)
    patient: PatientIdentity = field(repr=False)
    accession: str | None = field(repr=False)
    known: KnownValues = field(repr=False)
    by_folder: bool = False
    contradicted: bool = False


def facts_of_instance(
    raw: RawInstance, patient: PatientIdentity, known: KnownIdentity, rules: IdentityRules, folder: tuple[str, ...]
) -> StudyFacts:
    """What a DICOM object tells about its study."""
    accession = normal_accession(rules, raw.first("AccessionNumber"))
    return StudyFacts(raw.study_instance_uid, patient, accession, folder, values_of(known))


def facts_of_document(
    document: Document, known: KnownValues, rules: IdentityRules, folder: tuple[str, ...]
) -> StudyFacts | None:
    """What a message or clinical document tells about its study; None when it names no patient."""
    subject = document.subject
    patient = person(rules, subject.patient_id, subject.issuer)
    if patient is None:
        return None
    accession = next((a for text in subject.accessions if (a := normal_accession(rules, text))), None)
    return StudyFacts(subject.study_uid, patient, accession, folder, known)


def person(rules: IdentityRules, patient_id: str | None, issuer: str | None) -> PatientIdentity | None:
    """The patient of an id; None when it stands for nobody."""
    from dicomlake.errors import PermanentError
    from dicomlake.pseudonyms import patient_identity

    try:
        return patient_identity(rules, patient_id, issuer, "")
    except PermanentError:
        return None


def values_of(known: KnownIdentity) -> KnownValues:
    """The dicom room's form of what is known as that of the reports room."""
    return KnownValues(
        names=known.names,
        ids=known.ids,
        places=known.places,
        phones=known.phones,
        dates=tuple(day.isoformat() for day in known.dates if day not in known.vital_dates),
        births=tuple(day.isoformat() for day in known.vital_dates),
    )


def clues_of(
    document: Document,
    rules: IdentityRules,
    folder: tuple[str, ...],
    accession: str | None = None,
    study_uid: str | None = None,
) -> Clues:
    """What a report tells; `accession` and `study_uid` are what its manifest says of it."""
    subject = document.subject
    said = [accession] if accession else [normal_accession(rules, text) for text in subject.accessions]
    patient = normal_id(rules, subject.patient_id) if subject.patient_id else None
    return Clues(
        folder, study_uid or subject.study_uid, patient, tuple(filter(None, said)), tokens_of(document.text, rules)
    )


def tokens_of(text: str, rules: IdentityRules) -> tuple[str, ...]:
    """What in a text could be an id or an accession number, in normal form, in order of place."""
    words = [word.rstrip(".-/") for word in _TOKEN.findall(text)[:_MAX_TOKENS]]
    joined = [f"{a} {b}" for a, b in pairwise(words) if not any(map(str.isdigit, a))]
    candidates = [word for word in (*words, *joined) if sum(map(str.isdigit, word)) > 2]
    forms = [form for word in candidates for form in (normal_accession(rules, word), normal_id(rules, word)) if form]
    return tuple(dict.fromkeys(forms))


class Studies:
    """What is known of the studies around a report."""

    def __init__(self, facts: Iterable[StudyFacts] = ()) -> None:
        self._facts = sorted(set(facts), key=lambda f: (f.study, f.folder, repr(_sortable(f))))

    def link(self, clues: Clues) -> Link | None:
        """The study a report belongs to; None when nothing tells, or different patients could be meant.

        A link is `contradicted` where the text names another patient's accession number or id, and nothing of the one it is linked to.
        """
        found = self._link(clues)
        return found if found is None else replace(found, contradicted=self._contradicts(clues, found))

    def _contradicts(self, clues: Clues, link: Link) -> bool:
        written = set(clues.tokens)
        own = [f for f in self._facts if f.patient.patient_id == link.patient.patient_id]
        others = [f for f in self._facts if f.patient.patient_id != link.patient.patient_id]

        def named(facts: list[StudyFacts]) -> bool:
            return any(f.accession in written or f.patient.patient_id in written for f in facts)

        return named(others) and not named(own)

    def _link(self, clues: Clues) -> Link | None:
        for found in (self._by_uid(clues), self._by_accession(clues), self._by_patient(clues)):
            if found:
                return self._linked(found)
        if clues.study_uid or clues.accessions or clues.patient_id:
            return None  # it says what it is about, and that is not here
        nearest = self._linked(self.nearest(clues.folder))
        return replace(nearest, by_folder=True) if nearest else None

    def nearest(self, folder: Sequence[str]) -> list[StudyFacts]:
        """The facts that lie nearest to a folder. Two folders side by side at the very top have nothing to do with each other."""
        depths = [shared(facts.folder, folder) for facts in self._facts]
        deepest = max(depths, default=0)
        near = [facts for facts, depth in zip(self._facts, depths, strict=True) if depth == deepest]
        return [facts for facts in near if deepest or not folder or not facts.folder]

    def _by_uid(self, clues: Clues) -> list[StudyFacts]:
        return [f for f in self._facts if clues.study_uid and f.study_uid == clues.study_uid]

    def _by_accession(self, clues: Clues) -> list[StudyFacts]:
        said = [f for f in self._facts if f.accession in clues.accessions]
        if said or clues.accessions:
            return said
        written = {f.accession for f in self._facts} & set(clues.tokens)
        # A report names its own examination before those it is compared with.
        first = next((token for token in clues.tokens if token in written), None)
        about = [f for f in self._facts if f.accession is not None and f.accession in written]
        if len({f.patient.patient_id or f.study for f in about}) > 1:
            return about
        return [f for f in about if f.accession == first]

    def _by_patient(self, clues: Clues) -> list[StudyFacts]:
        ids = {clues.patient_id} if clues.patient_id else set(clues.tokens)
        return [f for f in self._facts if f.patient.patient_id is not None and f.patient.patient_id in ids]

    def _linked(self, found: list[StudyFacts]) -> Link | None:
        """All that is known of the one patient meant. A header says best who that is: messages often leave the issuer of an id out."""
        if len({f.patient.patient_id or f.study for f in found}) != 1:
            return None
        patients = {f.patient for f in found if f.study_uid} or {f.patient for f in found}
        if len(patients) != 1:
            return None
        patient = patients.pop()
        studies = {f.study for f in found if f.study_uid} or {f.study for f in found}
        whole = [f for f in self._facts if f in found or f.study in studies]
        known = KnownValues()
        for facts in whole:
            known |= facts.known
        uids = {f.study_uid for f in whole if f.study_uid}
        accessions = {f.accession for f in whole if f.accession}
        only = len(studies) == 1
        return Link(_only(uids) if only else None, patient, _only(accessions) if only else None, known)


def _only(values: set[str]) -> str | None:
    return next(iter(values)) if len(values) == 1 else None


def shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many folders from the top two places have in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _sortable(facts: StudyFacts) -> tuple[object, ...]:
    return (
        facts.accession or "",
        facts.patient.patient_id or "",
        facts.known.names,
        facts.known.ids,
        facts.known.places,
    )
