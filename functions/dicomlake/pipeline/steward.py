"""What a site's data steward does: look at batches and held objects, decide, send round again. Called by the command line.

Every decision leaves a row in `ops.audit`, written before the act, so that nothing is done that nobody can be asked about.
"""

import datetime
import json
from pathlib import Path

from dicomlake.batches import batch_label
from dicomlake.dicom import read_raw
from dicomlake.errors import Code, ConfigError, PermanentError
from dicomlake.events import StorageEvent
from dicomlake.lake import load, objects, quarantine
from dicomlake.lake import query as lake_query
from dicomlake.lake.audit import Steward
from dicomlake.lake.audit import row as audit_row
from dicomlake.lake.definitions import qualify
from dicomlake.lake.quarantine import CaseId, NoSuchCase, QuarantineNote
from dicomlake.pipeline import manifests, receipts, tasks
from dicomlake.pipeline.arrival import Arrival, arrive
from dicomlake.pipeline.services import Services
from dicomlake.rows import OperationsRow
from dicomlake.rules import load_codes
from dicomlake.rules.cleaning import Box

Rows = tuple[list[str], list[tuple[object, ...]]]

_BATCHES = "SELECT * EXCEPT (site) FROM `clinic.batch_reconciliation` WHERE site = @site ORDER BY batch"
# What the scrubber doubts of a text that it has read; what could not be read, nobody can approve.
_REVIEWED = ("doubt_", "found_value_left")
_FILES = "SELECT object_key, generation, outcome, code FROM `clinic.receipts` WHERE site = @site AND batch = @batch"


def batches(services: Services, site: str) -> Rows:
    """Reconciliation of a site's batches, the verdict of each."""
    return lake_query.run(services.bigquery, qualify(_BATCHES, services.settings), {"site": site})


def files(services: Services, site: str, batch: str) -> Rows:
    """What became of each file of a batch, under the names the site gave them: the receipt files know those, the view the settled outcome."""
    texts = load_codes(services.rules_root)
    params = {"site": site, "batch": batch_label(batch, services.operations(site))}
    _, settled = lake_query.run(services.bigquery, qualify(_FILES, services.settings), params)
    paths = _paths(services, site, batch)
    rows: list[tuple[object, ...]] = []
    for object_key, generation, outcome, code in settled:
        means = texts[Code(str(code))] if code else None
        name = paths.get((str(object_key), int(str(generation))), str(object_key))
        rows.append((name, outcome, code, means.user_text if means else None, means.next_step if means else None))
    return ["file", "outcome", "code", "what it means", "next step"], sorted(rows, key=lambda row: str(row[0]))


def _paths(services: Services, site: str, batch: str) -> dict[tuple[str, int], str]:
    bucket = services.settings.state_bucket
    paths = {}
    for receipt in receipts.of_batch(services, site, batch):
        paths[receipt.object_key, receipt.generation] = receipt.path
    for name in objects.names(services.storage, bucket, receipts.pending_prefix(site, batch)):
        task = tasks.read(services, bucket, name)
        waiting = arrive(services, task.event) if task else None
        if waiting is not None:
            paths[waiting.object_key, waiting.event.generation] = waiting.path
    return paths


def held(services: Services, site: str, code: str | None) -> Rows:
    """What is held for a site: keys, code, what it means and the next step. No name of a file."""
    texts = load_codes(services.rules_root)
    columns = ["object_key", "generation", "code", "detail", "kind", "bytes", "held_at", "next_step"]
    cases = quarantine.list_cases(services.storage, services.settings.quarantine_bucket, site, code or "")
    rows: list[tuple[object, ...]] = [
        (n.object_key, n.generation, n.code, n.detail, n.kind, n.bytes, n.held_at, texts[Code(n.code)].next_step)
        for n in cases
    ]
    return columns, rows


def find(services: Services, site: str, object_key: str, actor: str) -> list[QuarantineNote]:
    """The whole notes of a held object, one per generation; looking is audited. Raises ConfigError when nothing is held under the key."""
    notes = _cases(services, site, object_key)
    for note in notes:
        _audit(services, note, "quarantine_show", _steward(services, site, actor))
    return notes


def save(services: Services, note: QuarantineNote, folder: Path) -> Path:
    """Write the held original to a folder of the steward's, named by its keys. Raises ConfigError when that cannot be written."""
    bucket, most = services.settings.quarantine_bucket, services.settings.max_bytes
    data = quarantine.read_original(services.storage, bucket, note.id, most, objects.read_mapped)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{note.object_key}-{note.generation}"
        file.write_bytes(data)
    except OSError:
        raise ConfigError("--save: the folder cannot be written to") from None
    return file


def preview(services: Services, note: QuarantineNote, original: Path) -> Path | None:
    """A PNG beside a saved original: its picture, with what was found in it framed; None where there is no picture that can be read."""
    try:
        png = services.pixel_worker.preview(read_raw(original.read_bytes()))
    except PermanentError:
        return None
    if png is None:
        return None
    file = original.with_name(f"{original.name}.png")
    file.write_bytes(png)
    return file


