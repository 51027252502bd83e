"""Bytes to and from Cloud Storage. Called by pipeline, quarantine, uploader and the command line.

Every write says what must be true before it (`ifGenerationMatch`), so that a repeat or a retry changes nothing. Raises TransientError,
PermanentError(internal_error, slug) and, where an object is read or copied, ObjectGone.
"""

import datetime
import io
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from dicomlake.errors import Code, PermanentError, TransientError
from dicomlake.lake.clients import TIMEOUT_S, storage_retry
from dicomlake.lake.faults import AlreadyThere, ObjectGone, translated

if TYPE_CHECKING:
    from dicomlake.dicom import CleanInstance
    from dicomlake.lake.clients import StorageClient

__all__ = [
    "ObjectFacts",
    "ObjectGone",
    "copy",
    "create",
    "delete",
    "exists",
    "facts",
    "listing",
    "names",
    "read",
    "read_mapped",
    "replace",
    "write_clean",
]
_COPY_ROUNDS = 10_000
_READ_ATTEMPTS = 3
_BUFFER = 1 << 20
# Bytes, the contents of a file, or what can be read in parts.
Content = bytes | Path | io.RawIOBase


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What a listing tells of an object; `crc32c` is base64 as Cloud Storage gives it, `created_at` is in UTC."""

    name: str
    generation: int
    size: int
    crc32c: str
    created_at: datetime.datetime
    metadata: Mapping[str, str] = field(default_factory=dict)


def read(client: "StorageClient", bucket: str, name: str, generation: int | None, max_bytes: int) -> bytes:
    """The stored bytes of an object (of `generation`, or the live one), checked against their CRC-32C.

    Raises ObjectGone, and PermanentError(resource_limit) as soon as more than `max_bytes` arrive.
    """
    buffer = io.BytesIO()
    _download(client, bucket, name, generation, max_bytes, buffer)
    return buffer.getvalue()


def read_mapped(
    client: "StorageClient", bucket: str, name: str, generation: int | None, max_bytes: int
) -> mmap | bytes:
    """The same by way of a file without a name, mapped: memory holds only what is being looked at. Raises as `read` does."""
    with tempfile.TemporaryFile(prefix="dicomlake-") as file:
        _download(client, bucket, name, generation, max_bytes, file)
        file.flush()
        return mmap(file.fileno(), 0, access=ACCESS_READ) if file.tell() else b""


def create(
    client: "StorageClient",
    bucket: str,
    name: str,
    data: Content,
    content_type: str,
    metadata: Mapping[str, str] | None = None,
) -> bool:
    """Write a new object (`data`, or the contents of the file it names). False when the name was taken, which is left as it is.

    A repeat after a lost answer also finds its own object and says False: whoever must tell the two apart compares `facts`.
    """
    try:
        _upload(client, bucket, name, data, content_type, metadata, generation=0)
    except AlreadyThere:
        return False
    except ObjectGone:
        raise PermanentError(Code.INTERNAL_ERROR, "storage_bucket_missing") from None
    return True


def replace(
    client: "StorageClient",
    bucket: str,
    name: str,
    data: Content,
    content_type: str,
    metadata: Mapping[str, str] | None = None,
    expected_generation: int | None = None,
) -> bool:
    """Write an object over what is there. With `expected_generation` only over that one: False when another had come in between."""
    try:
        _upload(client, bucket, name, data, content_type, metadata, generation=expected_generation)
    except AlreadyThere:
        return False
    except ObjectGone:
        raise PermanentError(Code.INTERNAL_ERROR, "storage_bucket_missing") from None
    return True


def write_clean(client: "StorageClient", bucket: str, instance: "CleanInstance") -> bool:
    """Write a de-identified object under its own name. Takes the clean type only; False when it was already there."""
    return create(client, bucket, instance.object_name, instance.open(), "application/dicom")


def copy(client: "StorageClient", bucket: str, name: str, generation: int | None, to_bucket: str, to_name: str) -> bool:
    """Copy within Cloud Storage, without the bytes passing here. False when the target was there already. Raises ObjectGone."""
    source = client.bucket(bucket).blob(name, generation=generation)
    target = client.bucket(to_bucket).blob(to_name)
    token: str | None = None
    try:
        for _ in range(_COPY_ROUNDS):
            with translated("storage"):
                token, _done, _total = target.rewrite(
                    source,
                    token=token,
                    if_generation_match=0,
                    retry=storage_retry(),
                    timeout=TIMEOUT_S,
                )
            if token is None:
                return True
    except AlreadyThere:
        return False
    raise TransientError("storage_copy_unfinished")


def delete(client: "StorageClient", bucket: str, name: str, generation: int | None = None) -> bool:
    """Delete an object (only while it is `generation`, when given). False when there was nothing to delete any more."""
    blob = client.bucket(bucket).blob(name)
    try:
        with translated("storage"):
            blob.delete(if_generation_match=generation, retry=storage_retry(), timeout=TIMEOUT_S)
    except (ObjectGone, AlreadyThere):
        return False
    return True


def names(client: "StorageClient", bucket: str, prefix: str = "") -> Iterator[str]:
    """Names below `prefix`, in order, a page at a time."""
    return (found.name for found in listing(client, bucket, prefix))


def listing(client: "StorageClient", bucket: str, prefix: str = "") -> Iterator[ObjectFacts]:
    """What is below `prefix`, in order of names, a page at a time."""
    with _no_bucket_is_a_fault(), translated("storage"):
        blobs = client.list_blobs(bucket, prefix=prefix or None, retry=storage_retry(), timeout=TIMEOUT_S)
        for blob in blobs:
            yield _facts(blob)


def facts(client: "StorageClient", bucket: str, name: str) -> ObjectFacts | None:
    """What is known of the live object without reading it, or None when there is none."""
    try:
        with translated("storage"):
            blob = client.bucket(bucket).blob(name)
            blob.reload(retry=storage_retry(), timeout=TIMEOUT_S)
    except ObjectGone:
        return None
    return _facts(blob)


def exists(client: "StorageClient", bucket: str, name: str) -> bool:
    """Whether a live object has this name."""
    return facts(client, bucket, name) is not None


def _download(
    client: "StorageClient", bucket: str, name: str, generation: int | None, max_bytes: int, target: IO[bytes]
) -> None:
    import base64

    for _ in range(_READ_ATTEMPTS):
        blob = client.bucket(bucket).blob(name, generation=generation)
        target.seek(0)
        target.truncate()
        counted = _Counted(target, max_bytes)
        with translated("storage"):
            # The client checks no sum when it had to resume a broken download, so it is done below for all.
            blob.download_to_file(counted, raw_download=True, checksum=None, retry=storage_retry(), timeout=TIMEOUT_S)
        if blob.crc32c is None or int.from_bytes(base64.b64decode(blob.crc32c), "big") == counted.sum:
            return
    raise TransientError("storage_checksum_differs")


class _Counted:
    """Passes bytes on until they are more than allowed, and sums them up; what an object says of its own size is not believed."""

    def __init__(self, target: IO[bytes], max_bytes: int) -> None:
        self._target, self._left, self.sum = target, max_bytes, 0

    def write(self, data: bytes) -> int:
        import google_crc32c

        self._left -= len(data)
        if self._left < 0:
            raise PermanentError(Code.RESOURCE_LIMIT, "object_too_large")
        self.sum = google_crc32c.extend(self.sum, data)
        return self._target.write(data)

    def tell(self) -> int:
        return self._target.tell()


def _upload(
    client: "StorageClient",
    bucket: str,
    name: str,
    data: Content,
    content_type: str,
    metadata: Mapping[str, str] | None,
    generation: int | None,
) -> None:
    blob = client.bucket(bucket).blob(name)
    blob.metadata = dict(metadata) if metadata else None
    with _opened(data) as file, translated("storage"):
        blob.upload_from_file(
            file,
            size=_size(data),
            content_type=content_type,
            if_generation_match=generation,
            checksum="crc32c",
            retry=storage_retry(),
            timeout=TIMEOUT_S,
        )


def _opened(data: Content) -> BinaryIO:
    if isinstance(data, io.RawIOBase):
        return io.BufferedReader(data, _BUFFER)
    return io.BytesIO(data) if isinstance(data, bytes) else data.open("rb")


def _size(data: Content) -> int:
    if isinstance(data, bytes):
        return len(data)
    return data.seek(0, io.SEEK_END) - data.seek(0) if isinstance(data, io.RawIOBase) else data.stat().st_size


def _facts(blob: Any) -> ObjectFacts:
    return ObjectFacts(
        blob.name, blob.generation, blob.size, blob.crc32c or "", blob.time_created, dict(blob.metadata or {})
    )


@contextmanager
def _no_bucket_is_a_fault() -> Iterator[None]:
    try:
        yield
    except ObjectGone:
        raise PermanentError(Code.INTERNAL_ERROR, "storage_bucket_missing") from None
