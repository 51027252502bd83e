"""The scorecard of somebody's copies: what is right passes, each kind of fault shows in its own category, names of files tell nothing."""

import zlib
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian

from dicomlake.dicom import deidentify, read_raw
from dicomlake.errors import Code, ConfigError
from dicomlake.pipeline.compare import Comparison, compare_folders
from dicomlake.pseudonyms import Domain, DomainKey
from dicomlake.rules import load_profile
from tests.dicom.builders import instance
from tests.dicom.conftest import identity

PROFILE = load_profile("research")
KEY = DomainKey.from_secret(b"for tests of the scorecard", Domain.RESEARCH).site("clinic-a")


def scored(tmp_path: Path, change: Callable[[Dataset], object] | None = None) -> Comparison:
    """Three originals of two patients against our copies of them, the first copy changed."""
    source, copies = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    copies.mkdir()
    for number, patient in enumerate((1, 1, 2), 1):
        data = instance(
            patient,
            number=number,
            StudyDescription="thin of Okonkwo",
            KVP=str(100 + number),
            PixelData=bytes([number] * 32),
        )
        (source / f"{number}.dcm").write_bytes(data)
        raw = read_raw(data)
        copy = dcmread(BytesIO(deidentify(raw, PROFILE, KEY, identity(raw)).to_bytes()))
        if number == 1 and change is not None:
            change(copy)
        copy.save_as(copies / f"copy-{9 - number}.bin")
    return compare_folders(source, copies, PROFILE)


def failed(found: Comparison) -> set[tuple[str, str]]:
    return set(found.card.failures)


def test_our_copies_pass_and_are_matched_by_content(tmp_path: Path) -> None:
    found = scored(tmp_path)
    assert (found.matched, found.missing, found.unexplained, found.unreadable) == (3, 0, 0, 0)
    assert failed(found) == set()
    assert found.card.score() == 1
    assert all(
        found.card.total[name]
        for name in ("tag_retained", "text_removed", "date_shifted", "uid_consistent", "patid_consistent")
    )


@pytest.mark.parametrize(
    ("change", "category", "keyword"),
    [
        (lambda copy: copy.__delattr__("KVP"), "tag_retained", "KVP"),
        (lambda copy: setattr(copy, "PatientName", ""), "text_notnull", "PatientName"),
        (lambda copy: setattr(copy, "BodyPartExamined", "NECK"), "text_retained", "BodyPartExamined"),
        (lambda copy: setattr(copy, "StudyDescription", "thin of Okonkwo"), "text_removed", "StudyDescription"),
        (lambda copy: setattr(copy, "AccessionNumber", "ACC7001"), "text_removed", "AccessionNumber"),
        (lambda copy: setattr(copy, "SeriesDate", "20210304"), "date_shifted", "StudyDate"),
        (
            lambda copy: setattr(copy, "FrameOfReferenceUID", "1.2.826.0.1.3680043.8.498.9.1.1.99"),
            "uid_changed",
            "FrameOfReferenceUID",
        ),
        (lambda copy: setattr(copy, "StudyInstanceUID", "2.25.77"), "uid_consistent", "SOPInstanceUID"),
        (lambda copy: setattr(copy, "PatientID", "other"), "patid_consistent", "PatientID"),
        (lambda copy: setattr(copy, "PixelData", bytes(32)), "pixels_retained", "PixelData"),
    ],
)
def test_each_fault_shows_in_its_category(
    change: Callable[[Dataset], object], category: str, keyword: str, tmp_path: Path
) -> None:
    assert (category, keyword) in failed(scored(tmp_path, change))


def test_copies_that_are_not_there_and_originals_that_are_not_there_are_counted(tmp_path: Path) -> None:
    scored(tmp_path)
    (tmp_path / "out" / "copy-8.bin").unlink()
    (tmp_path / "out" / "note.txt").write_text("not an object")
    (tmp_path / "out" / "more.dcm").write_bytes(
        instance(3, SOPClassUID="1.2.840.10008.5.1.4.1.1.4", PixelData=bytes([9] * 32))
    )
    found = compare_folders(tmp_path / "in", tmp_path / "out", PROFILE)
    assert (found.matched, found.missing, found.unexplained) == (2, 1, 1)


def test_folders_must_be_there_and_hold_objects(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must exist"):
        compare_folders(tmp_path / "nowhere", tmp_path, PROFILE)
    with pytest.raises(ConfigError, match="no DICOM object"):
        compare_folders(tmp_path, tmp_path, PROFILE)


def test_files_and_elements_in_a_wrong_form_do_not_stop_the_others(tmp_path: Path) -> None:
    scored(tmp_path)
    whole = instance(2)
    (tmp_path / "in" / "cut.dcm").write_bytes(whole[: len(whole) // 3])
    wrong = instance(3, SOPClassUID="1.2.840.10008.5.1.4.1.1.4", PixelData=bytes([9] * 32)).replace(
        b"\x28\x00\x10\x00US\x02\x00\x04\x00", b"\x28\x00\x10\x00US\x03\x00\x04\x00\x00"
    )
    (tmp_path / "in" / "wrong.dcm").write_bytes(wrong)
    (tmp_path / "out" / "wrong.dcm").write_bytes(wrong)
    found = compare_folders(tmp_path / "in", tmp_path / "out", PROFILE)
    assert found.matched >= 3


def test_a_folder_that_is_not_there_is_told_before_any_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(ConfigError, match="must exist"):
        compare_folders(tmp_path / "in", tmp_path / "nowhere", PROFILE)


def test_files_no_reader_should_be_given_are_counted_by_their_reason(tmp_path: Path) -> None:
    scored(tmp_path)
    head = instance(4, syntax=DeflatedExplicitVRLittleEndian)
    start = 128 + 4 + 12 + int.from_bytes(head[140:144], "little")
    deflate = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = zlib.decompress(head[start:], -zlib.MAX_WBITS) + b"\xe0\x7f\x10\x00OB\0\0" + (40 << 20).to_bytes(4, "little")
    bomb = head[:start] + deflate.compress(body) + b"".join(deflate.compress(bytes(1 << 20)) for _ in range(40))
    (tmp_path / "out" / "bomb.dcm").write_bytes(bomb + deflate.flush())
    (tmp_path / "in" / "noise.dcm").write_bytes(b"no object at all, but long enough to look at")
    (tmp_path / "in" / "empty.dcm").write_bytes(b"")
    found = compare_folders(tmp_path / "in", tmp_path / "out", PROFILE)
    assert (found.matched, found.missing, found.unexplained) == (3, 0, 0)
    assert found.refused == Counter(
        {("DST", Code.RESOURCE_LIMIT): 1, ("SRC", Code.NOT_DICOM): 1, ("SRC", Code.EMPTY): 1}
    )
