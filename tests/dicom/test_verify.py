"""The second reader finds what a broken walk would leave, and does not cry wolf."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from pydicom import Dataset

from dicomlake.dicom import CleanInstance, CleanPixels, RawInstance, deidentify, read_raw, verify
from dicomlake.dicom.cleaner import Cleaner, cleaner_for
from dicomlake.dicom.known import fold, known_values
from dicomlake.errors import Code, PermanentError
from dicomlake.pseudonyms import SiteKey
from dicomlake.rules import Action, Profile, Rule
from tests.dicom.builders import explicit, instance, item, minimal
from tests.dicom.conftest import identity


def slug(raw: RawInstance, clean: CleanInstance, profile: Profile) -> str:
    with pytest.raises(PermanentError) as found:
        verify(raw, clean, profile)
    assert found.value.code is Code.DEID_FAILED
    return found.value.detail


@pytest.fixture
def made(profile: Profile, key: SiteKey) -> Callable[..., tuple[RawInstance, CleanInstance]]:
    def run(data: bytes, other: Profile | None = None) -> tuple[RawInstance, CleanInstance]:
        raw = read_raw(data)
        return raw, deidentify(raw, other or profile, key, identity(raw))

    return run


@pytest.mark.parametrize(
    ("keyword", "action", "detail"),
    [
        ("InstitutionName", Action.K, "element_left"),
        ("MedicalRecordLocator", Action.K, "element_left"),
        ("StudyDate", Action.K, "date_not_moved"),
        ("StudyDate", Action.X, "element_lost"),
        ("SOPInstanceUID", Action.K, "uid_not_replaced"),
        ("ReferringPhysicianName", Action.K, "value_not_emptied"),
        ("KVP", Action.Z, "kept_value_changed"),
        ("KVP", Action.X, "element_lost"),
        ("SourceImageSequence", Action.Z, "items_lost"),
    ],
)
def test_a_rule_not_carried_out_is_found(
    keyword: str, action: Action, detail: str, profile: Profile, made: Callable[..., tuple[RawInstance, CleanInstance]]
) -> None:
    from pydicom.datadict import tag_for_keyword

    tag = tag_for_keyword(keyword)
    assert tag is not None
    broken = profile.with_overrides((Rule(tag, keyword, action, "tests:1"),), "broken")
    broken = replace(broken, version=profile.version)
    data = instance(SourceImageSequence=[item(ReferencedFrameNumber="1")], MedicalRecordLocator="shelf 9")
    raw, clean = made(data, broken)
    if keyword == "SOPInstanceUID":
        assert slug(raw, clean, profile) in ("uid_not_replaced", "file_meta_contradicts")
    else:
        assert slug(raw, clean, profile) == detail


def with_bytes(clean: CleanInstance, change: Callable[[bytes], bytes]) -> CleanInstance:
    return replace(clean, slices=(change(clean.to_bytes()),))


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda data: b"II*\0" + data[4:], "file_meta_not_ours"),
        (lambda data: data[:132] + explicit(0x00020016, b"AE", b"STATION1") + data[132:], "file_meta_not_ours"),
        (lambda data: data.replace(b"DCM\0", b"DCX\0").replace(b"DCM ", b"DCX "), "method_not_stated"),
        (lambda data: data.replace(b"MODIFIED", b"UNTOUCHD"), "method_not_stated"),
        (lambda data: data.replace(b"120 ", b"121 "), "kept_value_changed"),
        (lambda data: data[:-1] + b"\x42", "kept_value_changed"),
        (lambda data: data + explicit(0x7FE10010, b"LO", b"ACME"), "private_left"),
        (lambda data: data[:400], "element_lost"),
        (lambda data: b"", "second_reader_stopped"),
    ],
)
def test_tampered_bytes_are_found(
    change: Callable[[bytes], bytes],
    detail: str,
    profile: Profile,
    made: Callable[..., tuple[RawInstance, CleanInstance]],
) -> None:
    raw, clean = made(instance())
    found = slug(raw, with_bytes(clean, change), profile)
    assert found == detail or (detail == "private_left" and found == "element_appeared")


@pytest.mark.parametrize(
    ("attributes", "planted"),
    [
        ({"BodyPartExamined": "ABDOMEN"}, False),
        ({"Manufacturer": "Zubiri"}, False),  # no patient of this object bears that name
        ({"ConvolutionKernel": "B30 Okonkwo"}, True),
        ({"ConvolutionKernel": "B30 OKONKWO"}, True),
        ({"ConvolutionKernel": "B30 Chidi Okonkwo"}, True),
        ({"ConvolutionKernel": "B30 PAT40001 x"}, True),
        ({"ConvolutionKernel": "B30Okonkwox"}, False),
        ({"SoftwareVersions": "seen by Brandstetter"}, True),
        ({"PatientOrientation": ["L", "F"]}, False),
        ({"PatientName": "Brown^James", "BodyPartExamined": "BROWN FAT"}, False),
        ({"PatientName": "Brown^James", "ConvolutionKernel": "BROWN JAMES"}, True),
        ({"PatientName": "Li^Wu", "ConvolutionKernel": "Li Wu"}, True),
        ({"PatientName": "Li^Wu", "ConvolutionKernel": "Li"}, False),
        ({"SpecificCharacterSet": "ISO_IR 192", "PatientName": "Müller^Jörg", "ConvolutionKernel": "MULLER"}, True),
        (
            {"SpecificCharacterSet": "ISO_IR 192", "PatientName": "Ivanova=山田^太郎", "ConvolutionKernel": "B30山田"},
            True,
        ),
    ],
)
def test_known_values_that_a_broken_cleaner_leaves_are_found(
    attributes: dict[str, object],
    planted: bool,
    profile: Profile,
    made: Callable[..., tuple[RawInstance, CleanInstance]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw, clean = made(instance(**attributes))
    verify(raw, clean, profile)
    monkeypatch.setattr(Cleaner, "clean", lambda self, old, *_: old)
    cleaner_for.cache_clear()  # it remembers what it has cleaned
    raw, clean = made(instance(**attributes))
    cleaner_for.cache_clear()
    if planted:
        assert slug(raw, clean, profile) == "known_value_in_text"
    else:
        verify(raw, clean, profile)


def test_known_values_are_found_in_bytes_that_are_no_text(
    profile: Profile, made: Callable[..., tuple[RawInstance, CleanInstance]]
) -> None:
    for hidden in (
        b"\xff\xfe\0QUMB\0x",
        "\xff.Qumb.".encode("utf-16-le"),
    ):  # too short for the walk to hold the object for it
        hidden += b"\0" * (len(hidden) % 2)
        raw, clean = made(instance(PatientName="Qumb^Elsa", RedPaletteColorLookupTableData=hidden))
        assert slug(raw, clean, profile) == "known_value_in_bytes"


def test_pixels_are_not_searched(profile: Profile, made: Callable[..., tuple[RawInstance, CleanInstance]]) -> None:
    raw, clean = made(instance(PixelData=b"Okonkwo ".ljust(32, b"Z")))
    verify(raw, clean, profile)


def test_what_stands_behind_the_picture_is_searched(profile: Profile, key: SiteKey) -> None:
    raw, treated = read_raw(instance()), CleanPixels(bytes(32) + b" Okonkwo", cleaned=False)
    clean = deidentify(raw, profile, key, identity(raw), pixels=treated)
    assert slug(raw, clean, profile) == "known_value_in_bytes"


def test_what_a_site_keeps_on_purpose_is_not_held_against_it(
    profile: Profile, made: Callable[..., tuple[RawInstance, CleanInstance]]
) -> None:
    keeping = profile.with_overrides((Rule(0x00081010, "StationName", Action.K, "sites/x.yaml:1"),), "site")
    raw, clean = made(instance(), keeping)
    verify(raw, clean, keeping)


def test_names_of_all_items_and_writings_are_known() -> None:
    def nested(made: Dataset) -> None:
        made.RequestAttributesSequence = [
            item(RequestingPhysician="Adeyemi^Folasade"),
            item(ScheduledProcedureStepID="SPS-7741"),
        ]

    known = known_values(read_raw(instance(change=nested)))
    assert {"adeyemi", "folasade", "adeyemi folasade", "folasade adeyemi", "sps-7741", "spital waldkirchen"} <= set(
        known.words
    )
    assert "19480229" in known.numbers
    assert not {"ct", "f", "syntec", "ring 9"} & set(known.words)
    assert "adeyemi" not in repr(known)


def test_numbers_are_found_whole_only() -> None:
    known = known_values(read_raw(minimal(explicit(0x00100020, b"LO", b"123456"))))
    assert known.found_in(fold("MRN 123456."[:-1]))
    assert not known.found_in(fold("2.25.123456.7 and 91234567 and 0.123456"))
