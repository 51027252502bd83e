"""The options of the research profile: safe private attributes, content trees, characteristics of the patient; and the hard cases of each."""

import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicomlake.dicom import CleanPixels, deidentify, explain, read_raw, verify
from dicomlake.errors import PermanentError
from dicomlake.pseudonyms import SiteKey
from dicomlake.rules import Profile, load_profile
from dicomlake.rules.paths import rules_dir
from tests.dicom.builders import ROOT, explicit, implicit, instance, item, minimal
from tests.dicom.conftest import PACKAGED, Deidentify, identity
from tests.dicom.reference import read_clean

ENCODINGS = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]


@pytest.fixture
def clean(cleaned: Deidentify, profile: Profile) -> Callable[[bytes], Dataset]:
    def run(data: bytes) -> Dataset:
        made = cleaned(data)
        verify(read_raw(data), made, profile)
        return read_clean(made.to_bytes())

    return run


Clean = Callable[[bytes], Dataset]


def private(group: int, creator: str, *elements: tuple[int, str, object]) -> Callable[[Dataset], None]:
    def add(made: Dataset) -> None:
        block = made.private_block(group, creator, create=True)
        for low, vr, value in elements:
            block.add_new(low, vr, value)

    return add


@pytest.mark.parametrize("syntax", ENCODINGS)
def test_a_safe_private_attribute_stays_with_its_creator_and_its_neighbours_go(syntax: str, clean: Clean) -> None:
    add = private(
        0x0019, "SIEMENS MR HEADER", (0x0C, "IS", "750"), (0x0D, "CS", "DIRECTIONAL"), (0x15, "LO", "Okonkwo")
    )
    after = clean(instance(syntax=syntax, change=add))
    kept = {int(element.tag) for element in after if element.tag.is_private}
    assert kept == {0x00190010, 0x0019100C, 0x0019100D}
    assert after[0x0019100C].value == 750


def test_the_same_low_byte_under_another_creator_goes(clean: Clean) -> None:
    after = clean(instance(change=private(0x0019, "SIEMENS MR HEADERS", (0x0C, "IS", "750"))))
    assert [element for element in after if element.tag.is_private] == []


def test_a_low_byte_is_safe_under_its_own_creator_only_even_beside_it(clean: Clean) -> None:
    def both(made: Dataset) -> None:
        private(0x0019, "SIEMENS MR HEADER", (0x0C, "IS", "750"), (0x23, "DS", "1.5"))(made)
        private(0x0019, "GEMS_ACQU_01", (0x0C, "IS", "751"), (0x23, "DS", "2.5"))(made)

    after = clean(instance(change=both))
    assert {int(e.tag) for e in after if e.tag.is_private and e.tag.element > 0xFF} == {0x0019100C, 0x00191123}


def test_the_block_is_the_one_the_creator_names_and_blanks_around_its_name_do_not_count(clean: Clean) -> None:
    data = minimal(
        explicit(0x00190011, b"LO", b"SIEMENS MR HEADER \0"[:18]),
        explicit(0x0019110C, b"IS", b"75"),
        explicit(0x0019100C, b"IS", b"76"),
    )
    assert {int(element.tag) for element in clean(data) if element.tag.is_private} == {0x00190011, 0x0019110C}


def test_a_creator_counts_in_its_own_item_only(clean: Clean) -> None:
    def nested(made: Dataset) -> None:
        private(0x0019, "SIEMENS MR HEADER", (0x0C, "IS", "750"))(made)
        orphan, own = item(CodeValue="T1"), item(CodeValue="T2")
        orphan.add_new(0x0019100C, "IS", "751")
        private(0x0019, "SIEMENS MR HEADER", (0x0C, "IS", "752"))(own)
        made.ProcedureCodeSequence = [orphan, own]

    orphan, own = clean(instance(change=nested)).ProcedureCodeSequence
    assert 0x0019100C not in orphan
    assert own[0x0019100C].value == 752


def test_text_in_safe_private_attributes_is_cleaned_and_names_and_sequences_go(clean: Clean) -> None:
    add = private(0x0045, "GEMS_SENO_02", (0x1B, "LO", "CC of Okonkwo 20210304"), (0x20, "PN", "Okonkwo^Chidi"))
    after = clean(instance(change=add))
    assert str(after[0x0045101B].value).startswith("CC of ")
    assert "Okonkwo" not in str(after) and "20210304" not in str(after[0x0045101B].value)
    assert 0x00451020 not in after
    with_items = private(0x7E01, "HOLOGIC, Inc.", (0x10, "SQ", [item(PatientName="Okonkwo^Chidi")]))
    assert 0x7E011010 not in clean(instance(change=with_items))


