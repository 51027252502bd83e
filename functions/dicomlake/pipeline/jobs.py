"""What a task function has no time for, worked off one by one without its bounds. Called by the verb `jobs`, which a Cloud Run job runs.

An entry names a landing object (`tasks.leave_to_job`). It is deleted when the object has an outcome, so what a killed job leaves is done by
the next one.
"""

from dicomlake.errors import TransientError
from dicomlake.lake import objects
from dicomlake.pipeline import ingest, tasks
from dicomlake.pipeline.arrival import arrive
from dicomlake.pipeline.services import Services


def waiting(services: Services) -> list[str]:
    """Names of the entries."""
    return sorted(objects.names(services.storage, services.settings.state_bucket, tasks.JOB_FOLDER))


def work_off(services: Services, name: str) -> bool:
    """Judge and settle the object of one entry; whether it has an outcome now. `services` must not be `bounded`."""
    bucket = services.settings.state_bucket
    task = tasks.read(services, bucket, name)
    arrival = arrive(services, task.event) if task is not None else None
    if arrival is not None:
        try:
            ingest.process(services, arrival, light=False)
        except TransientError:
            return False
    objects.delete(services.storage, bucket, name)
    return True
