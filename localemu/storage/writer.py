"""One writer for one SQLite database: pieces of work in, their results out after one commit for many of them.

`localemu.store` owns it. Requests that arrive together share a transaction and so an fsync; each stands in a savepoint of its own,
so that one that is refused leaves no trace and does not disturb the others.
"""

import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")
_Job = tuple[Callable[[sqlite3.Connection], Any], "Future[Any]"]
_MOST_JOBS = 128


class GroupWriter:
    """Runs work on `connection` in a thread of its own. `before_commit` and `after_commit` run in that thread, once for a group."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        before_commit: Callable[[], None],
        after_commit: Callable[[sqlite3.Connection], None],
    ) -> None:
        self._connection = connection
        self._before_commit = before_commit
        self._after_commit = after_commit
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[sqlite3.Connection], T]) -> "Future[T]":
        """Carry out `work` in a transaction. The future is done once it is committed, or holds what `work` raised (and then nothing is kept)."""
        future: Future[T] = Future()
        with self._closing:
            if self._closed:
                raise _closed()
            self._jobs.put((work, future))
        return future

    def close(self) -> None:
        """Finish what was submitted, then end the thread."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        ending = False
        try:
            while not ending:
                group, ending = self._gather()
                if group:
                    self._commit(group)
        finally:
            self._refuse_what_is_left()

    def _refuse_what_is_left(self) -> None:
        """However the thread ends, nobody waits for it for ever."""
        with self._closing:
            self._closed = True
        while not self._jobs.empty():
            job = self._jobs.get()
            if job is not None and job[1].set_running_or_notify_cancel():
                job[1].set_exception(_closed())

    def _gather(self) -> tuple[list[_Job], bool]:
        """Wait for a job, then take all that wait behind it; True when the writer is to end after them."""
        group: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            # A caller that has gone away cancels what has not begun; what has begun is carried out.
            if job[1].set_running_or_notify_cancel():
                group.append(job)
            if len(group) == _MOST_JOBS or self._jobs.empty():
                return group, False
            job = self._jobs.get()
        return group, True

    def _commit(self, group: list[_Job]) -> None:
        answers: list[tuple[Future[Any], Any, BaseException | None]] = []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for work, future in group:
                answers.append((future, *self._attempt(work)))
            self._before_commit()
            self._connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as fault:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            for _, future in group:
                future.set_exception(fault)
            return
        for future, result, refusal in answers:
            if refusal is None:
                future.set_result(result)
            else:
                future.set_exception(refusal)
        self._after_commit(self._connection)

    def _attempt(self, work: Callable[[sqlite3.Connection], Any]) -> tuple[Any, BaseException | None]:
        self._connection.execute("SAVEPOINT job")
        try:
            result, refusal = work(self._connection), None
        except BaseException as error:  # noqa: BLE001 - not swallowed: it is raised again where the future is awaited
            self._connection.execute("ROLLBACK TO job")
            result, refusal = None, error
        self._connection.execute("RELEASE job")
        return result, refusal


def _closed() -> RuntimeError:
    return RuntimeError("the store is closed")
