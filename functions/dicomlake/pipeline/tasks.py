"""Task objects: how a light function hands work on. Writing one to the state bucket is the call; its own event runs `on_task` (`work.py`).

A task names a landing object and what to do with it. It is deleted when done, so a repeated task event finds nothing and ends. What a task
function has no time for is written to a folder of its own, which makes no event and waits for the job (`jobs.py`).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from dicomlake.errors import Code
from dicomlake.events import StorageEvent
from dicomlake.lake import objects
from dicomlake.lake.faults import ObjectGone
from dicomlake.pipeline.arrival import Arrival
from dicomlake.pipeline.services import Services

FOLDER, JOB_FOLDER = "tasks/", "jobs/"
_MAX_TASK_BYTES = 16384


@dataclass(frozen=True)
class Task:
    """`action` is `ingest` (judge it, heavy work allowed), `retract`, `translate` or `give_up`; `code` is why."""

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


def leave_to_job(services: Services, arrival: Arrival) -> None:
    """Leave `arrival` for the job. The same call twice is one entry."""
    name = f"{JOB_FOLDER}ingest-{arrival.id}.json"
    objects.create(services.storage, services.settings.state_bucket, name, to_json(arrival), "application/json")


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
