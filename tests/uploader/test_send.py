"""Batches over real HTTP: everything arrives once, interruptions cost nothing, nothing is overwritten and nothing lost in silence."""

import datetime
import hashlib
import json
import re
import signal
import stat
import subprocess
import sys
import uuid
import zipfile
from pathlib import Path
from typing import Any

import pytest

from dicomlake.batches import Manifest, batch_label, parse_manifest
from dicomlake.errors import ConfigError, TransientError
from dicomlake.lake import objects
from dicomlake.pseudonyms import Domain, DomainKey
from dicomlake.uploader import Failure, Options, SendResult, announce, run, send
from dicomlake.uploader import facts as facts_module
from dicomlake.uploader.transfer import Patience
from tests.uploader.conftest import BUCKET, Landing, Tap, dicom

QUICK = Options(jobs=2, sleep=lambda seconds: None)


class Interrupted(BaseException):
    """Stands for Ctrl-C."""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def batch() -> str:
    return f"batch-{uuid.uuid4().hex[:8]}"


def fill(folder: Path, count: int = 6) -> dict[str, bytes]:
    files = {f"study {i % 2}/{i}.dcm": dicom(f"ACC{i % 2}", f"1.2.{i % 2}", 64 + 2 * i) for i in range(count)}
    for path, data in files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(data)
    return files


def go(folder: Path, client: Any, state: Path, **more: Any) -> SendResult:
    return send(folder, BUCKET, client, state, **{"options": QUICK, **more})


def manifest(landing: Landing, batch: str, path: str = "manifest-sent.csv") -> Manifest:
    return parse_manifest(landing.read(batch, path))


def arrived(landing: Landing, batch: str) -> dict[str, bytes]:
    return {path: landing.read(batch, path) for path in landing.names(batch) if not path.startswith("manifest-sent")}


def test_a_folder_arrives_whole_with_its_manifest(
    folder: Path, client: Any, state: Path, batch: str, landing: Landing
) -> None:
    files = fill(folder)
    result = go(folder, client, state, batch=batch)
    assert (result.sent, result.present, result.skipped, result.failed) == (6, 0, 0, 0)
    assert arrived(landing, batch) == files
    rows = {row.file: row for row in manifest(landing, batch).rows}
    assert set(rows) == set(files)
    one = rows["study 1/1.dcm"]
    assert (one.accession_number, one.study_instance_uid, one.size) == ("ACC1", "1.2.1", len(files["study 1/1.dcm"]))
    assert one.sha256 == hashlib.sha256(files["study 1/1.dcm"]).hexdigest()


def test_the_manifest_comes_last_and_stays_at_home_for_its_owner_alone(
    folder: Path, client: Any, state: Path, batch: str, landing: Landing
) -> None:
    fill(folder)
    result = go(folder, client, state, batch=batch)
    generations = {found.name: found.generation for found in objects.listing(client, BUCKET, f"{batch}/")}
    assert max(generations, key=lambda name: generations[name]) == f"{batch}/manifest-sent.csv"
    assert result.manifest is not None
    assert result.manifest.read_bytes() == landing.read(batch, "manifest-sent.csv")
    assert stat.S_IMODE(result.manifest.stat().st_mode) == 0o600
    assert result.manifests[0][1] == f"{batch}/manifest-sent.csv"
    assert not list(folder.rglob("manifest*"))


def test_what_is_no_dicom_goes_too_with_blank_fields(
    folder: Path, client: Any, state: Path, batch: str, landing: Landing
) -> None:
    odd = {"empty": b"", "note.txt": b"hello", "broken.dcm": dicom()[:200], "=1+1.dcm": dicom("=CMD()")}
    for path, data in odd.items():
        (folder / path).write_bytes(data)
    result = go(folder, client, state, batch=batch)
    assert result.sent == 4
    assert arrived(landing, batch) == odd
    rows = {row.file: row for row in manifest(landing, batch).rows}
    assert [rows[path].accession_number for path in ("empty", "note.txt", "broken.dcm")] == [None] * 3
    assert rows["=1+1.dcm"].accession_number == "=CMD()"
    assert b",=" not in landing.read(batch, "manifest-sent.csv")


