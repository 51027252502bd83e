"""Objects planted by somebody who has never seen the rules (`strangers.py`): who is in them goes, known or told by form only; science stays."""

import pytest

from dicomlake.dicom import read_raw, verify
from dicomlake.dicom.folding import fold
from dicomlake.rules import Profile
from tests.dicom.builders import instance
from tests.dicom.conftest import Deidentify
from tests.dicom.reference import read_clean
from tests.dicom.strangers import stranger, words_of


def shown(secret: str, text: str) -> bool:
    """Whether a text shows a secret; short ones count as whole words only."""
    if len(secret) > 4:
        return fold(secret) in fold(text)
    return fold(secret) in [word.strip(".,;()") for word in fold(text).split()]


def test_strangers_go_and_what_was_said_beside_them_stays(cleaned: Deidentify, profile: Profile) -> None:
    gone = removed = words = kept = 0
    for seed in range(5_000, 5_040):
        planted = stranger(seed)
        clean = cleaned(planted.data)
        verify(read_raw(planted.data), clean, profile)
        after = read_clean(clean.to_bytes())
        texts = [str(one.value) for one in after.iterall() if one.VR not in ("SQ", "UI", "OW")]
        gone += len(planted.gone)
        removed += sum(not any(shown(secret, text) for text in texts) for secret in planted.gone)
        for place, science in planted.left:
            left = words_of(after, place)
            words += len(science.split())
            kept += sum(word in left for word in science.split())
    assert gone > 700 and words > 1200
    assert removed / gone >= 0.995
    assert kept / words >= 0.995


def test_the_measure_can_fail(profile: Profile) -> None:
    planted = stranger(5_001)
    before = read_clean(planted.data)
    texts = [str(one.value) for one in before.iterall() if one.VR not in ("SQ", "UI", "OW")]
    assert sum(any(shown(secret, text) for text in texts) for secret in planted.gone) > len(planted.gone) / 2


@pytest.mark.parametrize(
    ("typed", "stays"),
    [
        ("tech Wolvernum", False),
        ("1.5\\EDG Wolver", False),
        ("0.5\\DOB14.03.57", False),
        ("12,5", True),
        ("1.5 mm\\-2e3", True),
        ("120 kV", True),
        ("N/A", True),
        ("NaN", True),
    ],
)
def test_a_number_that_somebody_typed_words_into_goes(
    typed: str, stays: bool, cleaned: Deidentify, profile: Profile
) -> None:
    """What is no number says nothing to who measures, and may say anything of people."""
    value = typed.encode() + b" " * (len(typed) % 2)
    stand_in = "7" * len(value)  # pydicom would not write the other
    data = instance(DataCollectionDiameter=stand_in).replace(stand_in.encode(), value)
    clean = cleaned(data)
    verify(read_raw(data), clean, profile)
    made = read_clean(clean.to_bytes()).get_item("DataCollectionDiameter")
    assert bytes(made.value or b"").strip() == (typed.encode() if stays else b"")
