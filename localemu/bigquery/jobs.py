"""Jobs: a statement or a load is run at once and to its end; the job is what is left to ask about.

Jobs that wrote are kept in the file, committed together with what they wrote: a client that repeats a job id after a crash
is told that the job exists. Jobs that only read are kept in memory, with their rows, until newer ones push them out.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from localemu.bigquery.catalog import Catalog, Change, Resource
from localemu.bigquery.errors import ApiError, duplicate, not_found
from localemu.bigquery.outcome import Outcome
from localemu.bigquery.schema import schema_resource

_KEPT_JOBS = 2_000
_KEPT_CELLS = 20_000_000


@dataclass
class Job:
    """A finished job: its resource without what only a reply adds, and the rows when there are some."""

    resource: Resource
    outcome: Outcome | None = None
    error: ApiError | None = None

    @property
    def key(self) -> str:
        """Project and id."""
        reference = self.resource["jobReference"]
        return f"{reference['projectId']}:{reference['jobId']}"


@dataclass
class Ticket:
    """What a job starts from."""

    project: str
    configuration: dict[str, Any]
    user: str
    job_id: str | None = None
    location: str | None = None
    dry: bool = False
    started: int = field(default_factory=lambda: int(time.time() * 1000))

    def reference(self) -> dict[str, str]:
        """Give the JobReference, with an id of ours when the client has none."""
        self.job_id = self.job_id or f"job_{uuid.uuid4().hex}"
        return {"projectId": self.project, "jobId": self.job_id, "location": self.location or "US"}


class Jobs:
    """All jobs, and how one is run."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._running: set[str] = set()
        self._lock = threading.Lock()

    def run(
        self,
        ticket: Ticket,
        read: Callable[[], Outcome] | None,
        write: Callable[[Change], tuple[Outcome, Resource]] | None,
    ) -> Job:
        """Run a job that reads (`read`) or writes (`write`, in a transaction that also keeps the job). Errors end in the job."""
        reference = ticket.reference()
        key = f"{reference['projectId']}:{reference['jobId']}"
        self._enter(key)
        try:
            job = self._carry_out(ticket, reference, read, write)
        finally:
            with self._lock:
                self._running.discard(key)
        if not ticket.dry:
            self._keep(job)
        return job

    def _enter(self, key: str) -> None:
        with self._lock:
            if key in self._running or key in self._jobs or self._catalog.job(key) is not None:
                raise duplicate("Job", key)
            self._running.add(key)

    def _carry_out(self, ticket: Ticket, reference: dict[str, str], read: Any, write: Any) -> Job:
        try:
            if read is not None:
                outcome = read()
                return Job(_resource(ticket, reference, outcome, {}, None), outcome)
            with self._catalog.change() as change:
                outcome, extra = write(change)
                resource = _resource(ticket, reference, outcome, extra, None)
                change.put("job", f"{reference['projectId']}:{reference['jobId']}", resource)
            return Job(resource, outcome)
        except ApiError as error:
            if ticket.dry:
                raise
            return Job(_resource(ticket, reference, None, {}, error), None, error)

    def _keep(self, job: Job) -> None:
        with self._lock:
            self._jobs[job.key] = job
            cells = sum(_cells(kept) for kept in self._jobs.values())
            while len(self._jobs) > 1 and (len(self._jobs) > _KEPT_JOBS or cells > _KEPT_CELLS):
                _, gone = self._jobs.popitem(last=False)
                cells -= _cells(gone)

    def get(self, project: str, job_id: str) -> Job:
        """Give a job; notFound when there is none (any more)."""
        key = f"{project}:{job_id}"
        with self._lock:
            job = self._jobs.get(key)
        if job is not None:
            return job
        kept = self._catalog.job(key)
        if kept is None:
            raise not_found("Job", key)
        return Job(kept)

    def list(self, project: str) -> list[Resource]:
        """Give the resources of a project's jobs, newest first."""
        with self._lock:
            found = {key: job.resource for key, job in self._jobs.items()}
        for resource in self._catalog.jobs():
            found.setdefault(f"{resource['jobReference']['projectId']}:{resource['jobReference']['jobId']}", resource)
        mine = [resource for resource in found.values() if resource["jobReference"]["projectId"] == project]
        return sorted(mine, key=lambda resource: str(resource["statistics"]["creationTime"]), reverse=True)

    def delete(self, project: str, job_id: str) -> None:
        """Forget a job."""
        job = self.get(project, job_id)
        with self._lock:
            self._jobs.pop(job.key, None)
        if self._catalog.job(job.key) is not None:
            with self._catalog.change() as change:
                change.remove("job", job.key)


def _cells(job: Job) -> int:
    return len(job.outcome.rows) * max(len(job.outcome.fields), 1) if job.outcome is not None else 0


def _resource(
    ticket: Ticket, reference: dict[str, str], outcome: Outcome | None, extra: Resource, error: ApiError | None
) -> Resource:
    ended = str(max(int(time.time() * 1000), ticket.started))
    statistics: Resource = {
        "creationTime": str(ticket.started),
        "startTime": str(ticket.started),
        "endTime": ended,
        "totalBytesProcessed": "0",
    }
    statistics |= extra
    if outcome is not None and "query" in ticket.configuration:
        statistics["query"] = _query_statistics(outcome, ticket.dry)
    status: Resource = {"state": "DONE"}
    if error is not None:
        status |= {"errorResult": error.proto(), "errors": [error.proto()]}
    kind = next(iter(key for key in ("query", "load", "copy", "extract") if key in ticket.configuration), "query")
    return {
        "kind": "bigquery#job",
        "id": f"{reference['projectId']}:{reference['location']}.{reference['jobId']}",
        "etag": uuid.uuid4().hex[:22],
        "jobReference": reference,
        "user_email": ticket.user,
        "configuration": {**ticket.configuration, "jobType": kind.upper()},
        "statistics": statistics,
        "status": status,
    }


def _query_statistics(outcome: Outcome, dry: bool) -> Resource:
    found: Resource = {
        "statementType": outcome.statement,
        "totalBytesProcessed": "0",
        "totalBytesBilled": "0",
        "cacheHit": False,
        "totalSlotMs": "0",
    }
    if outcome.reads:
        found["referencedTables"] = [name.resource() for name in outcome.reads]
    if outcome.fields:
        found["schema"] = schema_resource(outcome.fields)
    if outcome.affected is not None and not dry:
        found["numDmlAffectedRows"] = str(outcome.affected)
        counts = {
            "insertedRowCount": outcome.inserted,
            "updatedRowCount": outcome.updated,
            "deletedRowCount": outcome.deleted,
        }
        found["dmlStats"] = {name: str(count or 0) for name, count in counts.items()}
    if outcome.operation is not None:
        found["ddlOperationPerformed"] = outcome.operation
        if outcome.table is not None:
            found["ddlTargetTable"] = outcome.table.resource()
        if outcome.dataset is not None:
            found["ddlTargetDataset"] = outcome.dataset.resource()
    return found
