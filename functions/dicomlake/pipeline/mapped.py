"""Files larger than memory, to be read like bytes. Called by `local.py`, `dose_files.py` and, for what comes out of a bucket, `original.py`."""

import hashlib
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import cast

from dicomlake.dicom import chunks
from dicomlake.errors import Code, PermanentError

# From this size on a file is mapped instead of read. What is no DICOM object is copied out of it whole.
MAPPED, _MOST_COPIED = 32 << 20, 1 << 30


def of_file(path: Path, max_bytes: int) -> bytes:
    """A local file, whatever its size. Raises PermanentError (resource_limit) and OSError."""
    size = path.stat().st_size
    if size > max_bytes:
        raise PermanentError(Code.RESOURCE_LIMIT, "object_too_large")
    if size < MAPPED:
        return path.read_bytes()
    with path.open("rb") as file:
        return like_bytes(mmap(file.fileno(), 0, access=ACCESS_READ))


def sha256_of(data: bytes) -> str:
    """Of all its bytes, as hex digits."""
    digest = hashlib.sha256()
    for part in chunks((data,)):
        digest.update(part)
    return digest.hexdigest()


def like_bytes(data: mmap | bytes) -> bytes:
    """A mapped file to be read like bytes: as it is for a DICOM object (dicom/read.py), copied for all else.

    Raises PermanentError (resource_limit).
    """
    if data[128:132] == b"DICM":
        return cast("bytes", data)
    if len(data) > _MOST_COPIED:
        raise PermanentError(Code.RESOURCE_LIMIT, "object_too_large")
    return data[:]