def test_a_zip_arrives_as_its_members(
    tmp_path: Path, client: Any, state: Path, batch: str, landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts_module, "SMALL_BYTES", 1000)
    files = {"a/1.dcm": dicom(), "large.dcm": dicom("ACC9", "1.2.9", pixels=5000)}
    source = tmp_path / "export.zip"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
        archive.writestr("../evil", b"x")
    result = go(source, client, state, batch=batch)
    assert arrived(landing, batch) == files
    assert result.failures == (Failure("../evil", "unsafe_name"),)
    assert {row.file: row.accession_number for row in manifest(landing, batch).rows} == {
        "a/1.dcm": "ACC1",
        "large.dcm": "ACC9",
    }
    assert not list(state.rglob("*.spill"))


def test_large_files_are_streamed_and_hashed(
    folder: Path, client: Any, state: Path, batch: str, landing: Landing
) -> None:
    data = dicom("ACC5", "1.2.5", pixels=9 << 20)
    (folder / "large.dcm").write_bytes(data)
    go(folder, client, state, batch=batch)
    assert landing.read(batch, "large.dcm") == data
    row = manifest(landing, batch).rows[0]
    assert (row.accession_number, row.size) == ("ACC5", len(data))


def test_a_large_file_written_to_while_it_is_sent_is_a_failure(
    folder: Path, client: Any, state: Path, batch: str, landing: Landing, tap: Tap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts_module, "SMALL_BYTES", 1000)
    file = folder / "growing.dcm"
    file.write_bytes(dicom(pixels=5000))

    def touch(count: int) -> None:
        if count == 1:
            file.write_bytes(dicom("ACC2", pixels=5000))

    tap.before = touch
    assert go(folder, client, state, batch=batch).failures == (Failure("growing.dcm", "changed_while_sending"),)


def test_a_new_batch_gets_a_name_that_may_stand_in_clear(folder: Path, client: Any, state: Path) -> None:
    fill(folder, 1)
    when = datetime.datetime(2024, 2, 29, 1, 2, 3, tzinfo=datetime.UTC)
    token = uuid.uuid4().hex[:4]
    result = go(folder, client, state, options=Options(now=lambda: when, token=lambda: token))
    assert result.batch == f"20240229-010203-{token}"
    key = DomainKey.from_secret(b"operations key for tests", Domain.OPERATIONS).site("clinic-a")
    assert batch_label(result.batch, key) == result.batch
    other = go(folder, client, state)
    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{4}", other.batch)
    assert other.batch != result.batch


@pytest.mark.parametrize("stop_after", [1, 3, 5])
def test_an_interrupted_run_goes_on_without_sending_twice(
    folder: Path, client: Any, state: Path, landing: Landing, tap: Tap, stop_after: int
) -> None:
    files = fill(folder)

    def interrupt(done_files: int, total_files: int, done_bytes: int, total_bytes: int) -> None:
        if done_files == stop_after:
            raise Interrupted

    with pytest.raises(Interrupted):
        go(folder, client, state, progress=interrupt)
    result = go(folder, client, state)
    assert (result.sent + result.present, result.failed) == (6, 0)
    assert result.present >= stop_after
    assert arrived(landing, result.batch) == files
    assert len(manifest(landing, result.batch).rows) == 6
    assert tap.uploads == 6 + 1  # each file and the manifest, once
    assert landing.names(result.batch).count("manifest-sent.csv") == 1


_KILLED = """
import os, signal, sys
from pathlib import Path
from dicomlake.lake import storage_client
from dicomlake.settings import Settings
from dicomlake.uploader import send

def kill(done_files, *rest):
    if done_files == 3:
        os.kill(os.getpid(), signal.SIGKILL)

send(Path(sys.argv[1]), sys.argv[2], storage_client(Settings(prefix="demo", emulated=True)), Path(sys.argv[3]), kill)
"""


def test_a_killed_run_goes_on_where_it_was(folder: Path, client: Any, state: Path, landing: Landing) -> None:
    files = fill(folder, 12)
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, str(folder), BUCKET, str(state)], capture_output=True, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    result = go(folder, client, state)
    assert result.present >= 3
    assert (result.sent + result.present, result.failed) == (12, 0)
    assert arrived(landing, result.batch) == files
    assert len(manifest(landing, result.batch).rows) == 12


