"""Dose screens: drawn, read as pictures, and compared with what they were drawn from; and tables of text whose numbers don't add up."""

import pytest

from dicomlake.dicom import parse_raw
from dicomlake.dose import ScreenText, read_dose
from dicomlake.dose.screens import read_screen as table_of
from dicomlake.pipeline.ocr import read_screen
from dicomlake.rules import DoseRules
from tests.dose.builders import to_bytes
from tests.dose.screens import FONTS, draw

PHANTOM = {True: "IEC Head Dosimetry Phantom", False: "IEC Body Dosimetry Phantom"}


def _check(seed: int, rules: DoseRules) -> None:
    screen = draw(seed)
    dose = read_dose(parse_raw(to_bytes(screen.dataset)), rules, read_screen)
    assert dose.kind == "dose_screen"
    assert dose.study["total_dlp_mGycm"] == screen.total
    found = [(e.fields.get("ctdivol_mGy"), e.fields.get("dlp_mGycm"), e.fields.get("phantom")) for e in dose.events]
    assert found == [(row.ctdivol, row.dlp, PHANTOM[row.head]) for row in screen.rows if row.dlp]


@pytest.mark.skipif(not FONTS, reason="no fonts to draw screens with on this machine")
@pytest.mark.parametrize("seed", [1, 2])
def test_a_drawn_screen_is_read_to_the_last_number(seed: int, rules: DoseRules) -> None:
    _check(seed, rules)


@pytest.mark.slow
@pytest.mark.skipif(not FONTS, reason="no fonts to draw screens with on this machine")
@pytest.mark.parametrize("seed", range(3, 5))
def test_more_drawn_screens_are_read_to_the_last_number(seed: int, rules: DoseRules) -> None:
    _check(seed, rules)


def _text(*rows: tuple[str, ...]) -> list[ScreenText]:
    """Cells of a table, 100 pixels apart."""
    return [
        ScreenText(cell, 10 + 100 * column, 10 + 20 * line, 8 * len(cell), 14)
        for line, row in enumerate(rows)
        for column, cell in enumerate(row)
        if cell
    ]


HEAD = ("Series", "kV", "CTDIvol", "DLP")


def test_rows_that_do_not_add_up_to_the_total_are_unknown_never_wrong(rules: DoseRules) -> None:
    dose = table_of(
        _text(HEAD, ("1", "120", "10.5", "300.0"), ("2", "120", "5.5", "100.0"), ("Total DLP", "460.0")), rules.screens
    )
    assert dose is not None and "total_dlp_mGycm" not in dose.study
    assert [event.fields.get("dlp_mGycm") for event in dose.events] == [None, None]
    assert dose.doubts == ["total_dlp_mGycm:conflict"]


def test_one_lost_decimal_point_is_found_by_the_sum(rules: DoseRules) -> None:
    dose = table_of(
        _text(HEAD, ("1", "120", "10.5", "3000"), ("2", "120", "5.5", "100.0"), ("Total DLP", "400.0")), rules.screens
    )
    assert dose is not None and dose.study["total_dlp_mGycm"] == 400.0
    assert [event.fields["dlp_mGycm"] for event in dose.events] == [300.0, 100.0]


def test_totals_of_head_and_body_are_added_and_scouts_are_no_exposures(rules: DoseRules) -> None:
    words = _text(
        ("Total DLP (mGy.cm)", "", "(Head): 50.5", "(Body): 100.0"),
        HEAD,
        ("Scout", "120", "", "-"),
        ("1", "120", "5,25", "50,5", "Head"),
        ("2", "120", "5.5", "100.0", "Body"),
    )
    dose = table_of(words, rules.screens)
    assert dose is not None and dose.study["total_dlp_mGycm"] == 150.5
    assert [event.fields["phantom"] for event in dose.events] == [PHANTOM[True], PHANTOM[False]]


def test_the_letter_of_a_phantom_may_stand_close_to_its_ctdivol(rules: DoseRules) -> None:
    rows = [
        HEAD,
        ("1", "120", "0.13L", "3.1"),
        ("2", "120", "12.77S", "653.5"),
        ("3", "120", "0.135", "3.1"),
        ("Total DLP", "660"),
    ]
    dose = table_of(_text(*rows), rules.screens)
    assert dose is not None and dose.study["total_dlp_mGycm"] == 660.0  # printed without decimals
    assert [event.fields.get("ctdivol_mGy") for event in dose.events] == [0.13, 12.77, None]  # 0.13S read as 0.135
    assert [event.fields.get("phantom") for event in dose.events] == [PHANTOM[False], PHANTOM[True], None]


def test_dashes_of_a_scout_read_as_digits_are_no_exposure(rules: DoseRules) -> None:
    dose = table_of(
        _text(HEAD, ("Scout", "120", "1", "1"), ("1", "120", "10.5", "300.0"), ("Total DLP", "300.0")), rules.screens
    )
    assert dose is not None and [event.fields["dlp_mGycm"] for event in dose.events] == [300.0]


def test_a_picture_without_a_table_of_doses_is_no_dose_screen(rules: DoseRules) -> None:
    assert table_of(_text(("Patient", "Total mAs", "309"), ("CTDIvol", "was not recorded")), rules.screens) is None
    assert table_of([], rules.screens) is None
