"""A `RawInstance` and a profile in, a `CleanInstance` out. Called by `pipeline/` and the command line; nothing else builds a CleanInstance.

PS3.15 Annex E; each element is treated by the rule of the profile, in every item at every level (`walk.py`).
"""

from functools import partial

from dicomlake.dicom.bulk import check_bulk
from dicomlake.dicom.clean import CleanInstance
from dicomlake.dicom.cleaner import cleaner_for, with_names
from dicomlake.dicom.dictionary import TEXT_VRS, keyword_of
from dicomlake.dicom.facts import Fact
from dicomlake.dicom.filemeta import preamble_and_meta
from dicomlake.dicom.known_forms import known_of
from dicomlake.dicom.plan import Plan, effective_vr, plan_for
from dicomlake.dicom.read import RawInstance
from dicomlake.dicom.seams import CleanPixels, KnownIdentity, Recogniser
from dicomlake.dicom.surplus import without_surplus
from dicomlake.dicom.text import Charset
from dicomlake.dicom.values import Values
from dicomlake.dicom.walk import Walk
from dicomlake.pseudonyms import PatientIdentity, SiteKey
from dicomlake.rules import Action, Profile

_PATIENT_ID = 0x00100020


def deidentify(
    raw: RawInstance,
    profile: Profile,
    key: SiteKey,
    patient: PatientIdentity,
    recognise: Recogniser | None = None,
    pixels: CleanPixels | None = None,
) -> CleanInstance:
    """Treat each element by its rule. Same input, profile and key: same bytes. Raises PermanentError: corrupt for what cannot be followed,
    deid_failed for data that hold what must not stay (`bulk.py`).

    `recognise` finds what identifies in text beyond what the object itself tells; without it, known values and common forms go. `pixels`
    is the picture as the pixel room has treated it, with what the header must say about it; without it the picture stays as it is, but for
    bytes in its value that are no picture (`surplus.py`).
    """
    plan, pixels = plan_for(profile), without_surplus(raw, pixels)
    facts = plan.engine.gatherer.facts_of(raw, plan.kept)
    values = _values(raw, profile, key, patient, recognise, facts)
    check_bulk(raw, partial(_tells, plan, values, raw.charset))
    walk = Walk(raw, plan, values, pixels)
    slices = walk.run()
    if values.revealed:  # who is named in one text goes from every other
        values = _values(raw, profile, key, patient, recognise, with_names(facts, values.revealed))
        walk = Walk(raw, plan, values, pixels)
        slices = walk.run()
    sop_class, study, series, sop = (
        values.uid(_value(raw, tag), keyword_of(tag)) for tag in (0x00080016, 0x0020000D, 0x0020000E, 0x00080018)
    )
    syntax = raw.syntax.written_as if pixels is None else pixels.written_in(raw.syntax.explicit, raw.syntax.written_as)
    return CleanInstance(
        slices=(preamble_and_meta(sop_class, sop, syntax), *slices),
        patient_key=values.patient_key,
        study_uid=study.decode("ascii"),
        series_uid=series.decode("ascii"),
        sop_uid=sop.decode("ascii"),
        sop_class_uid=sop_class.decode("ascii"),
        transfer_syntax=syntax,
        source_status=raw.status,
        profile=profile.name,
        rules_version=profile.version,
        key_version=key.version,
        actions={str(action): count for action, count in sorted(walk.actions.items())},
        pixels=pixels,
        _digest8=key.digest8_of,
    )


def values_for(
    raw: RawInstance,
    profile: Profile,
    key: SiteKey,
    patient: PatientIdentity,
    recognise: Recogniser | None = None,
    revealed: frozenset[str] = frozenset(),
) -> Values:
    """The maker of clean values for this instance; `revealed` are words of names its texts gave away."""
    plan = plan_for(profile)
    facts = with_names(plan.engine.gatherer.facts_of(raw, plan.kept), revealed)
    return _values(raw, profile, key, patient, recognise, facts)


def _values(
    raw: RawInstance,
    profile: Profile,
    key: SiteKey,
    patient: PatientIdentity,
    recognise: Recogniser | None,
    facts: frozenset[Fact],
) -> Values:
    plan = plan_for(profile)
    patient_key = key.patient(patient)
    shortest, longest = profile.shift_days
    days = key.shift_days(patient_key, shortest, longest) if longest else 0
    cleaner = cleaner_for(plan.engine, facts, key, days, recognise)
    return Values(
        key, profile.dummies, patient_key, _value(raw, _PATIENT_ID).strip(b" \0"), days, cleaner, plan.memories
    )


def known_identity(raw: RawInstance, profile: Profile) -> KnownIdentity:
    """What `raw` is known to identify people with, but what a rule keeps on purpose."""
    plan = plan_for(profile)
    return known_of(plan.engine.gatherer.facts_of(raw, plan.kept))


def _tells(plan: Plan, values: Values, charset: Charset, tag: int, vr: bytes, content: bytes) -> bool:
    """Whether a binary value that the rules keep is text that identifies somebody, or holds a word of the names the object is known by."""
    rule, written = plan.rule(tag, vr), effective_vr(tag, vr.upper())
    kept = rule.action is Action.K and written not in TEXT_VRS and written != b"SQ"
    if not kept:
        return False
    return not values.names_nobody(content, b"UN", charset) or values.cleaner.identities.stands_in(content)


def _value(raw: RawInstance, tag: int) -> bytes:
    return raw.value(tag) or b""
