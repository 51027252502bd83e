"""The profiles that come with the platform."""

import functools
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.datadict import DicomDictionary, dictionary_VR, tag_for_keyword

from dicomlake.errors import ConfigError
from dicomlake.rules import Action, Method, Profile, Rule, load_profile, load_site
from dicomlake.rules.model import STRICTNESS
from dicomlake.rules.reader import Field, RuleFiles

from .conftest import Edit

NAMES = ("research", "basic", "full_dates")
PUBLIC = {tag: entry for tag, entry in DicomDictionary.items() if tag >> 16 & 1 == 0}


loaded = functools.cache(load_profile)  # read once a run


def rule_of(profile: Profile, keyword: str) -> Rule:
    tag = tag_for_keyword(keyword)
    assert tag is not None
    return profile.rule_for(tag, dictionary_VR(tag))


def test_options_and_codes_say_what_is_carried_out(research: Profile, basic: Profile, full_dates: Profile) -> None:
    modified = "Retain Longitudinal Temporal Information Modified Dates Option"
    full = "Retain Longitudinal Temporal Information Full Dates Option"
    root = ("113100", "DCM", "Basic Application Confidentiality Profile")
    assert (basic.options, basic.method_codes, basic.temporal) == ((), (root,), "REMOVED")
    assert (research.temporal, research.shift_days) == ("MODIFIED", (30, 1825))
    assert research.method_codes[:2] == (root, ("113107", "DCM", modified))
    assert [code for code, _, _ in research.method_codes[2:]] == ["113105", "113103", "113104", "113108", "113111"]
    assert research.options == tuple(meaning for _, _, meaning in research.method_codes[1:])
    assert full_dates.method_codes == (root, ("113106", "DCM", full))
    assert full_dates.temporal == "UNMODIFIED"


@pytest.mark.parametrize(
    ("keyword", "research_action", "basic_action", "full_action"),
    [
        ("PatientID", "D", "D", "D"),
        ("PatientName", "D", "D", "D"),
        ("AccessionNumber", "Z", "Z", "Z"),
        ("StudyDate", "M", "Z", "K"),
        ("StudyTime", "M", "Z", "K"),
        ("ContentDate", "M", "D", "K"),
        ("AcquisitionDateTime", "M", "D", "K"),
        ("TimezoneOffsetFromUTC", "K", "X", "K"),
        ("PatientBirthDate", "Z", "Z", "Z"),
        ("RadiopharmaceuticalStartDateTime", "M", "X", "K"),
        ("ContextGroupVersion", "D", "D", "K"),
        ("FrameOriginTimestamp", "D", "D", "K"),
        ("PatientAge", "K", "X", "X"),
        ("InstitutionName", "D", "D", "D"),
        ("StationName", "D", "D", "D"),
        ("OperatorsName", "D", "D", "D"),
        ("StudyDescription", "C", "X", "X"),
        ("RequestAttributesSequence", "C", "X", "X"),
        ("PatientSex", "K", "Z", "Z"),
        ("CodeValue", "K", "K", "K"),
        ("SOPInstanceUID", "U", "U", "U"),
        ("FrameOfReferenceUID", "U", "U", "U"),
        ("SOPClassUID", "U", "U", "U"),
        ("AnnotationGroupUID", "U", "U", "U"),
        ("ReferencedImageSequence", "U", "U", "U"),
        ("ReferencedPerformedProcedureStepSequence", "U", "U", "U"),
        ("ContentSequence", "C", "D", "D"),
        ("OriginalAttributesSequence", "X", "X", "X"),
        ("EncryptedAttributesSequence", "X", "X", "X"),
        ("DigitalSignaturesSequence", "X", "X", "X"),
        ("MACParametersSequence", "X", "X", "X"),
        ("DataSetTrailingPadding", "X", "X", "X"),
        ("IconImageSequence", "X", "X", "X"),
        ("PatientBirthDateInAlternativeCalendar", "X", "X", "X"),
        ("RequestingPhysicianIdentificationSequence", "X", "X", "X"),
        ("BoardingPassID", "X", "X", "X"),
        ("StudyUpdateDateTime", "M", "Z", "K"),
        ("EvaluatorName", "Z", "Z", "Z"),
        ("RetrieveURL", "X", "X", "X"),
        ("Modality", "C", "C", "C"),
        ("BodyPartExamined", "C", "C", "C"),
        ("KVP", "K", "K", "K"),
        ("PixelData", "K", "K", "K"),
        ("ManufacturerModelName", "C", "C", "C"),
        ("ProcedureCodeSequence", "K", "K", "K"),
    ],
)
def test_actions_of_the_profiles(
    keyword: str,
    research_action: str,
    basic_action: str,
    full_action: str,
    research: Profile,
    basic: Profile,
    full_dates: Profile,
) -> None:
    found = [rule_of(profile, keyword).action for profile in (research, basic, full_dates)]
    assert found == [research_action, basic_action, full_action]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("tag", "vr"),
    [
        (0x00091010, ""),  # private data
        (0x00090010, "LO"),  # a private creator
        (0x00290000, "UL"),
        (0x00080000, "UL"),  # group length
        (0x00080301, ""),  # not in the dictionary
        (0x00185678, ""),
        (0x50000005, "US"),
        (0x501E3000, "OW"),
        (0x60000010, "US"),
        (0x60001500, "LO"),
        (0x60003000, "OW"),
        (0x601E4000, "LT"),
        (0x00020102, "OB"),
        (0x00041500, "CS"),
        (0x00000110, "US"),
        (0x40101051, "LO"),
        (0x00080202, "OB"),
        (0x00203110, "CS"),
        (0x00080001, "UL"),
        (0x7FE00030, "OW"),
    ],
)
def test_private_unknown_and_orphaned_attributes_are_removed(name: str, tag: int, vr: str) -> None:
    assert loaded(name).rule_for(tag, vr).action is Action.X


