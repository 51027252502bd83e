"""The flow of `on_task`: a task object in, its landing object judged, retracted or held. Called by `entry/on_task.py`."""

import datetime
from collections.abc import Callable, Mapping

from dicomlake import safelog
from dicomlake.errors import TransientError
from dicomlake.events import StorageEvent
from dicomlake.lake import objects
from dicomlake.pipeline import ingest, manifests, tasks, translation
from dicomlake.pipeline.arrival import Arrival, arrive
from dicomlake.pipeline.services import Services
from dicomlake.pipeline.tasks import Task

_PATIENCE = datetime.timedelta(days=1)


def run_task(services: Services, event: StorageEvent) -> None:
    """Read the task, do it, delete it."""
    task = _load(services, event)
    if task is None:
        return
    arrival = arrive(services, task.event)
    if arrival is None:
        safelog.event("foreign_bucket", severity="WARNING", function="on_task")
    else:
        _ACTIONS[task.action](services, arrival, task)
    objects.delete(services.storage, event.bucket, event.name)


def give_up(services: Services, event: StorageEvent) -> None:
    """Hold the object of a task that failed in a way nobody foresaw.

    Raises TransientError for a retraction, which nothing may drop, and for the translation of a report that came within `_PATIENCE`: the
    report itself is settled, and one fault is no reason to go without.
    """
    task = _load(services, event)
    if task is None:
        return
    if task.action == "retract":
        raise TransientError("retraction_unfinished")
    if task.action == "translate":
        if datetime.datetime.now(datetime.UTC) - task.event.created_at < _PATIENCE:
            raise TransientError("translation_unfinished")
        safelog.event("no_translation", severity="ERROR", function="on_task")
    else:
        ingest.give_up(services, task.event)
    objects.delete(services.storage, event.bucket, event.name)


def _load(services: Services, event: StorageEvent) -> Task | None:
    if event.bucket != services.settings.state_bucket or not event.name.startswith(tasks.FOLDER):
        safelog.event("foreign_bucket", severity="WARNING", function="on_task")
        return None
    # Whatever generation it has by now: the sweep writes a task anew, and the first event to come does its work.
    return tasks.read(services, event.bucket, event.name)


def _ingest(services: Services, arrival: Arrival, _task: Task) -> None:
    ingest.process(services, arrival, light=False)


def _retract(services: Services, arrival: Arrival, _task: Task) -> None:
    if not manifests.retract(services, arrival):
        ingest.process(services, arrival, light=False)


def _give_up(services: Services, arrival: Arrival, _task: Task) -> None:
    ingest.hold_unexplained(services, arrival)


def _translate(services: Services, arrival: Arrival, _task: Task) -> None:
    judged = ingest.rejudged(services, arrival)
    if judged is not None and judged.assessment.report is not None and judged.sha256 is not None:
        content = services.research(arrival.site).identifier("content", judged.sha256, "C")
        translation.translate(services, arrival, judged.assessment.report, judged.turn, content)


_ACTIONS: Mapping[str, Callable[[Services, Arrival, Task], None]] = {
    "ingest": _ingest,
    "retract": _retract,
    "give_up": _give_up,
    "translate": _translate,
}
