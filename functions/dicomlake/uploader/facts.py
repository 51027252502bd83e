"""One file in, what the manifest says of it out: SHA-256, size, accession number, study. Called by `run.py` in its worker threads.

The header is read as well as it can be; what is no DICOM object, or a broken one, has no accession number, and goes all the same.
"""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from dicomlake.batches import ManifestError, fits_accession, fits_uid, is_manifest_name, parse_manifest
from dicomlake.errors import PermanentError
from dicomlake.uploader.journal import Acknowledged
from dicomlake.uploader.source import Entry, Listing, Unreadable

SMALL_BYTES = 8 << 20
# Beyond this the header of a file is not looked at, since all of it would have to be in memory; the platform takes larger ones as they are.
_MAX_HEADER_BYTES = 512 << 20
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a file as they were when they were hashed (or, of a large one, where they lie), and what is told by them."""

    data: bytes | Path = field(repr=False)
    done: Acknowledged
    is_dicom: bool


class Reader:
    """Reads the entries of a listing, for several threads; large zip members pass through the folder `spill`, large headers one at a time."""

    def __init__(self, listing: Listing, spill: Path) -> None:
        self._listing = listing
        self._spill = spill
        self._one_large = threading.Lock()

    @contextmanager
    def content(self, entry: Entry) -> Iterator[Content]:
        """Read an entry; its data stay available for as long as this lasts.

        Raises Unreadable; `changed_while_sending` at the end when a large file was written to in the meantime.
        """
        with self._listing.open(entry) as stream:
            head = stream.read(SMALL_BYTES)
            read = self._small(entry, head) if len(head) < SMALL_BYTES else self._large(entry, stream, head)
        try:
            yield read
            if isinstance(read.data, Path) and read.data == entry.file and _mark(entry.file) != entry.mark:
                raise Unreadable("changed_while_sending")
        finally:
            if isinstance(read.data, Path) and entry.file is None:
                read.data.unlink(missing_ok=True)

    def _small(self, entry: Entry, data: bytes) -> Content:
        accession, study = _identity(data)
        lists = is_manifest_name(entry.path) and _lists_accessions(data)
        done = Acknowledged(
            entry.path, entry.mark, hashlib.sha256(data).hexdigest(), len(data), accession, study, lists
        )
        return Content(data, done, bool(study) or _has_prefix(data))

    def _large(self, entry: Entry, stream: BinaryIO, head: bytes) -> Content:
        file = entry.file or self._spilled(entry)
        digest, size = hashlib.sha256(head), len(head)
        with nullcontext() if entry.file is not None else file.open("wb") as copy:
            if copy is not None:
                copy.write(head)
            while block := stream.read(_BLOCK):
                digest.update(block)
                size += len(block)
                if copy is not None:
                    copy.write(block)
        accession, study = self._large_identity(file) if size <= _MAX_HEADER_BYTES else ("", "")
        done = Acknowledged(entry.path, entry.mark, digest.hexdigest(), size, accession, study)
        return Content(file, done, bool(study) or _has_prefix(head))

    def _spilled(self, entry: Entry) -> Path:
        self._spill.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._spill / hashlib.sha256(entry.path.encode()).hexdigest()[:32]

    def _large_identity(self, file: Path) -> tuple[str, str]:
        with self._one_large:
            return _identity(file.read_bytes())


def _identity(data: bytes) -> tuple[str, str]:
    """Accession number and StudyInstanceUID of an object, empty where there is none to be read."""
    from dicomlake.dicom import read_raw

    try:
        raw = read_raw(data)
    except PermanentError:
        return "", ""
    accession, study = raw.first("AccessionNumber") or "", raw.first("StudyInstanceUID") or ""
    return accession if fits_accession(accession) else "", study if fits_uid(study) else ""


def _has_prefix(head: bytes) -> bool:
    return head[128:132] == b"DICM"


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
