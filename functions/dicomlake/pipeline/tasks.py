"""Task objects: how a light function hands work on. Writing one to the state bucket is the call; its own event runs `on_task`.

A task names a landing object and what to do with it. It is deleted when done, so a repeated task event finds nothing and ends.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from dicomlake import safelog
from dicomlake.errors import Code
from dicomlake.events import StorageEvent
from dicomlake.lake import objects
from dicomlake.lake.faults import ObjectGone
from dicomlake.pipeline.arrival import Arrival, arrive
from dicomlake.pipeline.services import Services

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = "tasks/"
_MAX_TASK_BYTES = 16384


@dataclass(frozen=True)
class Task:
    """`action` is `ingest` (judge it, heavy work allowed), `retract` or `give_up`; `code` is why."""

    action: str
    bucket: str
    name: str
    generation: int
    event_id: str
    created_at: str
    size: int
    code: str | None = None

    @property
    def event(self) -> StorageEvent:
        """The event of the landing object."""
        created = datetime.fromisoformat(self.created_at)
        return StorageEvent(self.bucket, self.name, self.generation, self.event_id, created, self.size)


def submit(
    services: Services,
    arrival: Arrival,
    action: str = "ingest",
    *,
    again: str = "",
    code: Code | None = None,
) -> None:
    """Hand `arrival` on. The same call twice is one task; `again` names one more on purpose (a replay, a sweep)."""
    name = f"{FOLDER}{action}-{arrival.id}{'-' + again if again else ''}.json"
    body = to_json(arrival, action, code)
    objects.create(services.storage, services.settings.state_bucket, name, body, "application/json")


def to_json(arrival: Arrival, action: str = "ingest", code: Code | None = None) -> bytes:
    """A task about `arrival` as it is stored."""
    event = arrival.event
    created = event.created_at.isoformat()
    task = Task(action, event.bucket, event.name, event.generation, event.event_id, created, event.size, code)
    return json.dumps(asdict(task), ensure_ascii=True, sort_keys=True).encode()


def read(services: Services, bucket: str, name: str, generation: int | None = None) -> Task | None:
    """A stored task, or None when it has been done and deleted meanwhile."""
    try:
        data = objects.read(services.storage, bucket, name, generation, _MAX_TASK_BYTES)
    except ObjectGone:
        return None
    fields: Mapping[str, object] = json.loads(data)
    return Task(**fields)  # type: ignore[arg-type]  # written by to_json()


def run_task(services: Services, event: StorageEvent) -> None:
    """Flow of `on_task`: read the task, do it, delete it."""
    task = _load(services, event)
    if task is None:
        return
    arrival = arrive(services, task.event)
    if arrival is None:
        safelog.event("foreign_bucket", severity="WARNING", function="on_task")
    else:
        _actions()[task.action](services, arrival, task)
    objects.delete(services.storage, event.bucket, event.name)


def give_up(services: Services, event: StorageEvent) -> None:
    """Hold the object of a task that failed in a way nobody foresaw."""
    from dicomlake.pipeline.ingest import give_up as hold

    task = _load(services, event)
    if task is not None:
        hold(services, task.event)
        objects.delete(services.storage, event.bucket, event.name)


def _load(services: Services, event: StorageEvent) -> Task | None:
    if event.bucket != services.settings.state_bucket or not event.name.startswith(FOLDER):
        safelog.event("foreign_bucket", severity="WARNING", function="on_task")
        return None
    return read(services, event.bucket, event.name, event.generation)


def _actions() -> "dict[str, Callable[[Services, Arrival, Task], None]]":
    from dicomlake.pipeline import ingest, manifests

    return {
        "ingest": lambda services, arrival, task: ingest.process(services, arrival, light=False),
        "retract": lambda services, arrival, task: manifests.retract(services, arrival, Code(task.code)),
        "give_up": lambda services, arrival, task: ingest.hold_unexplained(services, arrival),
    }
