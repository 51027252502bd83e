"""Colour profiles keep their colours and lose their texts."""

import struct

import pytest
from pydicom import Dataset

from dicomlake.dicom import read_raw, verify
from dicomlake.dicom.icc import without_text
from dicomlake.rules import Profile
from tests.dicom.builders import instance, item
from tests.dicom.conftest import PACKAGED, Deidentify
from tests.dicom.reference import read_clean

WHITE = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)


def profile_of(**elements: bytes) -> bytes:
    """An ICC profile with these elements (signature -> content)."""
    start, table, content = 132 + 12 * len(elements), b"", b""
    for name, value in elements.items():
        table += struct.pack(">4sII", name.encode(), start + len(content), len(value))
        content += value + bytes(-len(value) % 4)
    size = start + len(content)
    header = struct.pack(">I", size) + b"lcms" + bytes(28) + b"acsp" + bytes(88)
    return header + struct.pack(">I", len(elements)) + table + content


def described(text: str) -> bytes:
    return b"desc" + bytes(4) + struct.pack(">I", len(text) + 1) + text.encode() + bytes(79)


def multilingual(text: str) -> bytes:
    return (
        b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", 2 * len(text), 28) + text.encode("utf-16-be")
    )


TELLING = profile_of(
    wtpt=WHITE,
    cprt=b"text" + bytes(4) + b"copyright Narjassalski\0",
    desc=described("scanner of Dr. Narjassalski"),
    dmdd=multilingual("Narjassalski"),
    meta=b"dict" + bytes(4) + b"Narjassalski, strange kind",
)


def test_texts_become_zeros_and_numbers_stay_where_they_are() -> None:
    made = without_text(TELLING)
    assert made is not None and len(made) == len(TELLING)
    assert b"Narjass" not in made and "Narjass".encode("utf-16-be") not in made
    assert made.count(WHITE) == 1 and made.index(WHITE) == TELLING.index(WHITE)
    assert without_text(made) == made


def test_bytes_between_the_elements_become_zeros() -> None:
    longer = struct.pack(">I", len(TELLING) + 12) + TELLING[4:] + b"Narjassalski"
    made = without_text(longer)
    assert made is not None and made.endswith(bytes(12))


@pytest.mark.parametrize(
    "broken", [b"", b"Narjassalski" * 20, TELLING[:140], TELLING[:128] + b"\0\0\xff\xff" + TELLING[132:]]
)
def test_what_is_no_profile_is_told(broken: bytes) -> None:
    assert without_text(broken) is None


def test_profiles_of_real_scanners_stay_readable() -> None:
    pytest.importorskip("PIL.ImageCms")
    from io import BytesIO

    from PIL import ImageCms

    real = (PACKAGED / "test_files" / "crayons.icc").read_bytes()
    made = without_text(real)
    assert made is not None
    before, after = (ImageCms.ImageCmsProfile(BytesIO(one)).profile for one in (real, made))
    assert (after.red_colorant, after.media_white_point) == (before.red_colorant, before.media_white_point)
    assert not (after.copyright or "").strip("\0 ")


def test_a_profile_in_an_item_is_cleaned_and_one_that_is_none_goes(cleaned: Deidentify, profile: Profile) -> None:
    path = item(ICCProfile=TELLING, OpticalPathIdentifier="1")
    data = instance(ICCProfile=b"Narjassalski was here", OpticalPathSequence=[path])
    clean = cleaned(data)
    verify(read_raw(data), clean, profile)
    after: Dataset = read_clean(clean.to_bytes())
    assert "ICCProfile" not in after
    assert after.OpticalPathSequence[0].ICCProfile == without_text(TELLING)
    assert b"Narjass" not in clean.to_bytes()
