"""The rules for names of buckets and objects, and the order of names. Used by the store, the listing and every route that creates something."""

import re

from localemu.storage.errors import invalid

_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_LARGEST = "\U0010ffff"


def check_bucket_name(name: object) -> str:
    """A bucket name Cloud Storage would accept (3-63 characters, up to 222 with dots), or ApiError 400."""
    if not isinstance(name, str) or not _BUCKET.fullmatch(name) or _ADDRESS.fullmatch(name):
        raise invalid("Invalid bucket name.")
    labels = name.split(".")
    longest = 222 if len(labels) > 1 else 63
    if not 3 <= len(name) <= longest or any(not 0 < len(label) <= 63 for label in labels):
        raise invalid("Invalid bucket name.")
    if name.startswith("goog") or "google" in name:
        raise invalid("Invalid bucket name: it may not contain the service's own name.")
    return name


def check_object_name(name: object) -> str:
    """An object name Cloud Storage would accept: 1-1024 bytes of UTF-8, no line break, not `.` or `..`; or ApiError 400."""
    if not isinstance(name, str):
        raise invalid("Invalid object name.")
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        raise invalid("Invalid object name: not valid Unicode.") from None
    if not 0 < length <= 1024:
        raise invalid("Invalid object name: 1 to 1024 bytes of UTF-8 are allowed.")
    if "\r" in name or "\n" in name:
        raise invalid("Disallowed unicode characters present in object name.")
    if "\0" in name or name in {".", ".."} or name.startswith(".well-known/acme-challenge/"):
        raise invalid("Invalid object name.")
    return name


def prefix_end(prefix: str) -> str | None:
    """The smallest name that sorts (by UTF-8 bytes) after every name beginning with `prefix`; None when there is none."""
    stem = prefix.rstrip(_LARGEST)
    if not stem:
        return None
    following = ord(stem[-1]) + 1
    # Surrogates are no characters: UTF-8 has nothing between U+D7FF and U+E000.
    return stem[:-1] + chr(0xE000 if following == 0xD800 else following)
