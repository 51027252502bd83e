"""An arrival in, the bytes that arrived out. Called by `ingest.py` and `manifests.py` for every look at an object.

A DICOM object may be larger than memory: then it is read by way of a file and mapped (`mapped.py`).
"""

from typing import TYPE_CHECKING

from dicomlake.lake import objects, quarantine
from dicomlake.lake.objects import ObjectGone
from dicomlake.lake.quarantine import CaseId, NoSuchCase
from dicomlake.pipeline import mapped
from dicomlake.pipeline.arrival import Arrival
from dicomlake.pipeline.mapped import like_bytes
from dicomlake.pipeline.services import Services

if TYPE_CHECKING:
    from dicomlake.lake.clients import StorageClient


def read(services: Services, arrival: Arrival, *, first: bool = False) -> bytes:
    """The object as it arrived; where its owner has taken it away since, the copy that quarantine holds.

    On the `first` look there is no such copy. Raises ObjectGone when neither is there, PermanentError (resource_limit).
    """
    event, max_bytes = arrival.event, services.settings.max_bytes
    load = _mapped if event.size >= mapped.MAPPED else objects.read
    try:
        return load(services.storage, event.bucket, event.name, event.generation, max_bytes)
    except ObjectGone:
        if first:
            raise
    case = CaseId(arrival.site, arrival.object_key, event.generation)
    try:
        return quarantine.read_original(services.storage, services.settings.quarantine_bucket, case, max_bytes, load)
    except NoSuchCase:
        raise ObjectGone from None


def is_there(services: Services, arrival: Arrival) -> bool:
    """Whether this very generation is the live object of its name."""
    event = arrival.event
    live = objects.facts(services.storage, event.bucket, event.name)
    return live is not None and live.generation == event.generation


def _mapped(client: "StorageClient", bucket: str, name: str, generation: int | None, max_bytes: int) -> bytes:
    return like_bytes(objects.read_mapped(client, bucket, name, generation, max_bytes))
