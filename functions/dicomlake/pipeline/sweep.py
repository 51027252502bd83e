"""What never got a receipt (a killed worker, a lost event) is sent round again. The flow of `on_operations_schedule`.

An object that is still without one after ten rounds is held as `internal_error`.
"""

import datetime

from dicomlake import safelog
from dicomlake.batches import receipt_id
from dicomlake.events import StorageEvent
from dicomlake.lake import objects
from dicomlake.pipeline import manifests, tasks
from dicomlake.pipeline.arrival import Arrival, arrive
from dicomlake.pipeline.services import Services

OVERDUE = datetime.timedelta(hours=1)
MAX_ROUNDS = 10
_FOLDER = "sweeps/"


def sweep(services: Services, overdue: datetime.timedelta = OVERDUE) -> int:
    """Send round what is overdue; returns how many objects that were."""
    limit = datetime.datetime.now(datetime.UTC) - overdue
    count = 0
    for bucket, site in services.settings.sites.items():
        settled = {
            receipt_id(name)
            for name in objects.names(services.storage, services.settings.state_bucket, f"receipts/{site}/")
        }
        for found in objects.listing(services.storage, bucket):
            if found.created_at > limit:
                continue
            event = StorageEvent(
                bucket, found.name, found.generation, f"sweep-{found.generation}", found.created_at, found.size
            )
            arrival = arrive(services, event)
            if arrival is not None and arrival.id not in settled and not manifests.waits(services, arrival):
                _send_round(services, arrival)
                count += 1
    return count


def _send_round(services: Services, arrival: Arrival) -> None:
    bucket = services.settings.state_bucket
    rounds = sum(1 for _ in objects.names(services.storage, bucket, f"{_FOLDER}{arrival.id}/")) + 1
    if rounds > MAX_ROUNDS:
        tasks.submit(services, arrival, "give_up")
    else:
        tasks.submit(services, arrival, again=f"sweep{rounds}")
    objects.create(services.storage, bucket, f"{_FOLDER}{arrival.id}/{rounds}.json", b"{}", "application/json")
    safelog.event("swept", severity="WARNING", object_key=arrival.object_key, attempt=rounds)
