"""UIDs: which belong to the standard and stay, and how 16 keyed bytes become a valid one. Called by `keys.py` and the element walker."""

import re

PADDING = "\0 \t\r\n"

# Every registered UID of PS3.6 Annex A has at most nine short components under the root; one that carries a number of somebody's own is longer.
_STANDARD = re.compile(r"1\.2\.840\.10008(?:\.(?:0|[1-9][0-9]{0,3})){1,9}")
# PS3.6 Annex A: well-known frames of reference, colour palettes and the synchronisation frame of reference.
_STANDARD_INSTANCE = re.compile(r"1\.2\.840\.10008\.(?:1\.4\.[1-9]\.[0-9]{1,2}|1\.5\.[0-9]{1,2}|15\.1\.1)")
_INSTANCE_KEYWORDS = (
    "InstanceUID",
    "FrameOfReferenceUID",
    "TransactionUID",
    "EventUID",
    "ConcatenationUID",
    "OrganizationUID",
    "DeviceUID",
)

_VERSION_8 = 8 << 76
_VARIANT = 2 << 62


def is_standard_uid(uid: str, keyword: str = "") -> bool:
    """Tell whether `uid` is one of the DICOM root that stays (class, transfer syntax, coding scheme, context group, well-known instance).

    With the `keyword` of its attribute, a UID that should name an instance stays only when the standard itself registers such instances:
    an instance numbered under the DICOM root by mistake or on purpose is replaced like any other.
    """
    uid = uid.strip(PADDING)
    form = _STANDARD_INSTANCE if keyword.endswith(_INSTANCE_KEYWORDS) else _STANDARD
    return form.fullmatch(uid) is not None


def uid_from(digest: bytes) -> str:
    """Turn the first 16 bytes of `digest` into a UID: 122 bits of them in a UUIDv8 (RFC 9562, 5.8) under 2.25 (PS3.5 B.2), 44 characters at most."""
    number = int.from_bytes(digest[:16], "big")
    number = number & ~(0xF << 76) | _VERSION_8
    number = number & ~(0x3 << 62) | _VARIANT
    return f"2.25.{number}"
