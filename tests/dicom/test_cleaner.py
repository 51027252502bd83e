"""Text in, the same text without what identifies out: what goes, what moves and what stays."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from dicomlake.dicom import deidentify, read_raw, verify
from dicomlake.dicom.cleaner import Cleaner
from dicomlake.dicom.deidentify import values_for
from dicomlake.dicom.folding import fold
from dicomlake.pseudonyms import Domain, DomainKey, SiteKey
from dicomlake.rules import Profile, load_profile
from tests.dicom.builders import ROOT, explicit, instance, item, minimal
from tests.dicom.conftest import Deidentify, identity
from tests.dicom.reference import read_clean

KEY = DomainKey.from_secret(b"for tests of the dicom room", Domain.RESEARCH).site("clinic-a")
RESEARCH = load_profile("research")


def cleaner(profile: Profile = RESEARCH, **attributes: object) -> Cleaner:
    """The cleaner for the builder's patient: Okonkwo^Chidi, PAT40001, born 1948-02-29, at Spital Waldkirchen on 2021-03-04."""
    raw = read_raw(instance(**attributes))
    return values_for(raw, profile, KEY, identity(raw)).cleaner


PLAIN = cleaner()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("B30 Okonkwo", "B30"),
        ("b30 OKONKWO CHIDI x", "b30 x"),
        ("Chidi Okonkwo", ""),
        ("scan of Okonkwo, Chidi.", "scan of ."),
        ("OKONKWO^CHIDI^^", ""),
        ("okonkwo_chidi thin", "thin"),
        ("okonkwochidi thin", "thin"),
        ("C. Okonkwo thin", "thin"),
        ("Okonkwo C thin", "thin"),
        ("Òkonkwó thin", "thin"),
        ("Okonkwo's knee", "'s knee"),
        ("Okonkwoxyz", "Okonkwoxyz"),
        ("okonkwoc img_Okonkwo123.jpg", "img_123.jpg"),
        ("Okon\u00adkwo thin", "thin"),
        ("97 year old male, aged 92", "90+ year old male, aged 90+"),
        ("101-jährige, 93 años, 95 ans, 94 y/o", "90+-jährige, 90+ años, 90+ ans, 90+ y/o"),
        ("89 year old, 65 y/o", "89 year old, 65 y/o"),
        ("95 mm at 92 kV, 97% of 120 counts", "95 mm at 92 kV, 97% of 120 counts"),
        ("id P.A.T 400/01 thin", "id thin"),
        ("- May 2 - thin", "- - thin"),
        ("geb. 29.II.1948 thin", "geb. thin"),
        ("geb.29.02.1948 thin", "geb. thin"),
        ("born 480229 thin", "born thin"),
        ("asked by Brandstetter at Spital Waldkirchen", "asked by at"),
        ("Waldkirchen thin", "thin"),
        ("id PAT40001.", "id ."),
        ("pat-40001 or PAT 40001", "or"),
        ("CT_PAT40001_x", "CT__x"),
        ("order 40001 thin", "order thin"),
        ("ACC7001 and SCHALTER4 and SN88213X and ST5561", "and and and"),
        ("see 1.2.826.0.1.3680043.8.498.9.1.1 there", f"see {KEY.uid('1.2.826.0.1.3680043.8.498.9.1.1')} there"),
        ("class 1.2.840.10008.5.1.4.1.1.2 there", "class 1.2.840.10008.5.1.4.1.1.2 there"),
        ("mail c.o@clinic.example now", "mail now"),
        ("MRN: 999-123 thin", "MRN: thin"),
        ("seen by Dr. Achterberg", "seen by Dr."),
        ("call 555-867-5309", "call"),
    ],
)
def test_what_identifies_goes_and_the_other_words_stay(text: str, left: str) -> None:
    assert PLAIN.text(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "BROWN FAT", "MAYO stand", "Parkinson disease", "DR CHEST PA", "5.25.10 mm", "120 kV 3.5 mGy pos -120.5\\x", "512 512 1024",
        "1.2.3.4", "B30f", "ABDOMEN^ROUTINE (ADULT)", "slices 10-12-15", "T2 tse 3 4 2021", "0.40001", "syngo CT 2012B", "10:15:30",
        "DOSE 40001.5", "2.5 x 2.5 x 5", "HAND", "Prof", "MS lesion", "April", "may show", "2019", "12345678 counts",
    ],
)  # fmt: skip
def test_what_does_not_identify_stays_as_it_is(text: str) -> None:
    assert PLAIN.text(text) == text


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("2021-03-04", "%Y-%m-%d"),
        ("2021.03.04", "%Y.%m.%d"),
        ("2021/03/04", "%Y/%m/%d"),
        ("20210304", "%Y%m%d"),
        ("20210304081500", "%Y%m%d081500"),
        ("04.03.2021", "%d.%m.%Y"),
        ("03/04/2021", "%m/%d/%Y"),
        ("04032021", "%d%m%Y"),
        ("25/12/2020", "%d/%m/%Y"),
        ("12/25/2020", "%m/%d/%Y"),
        ("04-Mar-2021", "%d-%b-%Y"),
        ("March 04, 2021", "%B %d, %Y"),
        ("04 March 2021", "%d %B %Y"),
        ("04.03.21", "%d.%m.%y"),
        ("04-Mar-21", "%d-%b-%y"),
        ("of.04.03.2021", "of.%d.%m.%Y"),
    ],
)
def test_dates_move_with_the_patient_in_the_notation_they_have(written: str, form: str) -> None:
    true = datetime.date(2020, 12, 25) if "25" in written else datetime.date(2021, 3, 4)
    moved = true + datetime.timedelta(days=PLAIN.dates.days)
    assert PLAIN.text(f"CT {written} thin") == f"CT {moved.strftime(form)} thin"


