"""Table E.1-1 and Table E.3.10-1 say what the standard says."""

import json

import pytest
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

from dicomlake.rules import data_dir, load_safe_private
from dicomlake.rules.private import SAFE_PRIVATE
from dicomlake.rules.reader import RuleFiles
from dicomlake.rules.table import PATTERNS, PRIVATE, Row, load_beyond, load_options, load_table

from .conftest import SHARED

COLUMNS = {
    "rtnSafePrivOpt": "RetainSafePrivate",
    "rtnUIDsOpt": "RetainUIDs",
    "rtnDevIdOpt": "RetainDeviceIdentity",
    "rtnInstIdOpt": "RetainInstitutionIdentity",
    "rtnPatCharsOpt": "RetainPatientCharacteristics",
    "rtnLongFullDatesOpt": "FullDates",
    "rtnLongModifDatesOpt": "ModifiedDates",
    "cleanDescOpt": "CleanDescriptors",
    "cleanStructContOpt": "CleanStructuredContent",
    "cleanGraphOpt": "CleanGraphics",
}
FILES = RuleFiles(data_dir() / "deid_rules")
OPTIONS = load_options(FILES)
ROWS = load_table(FILES, frozenset(OPTIONS))
BEYOND, _ = load_beyond(FILES, frozenset(OPTIONS), {row.tag for row in ROWS})


def of_the_standard(name: str) -> list[dict[str, str]]:
    path = SHARED / "dicom" / name
    if not path.is_file():
        pytest.skip(f"the table of the standard ({name}) is not beside this checkout")
    rows: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return rows


def test_the_table_has_all_621_rows_four_of_them_patterns() -> None:
    assert len(ROWS) == 621
    assert {row.tag for row in ROWS if row.number < 0} == {*PATTERNS, PRIVATE}


def test_every_row_says_what_the_standard_says() -> None:
    standard = {}
    for row in of_the_standard("ps3_15_table_e1_1_2024e.json"):
        tag = PRIVATE if "odd" in row["id"] else row["tag"].lower()
        standard[tag] = (
            row["basicProfile"],
            {ours: row[column] for column, ours in COLUMNS.items() if row.get(column)},
        )
    assert {row.tag: (row.basic, {name: str(said) for name, said in row.columns.items()}) for row in ROWS} == standard


@pytest.mark.parametrize("rows", [ROWS, BEYOND], ids=["table", "beyond"])
def test_keywords_and_vrs_are_those_of_the_dictionary(rows: tuple[Row, ...]) -> None:
    wrong = [
        row.keyword
        for row in rows
        if row.number >= 0
        and (keyword_for_tag(row.number) != row.keyword or dictionary_VR(row.number).split(" ")[0] != row.vr)
    ]
    assert wrong == [], "every tag of the table is known to pydicom, under this keyword and VR"


def test_sources_point_at_the_line_of_the_row() -> None:
    lines = {
        name: (data_dir() / "deid_rules" / name).read_text().splitlines()
        for name in ("ps3_15/table_e1_1.yaml", "ps3_15/beyond.yaml")
    }
    for row in (*ROWS, *BEYOND):
        name, _, line = row.source.partition(":")
        assert f"keyword: {row.keyword}," in lines[name][int(line) - 1]


def test_options_are_those_of_cid_7050() -> None:
    from pydicom.sr.codedict import codes

    for option in OPTIONS.values():
        concept = next(
            c for c in (getattr(codes.cid7050, name) for name in codes.cid7050.dir()) if c.value == option.code
        )
        assert (concept.meaning, concept.scheme_designator) == (option.name, "DCM")
    assert set(COLUMNS.values()) < set(OPTIONS)


def test_safe_private_rows_are_those_of_the_standard() -> None:
    standard = of_the_standard("safe_private_attributes.json")
    ours = load_safe_private().rows
    assert len(ours) == len(standard) == 317
    for row in standard:
        found = ours[(row["creator"], int(row["group"], 16), int(row["element"], 16))]
        assert (found.vr or None, found.name or None) == (row["vr"], row["name"])
        assert found.source.startswith(SAFE_PRIVATE)


@pytest.mark.parametrize(
    ("creator", "tag", "safe"),
    [
        ("SIEMENS MR HEADER", 0x0019100C, True),
        ("SIEMENS MR HEADER ", 0x0019110C, True),
        ("SIEMENS MR HEADER\0", 0x0019FF0C, True),
        ("SIEMENS CT VA0  COAD", 0x0019100C, False),
        ("siemens mr header", 0x0019100C, False),
        ("SIEMENS MR HEADER", 0x0021100C, False),
        ("SIEMENS MR HEADER", 0x00191099, False),
        ("SIEMENS MR HEADER", 0x0019000C, False),
        ("", 0x0019100C, False),
    ],
)
def test_a_private_attribute_is_safe_only_by_creator_group_and_low_byte(creator: str, tag: int, safe: bool) -> None:
    assert (load_safe_private().find(creator, tag) is not None) is safe


def test_attributes_beyond_the_table_do_not_stand_in_it() -> None:
    assert not {row.number for row in BEYOND} & {row.number for row in ROWS}
    assert all(tag_for_keyword(row.keyword) == row.number for row in BEYOND)
