"""What was acknowledged is there after the process is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from google.api_core.exceptions import Conflict
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

_SERVE = """
import socket, sys
from pathlib import Path
import uvicorn
from localemu.bigquery import bigquery_app
from localemu.bigquery.objects import NoObjects
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
listener.bind(("127.0.0.1", 0))
app = bigquery_app(Path(sys.argv[1]), NoObjects())
print(listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off")).run(sockets=[listener])
"""


def _start(root: Path) -> tuple[subprocess.Popen[str], bigquery.Client]:
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(root)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
    )
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    return process, bigquery.Client(
        "proj", credentials=credentials, client_options={"api_endpoint": f"http://127.0.0.1:{port}"}
    )


def test_everything_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    process, client = _start(tmp_path)
    client.create_dataset("ds")
    client.query_and_wait("CREATE TABLE ds.t (a INT64 OPTIONS (description = 'kept'))")
    client.query_and_wait("CREATE VIEW ds.v AS SELECT a + 1 AS b FROM ds.t")
    client.insert_rows_json("ds.t", [{"a": 1}])
    job = client.query("INSERT INTO ds.t (a) VALUES (2)")
    job.result()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process, client = _start(tmp_path)
    try:
        assert sorted(row.b for row in client.query_and_wait("SELECT b FROM ds.v")) == [2, 3]
        assert client.get_table("ds.t").schema[0].description == "kept"
        # The client that never saw the answer asks again under the same id: the row is not written twice.
        with pytest.raises(Conflict):
            client.query("INSERT INTO ds.t (a) VALUES (2)", job_id=job.job_id, job_retry=None)
        assert client.get_job(job.job_id).state == "DONE"
        assert next(iter(client.query_and_wait("SELECT COUNT(*) AS n FROM ds.t"))).n == 2
    finally:
        process.kill()
        process.wait()
