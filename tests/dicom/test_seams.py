"""What other rooms hand in: a recogniser of text, and a treated picture that ends up in the clean instance as it is, proven."""

from dataclasses import replace
from io import BytesIO

import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEG2000Lossless, RLELossless

from dicomlake.dicom import CleanPixels, KnownIdentity, deidentify, instance_values, known_identity, read_raw, verify
from dicomlake.errors import PermanentError
from dicomlake.pseudonyms import SiteKey
from dicomlake.rules import Profile
from tests.dicom.builders import instance
from tests.dicom.conftest import PACKAGED, identity
from tests.dicom.reference import read_clean

BLACK = bytes(32)


def test_a_recogniser_gets_the_text_and_what_is_known_and_its_spans_go(profile: Profile, key: SiteKey) -> None:
    seen: list[tuple[str, KnownIdentity]] = []

    def recognise(text: str, known: KnownIdentity) -> list[tuple[int, int]]:
        seen.append((text, known))
        at = text.find("Quimby")
        return [] if at < 0 else [(at, at + 6)]

    raw = read_raw(instance(StudyDescription="Thorax for Quimby", ImageComments="see Quimby's"))
    clean = deidentify(raw, profile, key, identity(raw), recognise=recognise)
    verify(raw, clean, profile)
    after = read_clean(clean.to_bytes())
    assert (after.StudyDescription, after.ImageComments) == ("Thorax for", "see 's")
    known = dict(seen)["Thorax for Quimby"]
    assert "Okonkwo^Chidi" in known.names and "PAT40001" in known.ids and "Spital Waldkirchen" in known.places
    assert [str(day) for day in known.vital_dates] == ["1948-02-29"]
    assert "Okonkwo" not in repr(known)
    assert known_identity(raw, profile) == known


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_a_treated_picture_replaces_the_originals_and_is_stated(syntax: str, profile: Profile, key: SiteKey) -> None:
    raw = read_raw(instance(syntax=syntax))
    pixels = CleanPixels(BLACK, attributes={"BurnedInAnnotation": "NO"}, regions=((0, 0, 4, 1),))
    clean = deidentify(raw, profile, key, identity(raw), pixels=pixels)
    verify(raw, clean, profile)
    after = read_clean(clean.to_bytes())
    assert (after.PixelData, after.BurnedInAnnotation) == (BLACK, "NO")
    assert "113101" in [item.CodeValue for item in after.DeidentificationMethodCodeSequence]
    assert after.file_meta.TransferSyntaxUID == syntax
    assert instance_values(clean)["deid"]["pixel_regions"] == [[0, 0, 4, 1]]  # type: ignore[index]


def test_a_picture_may_change_how_it_is_encoded(profile: Profile, key: SiteKey) -> None:
    fragments = encapsulate([b"\xff\x4f made up"])
    pixels = CleanPixels(fragments, JPEG2000Lossless, {"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3})
    raw = read_raw(instance())
    clean = deidentify(raw, profile, key, identity(raw), pixels=pixels)
    verify(raw, clean, profile)
    after = dcmread(BytesIO(clean.to_bytes()))
    assert (after.PhotometricInterpretation, after.SamplesPerPixel) == ("RGB", 3)
    assert after.file_meta.TransferSyntaxUID == JPEG2000Lossless and after.PixelData.startswith(fragments)
    assert read_raw(clean.to_bytes()).syntax.encapsulated

    raw = read_raw((PACKAGED / "test_files" / "MR_small_RLE.dcm").read_bytes())
    native = CleanPixels(bytes(64 * 64 * 2), ExplicitVRLittleEndian)
    clean = deidentify(raw, profile, key, identity(raw), pixels=native)
    verify(raw, clean, profile)
    assert not any(read_clean(clean.to_bytes()).PixelData)


def test_a_picture_only_looked_at_stays_and_is_stated(profile: Profile, key: SiteKey) -> None:
    raw = read_raw(instance())
    clean = deidentify(raw, profile, key, identity(raw), pixels=CleanPixels(attributes={"BurnedInAnnotation": "NO"}))
    verify(raw, clean, profile)
    after = read_clean(clean.to_bytes())
    assert after.PixelData == bytes(range(32)) and after.BurnedInAnnotation == "NO"
    assert "113101" in [item.CodeValue for item in after.DeidentificationMethodCodeSequence]


def test_without_a_picture_nothing_is_stated_of_pixels(profile: Profile, key: SiteKey) -> None:
    raw = read_raw(instance())
    after = read_clean(deidentify(raw, profile, key, identity(raw)).to_bytes())
    assert "113101" not in [item.CodeValue for item in after.DeidentificationMethodCodeSequence]
    assert "BurnedInAnnotation" not in after


def test_verify_finds_a_picture_that_is_not_the_treated_one(profile: Profile, key: SiteKey) -> None:
    raw = read_raw(instance())
    clean = deidentify(raw, profile, key, identity(raw), pixels=CleanPixels(BLACK))
    other = replace(clean, pixels=CleanPixels(b"\1" * 32))
    with pytest.raises(PermanentError, match="picture_not_replaced"):
        verify(raw, other, profile)
    stated = replace(clean, pixels=CleanPixels(BLACK, attributes={"BurnedInAnnotation": "NO"}))
    with pytest.raises(PermanentError, match="picture_not_stated"):
        verify(raw, stated, profile)
    with pytest.raises(PermanentError, match="method_not_stated"):
        verify(raw, replace(clean, pixels=CleanPixels(BLACK, cleaned=False)), profile)


def test_a_picture_changes_nothing_but_what_it_may(profile: Profile, key: SiteKey) -> None:
    with pytest.raises(PermanentError, match="picture_not_allowed"):
        CleanPixels(BLACK, attributes={"PatientName": "x"})
    raw = read_raw(instance(syntax=ImplicitVRLittleEndian))
    with pytest.raises(PermanentError, match="picture_needs_other_header"):
        deidentify(raw, profile, key, identity(raw), pixels=CleanPixels(BLACK, RLELossless))