@pytest.mark.parametrize(("vr", "value"), [("UI", f"{ROOT}.5"), ("DA", "20210304"), ("DT", "20210304081500+0100")])
def test_uids_and_dates_that_stay_in_private_attributes_move_with_the_rest(vr: str, value: str, clean: Clean) -> None:
    after = clean(instance(change=private(0x0045, "GEMS_SENO_02", (0x1B, vr, value))))
    kept = str(after[0x0045101B].value)
    assert value not in str(after)
    assert kept.startswith(after.StudyDate) if vr != "UI" else kept.startswith("2.25.")


def test_implicit_private_attributes_have_the_vr_of_the_list_or_are_short_numbers(clean: Clean) -> None:
    data = minimal_implicit(
        implicit(0x00190010, b"SIEMENS MR HEADER "),
        implicit(0x0019100C, b"750 "),
        implicit(0x0019100D, b"of Okonkwo"),
        implicit(0x01E10010, b"ELSCINT1"),
        implicit(0x01E11026, b"1.25"),
        implicit(0x01E11050, b"20210304"),
    )
    after = clean(data)
    assert bytes(after.get_item(0x0019100C).value) == b"750 "
    assert 0x01E11026 in after
    assert 0x01E11050 not in after
    assert b"Okonkwo" not in bytes(after.get_item(0x0019100D).value)


def minimal_implicit(*extra: bytes) -> bytes:
    uids = (
        (0x00080016, "1.2.840.10008.5.1.4.1.1.2"),
        (0x00080018, f"{ROOT}.1"),
        (0x0020000D, f"{ROOT}.2"),
        (0x0020000E, f"{ROOT}.3"),
    )
    elements = [implicit(tag, uid.encode() + b"\0" * (len(uid) % 2)) for tag, uid in uids]
    name = implicit(0x00100010, b"Okonkwo^Chidi ")
    return b"".join(sorted([*elements, name, *extra], key=lambda one: struct.unpack_from("<HH", one)))


def test_profiles_without_the_option_keep_no_private_attribute(key: SiteKey) -> None:
    basic = load_profile("basic")
    raw = read_raw(instance(change=private(0x0019, "SIEMENS MR HEADER", (0x0C, "IS", "750"))))
    made = deidentify(raw, basic, key, identity(raw))
    assert not any(element.tag.is_private for element in read_clean(made.to_bytes()))


def content(kind: str, code: str, meaning: str, **values: object) -> Dataset:
    name = item(CodeValue=code, CodingSchemeDesignator="DCM", CodeMeaning=meaning)
    return item(RelationshipType="CONTAINS", ValueType=kind, ConceptNameCodeSequence=[name], **values)


def report() -> bytes:
    unit = item(CodeValue="mGy.cm", CodingSchemeDesignator="UCUM", CodeMeaning="mGy.cm")
    coded = item(CodeValue="T-1", CodingSchemeDesignator="99A", CodeMeaning="Scan by Adeyemi XK-9981")
    number = item(NumericValue="412.75", MeasurementUnitsCodeSequence=[unit])
    return instance(
        SOPClassUID="1.2.840.10008.5.1.4.1.1.88.67",
        Modality="SR",
        PixelData=None,
        ContentSequence=[
            content("TEXT", "121071", "Finding", TextValue="Nodule of Okonkwo, seen 2021-03-04, see prior"),
            content("PNAME", "121008", "Person Observer Name", PersonName="Adeyemi^Folasade"),
            content("DATETIME", "113809", "Start", DateTime="20210304081500.25"),
            content("NUM", "113838", "CT Dose Length Product Total", MeasuredValueSequence=[number]),
            content("TEXT", "121016", "Device Observer Serial Number", TextValue="XK-9981"),
            content("UIDREF", "110180", "Study Instance UID", UID=f"{ROOT}.1.1"),
            content("CODE", "113014", "Study", ConceptCodeSequence=[coded]),
            content("CONTAINER", "113819", "CT Acquisition", ContentSequence=[content("TEXT", "125203", "Protocol", TextValue="Thorax Adeyemi")]),
            content("SCOORD", "111030", "Region", GraphicType="POINT", GraphicData=[1.5, 2.5]),
        ],
    )  # fmt: skip


