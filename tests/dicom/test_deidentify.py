"""What happens to each kind of element, shown on objects made for it."""

import datetime
import struct
from dataclasses import replace

import pytest
from pydicom import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEG2000Lossless

from dicomlake.dicom import deidentify, read_raw, verify
from dicomlake.errors import PermanentError
from dicomlake.pseudonyms import Domain, DomainKey, SiteKey
from dicomlake.rules import Profile, load_profile
from tests.dicom.builders import CT, ROOT, explicit, implicit, instance, item, minimal
from tests.dicom.conftest import Deidentify, identity
from tests.dicom.reference import read_clean

ENCODINGS = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]
# Every identity the builders plant.
PLANTED = (
    b"Zubiri", b"Amaia", b"Okonkwo", b"Chidi", b"Brandstetter", b"Ulrike", b"Waldkirchen", b"SCHALTER4", b"PAT40001", b"ACC7001",
    b"19480229", b"20210304", b"SN88213X", b"ST5561", ROOT.encode(),
)  # fmt: skip


def clean(cleaned: Deidentify, data: bytes) -> Dataset:
    made = cleaned(data)
    verify(read_raw(data), made, load_profile("research"))
    return read_clean(made.to_bytes())


@pytest.mark.parametrize("part10", [True, False])
@pytest.mark.parametrize("syntax", ENCODINGS)
def test_no_planted_value_is_left_anywhere_in_the_file(syntax: str, part10: bool, cleaned: Deidentify) -> None:
    out = cleaned(instance(syntax=syntax, part10=part10)).to_bytes()
    assert [value for value in PLANTED if value in out] == []


def test_patient_key_stands_for_id_and_name_even_where_there_was_none(cleaned: Deidentify) -> None:
    for attributes in ({}, {"PatientID": "", "PatientName": ""}, {"PatientID": None, "PatientName": None}):
        made = cleaned(instance(**attributes))
        after = read_clean(made.to_bytes())
        assert after.PatientID == after.PatientName == made.patient_key


def test_patient_id_with_blanks_and_other_case_is_the_same_patient(cleaned: Deidentify) -> None:
    assert cleaned(instance(PatientID="pat40001 ")).patient_key == cleaned(instance()).patient_key


def test_uids_are_replaced_alike_everywhere_and_those_of_the_standard_stay(cleaned: Deidentify) -> None:
    one = instance(
        ReferencedImageSequence=[item(ReferencedSOPClassUID=CT, ReferencedSOPInstanceUID=f"{ROOT}.1.1.1.2")],
        change=lambda made: setattr(made, "FailedSOPInstanceUIDList", [f"{ROOT}.1.1.1.2", f"{ROOT}.1.1"]),
    )
    after = clean(cleaned, one)
    other = clean(cleaned, instance(number=2))
    reference = after.ReferencedImageSequence[0]
    assert reference.ReferencedSOPInstanceUID == other.SOPInstanceUID
    assert reference.ReferencedSOPClassUID == after.SOPClassUID == CT
    assert list(after.FailedSOPInstanceUIDList) == [other.SOPInstanceUID, other.StudyInstanceUID]
    assert after.file_meta.MediaStorageSOPInstanceUID == after.SOPInstanceUID


@pytest.mark.parametrize(
    ("keyword", "value", "kept"),
    [
        ("AcquisitionDateTime", "20210304081632.250000+0100", "081632.250000+0100"),
        ("AcquisitionDateTime", "20210304", ""),
        ("AcquisitionDateTime", "4. März 2021", None),
        ("ContentDate", "2021.03.04", ""),
        ("ContentDate", "20210230", None),
        ("ContentDate", "Zubiri", None),
    ],
)
def test_dates_move_with_the_patient_and_what_is_no_date_goes(
    keyword: str, value: str, kept: str | None, cleaned: Deidentify
) -> None:
    after = clean(cleaned, instance(SpecificCharacterSet="ISO_IR 192", **{keyword: value}))
    moved = after[keyword].value
    if kept is None:
        assert moved in ("", None, "19000101", "19000101000000")
    else:
        assert moved[:8] == after.StudyDate != "20210304"
        assert moved[8:] == kept