@pytest.mark.parametrize("name", NAMES)
def test_no_attribute_of_the_dictionary_that_names_a_person_stays(name: str) -> None:
    profile = loaded(name)
    telling = re.compile(
        "PhysicianName|PatientName|OperatorsName|Address$|Telephone|Telecom|IdentificationCodeSequence$"
    )
    harmless = re.compile("ModifierCode|NTPSource|Landmark|Template|RTROI|PositionAcquisition|Segment")
    for tag, (vr, _, _, _, keyword) in PUBLIC.items():
        action = profile.rule_for(tag, vr).action
        if vr == "PN":
            assert action in (Action.X, Action.Z, Action.D), keyword
        if telling.search(keyword) and not harmless.search(keyword):
            assert action is not Action.K, keyword


@pytest.mark.parametrize("name", ["research", "basic"])
def test_no_true_date_of_the_dictionary_stays(name: str) -> None:
    profile = loaded(name)
    kept = [
        e[4] for tag, e in PUBLIC.items() if e[0] in ("DA", "DT") and profile.rule_for(tag, e[0]).action is Action.K
    ]
    assert kept == []


def test_uids_outside_the_table_are_replaced_too(research: Profile) -> None:
    assert {research.rule_for(t, "UI").action for t, e in PUBLIC.items() if e[0] == "UI"} == {Action.U, Action.X}


@settings(max_examples=300)
@given(tag=st.integers(0, 0xFFFFFFFF), vr=st.text(max_size=4))
def test_every_tag_has_a_rule_with_a_source(research: Profile, tag: int, vr: str) -> None:
    found = research.rule_for(tag, vr)
    assert found.action in Action
    assert re.fullmatch(r"[a-z0-9_/]+\.yaml:\d+", found.source)
    if vr not in research.defaults and vr[:2] not in research.defaults and tag not in research.table:
        assert found.action is Action.X


def test_either_vr_of_an_ambiguous_attribute_gives_its_default(research: Profile) -> None:
    assert research.rule_for(0x7FE00010, "OB or OW").action is Action.K


