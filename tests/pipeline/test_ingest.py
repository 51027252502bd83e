"""Objects that go, come back, fail or are too large: each that was ever heard of ends with an outcome."""

import hashlib
from typing import Any

import pytest

from dicomlake.errors import ConfigError, TransientError
from dicomlake.lake import objects
from dicomlake.pipeline import assess, ingest, manifests, mapped, receipts, steward
from dicomlake.pipeline.arrival import Arrival, arrive
from dicomlake.pipeline.route import Kind
from dicomlake.pipeline.work import run_task
from tests.flows.objects import instance, ultrasound
from tests.pipeline.conftest import GATED_SITE, SITE, Platform
from tests.reports import makers


def key_of(platform: Platform, event: ingest.StorageEvent) -> Arrival:
    arrival = arrive(platform.services, event)
    assert arrival is not None
    return arrival


def test_an_object_overwritten_while_it_waits_is_ignored_and_waits_no_more(platform: Platform) -> None:
    first = platform.arrive("gated/a", instance(patient=1), GATED_SITE)
    assert platform.settled(first) == ("pending", "pending")
    second = platform.arrive("gated/a", instance(patient=2), GATED_SITE)
    platform.arrive("gated/manifest.csv", b"accession_number\nACCQ000101\nACCQ000201\n", GATED_SITE)
    platform.work()
    assert platform.settled(first) == ("ignored", None)
    assert platform.settled(second) == ("released", None)
    assert platform.state("pending/") == []


def test_an_object_gone_before_anybody_read_it_leaves_nothing(platform: Platform) -> None:
    event = platform.put("b/a", instance())
    platform.bucket(event.bucket).blob("b/a").delete()
    ingest.ingest(platform.services, event)
    assert platform.settled(event) == (None, None)