def test_several_dates_in_one_element_move_together(cleaned: Deidentify) -> None:
    def two_dates(made: Dataset) -> None:
        made.DateOfSecondaryCapture = "20210304"
        made["DateOfSecondaryCapture"].value = ["20210304", "20210306"]

    first, second = clean(cleaned, instance(change=two_dates)).DateOfSecondaryCapture
    assert int(second) - int(first) in (2, 71, 72, 73, 8873)  # the end of a month or year may lie between them
    assert first != "20210304"


def test_times_stay_and_what_is_no_time_goes(cleaned: Deidentify) -> None:
    assert clean(cleaned, instance()).AcquisitionTime == "081632.25"
    assert clean(cleaned, instance(AcquisitionTime="08:16:32")).AcquisitionTime == "08:16:32"
    assert clean(cleaned, instance(AcquisitionTime="at Zubiri")).AcquisitionTime in ("", None, "000000")


def test_intervals_within_a_patient_are_kept(cleaned: Deidentify) -> None:
    one = read_clean(cleaned(instance(StudyDate="20200110")).to_bytes()).StudyDate
    two = read_clean(cleaned(instance(study=2, StudyDate="20200111")).to_bytes()).StudyDate
    other = read_clean(cleaned(instance(patient=2, StudyDate="20200110")).to_bytes()).StudyDate
    assert one < two
    assert other != one


@pytest.mark.parametrize("age", ["073Y", "012M", "090Y", "104Y", "95Y", "alt"])
def test_ages_that_stay_are_one_group_from_90_on(age: str, key: SiteKey) -> None:
    rule = replace(load_profile("basic").defaults["AS"], tag=0x00101010, keyword="PatientAge")
    keeping = load_profile("research").with_overrides((rule,), "ages")
    raw = read_raw(instance(PatientAge=age))
    made = deidentify(raw, keeping, key, identity(raw))
    verify(raw, made, keeping)
    wanted = {"104Y": "090Y", "95Y": "090Y", "alt": ""}.get(age, age)
    assert (read_clean(made.to_bytes()).PatientAge or "") == wanted


def test_private_blocks_go_at_every_level_with_their_creators(cleaned: Deidentify) -> None:
    def private(made: Dataset) -> None:
        inner = item(CodeValue="T1")
        inner.private_block(0x0029, "SIEMENS CSA HEADER", create=True).add_new(0x10, "UN", b"Zubiri^Amaia")
        block = made.private_block(0x0009, "ACME 1.0", create=True)
        block.add_new(0x01, "LO", "Zubiri^Amaia")
        block.add_new(0x02, "SQ", [item(PatientName="Zubiri^Amaia")])
        made.ProcedureCodeSequence = [inner]

    for syntax in ENCODINGS:
        after = clean(cleaned, instance(syntax=syntax, change=private))
        assert [element.tag for element in after.iterall() if element.tag.is_private] == []
        assert after.ProcedureCodeSequence[0].CodeValue == "T1"


def test_group_lengths_padding_overlays_and_curves_go(cleaned: Deidentify) -> None:
    extra = (
        explicit(0x00080000, b"UL", struct.pack("<I", 99)),
        explicit(0x50000110, b"US", b"\1\0"),
        explicit(0x60000010, b"US", b"\1\0"),
        explicit(0x60003000, b"OW", b"\1\0"),
        explicit(0x60020022, b"LO", b"Zubiri"),
        explicit(0xFFFCFFFC, b"OB", b"Zubiri"),
    )
    tags = {int(element.tag) for element in clean(cleaned, minimal(*extra))}
    assert not {0x00080000, 0x50000110, 0x60000010, 0x60003000, 0x60020022, 0xFFFCFFFC} & tags


def test_unknown_and_misplaced_groups_go(cleaned: Deidentify) -> None:
    extra = (
        explicit(0x00020016, b"AE", b"ZUBIRI"),
        explicit(0x00040010, b"CS", b"ZUBIRI"),
        explicit(0x00089999, b"LO", b"Zubiri"),
    )
    assert b"ubiri" not in cleaned(CT_FILE + minimal(*extra)).to_bytes().lower()


