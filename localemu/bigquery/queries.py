"""Query jobs as the API has them: jobs.query, jobs.insert with a query, getQueryResults."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from localemu.bigquery.catalog import Change, DatasetName, Resource, TableName
from localemu.bigquery.destination import Destination
from localemu.bigquery.encode import TimestampFormat, encode_rows
from localemu.bigquery.errors import ApiError, not_found, unsupported_field
from localemu.bigquery.jobs import Job, Jobs, Ticket
from localemu.bigquery.outcome import Outcome
from localemu.bigquery.rows import page_rows
from localemu.bigquery.schema import schema_resource
from localemu.bigquery.sql.names import Place
from localemu.bigquery.sql.parameters import Parameters
from localemu.bigquery.statements import Request, Statements

_REQUESTS_KEPT_S = 900.0
_WITH_EFFECT = (
    "tableDefinitions", "userDefinedFunctionResources", "schemaUpdateOptions", "destinationEncryptionConfiguration",
    "connectionProperties", "createSession", "continuous", "systemVariables",
)  # fmt: skip
_LAYOUT = ("timePartitioning", "rangePartitioning", "clustering")


class Queries:
    """Query jobs of every project."""

    def __init__(self, statements: Statements, jobs: Jobs) -> None:
        self._statements = statements
        self._jobs = jobs
        self._requests: OrderedDict[str, tuple[float, Job]] = OrderedDict()
        self._lock = threading.Lock()

    def run(self, ticket: Ticket) -> Job:
        """Run the query of a job configuration."""
        configuration = ticket.configuration["query"]
        request = _request(configuration, ticket)
        if request.destination is None and self._statements.is_query(request.sql):
            return self._jobs.run(ticket, lambda: self._statements.query(request, ticket.dry), None)
        if ticket.dry:
            return self._jobs.run(ticket, lambda: self._statements.dry(request), None)
        return self._jobs.run(ticket, None, lambda change: self._write(change, request))

    def _write(self, change: Change, request: Request) -> tuple[Outcome, Resource]:
        return self._statements.change(change, request), {}

    def query(self, project: str, body: Mapping[str, Any], user: str) -> dict[str, Any]:
        """Answer jobs.query: a repeated requestId is answered from the first one's job."""
        repeated = self._repeated(str(body.get("requestId") or ""))
        stamps = timestamps(body.get("formatOptions") or {})
        if body.get("queryResultsFormat") not in (None, "", "QUERY_RESULTS_FORMAT_UNSPECIFIED", "JSON"):
            raise unsupported_field("queryResultsFormat")
        job = repeated or self._fresh(project, body, user)
        if job.error is not None:
            raise job.error
        page = self._page(job, 0, _count(body.get("maxResults")), stamps)
        reply = {"kind": "bigquery#queryResponse", **page}
        if body.get("dryRun"):
            reply["totalRows"] = "0"
            reply.pop("rows", None)
        return reply

    def _fresh(self, project: str, body: Mapping[str, Any], user: str) -> Job:
        taken = (
            "kind",
            "requestId",
            "maxResults",
            "timeoutMs",
            "formatOptions",
            "dryRun",
            "location",
            "labels",
            "jobCreationMode",
            "queryResultsFormat",
        )
        configuration: dict[str, Any] = {"query": {key: value for key, value in body.items() if key not in taken}}
        if body.get("labels"):
            configuration["labels"] = body["labels"]
        if body.get("dryRun"):
            configuration["dryRun"] = True
        job = self.run(Ticket(project, configuration, user, None, body.get("location"), bool(body.get("dryRun"))))
        request_id = str(body.get("requestId") or "")
        if request_id and job.error is None and not body.get("dryRun"):
            with self._lock:
                self._requests[request_id] = (time.monotonic(), job)
        return job

    def _repeated(self, request_id: str) -> Job | None:
        with self._lock:
            while self._requests and next(iter(self._requests.values()))[0] < time.monotonic() - _REQUESTS_KEPT_S:
                self._requests.popitem(last=False)
            found = self._requests.get(request_id)
        return found[1] if found is not None else None

    def results(self, project: str, job_id: str, options: Mapping[str, str]) -> dict[str, Any]:
        """Answer getQueryResults."""
        job = self._jobs.get(project, job_id)
        if job.error is not None:
            raise job.error
        start = int(options.get("pageToken") or options.get("startIndex") or 0)
        page = self._page(job, start, _count(options.get("maxResults")), timestamps_of(options))
        return {"kind": "bigquery#getQueryResultsResponse", "etag": job.resource["etag"], **page}

    def _page(self, job: Job, start: int, count: int | None, stamps: TimestampFormat) -> dict[str, Any]:
        outcome = job.outcome
        statistics = job.resource["statistics"].get("query", {})
        reply: dict[str, Any] = {
            "jobReference": job.resource["jobReference"],
            "jobComplete": True,
            "totalBytesProcessed": "0",
            "cacheHit": False,
        }
        for key in ("numDmlAffectedRows", "dmlStats"):
            if key in statistics:
                reply[key] = statistics[key]
        if outcome is None:
            if statistics.get("statementType") == "SELECT":
                raise not_found("Job", f"{job.key}: its rows are no longer kept")
            return reply | {"totalRows": "0"}
        if outcome.fields:
            reply["schema"] = schema_resource(outcome.fields)
        most = page_rows(len(outcome.fields))
        rows = outcome.rows.page(start, most if count is None else min(count, most))
        reply["totalRows"] = str(len(outcome.rows))
        # An empty `rows` in a reply to maxResults=0 makes the client believe that it has seen the first page.
        if count != 0 and outcome.fields:
            reply["rows"] = encode_rows(outcome.fields, rows, stamps)
            if start + len(rows) < len(outcome.rows):
                reply["pageToken"] = str(start + len(rows))
        return reply


