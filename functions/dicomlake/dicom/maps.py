"""A raw instance in, its UIDs and its patient with their pseudonyms out, for a steward's lists. Called by `pipeline/local.py` where asked for.

What comes out belongs on the identified side: it is the way back that nothing else keeps.
"""

from collections.abc import Iterator

from dicomlake.dicom.dictionary import keyword_of
from dicomlake.dicom.elements import Element
from dicomlake.dicom.read import RawInstance
from dicomlake.pseudonyms import PatientIdentity, SiteKey, is_standard_uid


def uid_map(raw: RawInstance, key: SiteKey) -> dict[str, str]:
    """Old and new of every UID that names an instance, at every level."""
    return {uid: key.uid(uid) for uid in _uids(raw.buffer, raw.elements)}


def patient_row(raw: RawInstance, key: SiteKey, patient: PatientIdentity) -> tuple[str, str, str, str]:
    """PatientID and issuer as the object has them, the study they stand in where there is no id, and the patient's key."""
    stated = raw.first("PatientID") or "", raw.first("IssuerOfPatientID") or ""
    return *stated, "" if patient.known else raw.study_instance_uid, key.patient(patient)


def _uids(buffer: bytes, elements: list[Element]) -> Iterator[str]:
    for tag, vr, _, value, end, items in elements:
        if items is not None:
            for item in items:
                yield from _uids(buffer, item[4])
        elif vr.upper() == b"UI" and not tag & 0x10000:
            for part in buffer[value:end].decode("latin-1").split("\\"):
                uid = part.strip(" \0")
                if uid and not is_standard_uid(uid, keyword_of(tag)):
                    yield uid