def test_a_content_tree_keeps_numbers_codes_and_structure_and_loses_who(clean: Clean) -> None:
    after = clean(report())
    text, name, start, number, serial, uid, code, container, region = after.ContentSequence
    assert text.TextValue.startswith("Nodule of , seen ") and text.TextValue.endswith(", see prior")
    assert "2021-03-04" not in text.TextValue
    assert str(name.PersonName) == "Anonymous"
    assert start.DateTime == f"{after.StudyDate}081500.25"
    measured = number.MeasuredValueSequence[0]
    assert str(measured.NumericValue) == "412.75"
    assert measured.MeasurementUnitsCodeSequence[0].CodeValue == "mGy.cm"
    assert serial.TextValue == "REMOVED"
    assert after.StudyInstanceUID == uid.UID
    assert code.ConceptCodeSequence[0].CodeMeaning == "Scan by"
    assert container.ContentSequence[0].TextValue == "Thorax"
    assert list(region.GraphicData) == [1.5, 2.5]
    assert [one.ConceptNameCodeSequence[0].CodeValue for one in (text, number, container)] == [
        "121071",
        "113838",
        "113819",
    ]


def test_the_whole_of_a_dose_report_but_who_and_when_is_bit_identical(clean: Clean) -> None:
    before = dcmread(PACKAGED / "test_files" / "reportsi.dcm")
    after = clean((PACKAGED / "test_files" / "reportsi.dcm").read_bytes())

    def facts(level: Dataset) -> list[tuple[int, str]]:
        kept = ("DS", "FD", "FL", "IS", "US", "UL", "CS")
        return [(int(e.tag), str(e.value)) for e in level.iterall() if e.VR in kept or e.keyword == "CodeValue"]

    assert facts(before.ContentSequence[0]) == facts(after.ContentSequence[0])
    assert len(before.ContentSequence) == len(after.ContentSequence)


def test_explain_tells_the_concept_the_private_row_and_what_is_cleaned(profile: Profile, key: SiteKey) -> None:
    raw = read_raw(report())
    plans = {plan.path: plan for plan in explain(raw, profile, key, identity(raw))}
    assert plans["(0040,A730)[4].(0040,A160)"].source.startswith("text/concepts.yaml:")
    assert plans["(0040,A730)[0].(0040,A160)"].effect == "cleaned: what identifies is taken out"
    raw = read_raw(instance(change=private(0x0019, "SIEMENS MR HEADER", (0x0C, "IS", "750"))))
    kept = next(plan for plan in explain(raw, profile, key, identity(raw)) if plan.tag == 0x0019100C)
    assert (kept.action, kept.effect) == ("K", "kept")
    assert kept.source.startswith("ps3_15/safe_private.yaml:")


@pytest.mark.parametrize(
    ("age", "kept"), [("104Y", "090Y"), ("089Y", "089Y"), ("003W", "003W"), ("12D", "012D"), ("1100M", ""), ("x", "")]
)
def test_characteristics_stay_and_ages_are_capped(age: str, kept: str, clean: Clean) -> None:
    after = clean(instance(PatientAge=age, PatientWeight="71.5", PatientSize="1.68", EthnicGroup="Basque Okonkwo"))
    assert (after.PatientAge or "") == kept
    assert (after.PatientSex, str(after.PatientWeight), str(after.PatientSize)) == ("F", "71.5", "1.68")
    assert after.EthnicGroup == "Basque"


def test_sequences_of_the_request_are_cleaned_not_removed(clean: Clean) -> None:
    request = item(
        ScheduledProcedureStepDescription="Thorax Okonkwo",
        ScheduledProcedureStepID="7788x",
        RequestedProcedureID="RP771",
    )
    after = clean(instance(RequestAttributesSequence=[request]))
    step = after.RequestAttributesSequence[0]
    assert step.ScheduledProcedureStepDescription == "Thorax"
    assert "7788x" not in str(step) and "RP771" not in str(step)


def test_signatures_encrypted_and_original_attributes_and_icons_go(clean: Clean) -> None:
    after = clean(
        instance(
            OriginalAttributesSequence=[item(ModifyingSystem="x")],
            EncryptedAttributesSequence=[item(EncryptedContent=b"xx")],
            DigitalSignaturesSequence=[item(MACIDNumber=1)],
            IconImageSequence=[item(Rows=1)],
        )
    )
    for keyword in (
        "OriginalAttributesSequence",
        "EncryptedAttributesSequence",
        "DigitalSignaturesSequence",
        "IconImageSequence",
    ):
        assert keyword not in after


def test_an_object_that_claims_to_be_de_identified_is_treated_like_any_other(clean: Clean) -> None:
    after = clean(
        instance(PatientIdentityRemoved="YES", DeidentificationMethod="by hand", StudyDescription="of Okonkwo")
    )
    assert after.StudyDescription == "of"
    assert "by hand" not in str(after)


def test_a_directory_of_a_medium_is_never_copied() -> None:
    with pytest.raises(PermanentError, match="dicomdir"):
        read_raw((PACKAGED / "test_files" / "dicomdirtests" / "DICOMDIR").read_bytes())


