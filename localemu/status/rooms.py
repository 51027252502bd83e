"""What the status page may look at and act on. `localemu.up` fills it once everything is built."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from localemu.config import Config
from localemu.events.dispatcher import Dispatcher
from localemu.events.ledger import Ledger, connect
from localemu.faults import Faults
from localemu.functions.host import Host
from localemu.functions.schedule import Schedule
from localemu.store import Store

T = TypeVar("T")


@dataclass(frozen=True)
class Ports:
    """Where the parts of the platform answer on 127.0.0.1, from the first of them on."""

    base: int

    @property
    def storage(self) -> int:
        """Cloud Storage."""
        return self.base

    @property
    def bigquery(self) -> int:
        """BigQuery."""
        return self.base + 1

    @property
    def status(self) -> int:
        """The status page and the admin API."""
        return self.base + 2

    @property
    def translation(self) -> int:
        """The LibreTranslate-compatible endpoint."""
        return self.base + 3

    @property
    def workers(self) -> int:
        """The first function worker; the others follow."""
        return self.base + 10


@dataclass(frozen=True)
class Rooms:
    """The parts of a running platform. `ledger`, `dispatcher`, `schedule` and `host` belong to the main loop."""

    config: Config
    ports: Ports
    environment: Mapping[str, str]
    store: Store
    ledger: Ledger
    ledger_path: Path
    dispatcher: Dispatcher
    schedule: Schedule
    host: Host
    faults: Faults
    time_scale: float

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` on a connection of its own, in whatever thread this is."""
        with closing(connect(self.store, self.ledger_path)) as connection:
            return work(connection)
