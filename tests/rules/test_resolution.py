"""One action is made of a compound one and of options without emptying what may be Type 1 or removing what may be Type 2."""

from itertools import combinations

import pytest
from pydicom.datadict import tag_for_keyword

from dicomlake.rules import Action, data_dir, load_profile
from dicomlake.rules.dummies import load_dummies
from dicomlake.rules.model import Method, Rule
from dicomlake.rules.reader import RuleFiles
from dicomlake.rules.resolve import load_resolution, resolve
from dicomlake.rules.table import Option, Row, load_beyond, load_options, load_table

FILES = RuleFiles(data_dir() / "deid_rules")
OPTIONS = load_options(FILES)
HOW = load_resolution(FILES)
ROWS = load_table(FILES, frozenset(OPTIONS))
BEYOND, _ = load_beyond(FILES, frozenset(OPTIONS), ())
CARRIED_OUT = [option for column, option in OPTIONS.items() if option.carried_out and column != "Basic"]
CHOICES = [
    chosen
    for size in range(len(CARRIED_OUT) + 1)
    for chosen in combinations(CARRIED_OUT, size)
    if not any(other.column in option.excludes for option in chosen for other in chosen)
]


def row(basic: str, vr: str = "LO", keyword: str = "StationName", **columns: str) -> Row:
    return Row(
        "(0008,1010)", 0x00081010, keyword, vr, basic, {name: Action(said) for name, said in columns.items()}, "t:1"
    )


def rule(given: Row, *columns: str) -> Rule:
    return resolve(given, [OPTIONS[column] for column in columns], HOW)[0]


@pytest.mark.parametrize(
    ("basic", "vr", "action", "fallback"),
    [
        ("X", "LO", "X", "Z"),
        ("Z", "LO", "Z", "Z"),
        ("D", "LO", "D", "D"),
        ("U", "UI", "U", "Z"),
        ("D", "UI", "U", "Z"),
        ("X/Z", "LO", "Z", "Z"),
        ("X/D", "LO", "D", "D"),
        ("Z/D", "PN", "D", "D"),
        ("X/Z/D", "DT", "D", "D"),
        ("X/Z", "SQ", "Z", "Z"),
        ("X/D", "SQ", "D", "Z"),
        ("X/Z/U*", "SQ", "U", "Z"),
    ],
)
def test_a_compound_action_is_read_for_the_strictest_type(basic: str, vr: str, action: str, fallback: str) -> None:
    found = rule(row(basic, vr))
    assert (found.action, found.fallback) == (action, fallback)


@pytest.mark.parametrize("given", [*ROWS, *BEYOND], ids=lambda given: given.keyword)
def test_no_choice_of_options_empties_type_1_removes_type_2_or_keeps_an_identifier(given: Row) -> None:
    allowed = set(given.basic.rstrip("*").split("/"))
    for chosen in CHOICES:
        found, _ = resolve(given, chosen, HOW)
        asked = {given.columns[option.column] for option in chosen if option.column in given.columns}
        if "D" in allowed:
            assert found.action not in (Action.X, Action.Z)
        if "Z" in allowed:
            assert found.action is not Action.X
        if found.action in (Action.K, Action.M):
            assert asked and given.vr != "PN" and given.keyword not in HOW.never_kept
        if not asked and given.vr != "UI" and given.keyword not in HOW.exceptions:
            assert found.action in allowed


def test_every_sequence_under_d_has_a_dummy_item() -> None:
    dummies = load_dummies(FILES)
    needed = {given.number for given in (*ROWS, *BEYOND) if given.vr == "SQ" and rule(given).action is Action.D}
    assert needed == set(dummies.items), "one item for each, none for anything else"


@pytest.mark.parametrize("given", [r for r in ROWS if "ModifiedDates" in r.columns], ids=lambda given: given.keyword)
def test_modified_dates_shifts_every_date_the_column_names(given: Row) -> None:
    found = rule(given, "ModifiedDates")
    if given.vr == "OB" or given.keyword in OPTIONS["ModifiedDates"].clean_except:
        assert found.action == rule(given).action
    else:
        assert found.action == (Action.K if given.vr == "SH" else Action.M)


@pytest.mark.parametrize("column", [c for c in OPTIONS if c not in ("Basic", "ModifiedDates")])
def test_a_clean_is_carried_out_or_falls_back_to_the_basic_profile(column: str) -> None:
    for given in ROWS:
        if given.columns.get(column) is Action.C:
            found, fell_back = resolve(given, [OPTIONS[column]], HOW)
            if given.vr in OPTIONS[column].clean_by_vr:
                assert (found.action, fell_back) == (Action.C, False)
            else:
                assert (found.action, fell_back) == (rule(given).action, True)


def test_what_cleaning_leaves_empty_is_a_constant_where_the_attribute_may_be_type_1() -> None:
    by_keyword = {given.keyword: given for given in ROWS}
    fallbacks = {
        word: rule(by_keyword[word], "CleanDescriptors").fallback for word in ("ProtocolName", "StudyDescription")
    }
    assert fallbacks == {"ProtocolName": Action.D, "StudyDescription": Action.Z}