@pytest.mark.parametrize("name", NAMES)
def test_sources_name_the_file_and_line_of_the_rule(name: str) -> None:
    profile = loaded(name)
    assert profile.table[tag_for_keyword("StudyDate") or 0].source.startswith("ps3_15/table_e1_1.yaml:")
    assert profile.table[tag_for_keyword("PatientID") or 0].source.startswith(f"profiles/{name}.yaml:")
    assert profile.rule_for(0x00080060, "CS").source.startswith(f"profiles/{name}.yaml:")


def test_patient_id_and_name_become_the_patients_key(research: Profile) -> None:
    for keyword in ("PatientID", "PatientName"):
        assert rule_of(research, keyword).method is Method.PATIENT_KEY


def test_the_patient_characteristics_option_keeps_what_the_standard_says(copied: Path, edit: Edit) -> None:
    edit("profiles/basic.yaml", "options: []\n", "options:\n  - Retain Patient Characteristics Option\n")
    profile = load_profile("basic", copied)
    assert [rule_of(profile, k).action for k in ("PatientSex", "PatientSize", "PatientWeight", "PatientAge")] == [
        "K"
    ] * 4
    assert rule_of(profile, "PatientAge").method is Method.CAP_AGE
    for keyword in ("Allergies", "PatientState", "PreMedication", "SpecialNeeds"):
        assert rule_of(profile, keyword).action is Action.C
    assert profile.fallen_back == ()
    assert ("113108", "DCM", "Retain Patient Characteristics Option") in profile.method_codes


def test_the_order_of_options_does_not_matter(copied: Path, edit: Edit) -> None:
    uids, device = "Retain UIDs Option", "Retain Device Identity Option"
    edit("profiles/research.yaml", "options:\n", f"options:\n  - {uids}\n  - {device}\n")
    one = load_profile("research", copied)
    edit("profiles/research.yaml", f"  - {uids}\n  - {device}\n", f"  - {device}\n  - {uids}\n")
    other = load_profile("research", copied)
    assert {t: r.action for t, r in one.table.items()} == {t: r.action for t, r in other.table.items()}


def test_the_version_follows_every_file_that_was_read(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    open_ = RuleFiles.open

    def noted(files: RuleFiles, name: str) -> Field:
        read.append(name)
        return open_(files, name)

    monkeypatch.setattr(RuleFiles, "open", noted)
    before = load_profile("research", copied).version
    assert re.fullmatch("[0-9a-f]{12}", before)
    assert before == load_profile("research").version, "where the files lie does not matter"
    assert set(read) >= {
        "profiles/research.yaml",
        *(f"ps3_15/{n}.yaml" for n in ("table_e1_1", "beyond", "options", "resolution", "dummies", "safe_private")),
        *(f"text/{n}.yaml" for n in ("known", "words", "patterns", "concepts")),
    }
    assert "profiles/basic.yaml" not in read
    names, seen = sorted(set(read)), set()
    for changed in (None, *names):
        files = RuleFiles(copied)
        for name in names:
            (copied / name).write_text(f"remark: {'other' if name == changed else 'same'}\n", encoding="utf-8")
            files.open(name)
        seen.add(files.version())
    assert len(seen) == len(names) + 1


def test_rules_of_a_site_replace_those_of_the_profile_and_show_in_the_version(research: Profile) -> None:
    site = load_site("example")
    changed = research.with_overrides(site.overrides, site.site)
    assert rule_of(changed, "InstitutionName").value == "TRIAL SITE 4"
    assert rule_of(changed, "ContrastBolusAgent").action is Action.X
    assert changed.kept_beyond == ("TreatmentMachineName",)
    assert changed.version != research.version
    assert rule_of(research, "InstitutionName").value == "", "the profile itself is unchanged"
    assert research.with_overrides((), "x") is research
    assert research.kept_beyond == ()


def test_a_profile_keeps_nothing_the_table_does_not_leave(basic: Profile) -> None:
    kept = [rule.keyword for rule in basic.table.values() if STRICTNESS.index(rule.action) > STRICTNESS.index(Action.M)]
    assert set(kept) <= set(basic.text.untouched)


@pytest.mark.parametrize("name", ["", "../research", "a/b", "nothing", "research.yaml"])
def test_a_profile_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(ConfigError):
        load_profile(name)
