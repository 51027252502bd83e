"""A CloudEvent of Cloud Storage in, a frozen `StorageEvent` out. Called by `entry/boundary.py`.

Form: CloudEvents 1.0, type google.cloud.storage.object.v1.finalized, data = the object resource (int64 fields are strings).
"""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass

from dicomlake.errors import DicomlakeError

FINALIZED = "google.cloud.storage.object.v1.finalized"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}")


class MalformedEvent(DicomlakeError):
    """The event names no object we could ever read; it is acknowledged and counted, since no repetition can cure it."""


@dataclass(frozen=True, slots=True)
class StorageEvent:
    """One finalized object: where it is, which generation, when it was created, how large it is in bytes."""

    bucket: str
    name: str
    generation: int
    event_id: str
    created_at: datetime.datetime
    size: int


def parse(attributes: Mapping[str, object], data: object) -> StorageEvent:
    """Check `attributes` and `data` of a CloudEvent. Raises MalformedEvent (with a constant) for anything that is not a finalized object."""
    if attributes.get("type") != FINALIZED or not isinstance(data, Mapping):
        raise MalformedEvent("not_a_finalized_object")
    bucket, name, event_id = data.get("bucket"), data.get("name"), attributes.get("id")
    if not isinstance(bucket, str) or not _BUCKET.fullmatch(bucket):
        raise MalformedEvent("bucket_unusable")
    if not isinstance(name, str) or not 0 < len(name.encode("utf-8", "surrogatepass")) <= 1024:
        raise MalformedEvent("name_unusable")
    if not isinstance(event_id, str) or not 0 < len(event_id) <= 256:
        raise MalformedEvent("id_unusable")
    source = attributes.get("source")
    if source != f"//storage.googleapis.com/projects/_/buckets/{bucket}":
        raise MalformedEvent("source_contradicts_bucket")
    return StorageEvent(
        bucket,
        name,
        _int64(data.get("generation")),
        event_id,
        _timestamp(data.get("timeCreated")),
        _int64(data.get("size")),
    )


def _int64(value: object) -> int:
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not text.isascii() or not text.isdecimal() or int(text) >= 1 << 63:
        raise MalformedEvent("number_unusable")
    return int(text)


def _timestamp(value: object) -> datetime.datetime:
    try:
        parsed = datetime.datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None:
        raise MalformedEvent("time_unusable")
    return parsed.astimezone(datetime.UTC)