CT_FILE = bytes(128) + b"DICM" + explicit(0x00020010, b"UI", ExplicitVRLittleEndian.encode() + b"\0")


def test_preamble_and_file_meta_are_our_own(cleaned: Deidentify) -> None:
    data = instance()
    meta = explicit(0x00020016, b"AE", b"SCHALTER4 ")
    data = data[:132] + meta + data[132:]
    out = cleaned(data).to_bytes()
    after = read_clean(out)
    assert out[:128] == bytes(128)
    assert {element.keyword for element in after.file_meta} == {
        "FileMetaInformationGroupLength", "FileMetaInformationVersion", "MediaStorageSOPClassUID", "MediaStorageSOPInstanceUID",
        "TransferSyntaxUID", "ImplementationClassUID", "ImplementationVersionName",
    }  # fmt: skip
    length = after.file_meta.FileMetaInformationGroupLength
    assert out[132 + 12 + length : 132 + 12 + length + 2] == b"\x08\0"
    assert after.file_meta.ImplementationVersionName.startswith("DICOMLAKE")


def test_the_copy_says_what_was_done_and_forgets_what_others_said(cleaned: Deidentify, profile: Profile) -> None:
    claimed = [item(CodeValue="113999", CodingSchemeDesignator="DCM", CodeMeaning="Seen by Zubiri")]
    after = clean(
        cleaned,
        instance(
            PatientIdentityRemoved="NO", DeidentificationMethod="Zubiri", DeidentificationMethodCodeSequence=claimed
        ),
    )
    assert after.PatientIdentityRemoved == "YES"
    assert [code.CodeValue for code in after.DeidentificationMethodCodeSequence] == [
        "113100",
        "113107",
        "113105",
        "113103",
        "113104",
        "113108",
        "113111",
    ]
    assert after.LongitudinalTemporalInformationModified == "MODIFIED"
    assert profile.version in str(after.DeidentificationMethod)
    assert all(len(value) <= 64 for value in [after.DeidentificationMethod] if isinstance(value, str))


@pytest.mark.parametrize("syntax", ENCODINGS)
def test_nested_sequences_keep_their_content_and_lengths_fit(syntax: str, cleaned: Deidentify) -> None:
    deep = item(
        RequestedProcedureDescription="CT Abdomen",
        ScheduledProcedureStepID="77812",
        ProcedureCodeSequence=[item(CodeValue="71250", CodeMeaning="CT", ReferencedSOPInstanceUID=f"{ROOT}.5")] * 2,
    )
    deep.add_new(0x00400007, "LO", "x")

    def open_ended(made: Dataset) -> None:
        made.SourceImageSequence = [deep, item(ReferencedFrameNumber="1")]
        made["SourceImageSequence"].is_undefined_length = True
        made.SourceImageSequence[0].is_undefined_length_sequence_item = True

    after = clean(cleaned, instance(syntax=syntax, change=open_ended))
    first, second = after.SourceImageSequence
    assert second.ReferencedFrameNumber == 1
    assert [code.CodeValue for code in first.ProcedureCodeSequence] == ["71250", "71250"]
    assert {code.ReferencedSOPInstanceUID for code in first.ProcedureCodeSequence}.isdisjoint({f"{ROOT}.5"})
    words = struct.unpack("<16H", after.PixelData)
    written = ">16H" if syntax == ExplicitVRBigEndian else "<16H"
    assert words == struct.unpack(written, bytes(range(32)))


def test_public_elements_under_un_follow_their_own_rule(cleaned: Deidentify) -> None:
    data = minimal(
        explicit(0x00080020, b"UN", b"20210304"),
        explicit(0x00080060, b"UN", b"CT"),
        explicit(0x00100010, b"UN", b"Zubiri^Amaia"),
        explicit(0x00081010, b"UN", b"SCHALTER4 "),
    )
    after = clean(cleaned, data)
    assert bytes(after.get_item("Modality").value) == b"CT"
    assert after.StudyDate not in ("20210304", "")
    assert "Zubiri" not in str(after)


