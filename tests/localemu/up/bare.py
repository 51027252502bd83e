"""`localemu` with a few canned answers in place of BigQuery, so that these tests start fast and stand on the rest alone."""

import json
import os
import sys
import types

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

FIELDS = [
    {"name": "n", "type": "INTEGER", "description": "A <b>number</b>"},
    {"name": "many", "type": "INTEGER", "mode": "REPEATED"},
    {"name": "part", "type": "RECORD", "fields": [{"name": "x", "type": "STRING"}]},
]
ROW = {"f": [{"v": None}, {"v": [{"v": "1"}, {"v": "2"}]}, {"v": {"f": [{"v": "<i>"}]}}]}
ROOT = "/bigquery/v2/projects/local"
CANNED = {
    "datasets": {"datasets": [{"datasetReference": {"datasetId": "lake"}}]},
    "datasets/lake/tables": {"tables": [{"tableReference": {"tableId": "instances"}}]},
    "datasets/lake/tables/instances": {"type": "TABLE", "numRows": "12345", "schema": {"fields": FIELDS}},
}


async def get(request: Request) -> Response:
    return JSONResponse(CANNED[request.path_params["path"]])


async def query(request: Request) -> Response:
    data = json.loads(await request.body())
    assert data["useLegacySql"] is False
    if data["query"] == "bad":
        return JSONResponse({"error": {"code": 400, "message": "Syntax error at [1:1]"}}, status_code=400)
    return JSONResponse({"jobComplete": True, "totalRows": "1", "schema": {"fields": FIELDS}, "rows": [ROW]})


routes = [Route(f"{ROOT}/queries", query, methods=["POST"]), Route(f"{ROOT}/{{path:path}}", get)]
bigquery = types.ModuleType("localemu.bigquery")
bigquery.bigquery_app = lambda root, objects: Starlette(routes=routes)  # type: ignore[attr-defined]
sys.modules["localemu.bigquery"] = bigquery

from localemu.__main__ import main  # noqa: E402

code = main(sys.argv[1:])
sys.stdout.flush()
os._exit(code)
