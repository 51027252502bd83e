"""Lists of old and new for a steward: complete, private to their owner, nowhere unless asked for and never beside the copies."""

import csv
import stat
from pathlib import Path

import pydicom
import pytest

from dicomlake.errors import ConfigError
from dicomlake.pipeline import local
from tests.dicom.builders import ROOT, instance, item


def order(tmp_path: Path, maps: Path | None) -> local.Order:
    source = tmp_path / "in"
    source.mkdir(exist_ok=True)
    (source / "a.dcm").write_bytes(instance(SourceImageSequence=[item(ReferencedSOPInstanceUID=f"{ROOT}.4")]))
    (source / "b.txt").write_text("no object")
    return local.Order(source, tmp_path / "out", "clinic-a", "research", b"a key for tests only", maps=maps)


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_lists_hold_every_uid_and_patient_of_what_was_released(tmp_path: Path) -> None:
    asked = order(tmp_path, tmp_path / "maps")
    lines = list(local.run(asked, local.inputs(asked), 1))
    clean = pydicom.dcmread(tmp_path / "out" / str(lines[0].output))
    header, *uids = rows(tmp_path / "maps" / "uids.csv")
    assert header == ["old_uid", "new_uid"]
    found = dict(map(tuple, uids))
    assert found[f"{ROOT}.1.1.1.1"] == clean.SOPInstanceUID
    assert found[f"{ROOT}.4"] == clean.SourceImageSequence[0].ReferencedSOPInstanceUID
    assert not any(old.startswith("1.2.840.10008.") for old in found)
    assert rows(tmp_path / "maps" / "patients.csv")[1] == ["PAT40001", "", "", clean.PatientID]
    assert stat.S_IMODE((tmp_path / "maps" / "uids.csv").stat().st_mode) == 0o600


def test_nothing_is_written_unless_asked_for(tmp_path: Path) -> None:
    plain = order(tmp_path, None)
    list(local.run(plain, local.inputs(plain), 1))
    assert [path.name for path in tmp_path.rglob("*.csv")] == []


def test_lists_never_lie_beside_the_copies(tmp_path: Path) -> None:
    wrong = order(tmp_path, tmp_path / "out" / "maps")
    with pytest.raises(ConfigError, match="inside DST"):
        local.inputs(wrong)