def test_sequences_under_un_are_walked(cleaned: Deidentify) -> None:
    inner = implicit(0x00080100, b"AB") + implicit(0x00080020, b"20210304") + implicit(0x00100010, b"Zubiri^Amaia")
    value = b"\xfe\xff\x00\xe0" + struct.pack("<I", len(inner)) + inner
    for wrapped in (
        explicit(0x00081032, b"UN", value),
        explicit(0x00081032, b"UN", value + b"\xfe\xff\xdd\xe0\0\0\0\0", 0xFFFFFFFF),
    ):
        out = cleaned(minimal(wrapped)).to_bytes()
        assert b"20210304" not in out
        assert b"Zubiri" not in out
        assert b"\x08\0\0\x01\2\0\0\0AB" in out


def test_another_vr_than_the_dictionarys_does_not_lift_a_rule(cleaned: Deidentify) -> None:
    data = minimal(
        explicit(0x00080020, b"LO", b"20210304"),
        explicit(0x00080060, b"PN", b"Zubiri^Amaia"),
        explicit(0x0020000D + 3, b"PN", b"Zubiri"),
        explicit(0x00280010, b"DA", b"20210304"),
    )
    out = cleaned(data).to_bytes()
    assert b"20210304" not in out
    assert b"Zubiri" not in out


def test_a_sequence_that_hides_its_items_is_refused(cleaned: Deidentify) -> None:
    with pytest.raises(PermanentError, match="corrupt: sequence_without_items"):
        cleaned(minimal(explicit(0x00081032, b"OB", b"Zubiri")))


def test_an_element_without_a_vr_gets_one(cleaned: Deidentify) -> None:
    out = cleaned(minimal(implicit(0x00080060, b"CT"), implicit(0x00080020, b"20210304"))).to_bytes()
    after = read_clean(out)
    assert after.Modality == "CT"
    assert after["Modality"].VR == "CS"
    assert after.StudyDate != "20210304"


def test_values_of_odd_length_are_padded_where_they_stand(cleaned: Deidentify) -> None:
    data = minimal(
        explicit(0x00080060, b"CS", b"OTA"), explicit(0x7FE00010, b"OB", b"abcde"), explicit(0x00200013, b"IS", b"7")
    )
    made = cleaned(data)
    assert made.size % 2 == 0
    after = read_clean(made.to_bytes())
    assert (after.Modality, after.InstanceNumber, after.PixelData) == ("OTA", 7, b"abcde\0")


def test_fragments_pass_as_they_are(cleaned: Deidentify) -> None:
    chain = (
        b"\xfe\xff\x00\xe0" + bytes(4) + b"\xfe\xff\x00\xe0\4\0\0\0\xff\x4f\xff\xd9" + b"\xfe\xff\xdd\xe0" + bytes(4)
    )
    head = bytes(128) + b"DICM" + explicit(0x00020010, b"UI", JPEG2000Lossless.encode())
    made = cleaned(head + minimal(explicit(0x7FE00010, b"OB", chain, 0xFFFFFFFF)))
    assert made.to_bytes().endswith(chain)
    assert made.transfer_syntax == JPEG2000Lossless


def test_same_input_gives_same_bytes_and_name_and_another_key_others(profile: Profile, cleaned: Deidentify) -> None:
    one, two = cleaned(instance()), cleaned(instance())
    assert (one.to_bytes(), one.object_name) == (two.to_bytes(), two.object_name)
    raw = read_raw(instance())
    for other in (
        DomainKey.from_secret(b"for tests of the dicom room", Domain.RESEARCH).site("clinic-b"),
        DomainKey.from_secret(b"for tests of the dicom room", Domain.OPERATIONS).site("clinic-a"),
    ):
        changed = deidentify(raw, profile, other, identity(raw))
        assert not set(changed.object_name.split("/")) & set(one.object_name.split("/"))