def test_one_id_at_two_sites_or_under_two_issuers_is_two_patients(profile: Profile, cleaned: Deidentify) -> None:
    plain, other = cleaned(instance()), cleaned(instance(IssuerOfPatientID="RIS-SOUTH"))
    assert plain.patient_key != other.patient_key


def test_every_edition_of_a_site_profile_loads_and_proves(key: SiteKey) -> None:
    own = load_profile("trial_example")
    raw = read_raw(instance(ImageComments="thin"))
    made = deidentify(raw, own, key, identity(raw))
    verify(raw, made, own)
    after = read_clean(made.to_bytes())
    assert (after.InstitutionName, after.StationName, after.DeviceSerialNumber) == (
        "TRIAL SITE 4",
        "SCHALTER4",
        "SN88213X",
    )
    assert "ImageComments" not in after
    assert [code for code, _, _ in own.method_codes][-1] == "113109"


@pytest.fixture(scope="module")
def graphics(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    """The research profile, in which annotations stay, with the option for pictures."""
    root = Path(shutil.copytree(rules_dir(None), tmp_path_factory.mktemp("rules") / "deid_rules"))
    own = root / "profiles" / "research.yaml"
    named = "options:\n  - Clean Pixel Data Option\n"
    own.write_text(own.read_text("utf-8").replace("options:\n", named, 1), "utf-8")
    return load_profile("research", root)


def test_annotations_stay_with_their_shapes_and_without_names_and_the_code_says_so(
    graphics: Profile, key: SiteKey
) -> None:
    shape = item(
        GraphicAnnotationUnits="PIXEL",
        GraphicDimensions=2,
        NumberOfGraphicPoints=1,
        GraphicData=[3.0, 4.0],
        GraphicType="POINT",
    )
    text = item(UnformattedTextValue="thin slice of Okonkwo", AnchorPoint=[1.0, 2.0], AnchorPointVisibility="N")
    data = instance(
        GraphicAnnotationSequence=[item(GraphicLayer="ONE", GraphicObjectSequence=[shape], TextObjectSequence=[text])]
    )
    raw = read_raw(data)
    made = deidentify(raw, graphics, key, identity(raw))
    verify(raw, made, graphics)
    after = read_clean(made.to_bytes())
    (kept,) = after.GraphicAnnotationSequence
    assert kept.GraphicObjectSequence[0] == shape
    assert kept.TextObjectSequence[0].UnformattedTextValue == "thin slice of"
    assert "113103" in [one.CodeValue for one in after.DeidentificationMethodCodeSequence]


def test_planes_and_curves_go_with_the_option_too(graphics: Profile, key: SiteKey) -> None:
    def add(made: Dataset) -> None:
        made.add_new(0x60003000, "OW", bytes(8))
        made.add_new(0x60004000, "LT", "thin slice")
        made.add_new(0x50003000, "OW", bytes(8))

    raw = read_raw(instance(change=add))
    after = read_clean(deidentify(raw, graphics, key, identity(raw)).to_bytes())
    assert [element for element in after if element.tag.group >> 8 in (0x50, 0x60)] == []


def test_the_code_of_clean_pixels_is_stated_where_a_picture_was_looked_at(graphics: Profile, key: SiteKey) -> None:
    raw = read_raw(instance())
    stated = []
    for pixels in (None, CleanPixels(attributes={"BurnedInAnnotation": "NO"})):
        made = deidentify(raw, graphics, key, identity(raw), pixels=pixels)
        verify(raw, made, graphics)
        codes = read_clean(made.to_bytes()).DeidentificationMethodCodeSequence
        stated.append("113101" in [one.CodeValue for one in codes])
    assert stated == [False, True]
    assert graphics.clean_pixels and "Clean Pixel Data Option" in graphics.options


def test_an_annotation_with_words_that_could_be_a_name_is_replaced(graphics: Profile, key: SiteKey) -> None:
    def shown(text: str) -> str:
        one = item(UnformattedTextValue=text, AnchorPoint=[1.0, 2.0], AnchorPointVisibility="N")
        raw = read_raw(instance(GraphicAnnotationSequence=[item(GraphicLayer="ONE", TextObjectSequence=[one])]))
        made = deidentify(raw, graphics, key, identity(raw))
        verify(raw, made, graphics)
        return str(read_clean(made.to_bytes()).GraphicAnnotationSequence[0].TextObjectSequence[0].UnformattedTextValue)

    assert shown("lesion 12 mm left, series 4") == "lesion 12 mm left, series 4"
    assert shown("Läsion links 3,5 cm") == "Läsion links 3,5 cm"
    assert shown("quandelzimt left") == "REMOVED"
