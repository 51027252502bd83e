"""Manifests: stored and loaded as they come, compared with what arrived before, with or after them.

An object writes its receipt and then looks for manifests again; a manifest is stored and then looks for receipts and pending notes.
So of any two the second sees the first, and nothing depends on the order or on a lock.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from dicomlake.batches import (
    Announced,
    Delivery,
    Facts,
    ManifestSource,
    Receipt,
    announced,
    batch_folder,
    current,
    manifest_rows,
    mismatch,
    parse_manifest,
)
from dicomlake.errors import Code, PermanentError
from dicomlake.events import StorageEvent
from dicomlake.lake import load, objects
from dicomlake.lake.objects import ObjectGone
from dicomlake.pipeline import original, receipts, tasks
from dicomlake.pipeline.arrival import Arrival, arrive, common_columns
from dicomlake.pipeline.assess import Assessment, Judged, Outcome, assess
from dicomlake.pipeline.receipts import is_pending, judged_manifest, pending_prefix
from dicomlake.pipeline.retract import retract as hide
from dicomlake.pipeline.route import Kind
from dicomlake.pipeline.services import Services, identity_rules
from dicomlake.pipeline.settle import record, settle
from dicomlake.pseudonyms import normal_accession

if TYPE_CHECKING:
    from dicomlake.dicom import RawInstance

MAX_MANIFEST_BYTES = 64 << 20
_ROWS_PER_INSERT = 500
_MISMATCHES = frozenset({Code.HASH_MISMATCH, Code.SIZE_MISMATCH, Code.ACCESSION_MISMATCH})


@dataclass(frozen=True)
class Known:
    """The manifests of a batch at one moment. `gate_closed`: the site demands one and there is none."""

    names: frozenset[str]
    said: Announced
    normalise: Callable[[str | None], str | None]
    gate_closed: bool

    @property
    def turn(self) -> int:
        """How many manifests that is; more than before whenever there is a new one."""
        return len(self.names)

    def mismatch(self, path: str, sha256: str, size: int, accession: str | None) -> Code | None:
        """Whether an object is at odds with what was announced."""
        return mismatch(self.said, Facts(path, sha256, size, accession), self.normalise)


def of_batch(services: Services, site: str, batch: str) -> Known:
    """Read the manifests of a batch that have been stored so far."""
    rules = services.site_rules(site)
    identity = identity_rules(rules)
    deliveries = []
    for found in objects.listing(services.storage, services.settings.state_bucket, _prefix(site, batch)):
        delivery = services.manifests.get(found.name)
        if delivery is None:
            data = objects.read(services.storage, services.settings.state_bucket, found.name, None, MAX_MANIFEST_BYTES)
            path = unquote(found.metadata.get("path", ""))
            generation = int(found.name.rpartition("-")[2].removesuffix(".csv"))
            manifest = parse_manifest(data, path)
            delivery = services.manifests.put(found.name, Delivery(path, generation, manifest), len(manifest.rows))
        deliveries.append((found.name, delivery))

    def normalise(text: str | None) -> str | None:
        return normal_accession(identity, text)

    names = frozenset(name for name, _ in deliveries)
    said = services.announced.get(names)
    if said is None:
        counting = current(delivery for _, delivery in deliveries)
        said = announced(counting, normalise)
        services.announced.put(names, said, sum(len(manifest.rows) for manifest in counting))
    return Known(names, said, normalise, rules.gate == "manifest" and not names)


def accept(services: Services, arrival: Arrival, *, light: bool) -> None:
    """Take a manifest in. The light part stores it, so that objects see it at once; the rest is handed on."""
    event = arrival.event
    if event.size > MAX_MANIFEST_BYTES:
        too_large = judged_manifest(None, Outcome.QUARANTINED, Code.RESOURCE_LIMIT, "manifest_too_large")
        settle(services, arrival, too_large)
        return
    data = objects.read(services.storage, event.bucket, event.name, event.generation, MAX_MANIFEST_BYTES)
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        manifest = parse_manifest(data, arrival.path)
    except PermanentError as error:
        settle(services, arrival, judged_manifest(sha256, Outcome.QUARANTINED, error.code, error.detail))
        return
    name = f"{_prefix(arrival.site, arrival.batch)}{arrival.id}.csv"
    metadata = {"path": quote(arrival.path)}
    objects.create(services.storage, services.settings.state_bucket, name, data, "text/csv", metadata)
    if light:
        settle(services, arrival, judged_manifest(sha256, Outcome.PENDING, Code.PENDING, "handed_on"))
        return
    source = ManifestSource(
        event.bucket, arrival.batch, arrival.path, event.generation, common_columns(services, arrival)
    )
    rules = identity_rules(services.site_rules(arrival.site))
    rows = manifest_rows(
        manifest, source, services.operations(arrival.site), lambda text: normal_accession(rules, text)
    )
    for start in range(0, len(rows), _ROWS_PER_INSERT):
        chunk = rows[start : start + _ROWS_PER_INSERT]
        load.insert(services.bigquery, services.settings.project_operations, chunk)
    _open_gate(services, arrival)
    _reconcile(services, arrival)
    settle(services, arrival, judged_manifest(sha256, Outcome.RELEASED, None, ""))


def recheck(services: Services, arrival: Arrival, judged: Judged, known: Known) -> None:
    """After an object is settled: has a manifest come in meanwhile?"""
    now = of_batch(services, arrival.site, arrival.batch)
    if now.names == known.names:
        return
    if known.gate_closed and not now.gate_closed:
        tasks.submit(services, arrival, again="gate")
    elif judged.sha256 is not None:
        code = now.mismatch(arrival.path, judged.sha256, arrival.event.size, accession_of(judged.assessment.raw))
        _judge_again(services, arrival, judged.assessment.code, code, now)


def _judge_again(services: Services, arrival: Arrival, was: str | None, code: Code | None, known: Known) -> None:
    """Send an object round when its manifests say of it what they did not say before: at odds now, at odds in another way, or no longer."""
    if code is not None and code != was:
        tasks.submit(services, arrival, "retract", again=str(code), code=code)
    elif code is None and was in _MISMATCHES:
        tasks.submit(services, arrival, again=f"manifest{known.turn}")


def retract(services: Services, arrival: Arrival) -> bool:
    """Hide an object that turned out to be at odds with its manifests: rows first, then its clean copy goes, then quarantine.

    False, and nothing is done, when by now they agree with it.
    """
    known = of_batch(services, arrival.site, arrival.batch)
    receipt = receipts.read(services, arrival)
    if receipt is None or receipt.sha256 is None:
        return False
    code = known.mismatch(receipt.path, receipt.sha256, receipt.size, receipt.accession_number)
    if code is None:
        return False
    turn = known.turn + receipts.decisions(services, arrival)
    hide(services, arrival, turn, code)
    try:
        found = assess(original.read(services, arrival), services.tools(arrival.site))
    except ObjectGone:  # taken away by its owner: there is nothing left to hold, and the receipt says so
        gone = Assessment.held(code, "object_gone", Kind(receipt.kind), receipt.status or "")
        record(services, arrival, Judged(gone, receipt.sha256, mismatched=True, turn=turn))
        return True
    withheld = replace(found, outcome=Outcome.QUARANTINED, code=code, detail="", clean=None, report=None)
    judged = Judged(withheld, receipt.sha256, mismatched=True, turn=turn)
    settle(services, arrival, judged)
    recheck(services, arrival, judged, known)
    return True


def waits(services: Services, arrival: Arrival) -> bool:
    """Whether an object without a receipt is waiting for its manifest."""
    return is_pending(services, arrival) and of_batch(services, arrival.site, arrival.batch).gate_closed


def accession_of(raw: "RawInstance | None") -> str | None:
    """The accession number of an object, if it could be read."""
    return raw.first("AccessionNumber") if raw else None


def _prefix(site: str, batch: str) -> str:
    return f"manifests/{site}/{batch_folder(batch)}/"


def _open_gate(services: Services, arrival: Arrival) -> None:
    bucket = services.settings.state_bucket
    for name in objects.names(services.storage, bucket, pending_prefix(arrival.site, arrival.batch)):
        task = tasks.read(services, bucket, name)
        waiting = arrive(services, task.event) if task else None
        if waiting is not None and waiting.id != arrival.id:
            tasks.submit(services, waiting, again="gate")


def _reconcile(services: Services, arrival: Arrival) -> None:
    known = of_batch(services, arrival.site, arrival.batch)
    for receipt in receipts.of_batch(services, arrival.site, arrival.batch):
        if receipt.sha256 is None or receipt.kind == "manifest":
            continue
        code = known.mismatch(receipt.path, receipt.sha256, receipt.size, receipt.accession_number)
        earlier = arrive(services, event_of(receipt))
        if earlier is not None:
            _judge_again(services, earlier, receipt.code, code, known)


def event_of(receipt: Receipt) -> StorageEvent:
    """The event that a receipt speaks of, as far as the receipt tells."""
    import datetime

    name = f"{receipt.batch}/{receipt.path}" if receipt.batch else receipt.path
    created = datetime.datetime.fromisoformat(receipt.received_at)
    return StorageEvent(receipt.bucket, name, receipt.generation, "receipt", created, receipt.size)
