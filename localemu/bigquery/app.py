"""The HTTP surface: routes of BigQuery REST v2 to the rooms of this package, JSON in and out, one write per reply.

All work is done in threads; the event loop only parses and answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localemu.bigquery.catalog import Catalog, DatasetName, TableName
from localemu.bigquery.datasets import Datasets
from localemu.bigquery.engine import Engine
from localemu.bigquery.errors import ApiError, unsupported_field
from localemu.bigquery.inserts import Inserts
from localemu.bigquery.jobs import Jobs, Ticket
from localemu.bigquery.loads import Loads
from localemu.bigquery.objects import ObjectSource
from localemu.bigquery.queries import Queries
from localemu.bigquery.replies import body_of, guarded, identity, reply
from localemu.bigquery.sql.compile import Compiler
from localemu.bigquery.statements import Statements
from localemu.bigquery.tabledata import TableData
from localemu.bigquery.tables import Tables
from localemu.bigquery.uploads import Uploads

_LIST_PAGE = 1_000


@dataclass(frozen=True)
class Call:
    """A request as the rooms need it."""

    path: dict[str, str]
    options: dict[str, str]
    body: dict[str, Any]
    user: str
    if_match: str | None

    @property
    def dataset(self) -> DatasetName:
        """The dataset of the path."""
        return DatasetName(self.path["project"], self.path["dataset"])

    @property
    def table(self) -> TableName:
        """The table of the path."""
        return TableName(self.path["project"], self.path["dataset"], self.path["table"])


Handler = Callable[[Call], Any]


class _Api:
    """Wires the rooms together."""

    def __init__(self, root: Path, objects: ObjectSource) -> None:
        self.engine = Engine(root)
        catalog = Catalog(self.engine)
        compiler = Compiler(self.engine, catalog)
        self.datasets = Datasets(catalog)
        self.tables = Tables(self.engine, catalog, compiler)
        self.inserts = Inserts(self.engine, catalog)
        self.data = TableData(self.engine, catalog)
        self.jobs = Jobs(catalog)
        self.queries = Queries(Statements(self.engine, catalog, compiler, self.tables), self.jobs)
        self.loads = Loads(self.engine, catalog, self.tables, self.jobs, objects)
        self.uploads = Uploads(root / "uploads", self.insert_job)
        self.catalog = catalog

    def insert_job(self, project: str, body: dict[str, Any], user: str, file: Path | None = None) -> dict[str, Any]:
        """Run a job given as a resource, with the uploaded file of a load."""
        configuration = body.get("configuration") or {}
        reference = body.get("jobReference") or {}
        ticket = Ticket(
            str(reference.get("projectId") or project),
            configuration,
            user,
            reference.get("jobId"),
            reference.get("location"),
            bool(configuration.get("dryRun")),
        )
        if "query" in configuration:
            return self.queries.run(ticket).resource
        if "load" in configuration:
            return self.loads.run(ticket, file).resource
        raise unsupported_field("configuration." + (next(iter(configuration), "none")))

    def list_datasets(self, call: Call) -> Any:
        """List datasets, page by page."""
        if call.options.get("filter"):
            raise unsupported_field("filter")
        return _paged("bigquery#datasetList", "datasets", self.datasets.list(call.path["project"]), call)

    def list_tables(self, call: Call) -> Any:
        """List tables, page by page."""
        found = self.tables.list(call.dataset)
        return {**_paged("bigquery#tableList", "tables", found, call), "totalItems": len(found)}

    def list_jobs(self, call: Call) -> Any:
        """List jobs, newest first."""
        found = [{**resource, "state": "DONE"} for resource in self.jobs.list(call.path["project"])]
        if call.options.get("stateFilter", "done").lower() != "done":
            found = []
        return _paged("bigquery#jobList", "jobs", found, call)

    def cancel_job(self, call: Call) -> Any:
        """Cancel a job: it is always done already, as BigQuery allows."""
        return {
            "kind": "bigquery#jobCancelResponse",
            "job": self.jobs.get(call.path["project"], call.path["job"]).resource,
        }

    def projects(self, call: Call) -> Any:
        """List the projects that hold something."""
        names = sorted({key.split(":")[0] for key in self.catalog.dataset_keys()})
        listed = [
            {"kind": "bigquery#project", "id": name, "projectReference": {"projectId": name}, "friendlyName": name}
            for name in names
        ]
        return {**_paged("bigquery#projectList", "projects", listed, call), "totalItems": len(listed)}


def _paged(kind: str, key: str, items: list[dict[str, Any]], call: Call) -> dict[str, Any]:
    start = int(call.options.get("pageToken") or 0)
    count = int(call.options.get("maxResults") or _LIST_PAGE)
    page: dict[str, Any] = {"kind": kind, key: items[start : start + count]}
    if start + count < len(items):
        page["nextPageToken"] = str(start + count)
    return page


def _handlers(api: _Api) -> list[tuple[str, str, Handler]]:
    dataset, table = "/projects/{project}/datasets/{dataset}", "/projects/{project}/datasets/{dataset}/tables/{table}"
    datasets, tables = api.datasets, api.tables
    return [
        ("GET", "/projects", api.projects),
        ("GET", "/projects/{project}/datasets", api.list_datasets),
        ("POST", "/projects/{project}/datasets", lambda call: datasets.create(call.path["project"], call.body)),
        ("GET", dataset, lambda call: datasets.get(call.dataset)),
        ("PATCH", dataset, lambda call: datasets.update(call.dataset, call.body, False, call.if_match)),
        ("PUT", dataset, lambda call: datasets.update(call.dataset, call.body, True, call.if_match)),
        (
            "DELETE",
            dataset,
            lambda call: datasets.delete(call.dataset, call.options.get("deleteContents", "").lower() == "true"),
        ),
        ("GET", dataset + "/tables", api.list_tables),
        ("POST", dataset + "/tables", lambda call: tables.create(call.dataset, call.body)),
        ("GET", table, lambda call: tables.get(call.table)),
        ("PATCH", table, lambda call: tables.update(call.table, call.body, False, call.if_match)),
        ("PUT", table, lambda call: tables.update(call.table, call.body, True, call.if_match)),
        ("DELETE", table, lambda call: tables.delete(call.table)),
        ("POST", table + "/insertAll", lambda call: api.inserts.insert(call.table, call.body)),
        ("GET", table + "/data", lambda call: api.data.list(call.table, call.options)),
        (
            "POST",
            "/projects/{project}/queries",
            lambda call: api.queries.query(call.path["project"], call.body, call.user),
        ),
        (
            "GET",
            "/projects/{project}/queries/{job}",
            lambda call: api.queries.results(call.path["project"], call.path["job"], call.options),
        ),
        ("POST", "/projects/{project}/jobs", lambda call: api.insert_job(call.path["project"], call.body, call.user)),
        ("GET", "/projects/{project}/jobs", api.list_jobs),
        (
            "GET",
            "/projects/{project}/jobs/{job}",
            lambda call: api.jobs.get(call.path["project"], call.path["job"]).resource,
        ),
        ("POST", "/projects/{project}/jobs/{job}/cancel", api.cancel_job),
        (
            "DELETE",
            "/projects/{project}/jobs/{job}/delete",
            lambda call: api.jobs.delete(call.path["project"], call.path["job"]),
        ),
        (
            "GET",
            "/projects/{project}/serviceAccount",
            lambda call: {
                "kind": "bigquery#getServiceAccountResponse",
                "email": f"bigquery@{call.path['project']}.local",
            },
        ),
    ]


def _endpoint(handler: Handler) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        raw = await request.body()
        return await run_in_threadpool(_answer, handler, request, raw)

    return endpoint


def _answer(handler: Handler, request: Request, raw: bytes) -> Response:
    def work() -> Response:
        path = {key: unquote(str(value)) for key, value in request.path_params.items()}
        body = body_of(raw, request.headers.get("content-encoding"))
        user = identity(request.headers.get("authorization"))
        return reply(handler(Call(path, dict(request.query_params), body, user, request.headers.get("if-match"))))

    return guarded(work)


async def _missing(request: Request) -> Response:
    fault = ApiError("notFound", f"Not supported by this emulator: {request.method} of this path")
    return reply(fault.body(), fault.status)


def bigquery_app(root: Path, objects: ObjectSource) -> Starlette:
    """Build the emulator with its files below `root` and gs:// contents from `objects`."""
    api = _Api(root, objects)
    routes: list[Route] = []
    for prefix in ("/bigquery/v2", ""):
        routes += [
            Route(prefix + path, _endpoint(handler), methods=[method]) for method, path, handler in _handlers(api)
        ]
    for prefix in ("/upload/bigquery/v2", "/resumable/upload/bigquery/v2"):
        routes.append(Route(prefix + "/projects/{project}/jobs", api.uploads.endpoint, methods=["POST", "PUT"]))
    routes.append(Route("/{rest:path}", _missing, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]))
    app = Starlette(routes=routes)
    app.state.api = api
    return app
