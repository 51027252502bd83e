"""Held objects and what a steward decides about them. Called by the pipeline (`hold`) and by `dicomlake quarantine`.

A case is one arrived object, in the quarantine bucket (identified side) under `<site>/<object_key>/<generation>/`:

    original       the object as it arrived, copied within Cloud Storage
    source.json    bucket and name it arrived under; may hold an identity, so it stands apart from the note and is never printed
    note.json      why it is held: codes, counts, keys, times; nothing of the input. Also in the object's metadata, for quick lists
    decision.json  what a steward decided last

Holding never deletes the original from the landing bucket: the sweep does that, once the receipt stands. Each verb of a steward returns the
row of `ops.audit` that the caller loads; `audit_row` gives the same row beforehand, for a caller who wants it stored before the act.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, TypeVar

from dicomlake.errors import Code, ConfigError, DicomlakeError
from dicomlake.lake import objects
from dicomlake.lake.audit import Steward
from dicomlake.lake.audit import row as _row
from dicomlake.rows import OperationsRow
from dicomlake.rules import load_codes

if TYPE_CHECKING:
    from dicomlake.lake.clients import StorageClient

_MAX_NOTE_BYTES = 1 << 16
_Data = TypeVar("_Data")
_JSON = "application/json"


class NoSuchCase(DicomlakeError):
    """Nothing is held under this site, object key and generation."""

    def __init__(self, message: str = "nothing is held under this site, object key and generation") -> None:
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class CaseId:
    """Names a case: the arrived object."""

    site: str
    object_key: str
    generation: int

    @property
    def folder(self) -> str:
        """Where the case is in the quarantine bucket."""
        return f"{self.site}/{self.object_key}/{self.generation}/"


@dataclass(frozen=True, slots=True)
class QuarantineNote:
    """Why an object is held. `held_at` is the time of its event (ISO), so that a repeat writes the same bytes; `repr` shows no name."""

    site: str
    object_key: str
    generation: int
    code: str
    detail: str
    kind: str
    status: str | None
    bytes: int
    content_key: str | None
    held_at: str
    rules_version: str
    bucket: str = field(default="", repr=False)
    name: str = field(default="", repr=False)

    @property
    def id(self) -> CaseId:
        """The case it is about."""
        return CaseId(self.site, self.object_key, self.generation)

    def public(self) -> dict[str, object]:
        """Everything but where it came from: may be shown, logged and listed."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("bucket", "name")}


def hold(client: "StorageClient", bucket: str, note: QuarantineNote) -> None:
    """Put the object that `note` speaks of into quarantine `bucket`. Safe to repeat; the note comes last, so a case with a note is whole.

    A note that says something else (a newer version judged the object again) takes the older one's place. Raises objects.ObjectGone
    when the object is neither where it arrived nor held already.
    """
    folder = note.id.folder
    try:
        objects.copy(client, note.bucket, note.name, note.generation, bucket, f"{folder}original")
    except objects.ObjectGone:
        if not objects.exists(client, bucket, f"{folder}original"):
            raise
    source = _dump({"bucket": note.bucket, "name": note.name})
    objects.create(client, bucket, f"{folder}source.json", source, _JSON)
    body, metadata = _dump(note.public()), _to_metadata(note)
    if objects.create(client, bucket, f"{folder}note.json", body, _JSON, metadata):
        return
    if _load(client, bucket, f"{folder}note.json") != note.public():
        objects.replace(client, bucket, f"{folder}note.json", body, _JSON, metadata)


def list_cases(client: "StorageClient", bucket: str, site: str = "", code: str = "") -> Iterator[QuarantineNote]:
    """What is held (of `site`, under `code`), by site and key, without where it came from. One listing, no object is read."""
    for found in objects.listing(client, bucket, f"{site}/" if site else ""):
        if found.name.endswith("/note.json") and (not code or found.metadata.get("code") == code):
            yield _from_metadata(found.metadata)


def show(client: "StorageClient", bucket: str, case: CaseId) -> QuarantineNote:
    """The whole note of a case, with the bucket and name it arrived under. Raises NoSuchCase."""
    note = _note(client, bucket, case)
    try:
        source = _load(client, bucket, f"{case.folder}source.json")
    except objects.ObjectGone:
        raise NoSuchCase from None
    return replace(note, **source)  # type: ignore[arg-type]  # written by hold()