@pytest.mark.parametrize(
    "text",
    [
        "29.02.1948", "Feb 29, 1948", "02/29/48", "19480229", "29 février 1948", "DOB 12.05.1950", "born on May 12, 1950", "geb. 12.05.50",
        "05/06/2020", "March 2021", "4. März",
    ],
)  # fmt: skip
def test_births_and_dates_that_could_be_two_go(text: str) -> None:
    left = PLAIN.text(f"CT {text} thin")
    assert not any(char.isdigit() for char in left)
    assert left.startswith("CT") and left.endswith("thin")


@pytest.mark.parametrize(("name", "left"), [("basic", "CT thin"), ("full_dates", "CT 12.05.2019 thin")])
def test_dates_in_text_go_or_stay_as_the_profile_treats_dates(name: str, left: str) -> None:
    assert cleaner(load_profile(name)).text("CT 12.05.2019 thin") == left


@pytest.mark.parametrize(
    ("patient", "text", "left"),
    [
        ("Brown^James", "BROWN FAT", "BROWN FAT"),
        ("Brown^James", "Brown scan", "scan"),
        ("Brown^James", "JAMES BROWN FAT", "FAT"),
        ("Parkinson^Mary", "Parkinson disease", "Parkinson disease"),
        ("Parkinson^Mary", "Mary Parkinson", ""),
        ("Mayo^Ann", "MAYO stand", "MAYO stand"),
        ("Long^Amy", "LONG AXIS", "LONG AXIS"),
        ("Long^Amy", "Amy Long", ""),
        ("Head^Max", "MAX HEAD", ""),
        ("Li^Wu", "Li Wu thin", "thin"),
        ("Li^Wu", "Li", "Li"),
        ("O'Sullivan^Ann", "for O'Sullivan thin", "for thin"),
        ("O'Brennagh-Vel^Ann", "OBRENNAGH-VEL thin", "thin"),
        ("YILMAZ^CENAN", "C. Yılmaz thin", "thin"),
        ("Parkinson^Mary", "Parkinsons disease", "Parkinsons disease"),
        ("Tanaka-Reyes^Ana", "Tanaka Reyes or Reyes", "or"),
        ("PHANTOM^HEAD", "PHANTOM HEAD", "PHANTOM HEAD"),
        ("ANONYMOUS", "anonymous scan", "anonymous scan"),
        ("Smith^Anna^Maria^Dr^MD", "Dr. Anna Maria Smith, MD thin", "Dr. thin"),
    ],
)
def test_names_that_are_words_stay_where_they_are_words(patient: str, text: str, left: str) -> None:
    assert cleaner(PatientName=patient).text(text) == left