def test_object_names_are_made_of_pseudonyms_and_a_content_hash(cleaned: Deidentify) -> None:
    made, changed = cleaned(instance()), cleaned(instance(KVP="140"))
    folder, _, file = made.object_name.rpartition("/")
    assert folder == f"{made.patient_key}/{made.study_uid}/{made.series_uid}"
    assert file.startswith(made.sop_uid + "-")
    assert len(file) == len(made.sop_uid) + 13
    assert changed.object_name.rpartition("-")[0] == made.object_name.rpartition("-")[0]
    assert changed.object_name != made.object_name


def test_cleaning_a_clean_object_changes_pseudonyms_and_dates_only(cleaned: Deidentify) -> None:
    once = cleaned(instance())
    twice = cleaned(once.to_bytes())
    one, two = read_clean(once.to_bytes()), read_clean(twice.to_bytes())
    assert {element.tag for element in one} == {element.tag for element in two}
    changed = {element.keyword for element in one if two[element.tag].value != element.value}
    assert all(word.endswith(("UID", "Date")) or word in ("PatientID", "PatientName") for word in changed)


@pytest.mark.parametrize("name", ["basic", "research", "full_dates"])
def test_every_profile_yields_proven_copies(name: str, key: SiteKey) -> None:
    other = load_profile(name)
    raw = read_raw(instance(VerifyingObserverSequence=[item(VerifyingObserverName="Zubiri^Amaia")]))
    made = deidentify(raw, other, key, identity(raw))
    verify(raw, made, other)
    after = read_clean(made.to_bytes())
    assert (after.StudyDate == "20210304") is (name == "full_dates")
    assert "Zubiri" not in str(after)


def test_counts_tell_what_was_done(cleaned: Deidentify) -> None:
    made = cleaned(instance())
    assert set(made.actions) <= set("DZXKUMC")
    assert made.actions["U"] == 4
    assert "Okonkwo" not in repr(made)


def test_who_verified_a_report_goes_and_when_moves_with_the_other_dates(cleaned: Deidentify, profile: Profile) -> None:
    observer = item(
        VerifyingOrganization="Spital Waldkirchen",
        VerificationDateTime="20210305101500",
        VerifyingObserverName="Vogelsang^Ute",
        VerifyingObserverIdentificationCodeSequence=[item(CodeValue="77", CodeMeaning="Vogelsang")],
    )
    data = instance(SOPClassUID="1.2.840.10008.5.1.4.1.1.88.33", VerifyingObserverSequence=[observer])
    made = cleaned(data)
    verify(read_raw(data), made, profile)
    after = read_clean(made.to_bytes())
    inner = after.VerifyingObserverSequence[0]
    day = lambda text: datetime.datetime.strptime(text[:8], "%Y%m%d")  # noqa: E731
    assert day(inner.VerificationDateTime) - day(after.StudyDate) == datetime.timedelta(days=1)
    assert inner.VerificationDateTime[8:] == "101500"
    assert b"Vogelsang" not in made.to_bytes() and b"Waldkirchen" not in made.to_bytes()


def test_private_groups_on_both_sides_of_what_is_written_anew_go_as_one(cleaned: Deidentify) -> None:
    def private(made: Dataset) -> None:
        for group in (0x0011, 0x0013, 0x0027, 0x0029):
            made.add_new((group, 0x0010), "LO", "SOMEBODY 1")
            made.add_new((group, 0x1001), "LO", "for Okonkwo")

    data = instance(Modality="MR", BodyPartExamined="HEAD", change=private)
    after = clean(cleaned, data)
    assert not [element for element in after if element.tag.is_private]
    assert after.PatientIdentityRemoved == "YES"


@pytest.mark.parametrize(("value", "stays"), [("1000", True), ("Okonkwo", False), ("Wexpenn", False)])
def test_a_safe_private_number_stays_only_if_it_is_one(value: str, stays: bool, cleaned: Deidentify) -> None:
    def private(made: Dataset) -> None:
        made.add_new((0x0019, 0x0010), "LO", "SIEMENS MR HEADER")
        made.add_new((0x0019, 0x100C), "LO", value)

    data = instance(change=private)
    assert ((0x0019, 0x100C) in clean(cleaned, data)) is stays