def _count(given: Any) -> int | None:
    return None if given in (None, "") else int(given)


def timestamps(options: Mapping[str, Any]) -> TimestampFormat:
    """Read formatOptions of a body."""
    wanted = options.get("timestampOutputFormat")
    if wanted not in (None, "", "TIMESTAMP_OUTPUT_FORMAT_UNSPECIFIED", "FLOAT64", "INT64"):
        raise unsupported_field("formatOptions.timestampOutputFormat")
    return TimestampFormat(wanted == "INT64" or str(options.get("useInt64Timestamp", "")).lower() == "true")


def timestamps_of(options: Mapping[str, str]) -> TimestampFormat:
    """Read formatOptions of a query string."""
    return timestamps(
        {key.split(".", 1)[1]: value for key, value in options.items() if key.startswith("formatOptions.")}
    )


def _request(configuration: Mapping[str, Any], ticket: Ticket) -> Request:
    if configuration.get("useLegacySql"):
        raise unsupported_field("useLegacySql")
    for key in _WITH_EFFECT:
        if configuration.get(key):
            raise unsupported_field(key)
    sql = configuration.get("query")
    if not isinstance(sql, str) or not sql.strip():
        raise ApiError("required", "Required parameter is missing: query", "query")
    default = configuration.get("defaultDataset")
    place = Place(
        ticket.project,
        DatasetName(default.get("projectId") or ticket.project, default["datasetId"]) if default else None,
    )
    parameters = Parameters.of(configuration.get("queryParameters") or [], configuration.get("parameterMode"))
    return Request(sql, place, ticket.user, parameters, _destination(configuration, ticket))


def _destination(configuration: Mapping[str, Any], ticket: Ticket) -> Destination | None:
    target = configuration.get("destinationTable")
    if not target:
        return None
    name = TableName(target.get("projectId") or ticket.project, target["datasetId"], target["tableId"])
    layout = {key: configuration[key] for key in _LAYOUT if configuration.get(key)}
    return Destination(
        name,
        configuration.get("writeDisposition") or "WRITE_EMPTY",
        configuration.get("createDisposition") or "CREATE_IF_NEEDED",
        layout,
    )
