"""Receipts: a row of `ops.receipts` and a file for the site, written last, so that a file means "all of it is done".

Also the small notes beside them in the state bucket: what is pending, what a reviewer has approved.
"""

import datetime
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dicomlake.batches import Receipt, batch_folder, batch_label, receipt_name, receipt_prefix
from dicomlake.errors import Code
from dicomlake.lake import objects
from dicomlake.pipeline.arrival import Arrival, common_columns, content_key, row_key
from dicomlake.pipeline.assess import Assessment, Judged, Outcome, identity_of, uid_of
from dicomlake.pipeline.route import Kind
from dicomlake.pipeline.services import Services, identity_rules
from dicomlake.pseudonyms import normal_accession
from dicomlake.rows import OperationsRow
from dicomlake.rules.cleaning import Box

if TYPE_CHECKING:
    from dicomlake.dicom import RawInstance

TABLE = "ops.receipts"
_JSON = "application/json"
_COPY = "receipt"
_MAX_COPY_BYTES = 7000  # the metadata of an object hold 8 KiB
_MAX_RECEIPT_BYTES = 1 << 20

_MAX_APPROVAL_BYTES = 65536


def is_settled(services: Services, arrival: Arrival) -> bool:
    """Whether everything about this generation has been done before."""
    return objects.exists(services.storage, services.settings.state_bucket, _file(arrival))


def row(services: Services, arrival: Arrival, judged: Judged) -> OperationsRow:
    """The decision as a row. Its key names the object, the decision and its turn: said twice it is one row, decided once more it is another."""
    found = judged.assessment
    values = {
        **common_columns(services, arrival),
        **subject_keys(services, arrival, found.raw),
        "object_key": arrival.object_key,
        "content_key": content_key(services, arrival.site, judged.sha256),
        "bytes": arrival.event.size,
        "kind": str(found.kind),
        "status": found.status,
        "outcome": str(found.outcome),
        "code": found.code,
        "operations_outcome": str(judged.operations_outcome),
        "research_outcome": str(judged.research_outcome),
        "detail": found.detail,
        "modality": judged.modality,
        "turn": judged.turn,
        "decided_at": _now(),
    }
    key = services.operations(arrival.site)
    decision = (found.outcome, found.code or "", judged.sha256 or "", judged.turn)
    parts = (arrival.object_key, arrival.event.generation, *decision)
    return OperationsRow(TABLE, row_key(key, TABLE, *parts), values)


def write_final(services: Services, arrival: Arrival, judged: Judged) -> None:
    """The receipt file for the site; the pending note goes."""
    found, raw = judged.assessment, judged.assessment.raw
    operations = services.operations(arrival.site)
    keys = subject_keys(services, arrival, raw)
    versions = services.versions(operations)
    receipt = Receipt(
        site=arrival.site,
        object_key=arrival.object_key,
        generation=arrival.event.generation,
        received_at=arrival.event.created_at.isoformat(),
        size=arrival.event.size,
        kind=str(found.kind),
        status=found.status,
        outcome=str(found.outcome),
        code=found.code,
        operations_outcome=str(judged.operations_outcome),
        research_outcome=str(judged.research_outcome),
        detail=found.detail,
        decided_at=_now(),
        batch_label=batch_label(arrival.batch, operations),
        pipeline_version=versions["pipeline_version"],
        rules_version=versions["rules_version"],
        key_version=versions["key_version"],
        content_key=content_key(services, arrival.site, judged.sha256),
        patient_key=keys["patient_key"],
        study_key=keys["study_key"],
        series_key=keys["series_key"],
        instance_key=keys["instance_key"],
        accession_key=keys["accession_key"],
        batch=arrival.batch,
        path=arrival.path,
        bucket=arrival.event.bucket,
        sha256=judged.sha256,
        patient_id=raw.first("PatientID") if raw else None,
        issuer_of_patient_id=raw.first("IssuerOfPatientID") if raw else None,
        accession_number=raw.first("AccessionNumber") if raw else None,
        study_instance_uid=raw.first("StudyInstanceUID") if raw else None,
        series_instance_uid=raw.first("SeriesInstanceUID") if raw else None,
        sop_instance_uid=raw.first("SOPInstanceUID") if raw else None,
    )
    body = receipt.to_json()
    metadata = {_COPY: body.decode("ascii")} if len(body) <= _MAX_COPY_BYTES else None
    objects.replace(services.storage, services.settings.state_bucket, receipt.name, body, _JSON, metadata)
    objects.delete(services.storage, services.settings.state_bucket, pending_name(arrival))


