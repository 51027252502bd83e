"""Byte ranges of HTTP: the headers Content-Range (uploads) and Range (downloads) in, whole numbers out."""

import re
from dataclasses import dataclass

from localemu.storage.errors import ApiError, invalid, unsupported

_CONTENT_RANGE = re.compile(r"bytes (?:(\d{1,18})-(\d{1,18})|(\*))/(\d{1,18}|\*)")
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class Piece:
    """The piece of an upload a request carries: from `start`, `length` bytes of `total` (None when not known yet).

    `length` 0 is a question how far the upload is, and ends it when `total` bytes are there already.
    """

    start: int
    length: int
    total: int | None


def content_range(header: str) -> Piece:
    """What a Content-Range header says; ApiError 400 for one that contradicts itself."""
    found = _CONTENT_RANGE.fullmatch(header.strip())
    if found is None:
        raise invalid("Failed to parse the Content-Range header.")
    total = None if found[4] == "*" else int(found[4])
    if found[3]:
        return Piece(0, 0, total)
    first, last = int(found[1]), int(found[2])
    if last < first or (total is not None and last >= total):
        raise invalid("Failed to parse the Content-Range header: the range contradicts itself.")
    return Piece(first, last - first + 1, total)


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The first byte and the end (exclusive) a Range header asks for; None for everything, ApiError 416 for nothing.

    A header that can't be read is ignored, as RFC 9110 (14.2) says.
    """
    if header is None:
        return None
    if "," in header:
        raise unsupported("several ranges in one request")
    found = _RANGE.fullmatch(header.strip())
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        first, end = max(0, size - int(found[2])), size
    else:
        first, end = int(found[1]), min(size, int(found[2]) + 1) if found[2] else size
        if found[2] and int(found[2]) < first:
            return None
    if first >= size or first >= end:
        message = "The requested range cannot be satisfied."
        raise ApiError(416, "requestedRangeNotSatisfiable", message, {"content-range": f"bytes */{size}"})
    return first, end
