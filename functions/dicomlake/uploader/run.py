"""A source in, a batch in the landing bucket out: several files at a time, each once, the manifest last. Called by `dicomlake send`.

An interrupted or incomplete run is gone on with by calling `send` again with the same source: what was acknowledged is not read again.
"""

import datetime
import hashlib
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dicomlake.batches import relative_path
from dicomlake.errors import ConfigError, PermanentError, TransientError
from dicomlake.uploader.announce import announce
from dicomlake.uploader.facts import Reader
from dicomlake.uploader.journal import Acknowledged, Journal, journal_file, unfinished_batch
from dicomlake.uploader.result import Failure, SendResult
from dicomlake.uploader.source import Entry, Listing, Unreadable, listing
from dicomlake.uploader.transfer import NameTaken, Patience, deliver

if TYPE_CHECKING:
    from dicomlake.lake.clients import StorageClient

Progress = Callable[[int, int, int, int], None]

_MAX_BATCH_BYTES = 100
_GIVE_UP_AFTER = 20  # files in a row that the storage would not take: it is down, and the rest would fare no better


@dataclass(frozen=True, slots=True)
class Options:
    """How a run goes about it: files at a time, attempts per call, and what it takes from the outside world."""

    jobs: int = 8
    attempts: int = 5
    now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(datetime.UTC)
    token: Callable[[], str] = lambda: secrets.token_hex(2)
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class _Done:
    """What became of one entry: acknowledged (`new` when this run sent it), or a reason why not."""

    entry: Entry
    acknowledged: Acknowledged | None = None
    new: bool = False
    reason: str = ""
    busy: bool = False


def send(
    source: Path,
    bucket: str,
    client: "StorageClient",
    state_dir: Path,
    progress: Progress | None = None,
    *,
    batch: str | None = None,
    options: Options | None = None,
) -> SendResult:
    """Send `source` (folder, zip or file) as one batch. `progress(done_files, total_files, done_bytes, total_bytes)` is called from this thread.

    `batch`: its name; by default that of the unfinished batch of this source, else a new one. Raises ConfigError (nothing to send, a bucket that
    refuses) and TransientError (the storage is down); what was sent until then is kept in mind.
    """
    options = options or Options()
    found = listing(source)
    try:
        if not found.entries and not found.failures:
            raise ConfigError("there is nothing to send: no file, or only links and hidden files")
        name = _checked(batch) if batch is not None else unfinished_batch(state_dir, bucket, source)
        name = name or new_batch_name(options)
        with Journal(journal_file(state_dir, name, bucket, source), name) as journal:
            return _Run(found, bucket, client, journal, options, progress or _silent).run()
    finally:
        found.close()


def new_batch_name(options: Options) -> str:
    """`YYYYMMDD-HHMMSS-xxxx` (UTC): a name of this form can hold no identity, so it may be shown in clear."""
    return f"{options.now():%Y%m%d-%H%M%S}-{options.token()}"


