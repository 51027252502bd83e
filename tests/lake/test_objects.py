"""Objects over real HTTP: every write is safe to repeat, every fault has one of our kinds."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.cloud.storage import Blob

from dicomlake.dicom.slices import SliceReader
from dicomlake.errors import Code, PermanentError, TransientError
from dicomlake.lake import clients, objects
from dicomlake.lake.objects import ObjectGone
from tests.lake.conftest import LANDING, Emulator

MIB = 1 << 20
OCTETS = "application/octet-stream"
READERS = (objects.read, objects.read_mapped)


@pytest.fixture(autouse=True)
def _short_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "RETRY_DEADLINE_S", 0.5)


def _put(storage: Emulator, name: str, data: bytes) -> int:
    assert objects.replace(storage.client, LANDING, name, data, OCTETS)
    found = objects.facts(storage.client, LANDING, name)
    assert found is not None
    return found.generation


def test_what_is_created_is_read_back(storage: Emulator) -> None:
    assert objects.create(storage.client, LANDING, "a/ü 1.dcm", b"bytes", "application/dicom", {"kind": "x"})
    found = objects.facts(storage.client, LANDING, "a/ü 1.dcm")
    assert found is not None and (found.size, found.metadata) == (5, {"kind": "x"})
    assert found.created_at.tzinfo is not None
    assert objects.read(storage.client, LANDING, "a/ü 1.dcm", found.generation, 5) == b"bytes"
    assert objects.read(storage.client, LANDING, "a/ü 1.dcm", None, 5) == b"bytes"


def test_create_leaves_what_is_there(storage: Emulator) -> None:
    assert objects.create(storage.client, LANDING, "once", b"first", OCTETS)
    assert not objects.create(storage.client, LANDING, "once", b"other", OCTETS)
    assert objects.read(storage.client, LANDING, "once", None, MIB) == b"first"


def test_create_takes_a_file_and_large_objects(storage: Emulator, tmp_path: Path) -> None:
    data = bytes(range(256)) * (9 * MIB // 256)
    (tmp_path / "large").write_bytes(data)
    assert objects.create(storage.client, LANDING, "large", tmp_path / "large", OCTETS)
    assert objects.read(storage.client, LANDING, "large", None, len(data)) == data


@pytest.mark.parametrize("read", READERS)
def test_empty_object_is_an_object(storage: Emulator, read: Callable[..., bytes]) -> None:
    assert objects.create(storage.client, LANDING, f"empty-{read.__name__}", b"", OCTETS)
    assert read(storage.client, LANDING, f"empty-{read.__name__}", None, MIB) == b""


@pytest.mark.parametrize("read", READERS)
def test_more_bytes_than_allowed_are_refused(storage: Emulator, read: Callable[..., bytes]) -> None:
    _put(storage, "long", b"x" * 1001)
    with pytest.raises(PermanentError) as caught:
        read(storage.client, LANDING, "long", None, 1000)
    assert caught.value.code is Code.RESOURCE_LIMIT


def test_bytes_are_read_as_stored_not_inflated(storage: Emulator) -> None:
    packed = gzip.compress(b"0" * MIB)
    blob = storage.client.bucket(LANDING).blob("packed")
    blob.content_encoding = "gzip"
    blob.upload_from_string(packed, content_type=OCTETS)
    assert objects.read(storage.client, LANDING, "packed", None, len(packed)) == packed


def test_old_generation_and_deleted_object_are_gone(storage: Emulator) -> None:
    old = _put(storage, "moving", b"1")
    new = _put(storage, "moving", b"2")
    with pytest.raises(ObjectGone):
        objects.read(storage.client, LANDING, "moving", old, MIB)
    assert not objects.delete(storage.client, LANDING, "moving", old)
    assert objects.delete(storage.client, LANDING, "moving", new)
    assert not objects.delete(storage.client, LANDING, "moving", new)
    with pytest.raises(ObjectGone):
        objects.read(storage.client, LANDING, "moving", None, MIB)
    assert objects.facts(storage.client, LANDING, "moving") is None
    assert not objects.exists(storage.client, LANDING, "moving")


def test_replace_can_insist_on_what_it_saw(storage: Emulator) -> None:
    seen = _put(storage, "note", b"1")
    assert objects.replace(storage.client, LANDING, "note", b"2", OCTETS, expected_generation=seen)
    assert not objects.replace(storage.client, LANDING, "note", b"3", OCTETS, expected_generation=seen)
    assert objects.read(storage.client, LANDING, "note", None, MIB) == b"2"


def test_copy_keeps_the_first_and_the_generation_it_was_asked_for(storage: Emulator) -> None:
    old = _put(storage, "source", b"1")
    assert objects.copy(storage.client, LANDING, "source", old, "demo-quarantine", "target")
    assert not objects.copy(storage.client, LANDING, "source", old, "demo-quarantine", "target")
    _put(storage, "source", b"2")
    with pytest.raises(ObjectGone):
        objects.copy(storage.client, LANDING, "source", old, "demo-quarantine", "target2")
    assert objects.read(storage.client, "demo-quarantine", "target", None, MIB) == b"1"


def test_names_come_in_order_below_a_prefix(storage: Emulator) -> None:
    for name in ("list/b", "list/a", "listed", "list/a/c"):
        _put(storage, name, b"")
    assert list(objects.names(storage.client, LANDING, "list/")) == ["list/a", "list/a/c", "list/b"]


def test_missing_bucket_is_the_operators_fault(storage: Emulator) -> None:
    for call in (
        lambda: objects.create(storage.client, "demo-none", "x", b"", OCTETS),
        lambda: objects.replace(storage.client, "demo-none", "x", b"", OCTETS),
        lambda: list(objects.names(storage.client, "demo-none")),
    ):
        with pytest.raises(PermanentError) as caught:
            call()
        assert caught.value.detail == "storage_bucket_missing"


def test_clean_objects_are_written_under_their_own_name(storage: Emulator) -> None:
    @dataclass
    class Clean:
        object_name: str = "P1/2.25.1/2.25.2/2.25.3-0011aabb.dcm"

        def open(self) -> SliceReader:
            return SliceReader([b"cle", b"an"])

    assert objects.write_clean(storage.client, "demo-research", Clean())  # type: ignore[arg-type]
    assert not objects.write_clean(storage.client, "demo-research", Clean())  # type: ignore[arg-type]
    assert objects.read(storage.client, "demo-research", Clean().object_name, None, MIB) == b"clean"


def test_one_fault_is_retried(storage: Emulator) -> None:
    storage.faults.plan("error")
    assert objects.create(storage.client, LANDING, "retried", b"1", OCTETS)
    storage.faults.plan("error")
    assert objects.read(storage.client, LANDING, "retried", None, MIB) == b"1"


def test_lost_answer_to_a_create_finds_its_own_object(storage: Emulator) -> None:
    storage.faults.plan("after")
    assert not objects.create(storage.client, LANDING, "lost", b"1", OCTETS)
    assert objects.read(storage.client, LANDING, "lost", None, MIB) == b"1"


@pytest.mark.parametrize("read", READERS)
def test_broken_download_is_resumed_and_checked(storage: Emulator, read: Callable[..., bytes]) -> None:
    data = bytes(range(256)) * 4096
    _put(storage, "broken", data)
    storage.faults.plan("cut", "cut", path="/download/")
    assert read(storage.client, LANDING, "broken", None, len(data))[:] == data


def test_lasting_fault_is_transient_and_says_nothing(storage: Emulator) -> None:
    _put(storage, "down", b"1")
    storage.faults.plan(*["error"] * 100)
    for call in (
        lambda: objects.read(storage.client, LANDING, "down", None, MIB),
        lambda: objects.create(storage.client, LANDING, "down2", b"", OCTETS),
        lambda: list(objects.names(storage.client, LANDING)),
    ):
        with pytest.raises(TransientError) as caught:
            call()
        assert "planted" not in str(caught.value) and caught.value.__suppress_context__


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(("wrong", "ends"), [(2, "read"), (3, "refused")])
def test_wrong_checksum_is_never_taken_for_the_object(
    storage: Emulator, monkeypatch: pytest.MonkeyPatch, read: Callable[..., bytes], wrong: int, ends: str
) -> None:
    """Bytes that change on the way are fetched again, from the beginning, up to three times."""
    _put(storage, "flipped", b"true")
    fetch, tries = Blob.download_to_file, []

    def flipped(blob: Blob, file: Any, **named: Any) -> None:
        tries.append(1)
        fetch(blob, _Flipping(file) if len(tries) <= wrong else file, **named)

    monkeypatch.setattr(Blob, "download_to_file", flipped)
    if ends == "read":
        assert read(storage.client, LANDING, "flipped", None, MIB)[:] == b"true"
    else:
        with pytest.raises(TransientError):
            read(storage.client, LANDING, "flipped", None, MIB)
    assert len(tries) == 3


class _Flipping:
    """What is written to it arrives in other letters."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, data: bytes) -> int:
        return int(self._file.write(data.upper()))

    def tell(self) -> int:
        return int(self._file.tell())
