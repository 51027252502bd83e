"""A held object: whole, named by keys, the same after any repetition; a steward's verbs leave audit rows."""

import json

import pytest

from dicomlake.errors import ConfigError
from dicomlake.lake import load, objects, quarantine
from dicomlake.lake.audit import Steward
from dicomlake.lake.objects import ObjectGone
from dicomlake.lake.quarantine import CaseId, NoSuchCase, QuarantineNote
from tests.lake.conftest import LANDING, Emulator

BUCKET = "demo-quarantine"
NAME = "batch/PLANTED^NAME 19700101.dcm"
MIB = 1 << 20


def _arrived(storage: Emulator, object_key: str, code: str = "corrupt", name: str = NAME) -> QuarantineNote:
    objects.replace(storage.client, LANDING, name, object_key.encode(), "application/dicom")
    found = objects.facts(storage.client, LANDING, name)
    assert found is not None
    return QuarantineNote(
        site="clinic-a",
        object_key=object_key,
        generation=found.generation,
        code=code,
        detail="header_truncated",
        kind="dicom_image",
        status=None,
        bytes=found.size,
        content_key=None,
        held_at="2026-03-01T09:00:00+00:00",
        rules_version="r1",
        bucket=LANDING,
        name=name,
    )


def _case(storage: Emulator, case: CaseId) -> dict[str, bytes]:
    names = objects.names(storage.client, BUCKET, case.folder)
    return {name.removeprefix(case.folder): objects.read(storage.client, BUCKET, name, None, MIB) for name in names}


def test_held_object_is_copied_and_explained(storage: Emulator) -> None:
    note = _arrived(storage, "OHELD")
    quarantine.hold(storage.client, BUCKET, note)
    assert set(_case(storage, note.id)) == {"original", "source.json", "note.json"}
    assert quarantine.read_original(storage.client, BUCKET, note.id, MIB, objects.read) == b"OHELD"
    assert quarantine.show(storage.client, BUCKET, note.id) == note
    assert objects.exists(storage.client, LANDING, NAME), "the landing original stays until the sweep takes it"


def test_upload_name_stands_in_no_object_name_note_metadata_or_repr(storage: Emulator) -> None:
    note = _arrived(storage, "OLEAK")
    quarantine.hold(storage.client, BUCKET, note)
    listed = list(objects.listing(storage.client, BUCKET, note.id.folder))
    case = _case(storage, note.id)
    shown = repr([note, listed]) + case["note.json"].decode() + json.dumps(note.public())
    assert "PLANTED" not in shown and LANDING not in shown
    assert "PLANTED" in case["source.json"].decode()


def test_holding_twice_is_holding_once(storage: Emulator) -> None:
    note = _arrived(storage, "OTWICE")
    quarantine.hold(storage.client, BUCKET, note)
    before = {found.name: found.generation for found in objects.listing(storage.client, BUCKET, note.id.folder)}
    quarantine.hold(storage.client, BUCKET, note)
    assert {found.name: found.generation for found in objects.listing(storage.client, BUCKET, note.id.folder)} == before


def test_another_judgement_of_the_same_object_replaces_the_note(storage: Emulator) -> None:
    note = _arrived(storage, "OAGAIN", code="internal_error")
    quarantine.hold(storage.client, BUCKET, note)
    newer = QuarantineNote(**{**note.public(), "bucket": note.bucket, "name": note.name, "code": "unsupported"})  # type: ignore[arg-type]
    quarantine.hold(storage.client, BUCKET, newer)
    assert quarantine.show(storage.client, BUCKET, note.id).code == "unsupported"
    assert [found.code for found in quarantine.list_cases(storage.client, BUCKET) if found.object_key == "OAGAIN"] == [
        "unsupported"
    ]


@pytest.mark.parametrize("fault", ["error", "after"])
@pytest.mark.parametrize("step", range(5))
def test_fault_at_any_step_is_cured_by_doing_it_again(storage: Emulator, fault: str, step: int) -> None:
    note = _arrived(storage, f"OFAULT{fault.upper()}{step}")
    storage.faults.plan(*["pass"] * step, fault)
    quarantine.hold(storage.client, BUCKET, note)
    quarantine.hold(storage.client, BUCKET, note)
    assert set(_case(storage, note.id)) == {"original", "source.json", "note.json"}