@dataclass
class _Run:
    """One run over one listing. Only the calling thread touches the journal and the counts; workers touch files and the storage."""

    found: Listing
    bucket: str
    client: "StorageClient"
    journal: Journal
    options: Options
    progress: Progress
    sent: int = 0
    present: int = 0
    bytes_sent: int = 0
    failures: list[Failure] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.reader = Reader(self.found, self._spill)

    def run(self) -> SendResult:
        self.failures = list(self.found.failures)
        shutil.rmtree(self._spill, ignore_errors=True)
        try:
            self._send_all()
        finally:
            shutil.rmtree(self._spill, ignore_errors=True)
        manifests = announce(self.journal, self._deliver_manifest)
        if not self.failures:
            self.journal.finish()
        return SendResult(
            self.journal.batch,
            self.bucket,
            self.sent,
            self.present,
            self.bytes_sent,
            self.found.skips,
            tuple(sorted(self.failures)),
            manifests,
        )

    @property
    def _spill(self) -> Path:
        return self.journal.file.with_suffix(".spill")

    def _send_all(self) -> None:
        total_files, total_bytes = len(self.found.entries), sum(entry.size for entry in self.found.entries)
        done_bytes = busy_in_a_row = 0
        with closing(self._outcomes()) as outcomes:
            for done_files, done in enumerate(outcomes, start=1):
                busy_in_a_row = busy_in_a_row + 1 if done.busy else 0
                if busy_in_a_row >= min(_GIVE_UP_AFTER, total_files):
                    raise TransientError(done.reason)
                self._note(done)
                done_bytes += done.entry.size
                self.progress(done_files, total_files, done_bytes, total_bytes)

    def _note(self, done: _Done) -> None:
        if done.acknowledged is None:
            self.failures.append(Failure(done.entry.where, done.reason))
            return
        if self.journal.acknowledged.get(done.entry.path) != done.acknowledged:
            self.journal.add(done.acknowledged)
        self.sent += done.new
        self.present += not done.new
        self.bytes_sent += done.acknowledged.size if done.new else 0

    def _outcomes(self) -> Generator[_Done, None, None]:
        """Each entry's outcome as it comes; no more are begun than workers can soon take."""
        pool = ThreadPoolExecutor(self.options.jobs, "send")
        pending: set[Future[_Done]] = set()
        try:
            for entry in self.found.entries:
                known = self.journal.acknowledged.get(entry.path)
                if known is not None and known.mark == entry.mark:
                    yield _Done(entry, known)
                    continue
                pending.add(pool.submit(self._one, entry))
                if len(pending) >= 4 * self.options.jobs:
                    yield from _first_of(pending)
            while pending:
                yield from _first_of(pending)
        finally:
            self.stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            self.stop.clear()
            for future in pending:  # what came through while the run was being stopped need not be sent again
                if not future.cancelled() and future.exception() is None:
                    self._note(future.result())

    def _one(self, entry: Entry) -> _Done:
        try:
            with self.reader.content(entry) as read:
                kind = "application/dicom" if read.is_dicom else "application/octet-stream"
                new = deliver(
                    self.client,
                    self.bucket,
                    self._object(entry.path),
                    read.data,
                    read.done.sha256,
                    kind,
                    self._patience(),
                )
                done = read.done
        except Unreadable as error:
            return _Done(entry, reason=str(error))
        except NameTaken:
            return _Done(entry, reason="name_taken_by_other_content")
        except TransientError as error:
            return _Done(entry, reason=error.detail, busy=True)
        except PermanentError as error:
            raise _refused(error) from None
        return _Done(entry, done, new)

    def _deliver_manifest(self, path: str, data: bytes) -> None:
        sha256 = hashlib.sha256(data).hexdigest()
        try:
            deliver(self.client, self.bucket, self._object(path), data, sha256, "text/csv", self._patience())
        except PermanentError as error:
            raise _refused(error) from None

    def _patience(self) -> Patience:
        return Patience(self.options.attempts, self._pause)

    def _pause(self, seconds: float) -> None:
        if self.stop.is_set():
            raise TransientError("interrupted")
        self.options.sleep(seconds)

    def _object(self, path: str) -> str:
        return f"{self.journal.batch}/{path}"


def _first_of(pending: set[Future[_Done]]) -> Iterator[_Done]:
    """Wait for some, and take each out of `pending` as it is handed on."""
    for future in wait(pending, return_when=FIRST_COMPLETED).done:
        pending.remove(future)
        yield future.result()


def _checked(batch: str) -> str:
    if relative_path(batch) != batch or "/" in batch or len(batch.encode()) > _MAX_BATCH_BYTES:
        raise ConfigError(f"a batch name is one folder name of at most {_MAX_BATCH_BYTES} bytes, without / and \\")
    return batch


def _refused(error: PermanentError) -> ConfigError:
    return ConfigError(
        f"the storage refuses the upload ({error.detail}): check the bucket and the role of this account"
    )


def _silent(done_files: int, total_files: int, done_bytes: int, total_bytes: int) -> None:
    """No progress is asked for."""
