"""One BigQuery emulator for all SQL tests, with the tables and views of sql/ applied; tables are emptied between cases."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from google.cloud import bigquery

from dicomlake.lake import bigquery_client, schema
from dicomlake.lake.definitions import tables
from dicomlake.pipeline.dose_settling import settle_dose
from dicomlake.settings import Settings
from localemu.bigquery import bigquery_app
from localemu.bigquery.objects import NoObjects
from tests.lake.serving import served

Row = Mapping[str, object]
PROJECT = "local"
COMMON = {
    "site": "clinic-a",
    "batch": "b1",
    "received_at": "2026-03-01T09:00:00Z",
    "decided_at": "2026-03-01T10:00:00Z",
    "event_id": "E1",
    "bytes": 10,
    "kind": "dicom_image",
    "release_month": "2026-03-01",
    "pipeline_version": "1",
    "rules_version": "r1",
    "key_version": "k1",
}


class Lake:
    """The emulator as a test sees it."""

    def __init__(self, client: bigquery.Client) -> None:
        self.client = client
        self._used: set[str] = set()

    def fill(self, rows: Mapping[str, Sequence[Row]]) -> None:
        """Empty every table that was used before, then insert `rows` by table, in the order given; missing columns get defaults."""
        for table in sorted(self._used):
            self.client.query_and_wait(f"TRUNCATE TABLE `{table}`")
        self._used = set()
        self.add(rows)

    def add(self, rows: Mapping[str, Sequence[Row]]) -> None:
        """Insert `rows` beside what is there."""
        self._used |= set(rows)
        for table, given in rows.items():
            columns = tables()[table].columns
            whole = [{"row_key": f"R{number:03}"} | COMMON | dict(row) for number, row in enumerate(given, 1)]
            stored = [
                {name: value for name, value in row.items() if name in columns and value is not None} for row in whole
            ]
            if stored:
                # No insert ids: each row given is a row stored, repeats too.
                assert self.client.insert_rows_json(f"{PROJECT}.{table}", stored, row_ids=[None] * len(stored)) == []

    def settle(self) -> int:
        """Settle dose as the schedule does."""
        self._used |= {"ops.settled_dose_events", "ops.settled_dose_studies"}
        return settle_dose(SimpleNamespace(bigquery=self.client, settings=Settings(emulated=True)), least=0)  # type: ignore[arg-type]  # all it uses

    def select(self, view: str, columns: Sequence[str] = ("*",)) -> list[dict[str, object]]:
        """Rows of a view."""
        names = ", ".join(columns)
        return [dict(row.items()) for row in self.client.query_and_wait(f"SELECT {names} FROM `{view}`")]


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """Tables and views applied once per session."""
    root = Path(tmp_path_factory.mktemp("bigquery"))
    with served(bigquery_app(root, NoObjects())) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("BIGQUERY_EMULATOR_HOST", url)
        assert os.environ["BIGQUERY_EMULATOR_HOST"] == url
        client = bigquery_client(Settings(emulated=True), PROJECT)
        schema.apply(client, Settings(emulated=True))
        yield Lake(client)
