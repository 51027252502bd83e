"""What a batch has already got, kept at the clinic: one JSON line per acknowledged file, readable by its owner alone. Called by `run.py`.

A line that was lost in a crash costs a second look at one object and nothing else: the object is there, and its hash says so.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from dicomlake.batches import batch_folder
from dicomlake.errors import ConfigError

_FORMAT = "dicomlake-journal-1"
_SYNC_EVERY = 64


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A file that is in the bucket: path inside the batch, mark of the source (size and time), what the manifest says of it."""

    path: str = field(repr=False)
    mark: str
    sha256: str = field(repr=False)
    size: int
    accession_number: str = field(default="", repr=False)
    study_instance_uid: str = field(default="", repr=False)
    lists_accessions: bool = False


class Journal:
    """The journal of one batch from one source, open for writing and locked against a second run."""

    def __init__(self, file: Path, batch: str) -> None:
        self.file = file
        self.batch = batch
        self.acknowledged: dict[str, Acknowledged] = {}
        self._unsynced = 0
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._stream = os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b")
        _lock(self._stream.fileno())
        self._read()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sync()
        self._stream.close()

    def add(self, done: Acknowledged) -> None:
        """Note an acknowledged file."""
        self.acknowledged[done.path] = done
        self._write(asdict(done))

    def finish(self) -> None:
        """Note that the manifest of all files is there: the batch is complete, the next run of this source starts another."""
        self._write({"finished": True})
        self._sync()

    def _read(self) -> None:
        self._stream.seek(0)
        data = self._stream.read()
        lines = data.splitlines()
        if not lines:
            self._write({"format": _FORMAT, "batch": self.batch})
            return
        if not data.endswith(b"\n"):
            self._stream.write(b"\n")  # what a crash left half written stands alone and is passed over
        for line in lines[1:]:
            done = _acknowledged(line)
            if done is not None:
                self.acknowledged[done.path] = done

    def _write(self, values: dict[str, object]) -> None:
        self._stream.write(json.dumps(values, separators=(",", ":")).encode("ascii") + b"\n")
        self._stream.flush()
        self._unsynced += 1
        if self._unsynced >= _SYNC_EVERY:
            self._sync()

    def _sync(self) -> None:
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._unsynced = 0


def journal_file(state_dir: Path, batch: str, bucket: str, source: Path) -> Path:
    """Where the journal of a batch lies. The source is part of it: two folders may go into one batch."""
    return state_dir / batch_folder(batch) / f"journal-{_origin(bucket, source)}.jsonl"


def unfinished_batch(state_dir: Path, bucket: str, source: Path) -> str | None:
    """The batch of this source that an earlier run left unfinished; the latest when there are several."""
    found: list[tuple[float, str]] = []
    for file in state_dir.glob(f"*/journal-{_origin(bucket, source)}.jsonl"):
        lines = file.read_bytes().splitlines() or [b""]
        head = _object(lines[0])
        if head.get("format") == _FORMAT and not _object(lines[-1]).get("finished"):
            found.append((file.stat().st_mtime, str(head["batch"])))
    return max(found)[1] if found else None


def _origin(bucket: str, source: Path) -> str:
    return hashlib.sha256(f"{bucket}\0{source.resolve()}".encode("utf-8", "surrogateescape")).hexdigest()[:12]


def _acknowledged(line: bytes) -> Acknowledged | None:
    values = _object(line)
    try:
        return Acknowledged(**values) if "path" in values else None
    except TypeError:
        return None


def _object(line: bytes) -> dict[str, Any]:
    """A line as written, or nothing where a crash cut it short."""
    try:
        values = json.loads(line)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def _lock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows keeps no advisory locks; two runs there would only do the same work twice
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise ConfigError("this batch is being sent by another run: wait for it, or stop it first") from None
