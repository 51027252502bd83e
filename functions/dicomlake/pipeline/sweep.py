"""What never got a receipt (a killed worker, a lost event) is sent round again. The flow of `on_operations_schedule`.

A task that nobody has finished for an hour is written anew, so that it has an event again. An object without a receipt and without a
task gets one, unless it waits for the job. After ten such rounds, an hour apart, the object is held as `internal_error`: an outage or a
long line of work is no reason to hold anything.
"""

import datetime

from dicomlake import safelog
from dicomlake.batches import receipt_id
from dicomlake.events import StorageEvent
from dicomlake.lake import objects
from dicomlake.lake.objects import ObjectFacts
from dicomlake.pipeline import context, manifests, tasks
from dicomlake.pipeline.arrival import Arrival, arrive
from dicomlake.pipeline.services import Services

OVERDUE = datetime.timedelta(hours=1)
MAX_ROUNDS = 10
_FOLDER = "sweeps/"
_MAX_TASK_BYTES = 16384


def sweep(services: Services, overdue: datetime.timedelta = OVERDUE) -> int:
    """Send round what is overdue; returns how many tasks and objects that were."""
    limit = datetime.datetime.now(datetime.UTC) - overdue
    at_work: set[str] = set()
    count = 0
    for task in list(objects.listing(services.storage, services.settings.state_bucket, tasks.FOLDER)):
        at_work.add(_arrival_id(task.name))
        if task.created_at <= limit:
            _wake(services, task)
            count += 1
    at_work |= {
        _arrival_id(name) for name in objects.names(services.storage, services.settings.state_bucket, tasks.JOB_FOLDER)
    }
    for bucket, site in services.settings.sites.items():
        folder = f"receipts/{site}/"
        settled = {receipt_id(name) for name in objects.names(services.storage, services.settings.state_bucket, folder)}
        for found in objects.listing(services.storage, bucket):
            if found.created_at > limit:
                continue
            arrival = arrive(services, _event(bucket, found))
            if arrival is None or arrival.id in settled or arrival.id in at_work:
                continue
            if not (manifests.waits(services, arrival) or context.waits(services, arrival)):
                count += _send_round(services, arrival, limit)
    return count


def _event(bucket: str, found: ObjectFacts) -> StorageEvent:
    event_id = f"sweep-{found.generation}"
    return StorageEvent(bucket, found.name, found.generation, event_id, found.created_at, found.size)


def _wake(services: Services, found: ObjectFacts) -> None:
    """Write a task over itself, which makes an event; the old event, should it come after all, does the same work once."""
    bucket = services.settings.state_bucket
    task = tasks.read(services, bucket, found.name, found.generation)
    rounds = int(found.metadata.get("rounds", "0")) + 1
    arrival = arrive(services, task.event) if task is not None else None
    if task is None:
        return
    if rounds > MAX_ROUNDS and task.action == "ingest" and arrival is not None:
        tasks.submit(services, arrival, "give_up")
        objects.delete(services.storage, bucket, found.name, found.generation)
    else:
        _renew(services, found, rounds)
    if arrival is not None:
        safelog.event("task_woken", severity="WARNING", object_key=arrival.object_key, attempt=rounds)


def _renew(services: Services, found: ObjectFacts, rounds: int) -> None:
    bucket = services.settings.state_bucket
    try:
        body = objects.read(services.storage, bucket, found.name, found.generation, _MAX_TASK_BYTES)
    except objects.ObjectGone:  # done in this moment
        return
    metadata = {"rounds": str(rounds)}
    objects.replace(services.storage, bucket, found.name, body, "application/json", metadata, found.generation)


def _arrival_id(task_name: str) -> str:
    """`<object_key>-<generation>` of a task's name, which begins with the action and may end in a word that names one more."""
    return "-".join(task_name.rpartition("/")[2].removesuffix(".json").split("-")[1:3])


def _send_round(services: Services, arrival: Arrival, limit: datetime.datetime) -> int:
    bucket = services.settings.state_bucket
    earlier = list(objects.listing(services.storage, bucket, f"{_FOLDER}{arrival.id}/"))
    if any(found.created_at > limit for found in earlier):
        return 0
    rounds = len(earlier) + 1
    if rounds > MAX_ROUNDS:
        tasks.submit(services, arrival, "give_up")
    else:
        tasks.submit(services, arrival, again=f"sweep{rounds}")
    objects.create(services.storage, bucket, f"{_FOLDER}{arrival.id}/{rounds}.json", b"{}", "application/json")
    safelog.event("swept", severity="WARNING", object_key=arrival.object_key, attempt=rounds)
    return 1