def test_object_that_left_the_landing_bucket_is_gone_unless_it_is_held(storage: Emulator) -> None:
    note = _arrived(storage, "OMOVED", name="batch/moved")
    quarantine.hold(storage.client, BUCKET, note)
    objects.delete(storage.client, LANDING, "batch/moved")
    quarantine.hold(storage.client, BUCKET, note)
    other = _arrived(storage, "ONEVER", name="batch/never")
    objects.delete(storage.client, LANDING, "batch/never")
    with pytest.raises(ObjectGone):
        quarantine.hold(storage.client, BUCKET, other)


def test_cases_are_listed_by_site_and_code(storage: Emulator) -> None:
    for key, code in (("OLISTA", "empty"), ("OLISTB", "encrypted")):
        quarantine.hold(storage.client, BUCKET, _arrived(storage, key, code, name=f"batch/{key}"))
    listed = [note.object_key for note in quarantine.list_cases(storage.client, BUCKET, "clinic-a", "encrypted")]
    assert listed == ["OLISTB"]
    assert list(quarantine.list_cases(storage.client, BUCKET, "clinic-b")) == []
    note = next(iter(quarantine.list_cases(storage.client, BUCKET, code="encrypted")))
    assert (note.bucket, note.name, note.status, note.bytes) == ("", "", None, 6)


def test_verbs_leave_an_audit_row_that_can_be_loaded(storage: Emulator, steward: Steward) -> None:
    note = _arrived(storage, "OVERBS", code="pixel_phi_suspected")
    quarantine.hold(storage.client, BUCKET, note)
    assert quarantine.decision(storage.client, BUCKET, note.id) is None
    for verb, action in (
        (quarantine.replay, "quarantine_replay"),
        (quarantine.approve, "quarantine_approve"),
        (quarantine.delete, "quarantine_delete"),
    ):
        row = verb(storage.client, BUCKET, note.id, steward)
        assert row == quarantine.audit_row(note, action, steward)
        encoded = load.encode(row)
        assert (encoded["action"], encoded["object_key"], encoded["code"]) == (action, "OVERBS", "pixel_phi_suspected")
        assert "planted" not in json.dumps(encoded) and "planted" not in repr(steward)
        if verb is quarantine.approve:
            decided = quarantine.decision(storage.client, BUCKET, note.id)
            assert decided is not None and decided["action"] == action
    assert _case(storage, note.id) == {}


def test_only_review_findings_can_be_approved(storage: Emulator, steward: Steward) -> None:
    note = _arrived(storage, "OCORRUPT")
    quarantine.hold(storage.client, BUCKET, note)
    with pytest.raises(ConfigError, match="corrupt cannot be approved"):
        quarantine.approve(storage.client, BUCKET, note.id, steward)


def test_unknown_case_is_said_so(storage: Emulator, steward: Steward) -> None:
    case = CaseId("clinic-a", "ONOTHING", 1)
    for call in (
        lambda: quarantine.show(storage.client, BUCKET, case),
        lambda: quarantine.approve(storage.client, BUCKET, case, steward),
        lambda: quarantine.delete(storage.client, BUCKET, case, steward),
        lambda: quarantine.replay(storage.client, BUCKET, case, steward),
        lambda: quarantine.read_original(storage.client, BUCKET, case, MIB, objects.read),
    ):
        with pytest.raises(NoSuchCase):
            call()


def test_interrupted_delete_can_be_done_again(storage: Emulator, steward: Steward) -> None:
    note = _arrived(storage, "ODELETE")
    quarantine.hold(storage.client, BUCKET, note)
    for part in ("original", "source.json"):
        objects.delete(storage.client, BUCKET, f"{note.id.folder}{part}")
    with pytest.raises(NoSuchCase):
        quarantine.replay(storage.client, BUCKET, note.id, steward)
    assert quarantine.delete(storage.client, BUCKET, note.id, steward).values["object_key"] == "ODELETE"
    assert _case(storage, note.id) == {}
