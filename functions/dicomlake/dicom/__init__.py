"""DICOM objects: bytes in, a checked tree of elements, a de-identified copy and facts out. Called by `pipeline/` and `cli.py`. Pure.

raw = read_raw(data)                                   what it is, or a reason code
clean = deidentify(raw, profile, site_key, patient)    the copy that may be released
"""

from dicomlake.dicom.deidentify import CleanInstance, deidentify
from dicomlake.dicom.limits import Limits
from dicomlake.dicom.read import RawInstance, read_raw

__all__ = ["CleanInstance", "Limits", "RawInstance", "deidentify", "read_raw"]
