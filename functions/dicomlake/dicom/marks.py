"""A profile in, the elements that say what was done out (PS3.15 E.1.1, PS3.3 C.7.1.1 and C.12.1). Called by `deidentify.py` and `verify.py`."""

from dicomlake.dicom.encode import element, sequence
from dicomlake.dicom.values import padded
from dicomlake.rules import Profile

IDENTITY_REMOVED, METHOD, METHOD_CODES, TEMPORAL = 0x00120062, 0x00120063, 0x00120064, 0x00280303
# CID 7050.
CLEAN_PIXELS = ("113101", "DCM", "Clean Pixel Data Option")
_MAX_LO = 64


def stated_codes(profile: Profile, pixels_cleaned: bool) -> tuple[tuple[str, str, str], ...]:
    """The (code, scheme, meaning) of what was done: the profile's, and that the picture was cleaned."""
    return (*profile.method_codes, *(CLEAN_PIXELS,) * pixels_cleaned)


def marks(profile: Profile, explicit: bool, pixels_cleaned: bool = False) -> dict[int, bytes]:
    """The encoded elements by tag; they replace whatever an earlier de-identification said."""
    codes = (_code(*code, explicit) for code in stated_codes(profile, pixels_cleaned))
    return {
        IDENTITY_REMOVED: element(IDENTITY_REMOVED, b"CS", b"YES ", explicit),
        METHOD: element(METHOD, b"LO", padded("\\".join(method(profile)).encode("ascii"), b"LO"), explicit),
        METHOD_CODES: sequence(METHOD_CODES, codes, explicit),
        TEMPORAL: element(TEMPORAL, b"CS", padded(profile.temporal.encode("ascii"), b"CS"), explicit),
    }


def method(profile: Profile) -> list[str]:
    """The values of DeidentificationMethod: program, profile, version of the rules, and what is kept beyond the standard's options."""
    values = [f"dicomlake profile {profile.name}, rules {profile.version}"]
    values += [f"kept besides: {keyword}" for keyword in profile.kept_beyond]
    return [value.encode("ascii", "replace").decode("ascii").replace("\\", "?")[:_MAX_LO] for value in values]


def _code(value: str, scheme: str, meaning: str, explicit: bool) -> bytes:
    fields = ((0x00080100, b"SH", value), (0x00080102, b"SH", scheme), (0x00080104, b"LO", meaning[:_MAX_LO]))
    return b"".join(element(tag, vr, padded(text.encode("ascii"), vr), explicit) for tag, vr, text in fields)
