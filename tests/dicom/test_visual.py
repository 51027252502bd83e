"""RecognizableVisualFeatures says YES where a head may be in the picture, NO only where that is known, else nothing (PS3.3 C.7.6.1)."""

from typing import Any

import pytest

from dicomlake.dicom import CleanPixels, deidentify, read_raw, verify
from dicomlake.errors import PermanentError
from dicomlake.pseudonyms import SiteKey
from dicomlake.rules import Profile
from tests.dicom.builders import instance, item
from tests.dicom.conftest import identity
from tests.dicom.reference import read_clean

MR = "1.2.840.10008.5.1.4.1.1.4"


def said(profile: Profile, key: SiteKey, **attributes: Any) -> str:
    raw = read_raw(instance(**attributes))
    clean = deidentify(raw, profile, key, identity(raw))
    verify(raw, clean, profile)
    return str(read_clean(clean.to_bytes()).get("RecognizableVisualFeatures", "absent"))


@pytest.mark.parametrize(
    "attributes",
    [
        {"BodyPartExamined": "HEAD"},
        {"BodyPartExamined": "BRAIN", "Modality": "MR", "SOPClassUID": MR},
        {"BodyPartExamined": None, "StudyDescription": "CT Schädel nativ"},
        {"BodyPartExamined": "", "ProtocolName": "HEAD_ROUTINE"},
        {"BodyPartExamined": "CHEST", "SeriesDescription": "Whole Body 3.0"},
        {"BodyPartExamined": "HEAD", "RecognizableVisualFeatures": "NO"},
        {"BodyPartExamined": "KNEE", "RecognizableVisualFeatures": "YES"},
        {"AnatomicRegionSequence": [item(CodeValue="69536005", CodingSchemeDesignator="SCT", CodeMeaning="Head")]},
    ],
)
def test_a_head_says_yes(attributes: dict[str, Any], profile: Profile, key: SiteKey) -> None:
    assert said(profile, key, **attributes) == "YES"


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"BodyPartExamined": "ABDOMEN"}, "absent"),
        ({"BodyPartExamined": "ABDOMEN", "RecognizableVisualFeatures": "NO"}, "NO"),
        ({"BodyPartExamined": None, "RecognizableVisualFeatures": "NO"}, "absent"),
        ({"BodyPartExamined": None}, "absent"),
        ({"BodyPartExamined": "HEAD", "PixelData": None}, "absent"),
        ({"BodyPartExamined": "SKULL", "Modality": "CR", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.1"}, "absent"),
    ],
)
def test_nothing_is_claimed_that_is_not_known(
    attributes: dict[str, Any], expected: str, profile: Profile, key: SiteKey
) -> None:
    assert said(profile, key, **attributes) == expected


def test_a_defaced_picture_speaks_for_itself(profile: Profile, key: SiteKey) -> None:
    raw = read_raw(instance(BodyPartExamined="HEAD"))
    pixels = CleanPixels(bytes(32), attributes={"RecognizableVisualFeatures": "NO"})
    clean = deidentify(raw, profile, key, identity(raw), pixels=pixels)
    verify(raw, clean, profile)
    assert read_clean(clean.to_bytes()).RecognizableVisualFeatures == "NO"


def test_verify_finds_a_head_that_claims_nothing(profile: Profile, key: SiteKey) -> None:
    raw = read_raw(instance(BodyPartExamined="HEAD"))
    other = read_raw(instance(BodyPartExamined="KNEE"))
    clean = deidentify(other, profile, key, identity(other))
    with pytest.raises(PermanentError):
        verify(raw, clean, profile)
