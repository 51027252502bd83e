"""`localemu` with an empty room in place of BigQuery, so that these tests start fast and stand on the rest alone."""

import os
import sys
import types

from starlette.applications import Starlette

bigquery = types.ModuleType("localemu.bigquery")
bigquery.bigquery_app = lambda root, objects: Starlette()  # type: ignore[attr-defined]
sys.modules["localemu.bigquery"] = bigquery

from localemu.__main__ import main  # noqa: E402

code = main(sys.argv[1:])
sys.stdout.flush()
os._exit(code)
