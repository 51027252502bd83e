"""The journal: what was acknowledged is known again after any end of a run."""

import stat
from pathlib import Path

import pytest

from dicomlake.errors import ConfigError
from dicomlake.uploader.journal import Acknowledged, Journal, journal_file, unfinished_batch

ONE = Acknowledged("a/1.dcm", "10-1", "ab" * 32, 10, "ACC1", "1.2.3")
TWO = Acknowledged("a/ü.dcm", "11-2", "cd" * 32, 11, lists_accessions=True)


def file(state: Path, batch: str = "b", source: str = "src") -> Path:
    return journal_file(state, batch, "bucket", state / source)


def test_acknowledged_files_are_known_in_the_next_run(tmp_path: Path) -> None:
    with Journal(file(tmp_path), "b") as journal:
        journal.add(ONE)
        journal.add(TWO)
    with Journal(file(tmp_path), "b") as journal:
        assert journal.acknowledged == {ONE.path: ONE, TWO.path: TWO}


@pytest.mark.parametrize("cut", range(2, 120, 7))
def test_a_line_half_written_in_a_crash_costs_that_line_only(tmp_path: Path, cut: int) -> None:
    with Journal(file(tmp_path), "b") as journal:
        journal.add(ONE)
        journal.add(TWO)
    data = file(tmp_path).read_bytes()
    file(tmp_path).write_bytes(data[:-cut])
    assert unfinished_batch(tmp_path, "bucket", tmp_path / "src") == "b"
    with Journal(file(tmp_path), "b") as journal:
        assert journal.acknowledged == {ONE.path: ONE}
        journal.add(TWO)
    with Journal(file(tmp_path), "b") as journal:
        assert journal.acknowledged == {ONE.path: ONE, TWO.path: TWO}


def test_a_batch_is_unfinished_until_its_manifest_is_there(tmp_path: Path) -> None:
    assert unfinished_batch(tmp_path, "bucket", tmp_path / "src") is None
    with Journal(file(tmp_path), "b") as journal:
        journal.add(ONE)
        assert unfinished_batch(tmp_path, "bucket", tmp_path / "src") == "b"
        journal.finish()
    assert unfinished_batch(tmp_path, "bucket", tmp_path / "src") is None


def test_another_source_or_bucket_does_not_go_on_with_it(tmp_path: Path) -> None:
    with Journal(file(tmp_path), "b") as journal:
        journal.add(ONE)
    assert unfinished_batch(tmp_path, "bucket", tmp_path / "other") is None
    assert unfinished_batch(tmp_path, "other", tmp_path / "src") is None


def test_two_runs_over_one_batch_are_refused(tmp_path: Path) -> None:
    with Journal(file(tmp_path), "b"), pytest.raises(ConfigError, match="another run"):
        Journal(file(tmp_path), "b")


def test_only_the_owner_can_read_a_journal(tmp_path: Path) -> None:
    with Journal(file(tmp_path, "../../evil"), "../../evil"):
        pass
    assert stat.S_IMODE(file(tmp_path, "../../evil").stat().st_mode) == 0o600
    assert file(tmp_path, "../../evil").resolve().parent.parent == tmp_path.resolve()


def test_garbage_in_a_journal_is_passed_over(tmp_path: Path) -> None:
    with Journal(file(tmp_path), "b") as journal:
        journal.add(ONE)
    with file(tmp_path).open("ab") as stream:
        stream.write(b'[]\n{"path": 1, "more": 2}\n\xff\n')
    with Journal(file(tmp_path), "b") as journal:
        assert journal.acknowledged == {ONE.path: ONE}