def test_a_recogniser_finds_what_nothing_else_knows(profile: Profile, key: SiteKey) -> None:
    raw = read_raw(instance(StudyDescription="MR of aunt Hildegard", BodyPartExamined="HILDEGARD"))

    asked = []

    def recognise(text: str, _: object) -> list[tuple[int, int]]:
        asked.append(text)
        at = text.find("Hildegard")
        return [(at, at + 9)] if at >= 0 else []

    after = read_clean(deidentify(raw, profile, key, identity(raw), recognise).to_bytes())
    assert after.StudyDescription == "MR of aunt"
    assert "HILDEGARD" not in asked, "codes are not read as prose"
    assert after.BodyPartExamined == "REMOVED", "who was found once goes everywhere"


def test_nested_and_other_peoples_values_are_known_too() -> None:
    made = cleaner(
        RequestAttributesSequence=[item(RequestingPhysician="Adeyemi^Folasade")],
        OtherPatientIDsSequence=[item(PatientID="X-778812")],
        PatientAddress="Lindenallee 14^79100 Freiheim",
        PatientTelephoneNumbers="+49 761 20344",
    )
    assert made.text("Adeyemi, x778812, Lindenallee 14, Freiheim, 0761 20344 thin").strip(", ") == "thin"


@pytest.mark.parametrize(
    ("charset", "name", "text", "left"),
    [
        ("ISO_IR 100", "Müller^Jörg", "für Müller, Größe 3", "für , Größe 3"),
        ("ISO_IR 192", "Müller^Jörg", "für MUELLER, Größe 3", "für , Größe 3"),
        ("ISO_IR 144", "Смирнов^Павел", "снимок Смирнов тонкий", "снимок тонкий"),
        ("ISO_IR 192", "Yamada^Tarou=山田^太郎", "胸部山田太郎 検査", "胸部 検査"),
        (["ISO 2022 IR 6", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎", "胸部山田 検査", "胸部 検査"),
        ("GB18030", "Wang^XiaoDong=王^小东", "胸部 王小东 检查", "胸部 检查"),
        (["ISO 2022 IR 6", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동", "흉부 길동 검사", "흉부 검사"),
        ("ISO_IR 192", "Πασσαλίδης^Νίκος", "για ΠΑΣΣΑΛΙΔΗΣ λεπτό", "για λεπτό"),
        ("ISO_IR 138", "כהן^רות", "בדיקה כהן חזה", "בדיקה חזה"),
    ],
)
def test_text_is_cleaned_and_readable_in_its_own_character_set(
    charset: object, name: str, text: str, left: str, cleaned: Deidentify, profile: Profile
) -> None:
    data = instance(SpecificCharacterSet=charset, PatientName=name, StudyDescription=text)
    after = read_clean(cleaned(data).to_bytes())
    verify(read_raw(data), cleaned(data), profile)
    assert after.StudyDescription == left


def test_items_with_another_character_set_are_read_in_theirs(cleaned: Deidentify, profile: Profile) -> None:
    def nested(made: Dataset) -> None:
        made.PatientName = "Müller^Jörg"
        inner = item(SpecificCharacterSet="ISO_IR 192", ScheduledProcedureStepDescription="für Müller, Größe 3")
        made.RequestAttributesSequence = [inner]

    data = instance(SpecificCharacterSet="ISO_IR 100", change=nested)
    made = cleaned(data)
    verify(read_raw(data), made, profile)
    inner = read_clean(made.to_bytes()).RequestAttributesSequence[0]
    assert inner.ScheduledProcedureStepDescription == "für , Größe 3"


def test_text_in_bytes_of_another_set_than_declared_is_cleaned(cleaned: Deidentify) -> None:
    data = instance(SpecificCharacterSet="ISO_IR 100", PatientName="Müller^Jörg", StudyDescription="von Müller dünn")
    data = data.replace(b"ISO_IR 100", b"ISO_IR 192")
    assert "Müller".encode("latin-1") not in cleaned(data).to_bytes()


def test_values_of_one_element_are_cleaned_one_by_one(cleaned: Deidentify) -> None:
    after = read_clean(cleaned(instance(ImageType=["ORIGINAL", "PRIMARY", "OKONKWO", "AXIAL"])).to_bytes())
    assert list(after.ImageType) == ["ORIGINAL", "PRIMARY", "", "AXIAL"]


def test_what_may_be_type_1_is_never_left_empty(cleaned: Deidentify) -> None:
    after = read_clean(cleaned(instance(Modality="OKONKWO", StudyDescription="Okonkwo")).to_bytes())
    assert (after.Modality, after.StudyDescription or "") == ("REMOVED", "")


def test_a_number_that_is_a_name_goes(cleaned: Deidentify) -> None:
    data = instance().replace(b"DS\x04\x002.5 ", b"DS\x08\x00Okonkwo ")
    assert b"Okonkwo" not in cleaned(data).to_bytes()


def test_codes_are_left_alone_even_where_they_look_like_an_id(cleaned: Deidentify) -> None:
    code = item(CodeValue="40001", CodingSchemeDesignator="99X", CodeMeaning="of Okonkwo 40001 thin")
    data = instance(ProcedureCodeSequence=[code])
    verify(read_raw(data), cleaned(data), RESEARCH)
    after = read_clean(cleaned(data).to_bytes()).ProcedureCodeSequence[0]
    assert (after.CodeValue, after.CodeMeaning) == ("40001", "of thin")


def test_the_name_of_a_layer_is_what_people_type(profile: Profile, key: SiteKey) -> None:
    layers = [item(GraphicLayer=name, GraphicLayerOrder=1) for name in ("SEEN BY HILDEGARD", "LAYER 1")]
    raw = read_raw(instance(GraphicLayerSequence=layers))

    def recognise(text: str, _: object) -> list[tuple[int, int]]:
        at = text.find("HILDEGARD")
        return [(at, at + 9)] if at >= 0 else []

    after = read_clean(deidentify(raw, profile, key, identity(raw), recognise).to_bytes()).GraphicLayerSequence
    assert [one.GraphicLayer for one in after] == ["SEEN BY", "LAYER 1"]


def test_versions_of_software_are_no_dates_but_a_date_of_the_object_is(cleaned: Deidentify) -> None:
    after = read_clean(cleaned(instance(SoftwareVersions="VB10 2014-05-06 20210304 555-867-5309")).to_bytes())
    first, second, third, fourth = str(after.SoftwareVersions).split()
    assert (first, second, fourth) == ("VB10", "2014-05-06", "555-867-5309")
    assert third not in ("20210304", "")


def test_a_name_cut_off_by_the_end_of_its_attribute_goes(cleaned: Deidentify) -> None:
    after = read_clean(cleaned(instance(ScanOptions="HELICAL  WALDKIR", BodyPartExamined="WALDKIR")).to_bytes())
    assert after.ScanOptions == "HELICAL"
    assert after.BodyPartExamined == "WALDKIR", "nothing was cut off here"


def test_nothing_of_a_cleaner_shows_what_it_knows() -> None:
    assert "okonkwo" not in repr(PLAIN).lower()


@pytest.mark.slow
@given(st.text(max_size=80))
def test_any_text_is_cleaned_once_and_for_all_and_never_grows_beyond_its_limit(text: str) -> None:
    once = PLAIN.text(text, 64)
    assert len(once) <= max(64, len(text))
    assert fold("okonkwo") not in fold(once).split()


@pytest.mark.slow
@given(st.text("aion ", max_size=200))
def test_names_made_of_each_others_parts_take_no_time(text: str) -> None:
    tangled = cleaner(PatientName="Anana^Nana^Na An", OperatorsName="Nan^Ana", RequestingPhysician="Onan^Noa")
    assert len(tangled.text(text)) <= len(text)


def test_uids_in_text_become_those_of_the_objects_they_name(cleaned: Deidentify) -> None:
    after = read_clean(cleaned(instance(ImageComments=f"like {ROOT}.1.1.1.1, thin")).to_bytes())
    assert after.ImageComments == f"like {after.SOPInstanceUID}, thin"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("SSN 206-68-2961 ep2d", "SSN ep2d"),
        ("syngo MR E11 j.doe@clinic.example", "syngo MR E11"),
        ("Dra. Fenoli Halnarford tse", "Dra. tse"),
        ("read by ARENSAL fl3d", "read by fl3d"),
        ("VB17 Zeldor Regional Medical Center", "VB17"),
        ("VB10 2014-05-06", "VB10 2014-05-06"),
        ("*tse2d1_15 1.2.840.5", "*tse2d1_15 1.2.840.5"),
    ],
)
def test_attributes_of_versions_and_models_keep_those_and_nobody(text: str, left: str, cleaned: Deidentify) -> None:
    after = read_clean(cleaned(instance(SoftwareVersions=text, SequenceName=text[:16])).to_bytes())
    assert after.SoftwareVersions == left


def test_dates_that_can_be_nothing_else_move_even_among_versions(cleaned: Deidentify) -> None:
    for text in ("VB1 14-MAR-2018", "done on 21.10.18", "VB1 12/10/12 7:13 PM", "seen 5 July 2021"):
        after = read_clean(cleaned(instance(SoftwareVersions=text)).to_bytes())
        assert after.SoftwareVersions != text


def test_who_is_named_in_one_text_goes_from_every_other(cleaned: Deidentify) -> None:
    data = instance(
        StudyDescription="CT d/w Dr. Brafene Irmarwell", ProtocolName="IRMARWELL thin", SeriesDescription="Thorax"
    )
    after = read_clean(cleaned(data).to_bytes())
    assert (after.StudyDescription, after.ProtocolName, after.SeriesDescription) == ("CT d/w Dr.", "thin", "Thorax")


def test_a_number_equal_to_an_id_of_the_patient_goes_and_others_stay(cleaned: Deidentify) -> None:
    made = instance(PatientID="ID72141055", SeriesNumber=72141055, InstanceNumber=7214, AcquisitionNumber=72141056)
    after = read_clean(cleaned(made).to_bytes())
    assert after.SeriesNumber is None
    assert (after.InstanceNumber, after.AcquisitionNumber) == (7214, 72141056)


def test_the_patients_own_name_goes_even_where_makers_stand(cleaned: Deidentify) -> None:
    after = read_clean(
        cleaned(instance(PatientName="Narjassal^Vo", Manufacturer="Narjassal", OperatorsName="Syntec")).to_bytes()
    )
    assert after.Manufacturer != "Narjassal"
    assert read_clean(cleaned(instance(OperatorsName="Syntec")).to_bytes()).Manufacturer == "Syntec"


def test_letters_go_with_the_signs_that_belong_to_them(cleaned: Deidentify) -> None:
    data = instance(SpecificCharacterSet="ISO_IR 192", PatientName="अरोरा^दीपा", StudyDescription="CT अरोरा head")
    assert read_clean(cleaned(data).to_bytes()).StudyDescription == "CT head"


def test_text_without_a_declared_set_is_written_as_it_was_read(cleaned: Deidentify) -> None:
    clean = cleaned(minimal(explicit(0x00081030, b"LO", "Schädel Dr. Grombertin".encode("latin-1"))))
    assert "Schädel Dr.".encode("latin-1") in clean.to_bytes()