def listed(client: "StorageClient", bucket: str, case: CaseId) -> QuarantineNote:
    """The note alone, without where the object came from: all there is of a case whose removal was interrupted. Raises NoSuchCase."""
    return _note(client, bucket, case)


def read_original(
    client: "StorageClient", bucket: str, case: CaseId, max_bytes: int, load: "Callable[..., _Data]"
) -> _Data:
    """The held bytes, as `load` (`objects.read` or one like it) gives them. Raises NoSuchCase."""
    try:
        return load(client, bucket, f"{case.folder}original", None, max_bytes)
    except objects.ObjectGone:
        raise NoSuchCase from None


def approve(client: "StorageClient", bucket: str, case: CaseId, by: Steward) -> OperationsRow:
    """Mark a case of a review kind as looked at and fit to pass; the caller then sends it round again.

    Raises NoSuchCase, and ConfigError for a code that no look can cure.
    """
    note = show(client, bucket, case)
    if load_codes()[Code(note.code)].kind != "review":
        raise ConfigError(f"{note.code} cannot be approved: only findings that a person reviews can; see its next step")
    return _decide(client, bucket, note, "quarantine_approve", by)


def replay(client: "StorageClient", bucket: str, case: CaseId, by: Steward) -> OperationsRow:
    """Mark a case as to be judged again; the caller then sends it round. Raises NoSuchCase."""
    return _decide(client, bucket, show(client, bucket, case), "quarantine_replay", by)


def delete(client: "StorageClient", bucket: str, case: CaseId, by: Steward) -> OperationsRow:
    """Remove a case and the held original for good. Raises NoSuchCase."""
    note = _note(client, bucket, case)
    clear(client, bucket, case)
    return audit_row(note, "quarantine_delete", by)


def clear(client: "StorageClient", bucket: str, case: CaseId) -> None:
    """Take a case away, if there is one: it was deleted, or its object has been released after all."""
    # The note goes last: after an interruption the case is still listed, and clearing it again ends the work.
    for part in ("original", "source.json", "decision.json", "note.json"):
        objects.delete(client, bucket, f"{case.folder}{part}")


def decision(client: "StorageClient", bucket: str, case: CaseId) -> dict[str, str] | None:
    """The last decision about a case: action, code, actor (keyed), decided_at; None while there is none."""
    try:
        found = _load(client, bucket, f"{case.folder}decision.json")
    except objects.ObjectGone:
        return None
    return {name: str(value) for name, value in found.items()}


def audit_row(note: QuarantineNote, action: str, by: Steward) -> OperationsRow:
    """The row of `ops.audit` for `action` on a case."""
    return _row(by, action, object_key=note.object_key, code=note.code, about=str(note.generation))


def _decide(client: "StorageClient", bucket: str, note: QuarantineNote, action: str, by: Steward) -> OperationsRow:
    row = audit_row(note, action, by)
    body = {name: row.values[name] for name in ("action", "code", "actor", "decided_at")}
    objects.replace(client, bucket, f"{note.id.folder}decision.json", _dump(body), _JSON)
    return row


def _note(client: "StorageClient", bucket: str, case: CaseId) -> QuarantineNote:
    try:
        return QuarantineNote(**_load(client, bucket, f"{case.folder}note.json"))  # type: ignore[arg-type]  # written by hold()
    except objects.ObjectGone:
        raise NoSuchCase from None


def _dump(value: dict[str, object]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def _load(client: "StorageClient", bucket: str, name: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(objects.read(client, bucket, name, None, _MAX_NOTE_BYTES))
    return found


def _to_metadata(note: QuarantineNote) -> dict[str, str]:
    return {name: str(value) for name, value in note.public().items() if value is not None}


def _from_metadata(metadata: Mapping[str, str]) -> QuarantineNote:
    texts = dict(metadata)
    numbers = {name: int(texts.pop(name)) for name in ("generation", "bytes")}
    return QuarantineNote(**{"status": None, "content_key": None, **texts, **numbers})  # type: ignore[arg-type]  # written by hold()