def test_the_strictest_of_several_options_stands() -> None:
    calibrated = row("X", "DA", RetainDeviceIdentity="K", ModifiedDates="C", FullDates="K")
    assert rule(calibrated, "RetainDeviceIdentity").action is Action.K
    assert rule(calibrated, "RetainDeviceIdentity", "ModifiedDates").action is Action.M
    assert rule(calibrated, "ModifiedDates", "RetainDeviceIdentity").action is Action.M


def test_a_failing_clean_beats_a_keep() -> None:
    both = row("X", "AE", RetainUIDs="K", RetainDeviceIdentity="C")
    assert rule(both, "RetainUIDs", "RetainDeviceIdentity").action is Action.X


def test_a_name_is_never_kept_whatever_an_option_says() -> None:
    assert rule(row("Z", "PN", RetainDeviceIdentity="K"), "RetainDeviceIdentity").action is Action.Z
    assert rule(row("Z", "LO", "PatientID", RetainDeviceIdentity="K"), "RetainDeviceIdentity").action is Action.Z


def test_a_kept_age_is_capped() -> None:
    age = next(r for r in ROWS if r.keyword == "PatientAge")
    found = rule(age, "RetainPatientCharacteristics")
    assert (found.action, found.method) == (Action.K, Method.CAP_AGE)
    assert rule(age).action is Action.X


def test_each_option_carried_out_changes_something() -> None:
    def changed(option: Option) -> int:
        return sum(resolve(r, [option], HOW)[0].action is not rule(r).action for r in ROWS)

    counts = {option.column: changed(option) for option in CARRIED_OUT}
    assert counts == {
        "CleanPixelData": 0,  # done to pictures (pixels/)
        "CleanGraphics": 1,
        "FullDates": 165,
        "ModifiedDates": 159,
        "CleanStructuredContent": 3,
        "CleanDescriptors": 123,
        "RetainPatientCharacteristics": 13,
        "RetainDeviceIdentity": 46,
        "RetainUIDs": 59,
        "RetainSafePrivate": 0,  # by creator, group and low byte (safe_private.yaml)
        "RetainInstitutionIdentity": 10,
    }


@pytest.mark.parametrize(
    ("basic", "vr", "actions", "fallbacks"),
    [
        ("X/Z/D", "LO", "DZX", "DZZ"),
        ("X/D", "LO", "DDX", "DZZ"),
        ("X/Z", "LO", "DZX", "DZZ"),
        ("Z/D", "PN", "DZZ", "DZZ"),
        ("Z", "LO", "DZZ", "DZZ"),
        ("X", "LO", "DZX", "DZZ"),
        ("X/Z", "SQ", "UZX", "ZZZ"),  # no constant item to put there: each element inside has its own rule
        ("X/D", "SQ", "DDX", "ZZZ"),
        ("X/Z/U*", "SQ", "UUU", "ZZZ"),
    ],
)
def test_a_compound_action_is_read_for_the_type_at_hand(basic: str, vr: str, actions: str, fallbacks: str) -> None:
    found = [resolve(row(basic, vr), [], HOW, type_)[0] for type_ in "123"]
    assert "".join(one.action for one in found) == actions
    assert "".join(one.fallback for one in found) == fallbacks


@pytest.mark.parametrize(
    ("keyword", "place", "action"),
    [
        # PS3.3 C.7.5.1: Type 3; C.7.5.2 Enhanced General Equipment: Type 1.
        ("DeviceSerialNumber", "1.2.840.10008.5.1.4.1.1.2", "X"),
        ("DeviceSerialNumber", "1.2.840.10008.5.1.4.1.1.2.1", "D"),
        ("DeviceSerialNumber", "1.2.3.4", "D"),
        # C.8.8.14 (RT General Plan) RTPlanLabel aside: OperatorsName is Type 2 in RT Series, Type 3 in General Series.
        ("OperatorsName", "1.2.840.10008.5.1.4.1.1.481.5", "Z"),
        ("OperatorsName", "1.2.840.10008.5.1.4.1.1.4", "X"),
        # C.17.2: Type 2 within items of ReferencedRequestSequence; 10-9: Type 1C in RequestAttributesSequence, where the table's X stands.
        ("RequestedProcedureID", 0x0040A370, "Z"),
        ("RequestedProcedureID", 0x00400275, "X"),
        ("UniqueDeviceIdentifier", 0x0018100A, "D"),
    ],
)
def test_the_type_is_that_of_the_object_or_the_sequence(keyword: str, place: str | int, action: str) -> None:
    tag = tag_for_keyword(keyword)
    assert tag is not None
    assert load_profile("basic").rule_for(tag, "", place).action == action


def test_a_sites_rule_stands_whatever_the_type() -> None:
    own = Rule(0x00181000, "DeviceSerialNumber", Action.K, "sites/x.yaml:1")
    made = load_profile("basic").with_overrides((own,), "x")
    assert made.rule_for(0x00181000, "LO", "1.2.840.10008.5.1.4.1.1.2").action is Action.K
