"""The flows without their functions: real clients and both emulators in this process, events and tasks delivered by the test."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dicomlake.events import StorageEvent
from dicomlake.lake import query, schema
from dicomlake.lake.definitions import qualify
from dicomlake.pipeline.ingest import ingest
from dicomlake.pipeline.services import Services
from dicomlake.pipeline.work import run_task
from dicomlake.settings import load
from localemu.storage import storage_app
from localemu.store import Store
from tests.lake.serving import served

SITE, GATED_SITE = "clinic-a", "example"


@dataclass
class Platform:
    """Services of one test, in buckets of its own."""

    services: Services
    seen: set[tuple[str, int]] = field(default_factory=set)

    def put(self, name: str, data: bytes, site: str = SITE) -> StorageEvent:
        """Upload an object; its event, which is not delivered yet."""
        blob = self.bucket(self.services.settings.landing_bucket(site)).blob(name)
        blob.upload_from_string(data)
        created = datetime.datetime.now(datetime.UTC)
        return StorageEvent(blob.bucket.name, name, blob.generation, f"event-{blob.generation}", created, len(data))

    def arrive(self, name: str, data: bytes, site: str = SITE) -> StorageEvent:
        """Upload an object and deliver its event."""
        event = self.put(name, data, site)
        ingest(self.services, event)
        return event

    def bucket(self, name: str) -> Any:
        """A bucket of the emulator."""
        return self.services.storage.bucket(name)

    def names(self, bucket: str, prefix: str = "") -> list[str]:
        """Names in a bucket."""
        return [blob.name for blob in self.services.storage.list_blobs(bucket, prefix=prefix)]

    def state(self, prefix: str) -> list[str]:
        """Names in the state bucket."""
        return self.names(self.services.settings.state_bucket, prefix)

    def task_events(self) -> list[StorageEvent]:
        """The events of task objects that have not been taken before."""
        events = []
        for blob in self.services.storage.list_blobs(self.services.settings.state_bucket, prefix="tasks/"):
            if (blob.name, blob.generation) not in self.seen:
                self.seen.add((blob.name, blob.generation))
                events.append(
                    StorageEvent(blob.bucket.name, blob.name, blob.generation, "t", blob.time_created, blob.size)
                )
        return events

    def work(self) -> None:
        """Deliver the events of tasks until there are no more."""
        while events := self.task_events():
            for event in events:
                run_task(self.services, event)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Ask the lake."""
        columns, rows = query.run(self.services.bigquery, qualify(sql, self.services.settings))
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def settled(self, event: StorageEvent) -> tuple[Any, Any]:
        """Outcome and code of an object."""
        sql = f"SELECT outcome, code FROM `clinic.receipts` WHERE generation = {event.generation}"
        rows = self.rows(sql)
        assert len(rows) <= 1
        return (rows[0]["outcome"], rows[0]["code"]) if rows else (None, None)


@pytest.fixture(scope="session")
def _emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    from localemu.bigquery import bigquery_app
    from localemu.bigquery.objects import NoObjects

    folder = tmp_path_factory.mktemp("emulators")
    with (
        served(storage_app(Store(folder / "storage"))) as storage,
        served(bigquery_app(folder / "bigquery", NoObjects())) as bigquery,
    ):
        yield {"STORAGE_EMULATOR_HOST": storage, "BIGQUERY_EMULATOR_HOST": bigquery}


@pytest.fixture(scope="session")
def _session(_emulators: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    keys: Path = tmp_path_factory.mktemp("keys")
    for name in ("research", "operations"):
        (keys / name).write_text(f"the {name} key of these tests")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _emulators.items():
            patch.setenv(name, value)
        settings = {
            "DICOMLAKE_PREFIX": "demo",
            "DICOMLAKE_SITES": f"demo-landing-{SITE}={SITE},demo-landing-{GATED_SITE}={GATED_SITE}",
            "DICOMLAKE_RESEARCH_KEY": str(keys / "research"),
            "DICOMLAKE_OPERATIONS_KEY": str(keys / "operations"),
        }
        services = Services(load(_emulators | settings))
        known = services.settings
        for name in (*known.sites, known.quarantine_bucket, known.state_bucket, known.research_bucket):
            services.storage.create_bucket(name)
        schema.apply(services.bigquery, known)
        yield services


@pytest.fixture
def platform(_session: Services) -> Iterator[Platform]:
    """A platform whose buckets are emptied afterwards; rows of earlier tests stay, each object has a generation of its own."""
    yield Platform(_session)
    settings = _session.settings
    for name in (*settings.sites, settings.quarantine_bucket, settings.state_bucket, settings.research_bucket):
        for blob in _session.storage.list_blobs(name):
            blob.delete()