def decide(
    services: Services, site: str, object_key: str, action: str, actor: str, masks: tuple[Box, ...] = ()
) -> list[QuarantineNote]:
    """Carry out `approve`, `delete` or `replay` on a held object; `masks` are painted over in an approved picture.

    Raises ConfigError for what cannot be decided so.
    """
    by = _steward(services, site, actor)
    notes = _cases(services, site, object_key)
    for note in notes:  # what is refused is refused before anything is done or written
        _CHECKS[action](services, note)
    for note in notes:
        _audit(services, note, f"quarantine_{action}", by)
        _DECISIONS[action](services, note, by, masks)
    return notes


def replay(services: Services, site: str, batch: str | None, code: str | None, actor: str) -> int:
    """Send round again every object of a batch, or every one held under `code`. Returns how many."""
    by = _steward(services, site, actor)
    if code is not None:
        notes = list(quarantine.list_cases(services.storage, services.settings.quarantine_bucket, site, code))
        for listed in notes:
            note = _case(services, listed.id)
            _check_replay(services, note)
            _audit(services, note, "quarantine_replay", by)
            _send_round(services, _arrival(services, note), by)
        return len(notes)
    about = batch_label(batch or "", services.operations(site))
    arrived = [arrive(services, manifests.event_of(found)) for found in receipts.of_batch(services, site, batch or "")]
    if not arrived:
        raise ConfigError("no object of this batch has been settled at this site; see `dicomlake batches`")
    _load(services, audit_row(by, "replay_batch", about=about))
    count = 0
    for arrival in filter(None, arrived):
        _send_round(services, arrival, by)
        count += 1
    return count


def _check_approve(services: Services, note: QuarantineNote) -> None:
    _arrival(services, note)
    if load_codes(services.rules_root)[Code(note.code)].kind != "review":
        raise ConfigError(f"{note.code} cannot be approved: only findings that a person reviews can; see its next step")
    if not note.kind.startswith("dicom_") and not note.detail.startswith(_REVIEWED):
        raise ConfigError(f"a held object of kind {note.kind} cannot be approved: nothing can clean it yet")


def _check_replay(services: Services, note: QuarantineNote) -> None:
    _arrival(services, note)


def _check_delete(services: Services, note: QuarantineNote) -> None:
    """Anything may be deleted, and what is half deleted most of all."""


def _approve(services: Services, note: QuarantineNote, by: Steward, masks: tuple[Box, ...]) -> None:
    arrival = _arrival(services, note)
    quarantine.approve(services.storage, services.settings.quarantine_bucket, note.id, by)
    name = receipts.approval_name(arrival, Code(note.code))
    body = json.dumps({"masks": masks}).encode("ascii")
    objects.replace(services.storage, services.settings.state_bucket, name, body, "application/json")
    _send_round(services, arrival, by)


def _delete(services: Services, note: QuarantineNote, by: Steward, _masks: tuple[Box, ...]) -> None:
    if note.bucket:
        objects.delete(services.storage, note.bucket, note.name, note.generation)
    quarantine.delete(services.storage, services.settings.quarantine_bucket, note.id, by)


def _replay(services: Services, note: QuarantineNote, by: Steward, _masks: tuple[Box, ...]) -> None:
    quarantine.replay(services.storage, services.settings.quarantine_bucket, note.id, by)
    _send_round(services, _arrival(services, note), by)


_CHECKS = {"approve": _check_approve, "delete": _check_delete, "replay": _check_replay}
_DECISIONS = {"approve": _approve, "delete": _delete, "replay": _replay}


def _cases(services: Services, site: str, object_key: str) -> list[QuarantineNote]:
    bucket = services.settings.quarantine_bucket
    generations = {
        int(name.split("/")[2])
        for name in objects.names(services.storage, bucket, f"{site}/{object_key}/")
        if name.endswith("/note.json")
    }
    if not generations:
        raise ConfigError("nothing is held under this key; see `dicomlake quarantine list`")
    return [_case(services, CaseId(site, object_key, g)) for g in sorted(generations)]


def _case(services: Services, case: CaseId) -> QuarantineNote:
    bucket = services.settings.quarantine_bucket
    try:
        return quarantine.show(services.storage, bucket, case)
    except NoSuchCase:
        return quarantine.listed(services.storage, bucket, case)


def _arrival(services: Services, note: QuarantineNote) -> Arrival:
    if not note.bucket:
        raise ConfigError("the removal of this case was interrupted: end it with `dicomlake quarantine delete`")
    received = datetime.datetime.fromisoformat(note.held_at)
    event = StorageEvent(note.bucket, note.name, note.generation, "steward", received, note.bytes)
    arrival = arrive(services, event)
    if arrival is None:
        raise ConfigError("the object came from a bucket that is no site's any more; add it to DICOMLAKE_SITES")
    return arrival


def _steward(services: Services, site: str, actor: str) -> Steward:
    key = services.operations(site)
    return Steward(actor, key, datetime.datetime.now(datetime.UTC), services.versions(key))


def _send_round(services: Services, arrival: Arrival, by: Steward) -> None:
    again = f"{by.decided_at:%Y%m%d%H%M%S%f}"
    receipts.note_decision(services, arrival, again)
    tasks.submit(services, arrival, again=again)


def _audit(services: Services, note: QuarantineNote, action: str, by: Steward) -> None:
    _load(services, quarantine.audit_row(note, action, by))


def _load(services: Services, row: OperationsRow) -> None:
    load.insert(services.bigquery, services.settings.project_operations, [row])