def test_when_something_else_is_missing_the_event_comes_again(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bucket of ours that is not there must not pass for an object that its owner took away."""
    event = platform.put("b/a", b"\x00no DICOM")
    monkeypatch.setattr(objects, "copy", _gone)
    with pytest.raises(TransientError):
        ingest.ingest(platform.services, event)


def test_a_held_object_is_judged_from_quarantine_when_its_owner_took_it_away(platform: Platform) -> None:
    event = platform.arrive("b/us", ultrasound(5))
    platform.work()
    assert platform.settled(event) == ("quarantined", "pixel_phi_suspected")
    platform.bucket(event.bucket).blob("b/us").delete()
    steward.decide(platform.services, SITE, key_of(platform, event).object_key, "approve", "reviewer")
    platform.work()
    assert platform.settled(event) == ("released", None)
    assert platform.names(platform.services.settings.quarantine_bucket) == []


def test_a_retraction_needs_no_original(platform: Platform) -> None:
    event = platform.arrive("b/a", instance(patient=6))
    assert len(platform.names(platform.services.settings.research_bucket)) == 1
    platform.bucket(event.bucket).blob("b/a").delete()
    platform.arrive("b/manifest.csv", b"accession_number\nOTHER\n")
    platform.work()
    assert platform.settled(event) == ("quarantined", "accession_mismatch")
    assert platform.names(platform.services.settings.research_bucket) == []


def test_a_fault_after_an_object_was_settled_does_not_hold_it(platform: Platform) -> None:
    event = platform.arrive("b/a", instance(patient=7))
    ingest.give_up(platform.services, event)
    assert platform.settled(event) == ("released", None)
    assert platform.names(platform.services.settings.quarantine_bucket) == []


def test_a_fault_nobody_foresaw_holds_the_object_unread(platform: Platform) -> None:
    event = platform.put("b/a", instance(patient=8))
    ingest.give_up(platform.services, event)
    assert platform.settled(event) == ("quarantined", "internal_error")


def test_giving_up_on_an_object_that_is_gone_ends(platform: Platform) -> None:
    event = platform.put("b/a", instance(patient=9))
    platform.bucket(event.bucket).blob("b/a").delete()
    ingest.give_up(platform.services, event)
    assert platform.settled(event) == (None, None)


def test_a_large_object_is_handed_on_unread(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assess, "LIGHT_MAX_BYTES", 1000)
    monkeypatch.setattr(ingest, "LIGHT_MAX_BYTES", 1000)
    read = objects.read
    monkeypatch.setattr(objects, "read", _gone)
    event = platform.arrive("b/a", instance(patient=10))
    assert platform.settled(event) == ("pending", "pending")
    monkeypatch.setattr(objects, "read", read)
    platform.work()
    assert platform.settled(event) == ("released", None)


def test_an_object_larger_than_memory_is_mapped(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large for this test; the same object, once read and once mapped, has the same copy."""
    data = instance(patient=15)
    platform.arrive("b/a", data)
    (copy,) = platform.names(platform.services.settings.research_bucket)
    monkeypatch.setattr(assess, "LIGHT_MAX_BYTES", 1000)
    monkeypatch.setattr(ingest, "LIGHT_MAX_BYTES", 1000)
    monkeypatch.setattr(mapped, "MAPPED", 1000)
    monkeypatch.setattr(objects, "read", _gone_if_landed(objects.read))
    event = platform.arrive("b/b", data)
    platform.work()
    assert platform.settled(event) == ("duplicate", "duplicate")
    assert platform.names(platform.services.settings.research_bucket) == [copy]
    monkeypatch.setattr(mapped, "_MOST_COPIED", 2000)
    text = platform.arrive("b/c", b"no DICOM, and too long to stand in memory " * 100)
    platform.work()
    assert platform.settled(text) == ("quarantined", "resource_limit")


def test_a_manifest_that_is_too_large_says_so(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "MAX_MANIFEST_BYTES", 10)
    event = platform.arrive("b/manifest.csv", b"accession_number\nA1\n")
    assert platform.settled(event) == ("quarantined", "resource_limit")


def test_a_judgement_claims_no_more_than_it_knew_when_it_began(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one that saw no study, and ended last, would hide what a better informed one had released."""
    event = platform.put("b/a", instance(patient=14))
    arrival, judge = key_of(platform, event), ingest.assess

    def meanwhile(*given: Any, **named: Any) -> Any:
        receipts.note_decision(platform.services, arrival, "context-came-meanwhile")
        return judge(*given, **named)

    monkeypatch.setattr(ingest, "assess", meanwhile)
    judged = ingest.rejudged(platform.services, arrival)
    assert judged is not None and judged.turn == 0
    again = ingest.rejudged(platform.services, arrival)
    assert again is not None and again.turn == 1


def test_a_judgement_that_ends_last_does_not_stand_over_one_that_knew_more(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow worker has judged a message by itself; before it settles, its study has come and it was judged again."""
    settle, slow = ingest.settle, []

    def settled_late(services: Any, arrival: Arrival, judged: Any) -> None:
        if judged.assessment.kind is Kind.HL7 and not slow:
            slow.append(judged.turn)
            platform.arrive(
                "m/1.dcm",
                instance(
                    patient=16,
                    PatientID=makers.PATIENT_ID,
                    AccessionNumber=makers.ACCESSION,
                    InstitutionName=makers.CLINIC,
                ),
            )
            platform.work()
        settle(services, arrival, judged)

    monkeypatch.setattr(ingest, "settle", settled_late)
    event = platform.arrive("m/message", makers.hl7())
    platform.work()
    assert slow == [0] and platform.settled(event) == ("released", None)
    assert platform.state("pending/") == platform.state("tasks/") == []
    (row,) = platform.rows("SELECT PatientID, StudyInstanceUID FROM `research.reports` WHERE kind = 'hl7'")
    (image,) = platform.rows(
        f"SELECT PatientID, StudyInstanceUID FROM `research.instances` WHERE PatientID = '{row['PatientID']}'"
    )
    assert row == image and row["StudyInstanceUID"]
    owners = {name.split("/")[0] for name in platform.names(platform.services.settings.research_bucket)}
    assert owners == {row["PatientID"]}


def test_a_refused_approval_leaves_no_audit_of_an_approval(platform: Platform) -> None:
    event = platform.arrive("b/noise", bytes(range(256)))
    key = key_of(platform, event).object_key
    with pytest.raises(ConfigError):
        steward.decide(platform.services, SITE, key, "approve", "reviewer")
    assert platform.rows(f"SELECT action FROM `ops.audit` WHERE object_key = '{key}'") == []


def test_a_replay_of_a_batch_that_never_was_is_refused_and_not_audited(platform: Platform) -> None:
    before = platform.rows("SELECT COUNT(*) AS n FROM `ops.audit`")
    with pytest.raises(ConfigError):
        steward.replay(platform.services, SITE, "never", None, "steward")
    assert platform.rows("SELECT COUNT(*) AS n FROM `ops.audit`") == before


def test_a_case_whose_removal_was_interrupted_can_be_removed(platform: Platform) -> None:
    event = platform.arrive("b/noise", bytes(range(256)))
    key = key_of(platform, event).object_key
    held = platform.services.settings.quarantine_bucket
    for name in platform.names(held):
        if not name.endswith("/note.json"):
            platform.bucket(held).blob(name).delete()
    steward.decide(platform.services, SITE, key, "delete", "steward")
    assert platform.names(held) == []


def test_the_code_of_a_retraction_is_what_all_manifests_together_say(platform: Platform) -> None:
    data = instance(patient=11)
    event = platform.arrive("late/a", data)
    platform.arrive("late/manifest-1.csv", b"accession_number\nOTHER\n")
    platform.arrive("late/manifest-2.csv", f"accession_number,file,sha256\nOTHER,a,{'0' * 64}\n".encode())
    platform.work()
    assert hashlib.sha256(data).hexdigest() != "0" * 64
    assert platform.settled(event) == ("quarantined", "hash_mismatch")


def test_a_manifest_is_compared_with_a_batch_by_listing_it(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """One call per object would keep the manifest of a large batch from ever ending in time."""
    events = [platform.arrive(f"many/{number}", instance(patient=12, number=number)) for number in range(3)]
    platform.arrive("many/manifest.csv", b"accession_number\nOTHER\n")
    (task,) = platform.task_events()
    read, names = objects.read, []

    def counted(client: Any, bucket: str, name: str, *rest: Any) -> bytes:
        names.append(name)
        return read(client, bucket, name, *rest)

    monkeypatch.setattr(objects, "read", counted)
    run_task(platform.services, task)
    assert [name for name in names if name.startswith("receipts/")] == []
    platform.work()
    assert {platform.settled(event) for event in events} == {("quarantined", "accession_mismatch")}


def test_a_receipt_too_large_for_its_metadata_is_read(platform: Platform) -> None:
    event = platform.arrive("long/" + "é" * 400, instance(patient=13, AccessionNumber="Ä" * 600))
    platform.arrive("long/manifest.csv", b"accession_number\nOTHER\n")
    platform.work()
    assert platform.settled(event) == ("quarantined", "accession_mismatch")


def _gone(*_args: object, **_kwargs: object) -> bool:
    raise objects.ObjectGone


def _gone_if_landed(read: Any) -> Any:
    """Objects of ours can be read, those of a site cannot."""

    def some(client: Any, bucket: str, *rest: Any) -> Any:
        return _gone() if "landing" in bucket else read(client, bucket, *rest)

    return some
