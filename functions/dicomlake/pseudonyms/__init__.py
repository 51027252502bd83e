"""Identities and dates in, keyed one-way pseudonyms and shifted dates out. Called by dicom, batches, reports, dose and the pipeline.

Definition, version 1, so that any program that holds the secret can compute the same values:

    secret        the key file or secret payload, ASCII white space at both ends removed, at least 16 bytes
    frame(a, ...) for each part: its length in bytes as 4 bytes big endian, then the bytes; text is UTF-8. No two lists share a frame.
    derive(purpose, site, n)
                  HKDF-SHA-256 (RFC 5869), no salt, key material = secret, n bytes,
                  info = frame("dicomlake/1", domain, purpose, site); domain is "research" or "operations"
    key_version   8 hexadecimal digits of derive("version", "", 4): a check value of the key itself
    site key      derive("site", site, 32)
    mac(purpose, a, ...)
                  HMAC-SHA-256 under the site key over frame(purpose, a, ...)
    b20(m)        the first 20 characters of base32 (RFC 4648) of m: its first 100 bits

    patient       "P" + b20(mac("patient", issuer, patient_id)), both normalised (identity.py);
                  "P" + b20(mac("unknown_patient", study_uid)) where no usable PatientID exists
    UID           "2.25." + the decimal value of a UUIDv8 (RFC 9562): the first 16 bytes of mac("uid", uid), version and variant bits set;
                  padding of the original (spaces, NUL) removed
    identifier    letter + b20(mac("identifier", kind, value))
    digest8       8 hexadecimal digits, the first 4 bytes of HMAC-SHA-256 under the site key over frame("digest8") and the data as they are
    date shift    -(shortest + mac("date_shift", patient_key) mod (longest - shortest + 1)) days, mac read as a 256-bit big endian number

Research and operations keys come from different secrets, and the domain is part of every derivation: no output of one can be one of the
other. Nothing here is random and nothing is remembered; the inverse exists nowhere.
"""

from dicomlake.pseudonyms.dates import is_no_date, shift_da, shift_dt
from dicomlake.pseudonyms.identity import IdentityRules, PatientIdentity, normal_accession, normal_id, patient_identity
from dicomlake.pseudonyms.keys import Domain, DomainKey, SiteKey, require_separate
from dicomlake.pseudonyms.uids import is_standard_uid, uid_from

__all__ = [
    "Domain",
    "DomainKey",
    "IdentityRules",
    "PatientIdentity",
    "SiteKey",
    "is_no_date",
    "is_standard_uid",
    "normal_accession",
    "normal_id",
    "patient_identity",
    "require_separate",
    "shift_da",
    "shift_dt",
    "uid_from",
]
