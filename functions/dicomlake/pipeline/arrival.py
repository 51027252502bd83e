"""A storage event in, an `Arrival` out: which site it came from, which batch, and the keys it goes by on the operations side."""

from dataclasses import dataclass

from dicomlake.batches import batch_label
from dicomlake.events import StorageEvent
from dicomlake.pipeline.services import Services
from dicomlake.pseudonyms import SiteKey


@dataclass(frozen=True)
class Arrival:
    """One generation of one object in a landing bucket. `batch` is the first folder of its name, as the clinic wrote it."""

    event: StorageEvent
    site: str
    batch: str
    path: str
    object_key: str

    @property
    def id(self) -> str:
        """Names this generation among the state and task objects; made of a key and a number only."""
        return f"{self.object_key}-{self.event.generation}"


def arrive(services: Services, event: StorageEvent) -> Arrival | None:
    """The arrival an event speaks of, or None when its bucket is no site's landing bucket."""
    site = services.settings.sites.get(event.bucket)
    if site is None:
        return None
    batch, separator, path = event.name.partition("/")
    if not separator:
        batch, path = "", event.name
    return Arrival(event, site, batch, path, object_key(services.operations(site), event.bucket, event.name))


def object_key(key: SiteKey, bucket: str, name: str) -> str:
    """The operations pseudonym of an object's name."""
    return key.identifier("object", f"{bucket}/{name}", "O")


def content_key(services: Services, site: str, sha256: str | None) -> str | None:
    """The operations pseudonym of an object's bytes."""
    return services.operations(site).identifier("content", sha256, "C") if sha256 else None


def common_columns(services: Services, arrival: Arrival) -> dict[str, object]:
    """The columns that every operations row about an arrived object carries."""
    key = services.operations(arrival.site)
    return {
        "site": arrival.site,
        "received_at": arrival.event.created_at.isoformat(),
        "event_id": key.identifier("event", arrival.event.event_id, "E"),
        "generation": arrival.event.generation,
        "batch": batch_label(arrival.batch, key),
        **services.versions(key),
    }


def row_key(key: SiteKey, table: str, *parts: object) -> str:
    """The deterministic key of a row: what it is about, never when it was written."""
    return key.identifier("row", "\x1f".join((table, *map(str, parts))), "R")
