"""Both emulators over real HTTP for all tests of the lake, each behind a wrapper that fails on demand."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from dicomlake.lake import bigquery_client, schema, storage_client
from dicomlake.lake.audit import Steward
from dicomlake.pseudonyms import Domain, DomainKey
from dicomlake.settings import Settings
from localemu.storage import storage_app
from localemu.store import Store
from tests.lake.serving import Faults, served

SETTINGS = Settings(prefix="demo", emulated=True, project_operations="hospital", project_research="science")
LANDING = "demo-landing-clinic-a"


@dataclass
class Emulator:
    """A client of ours and the faults before its server."""

    client: Any
    faults: Faults


@pytest.fixture(scope="session")
def _storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    faults = Faults(storage_app(Store(tmp_path_factory.mktemp("storage"))))
    with served(faults) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", url)
        client = storage_client(SETTINGS)
        for name in (LANDING, SETTINGS.quarantine_bucket, SETTINGS.state_bucket, SETTINGS.research_bucket):
            client.create_bucket(name)
        yield Emulator(client, faults)


@pytest.fixture(scope="session")
def _bigquery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    from localemu.bigquery import bigquery_app
    from localemu.bigquery.objects import NoObjects

    faults = Faults(bigquery_app(tmp_path_factory.mktemp("bigquery"), NoObjects()))
    with served(faults) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("BIGQUERY_EMULATOR_HOST", url)
        client = bigquery_client(SETTINGS, SETTINGS.project_operations)
        schema.apply(client, SETTINGS)
        yield Emulator(client, faults)


@pytest.fixture
def storage(_storage: Emulator) -> Iterator[Emulator]:
    """Cloud Storage with the platform's buckets; no fault planned."""
    _storage.faults.plan()
    yield _storage
    _storage.faults.plan()


@pytest.fixture
def bigquery(_bigquery: Emulator) -> Iterator[Emulator]:
    """BigQuery with all tables and views; no fault planned."""
    _bigquery.faults.plan()
    yield _bigquery
    _bigquery.faults.plan()


@pytest.fixture
def steward() -> Steward:
    """A data steward of clinic-a."""
    key = DomainKey.from_secret(b"operations key of the tests", Domain.OPERATIONS).site("clinic-a")
    versions = {"pipeline_version": "1", "rules_version": "r1", "key_version": key.version}
    return Steward("zoe.planted@clinic.example", key, datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC), versions)
