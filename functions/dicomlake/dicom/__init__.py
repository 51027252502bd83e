"""DICOM objects: bytes in, a checked tree of elements, a de-identified copy and facts out. Called by `pipeline/` and `cli.py`. Pure.

raw = read_raw(data)                                   what it is, or a reason code
clean = deidentify(raw, profile, site_key, patient)    the copy that may be released
verify(raw, clean, profile)                            a second reader's proof of it
instance_values(clean), acquisition_facts(raw)         columns of the two sides of the wall
"""

from dicomlake.dicom.acquisition import acquisition_facts
from dicomlake.dicom.deidentify import CleanInstance, deidentify
from dicomlake.dicom.explain import ElementPlan, explain
from dicomlake.dicom.limits import Limits
from dicomlake.dicom.read import RawInstance, read_raw
from dicomlake.dicom.rows import instance_values
from dicomlake.dicom.verify import verify

__all__ = [
    "CleanInstance",
    "ElementPlan",
    "Limits",
    "RawInstance",
    "acquisition_facts",
    "deidentify",
    "explain",
    "instance_values",
    "read_raw",
    "verify",
]