def test_a_finished_batch_is_not_gone_on_with(folder: Path, client: Any, state: Path) -> None:
    fill(folder, 1)
    assert go(folder, client, state).batch != go(folder, client, state).batch


def test_a_second_run_of_a_named_batch_reads_and_sends_only_what_is_new(
    folder: Path, client: Any, state: Path, batch: str, landing: Landing, tap: Tap
) -> None:
    fill(folder, 3)
    go(folder, client, state, batch=batch)
    tap.uploads = 0
    (folder / "new.dcm").write_bytes(dicom("ACC7"))
    result = go(folder, client, state, batch=batch)
    assert (result.sent, result.present) == (1, 3)
    assert tap.uploads == 3  # the file, the name of the manifest that was taken, the next one
    assert len(manifest(landing, batch, "manifest-sent-2.csv").rows) == 4


def test_a_lost_journal_costs_a_look_and_no_second_object(
    folder: Path, client: Any, state: Path, tmp_path: Path, batch: str
) -> None:
    fill(folder)
    go(folder, client, state, batch=batch)
    before = {found.name: found.generation for found in objects.listing(client, BUCKET, f"{batch}/")}
    result = go(folder, client, tmp_path / "other state", batch=batch)
    assert (result.sent, result.present, result.failed) == (0, 6, 0)
    assert {found.name: found.generation for found in objects.listing(client, BUCKET, f"{batch}/")} == before


def test_nothing_is_ever_overwritten(
    folder: Path, client: Any, state: Path, tmp_path: Path, batch: str, landing: Landing
) -> None:
    (folder / "1.dcm").write_bytes(b"first")
    go(folder, client, state, batch=batch)
    (folder / "1.dcm").write_bytes(b"second, other content")
    for other_state in (state, tmp_path / "other"):
        result = go(folder, client, other_state, batch=batch)
        assert result.failures == (Failure("1.dcm", "name_taken_by_other_content"),)
    assert landing.read(batch, "1.dcm") == b"first"


def test_an_object_somebody_else_put_there_is_compared_by_its_bytes(
    folder: Path, client: Any, state: Path, batch: str
) -> None:
    for name, theirs in (("same", b"abc"), ("other", b"xyz")):
        objects.create(client, BUCKET, f"{batch}/{name}", theirs, "text/plain")
        (folder / name).write_bytes(b"abc")
    result = go(folder, client, state, batch=batch)
    assert (result.present, result.failures) == (1, (Failure("other", "name_taken_by_other_content"),))


def test_a_busy_storage_is_tried_again(
    folder: Path, client: Any, state: Path, batch: str, landing: Landing, tap: Tap
) -> None:
    files = fill(folder)
    tap.before = lambda count: 503 if count % 3 == 1 else None
    result = go(folder, client, state, batch=batch)
    assert (result.sent, result.failed) == (6, 0)
    assert arrived(landing, batch) == files


def test_a_lost_answer_is_not_a_second_object_and_counts_as_sent(
    folder: Path, client: Any, state: Path, batch: str, landing: Landing, tap: Tap
) -> None:
    files = fill(folder, 3)
    tap.after = lambda count: 503 if count % 2 == 1 else None
    result = go(folder, client, state, batch=batch)
    assert (result.sent + result.present, result.failed) == (3, 0)
    assert arrived(landing, batch) == files


def test_a_bucket_that_does_not_exist_is_told_to_the_user(folder: Path, client: Any, state: Path) -> None:
    fill(folder, 1)
    with pytest.raises(ConfigError, match="bucket"):
        send(folder, "no-such-bucket", client, state, options=QUICK)


