"""One file in, what the manifest says of it out: SHA-256, size, accession number, study. Called by `send.py` in its worker threads.

The header is read as well as it can be; what is no DICOM object, or a broken one, has no accession number, and goes all the same.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from dicomlake.batches import ManifestError, fits_accession, fits_uid, is_manifest_name, parse_manifest
from dicomlake.errors import PermanentError
from dicomlake.uploader.journal import Acknowledged
from dicomlake.uploader.source import Entry, Listing, Unreadable

SMALL_BYTES = 8 << 20
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a file as they were when they were hashed (or, of a large one, where they lie), and what is told by them."""

    data: bytes | Path = field(repr=False)
    done: Acknowledged
    is_dicom: bool


@contextmanager
def content(listing: Listing, entry: Entry, spill: Path) -> Iterator[Content]:
    """Read an entry. A large zip member is unpacked into `spill` for as long as this lasts.

    Raises Unreadable; `changed_while_sending` at the end when a large file was written to in the meantime.
    """
    with listing.open(entry) as stream:
        head = stream.read(SMALL_BYTES)
        if len(head) < SMALL_BYTES:
            small = _content(entry, head, head, hashlib.sha256(head).hexdigest(), len(head))
        else:
            large = _large(entry, stream, head, spill)
    if len(head) < SMALL_BYTES:
        yield small
        return
    try:
        yield large
        if entry.file is not None and _mark(entry.file) != entry.mark:
            raise Unreadable("changed_while_sending")
    finally:
        if entry.file is None and isinstance(large.data, Path):
            large.data.unlink(missing_ok=True)


def _large(entry: Entry, stream: BinaryIO, head: bytes, spill: Path) -> Content:
    digest = hashlib.sha256(head)
    size = len(head)
    target = entry.file
    copy: BinaryIO | None = None
    try:
        if target is None:
            spill.mkdir(parents=True, exist_ok=True, mode=0o700)
            target = spill / hashlib.sha256(entry.path.encode()).hexdigest()[:32]
            copy = target.open("wb")
            copy.write(head)
        while block := stream.read(_BLOCK):
            digest.update(block)
            size += len(block)
            if copy is not None:
                copy.write(block)
    finally:
        if copy is not None:
            copy.close()
    return _content(entry, target, head, digest.hexdigest(), size)


def _content(entry: Entry, data: bytes | Path, head: bytes, sha256: str, size: int) -> Content:
    accession, study = _identity(head)
    lists = isinstance(data, bytes) and is_manifest_name(entry.path) and _lists_accessions(data)
    done = Acknowledged(entry.path, entry.mark, sha256, size, accession, study, lists)
    return Content(data, done, is_dicom=bool(study) or head[128:132] == b"DICM")


def _identity(head: bytes) -> tuple[str, str]:
    """Accession number and StudyInstanceUID of a header, empty where there is none to be read."""
    from dicomlake.dicom import read_raw

    try:
        raw = read_raw(head)
    except PermanentError:
        return "", ""
    accession, study = (raw.first("AccessionNumber") or "").strip(), raw.study_uid
    return accession if fits_accession(accession) else "", study if fits_uid(study) else ""


def _lists_accessions(data: bytes) -> bool:
    try:
        return any(row.accession_number is not None for row in parse_manifest(data).rows)
    except ManifestError:
        return False


def _mark(file: Path) -> str:
    try:
        facts = file.stat()
    except OSError:
        return ""
    return f"{facts.st_size}-{facts.st_mtime_ns}"
