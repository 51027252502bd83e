"""DICOM objects: bytes in, a checked tree of elements, a de-identified copy and facts out. Called by `pipeline/` and `cli.py`. Pure.

raw = read_raw(data)                                   what it is, or a reason code
clean = deidentify(raw, profile, site_key, patient)    the copy that may be released
verify(raw, clean, profile)                            a second reader's proof of it
instance_values(clean), acquisition_facts(raw)         columns of the two sides of the wall

Two things other rooms know better are passed in (`seams.py`):

deidentify(..., recognise=Recogniser)    (text, KnownIdentity) -> (start, end) of what identifies; called for each text value that stays
deidentify(..., pixels=CleanPixels)      the treated picture: new PixelData or None, its transfer syntax, what the header says of it;
                                         `verify` compares the copy with it, and code 113101 is stated where it says `cleaned`
known_identity(raw, profile)             what an object is known to identify people with, for texts that belong to it
"""

from dicomlake.dicom.acquisition import acquisition_facts
from dicomlake.dicom.clean import CleanInstance
from dicomlake.dicom.deidentify import deidentify, known_identity
from dicomlake.dicom.explain import ElementPlan, explain
from dicomlake.dicom.limits import Limits
from dicomlake.dicom.read import RawInstance, parse_raw, read_raw
from dicomlake.dicom.rows import instance_values
from dicomlake.dicom.seams import CleanPixels, KnownIdentity, Recogniser
from dicomlake.dicom.slices import chunks, give_back
from dicomlake.dicom.verify import verify

__all__ = [
    "CleanInstance",
    "CleanPixels",
    "ElementPlan",
    "KnownIdentity",
    "Limits",
    "RawInstance",
    "Recogniser",
    "acquisition_facts",
    "chunks",
    "deidentify",
    "explain",
    "give_back",
    "instance_values",
    "known_identity",
    "parse_raw",
    "read_raw",
    "verify",
]