def test_when_the_storage_is_down_the_run_ends_and_goes_on_later(
    folder: Path, client: Any, state: Path, landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = fill(folder, 30)
    create = objects.create
    calls = 0

    def down(*args: Any, **kwargs: Any) -> bool:
        nonlocal calls
        calls += 1
        if calls > 5:
            raise TransientError("storage_unreachable")
        return create(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(objects, "create", down)
        with pytest.raises(TransientError):
            go(folder, client, state, options=Options(jobs=1, attempts=2, sleep=lambda s: None))
    result = go(folder, client, state)
    assert (result.sent, result.present) == (25, 5)
    assert arrived(landing, result.batch) == files


def test_what_could_not_be_read_is_reported_and_sent_by_the_next_run(
    folder: Path, client: Any, state: Path, landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(folder, 2)
    (folder / "gone.dcm").write_bytes(b"x")
    found = run.listing(folder)
    (folder / "gone.dcm").unlink()
    with monkeypatch.context() as patch:
        patch.setattr(run, "listing", lambda source: found)
        result = go(folder, client, state)
    assert result.failures == (Failure("gone.dcm", "vanished"),)
    assert (result.sent, len(manifest(landing, result.batch).rows)) == (2, 2)
    (folder / "gone.dcm").write_bytes(b"x")
    second = go(folder, client, state)
    assert (second.batch, second.sent, second.present, second.failed) == (result.batch, 1, 2, 0)
    assert len(manifest(landing, result.batch, "manifest-sent-2.csv").rows) == 3


def test_where_the_clinic_has_a_list_of_its_own_ours_adds_no_accession_to_it(
    folder: Path, client: Any, state: Path, batch: str, landing: Landing
) -> None:
    fill(folder, 2)
    (folder / "manifest.csv").write_bytes(b"accession_number\nACC0\n")
    go(folder, client, state, batch=batch)
    rows = manifest(landing, batch).rows
    assert {row.accession_number for row in rows} == {None}
    assert {row.file for row in rows} == {"study 0/0.dcm", "study 1/1.dcm"}
    assert landing.read(batch, "manifest.csv") == b"accession_number\nACC0\n"


def test_a_manifest_of_an_earlier_batch_in_the_folder_is_not_in_the_way(
    folder: Path, client: Any, state: Path, batch: str, landing: Landing
) -> None:
    fill(folder, 1)
    (folder / "manifest-sent.csv").write_bytes(b"accession_number\nACC0\n")
    result = go(folder, client, state, batch=batch)
    assert result.manifests[0][1] == f"{batch}/manifest-sent-2.csv"
    assert landing.read(batch, "manifest-sent.csv") == b"accession_number\nACC0\n"


def test_a_great_batch_has_its_manifest_in_parts(
    folder: Path, client: Any, state: Path, batch: str, landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announce, "MAX_ROWS", 4)
    files = fill(folder, 10)
    result = go(folder, client, state, batch=batch)
    assert [name.removeprefix(f"{batch}/") for _, name in result.manifests] == [
        "manifest-sent.csv",
        "manifest-sent-2.csv",
        "manifest-sent-3.csv",
    ]
    rows = [
        row for _, name in result.manifests for row in manifest(landing, batch, name.removeprefix(f"{batch}/")).rows
    ]
    assert {row.file for row in rows} == set(files)


@pytest.mark.parametrize("name", ["", "a/b", "..", "a\\b", "x" * 101, "a\nb", " a"])
def test_a_batch_name_is_one_plain_folder(folder: Path, client: Any, state: Path, name: str) -> None:
    fill(folder, 1)
    with pytest.raises(ConfigError, match="batch name"):
        go(folder, client, state, batch=name)


def test_an_empty_folder_is_told_to_the_user(folder: Path, client: Any, state: Path) -> None:
    with pytest.raises(ConfigError, match="nothing to send"):
        go(folder, client, state)


def test_progress_reaches_the_whole(folder: Path, client: Any, state: Path) -> None:
    files = fill(folder)
    seen: list[tuple[int, int, int, int]] = []
    go(folder, client, state, progress=lambda *counts: seen.append(counts))
    total = sum(map(len, files.values()))
    assert seen[-1] == (6, 6, total, total)
    assert [counts[0] for counts in seen] == [1, 2, 3, 4, 5, 6]


def test_the_result_tells_everything_as_plain_values(folder: Path, client: Any, state: Path, batch: str) -> None:
    fill(folder, 1)
    (folder / ".hidden").write_bytes(b"")
    told = json.loads(json.dumps(go(folder, client, state, batch=batch).as_dict()))
    assert (told["batch"], told["sent"], told["skips"]) == (
        batch,
        1,
        [{"path": ".hidden", "reason": "hidden_or_system"}],
    )


def test_waits_grow_and_end() -> None:
    waits: list[float] = []

    def busy() -> None:
        raise TransientError("storage_busy")

    with pytest.raises(TransientError):
        Patience(9, waits.append).call(busy)
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30]