def read(services: Services, arrival: Arrival) -> Receipt | None:
    """The receipt file of an object, if it has one."""
    try:
        body = objects.read(services.storage, services.settings.state_bucket, _file(arrival), None, _MAX_RECEIPT_BYTES)
    except objects.ObjectGone:
        return None
    return Receipt.from_json(body)


def of_batch(services: Services, site: str, batch: str) -> Iterator[Receipt]:
    """All receipt files of a batch. Each carries a copy of itself in its metadata, so that a listing gives a thousand at a time."""
    bucket = services.settings.state_bucket
    for found in objects.listing(services.storage, bucket, receipt_prefix(site, batch)):
        copy = found.metadata.get(_COPY)
        body = copy.encode() if copy else objects.read(services.storage, bucket, found.name, None, _MAX_RECEIPT_BYTES)
        yield Receipt.from_json(body)


def write_pending(services: Services, arrival: Arrival, task: bytes) -> None:
    """A note that this object waits; `task` is what to do when it need wait no more."""
    objects.create(services.storage, services.settings.state_bucket, pending_name(arrival), task, _JSON)


def is_pending(services: Services, arrival: Arrival) -> bool:
    """Whether this object has been said to wait, and has no outcome yet."""
    return objects.exists(services.storage, services.settings.state_bucket, pending_name(arrival))


def pending_prefix(site: str, batch: str) -> str:
    """Folder of the pending notes of a batch."""
    return f"pending/{site}/{batch_folder(batch)}/"


def pending_name(arrival: Arrival) -> str:
    """Object name of a pending note."""
    return f"{pending_prefix(arrival.site, arrival.batch)}{arrival.id}.json"


def is_approved(services: Services, arrival: Arrival, code: Code) -> bool:
    """Whether a reviewer has said that this object may pass in spite of `code`."""
    return objects.exists(services.storage, services.settings.state_bucket, approval_name(arrival, code))


def approved_masks(services: Services, arrival: Arrival, code: Code) -> tuple[Box, ...]:
    """What the reviewer wants painted over in the picture before it passes: (left, top, right, bottom) in pixels."""
    body = objects.read(
        services.storage, services.settings.state_bucket, approval_name(arrival, code), None, _MAX_APPROVAL_BYTES
    )
    found: dict[str, list[list[int]]] = json.loads(body)
    return tuple((a, b, c, d) for a, b, c, d in found.get("masks", []))


def approval_name(arrival: Arrival, code: Code) -> str:
    """Object name of a reviewer's approval."""
    return f"approvals/{arrival.id}-{code}.json"


def note_decision(services: Services, arrival: Arrival, name: str) -> None:
    """Note that a steward has decided about this object once more; `name` tells the decision from others."""
    folder = f"decisions/{arrival.id}/"
    objects.create(services.storage, services.settings.state_bucket, f"{folder}{name}.json", b"{}", _JSON)


def decisions(services: Services, arrival: Arrival) -> int:
    """How often a steward has decided about this object."""
    folder = f"decisions/{arrival.id}/"
    return sum(1 for _ in objects.names(services.storage, services.settings.state_bucket, folder))


def subject_keys(services: Services, arrival: Arrival, raw: "RawInstance | None") -> dict[str, str | None]:
    """Operations pseudonyms of the patient, study, series, instance and accession an object is about."""
    if raw is None:
        return dict.fromkeys(("patient_key", "study_key", "series_key", "instance_key", "accession_key"))
    key, rules = services.operations(arrival.site), identity_rules(services.site_rules(arrival.site))
    accession = normal_accession(rules, raw.first("AccessionNumber"))
    return {
        "patient_key": key.patient(identity_of(raw, rules)),
        "study_key": key.uid(uid_of(raw, "StudyInstanceUID")),
        "series_key": key.uid(uid_of(raw, "SeriesInstanceUID")),
        "instance_key": key.uid(uid_of(raw, "SOPInstanceUID")),
        "accession_key": key.identifier("accession", accession, "A") if accession else None,
    }


def judged_manifest(sha256: str | None, outcome: Outcome, code: Code | None, detail: str) -> Judged:
    """The judgement of a manifest: it has no research side."""
    return Judged(Assessment(outcome, code, detail, Kind.MANIFEST, None), sha256)


def _file(arrival: Arrival) -> str:
    return receipt_name(arrival.site, arrival.batch, arrival.object_key, arrival.event.generation)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat()
