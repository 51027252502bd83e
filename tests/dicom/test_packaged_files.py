"""Every file pydicom brings ends in a clean object or a code; where it is clean, the plain pydicom way comes to the same."""

from collections import Counter
from pathlib import Path

import pytest

from dicomlake.dicom import acquisition_facts, deidentify, explain, instance_values, read_raw, verify
from dicomlake.errors import Code, PermanentError
from dicomlake.pseudonyms import SiteKey
from dicomlake.rules import Profile
from tests.dicom.conftest import Deidentify, cleaner_of, identity, packaged_files
from tests.dicom.reference import Reference, differences, read_clean, read_original

FILES = packaged_files()
REFUSED = {
    "crayons.icc": Code.NOT_DICOM,
    "DICOMDIR": Code.UNSUPPORTED,
    "MR_truncated.dcm": Code.CORRUPT,
    "rtplan_truncated.dcm": Code.CORRUPT,
    "SC_rgb_jpeg.dcm": Code.CORRUPT,  # implicit VR under a transfer syntax that demands explicit VR
    "UN_sequence.dcm": Code.MISSING_UID,
    "empty_charset_LEI.dcm": Code.MISSING_UID,
    "meta_missing_tsyntax.dcm": Code.MISSING_UID,
    "JPEGLSNearLossless_08.dcm": Code.MISSING_UID,
    "zipMR.gz": Code.NOT_DICOM,
    "README.txt": Code.NOT_DICOM,
}


@pytest.fixture(scope="module", params=FILES, ids=lambda path: path.name)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def test_each_file_is_clean_and_proven_or_has_a_code(
    path: Path, profile: Profile, key: SiteKey, cleaned: Deidentify
) -> None:
    data = path.read_bytes()
    try:
        raw = read_raw(data)
    except PermanentError as error:
        assert error.code is REFUSED.get(path.name, error.code)
        return
    assert path.name not in REFUSED
    if path.name == "badVR.dcm":  # pixel data of fifteen times the picture its header states
        with pytest.raises(PermanentError, match="pixel_data_too_long"):
            cleaned(data)
        return
    clean = cleaned(data)
    verify(raw, clean, profile)
    reference = Reference(profile, key, clean.patient_key, cleaner_of(raw, profile, key)).apply(read_original(raw))
    after = read_clean(clean.to_bytes())
    del after.DeidentificationMethod, after.DeidentificationMethodCodeSequence
    after.pop("RecognizableVisualFeatures", None)  # the platform's own word, proven in test_visual.py
    if clean.pixels is not None:  # remarks within its frames are gone
        del reference.PixelData, after.PixelData
    assert differences(reference, after) == []
    assert after.file_meta.TransferSyntaxUID == raw.syntax.written_as
    assert instance_values(clean)["SOPInstanceUID"] == after.SOPInstanceUID
    assert acquisition_facts(raw)["Rows"] == raw.number("Rows")
    assert len(explain(raw, profile, key, identity(raw))) >= len(raw.elements)


def test_refusals_are_few_and_named() -> None:
    codes: Counter[Code] = Counter()
    for found in FILES:
        try:
            read_raw(found.read_bytes())
        except PermanentError as error:
            codes[error.code] += 1
    assert set(codes) == {Code.NOT_DICOM, Code.MISSING_UID, Code.CORRUPT, Code.UNSUPPORTED}
    assert codes[Code.CORRUPT] == 3
    assert sum(codes.values()) < len(FILES) // 4


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("MR_small.dcm", "MR_small_bigendian.dcm"),
        ("MR_small.dcm", "MR_small_expb.dcm"),
        ("rtdose.dcm", "rtdose_expb.dcm"),
        ("liver_1frame.dcm", "liver_expb_1frame.dcm"),
        ("CT_small.dcm", "no_meta.dcm"),
        ("ExplVR_LitEndNoMeta.dcm", "ExplVR_BigEndNoMeta.dcm"),
    ],
)
def test_old_encodings_of_one_object_give_one_clean_object(one: str, two: str, cleaned: Deidentify) -> None:
    paths = {path.name: path for path in FILES}
    left, right = (read_clean(cleaned(paths[name].read_bytes()).to_bytes()) for name in (one, two))
    assert right.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    if "Rows" in left:
        assert left.PixelData == right.PixelData
    assert [element.tag for element in left if element.tag not in right] == []


def test_what_was_kept_is_the_same_object_in_memory(profile: Profile, key: SiteKey) -> None:
    data = next(path for path in FILES if path.name == "CT_small.dcm").read_bytes()
    raw = read_raw(data)
    clean = deidentify(raw, profile, key, identity(raw))
    largest = max(clean.slices, key=len)
    assert isinstance(largest, memoryview)
    assert largest.obj is data
