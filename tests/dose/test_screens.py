"""Dose screens: drawn, read as pictures, and compared with what they were drawn from; and tables of text whose numbers don't add up."""

from collections.abc import Iterator

import pytest

from dicomlake.dicom import parse_raw
from dicomlake.dose import Dose, ReadText, ScreenText, read_dose
from dicomlake.dose.screens import Look, read_screen
from dicomlake.pipeline.ocr import screen_reader
from dicomlake.pixels import PixelWorker
from dicomlake.rules import DoseRules, load_pixel_rules
from tests.dose.builders import to_bytes
from tests.dose.layouts import FORMS, PHANTOM, drawn
from tests.dose.screens import FONTS, draw

needs_fonts = pytest.mark.skipif(not FONTS, reason="no fonts to draw screens with on this machine")


@pytest.fixture(scope="module")
def reader() -> Iterator[ReadText]:
    worker = PixelWorker(load_pixel_rules())
    yield screen_reader(worker)
    worker.close()


def _check(seed: int, rules: DoseRules, reader: ReadText) -> None:
    screen = draw(seed)
    dose = read_dose(parse_raw(to_bytes(screen.dataset)), rules, reader)
    assert dose.kind == "dose_screen"
    assert dose.study["total_dlp_mGycm"] == screen.total
    found = [(e.fields.get("ctdivol_mGy"), e.fields.get("dlp_mGycm"), e.fields.get("phantom")) for e in dose.events]
    assert found == [(row.ctdivol, row.dlp, PHANTOM[row.head]) for row in screen.rows if row.dlp]


@needs_fonts
@pytest.mark.parametrize("seed", [1])
def test_a_drawn_screen_is_read_to_the_last_number(seed: int, rules: DoseRules, reader: ReadText) -> None:
    _check(seed, rules, reader)


@pytest.mark.whole
@needs_fonts
@pytest.mark.parametrize("seed", range(2, 5))
def test_more_drawn_screens_are_read_to_the_last_number(seed: int, rules: DoseRules, reader: ReadText) -> None:
    _check(seed, rules, reader)


@needs_fonts
def test_a_compressed_screen_is_read_like_a_native_one(rules: DoseRules, reader: ReadText) -> None:
    screen = drawn(2, "philips", "jpeg")
    dose = read_dose(parse_raw(screen.data), rules, reader)
    assert dose.study["total_dlp_mGycm"] == screen.total
    assert [event.fields["dlp_mGycm"] for event in dose.events] == [scan.dlp for scan in screen.stated]


@pytest.mark.whole
@needs_fonts
@pytest.mark.parametrize(("layout", "first", "screens"), [(None, 1000, 40), ("sentences", 2000, 12)])
def test_screens_of_makers_and_of_nobody_give_all_totals_and_nearly_all_values(
    layout: str | None, first: int, screens: int, rules: DoseRules, reader: ReadText
) -> None:
    totals, right, wrong, stated = 0, 0, [], 0
    for seed in range(first, first + screens):
        screen = drawn(seed, layout)
        dose = read_dose(parse_raw(screen.data), rules, reader)
        totals += dose.study.get("total_dlp_mGycm") == screen.total
        wrong += ["total"] if dose.study.get("total_dlp_mGycm", screen.total) != screen.total else []
        for number, scan in enumerate(screen.stated):
            fields = dose.events[number].fields if number < len(dose.events) else {}
            expected = {"ctdivol_mGy": scan.ctdivol, "dlp_mGycm": scan.dlp}
            expected |= {"phantom": PHANTOM[scan.head]} if screen.phantoms else {}  # type: ignore[dict-item]
            stated += len(expected)
            right += sum(fields.get(name) == value for name, value in expected.items())
            wrong += [name for name, value in expected.items() if fields.get(name, value) != value]
    assert wrong == []
    assert totals >= screens - screens // 40
    assert right >= 0.98 * stated


@pytest.mark.whole
@needs_fonts
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_storage_is_read(form: str, rules: DoseRules, reader: ReadText) -> None:
    screen = drawn(3, "canon", form)
    assert read_dose(parse_raw(screen.data), rules, reader).study["total_dlp_mGycm"] == screen.total


def table_of(words: list[ScreenText], rules: DoseRules) -> Dose | None:
    """The dose of a screen that reads the same whenever it is looked at."""
    return read_screen(lambda look: words, rules.screens)


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
        _text(HEAD, ("1", "120", "10.5", "300.0"), ("2", "120", "5.5", "100.0"), ("Total DLP", "460.0")), rules
    )
    assert dose is not None and "total_dlp_mGycm" not in dose.study
    assert [event.fields.get("dlp_mGycm") for event in dose.events] == [None, None]
    assert dose.doubts == ["total_dlp_mGycm:conflict"]


def test_one_lost_decimal_point_is_found_by_the_sum(rules: DoseRules) -> None:
    dose = table_of(
        _text(HEAD, ("1", "120", "10.5", "3000"), ("2", "120", "5.5", "100.0"), ("Total DLP", "400.0")), rules
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
    dose = table_of(words, rules)
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
    dose = table_of(_text(*rows), rules)
    assert dose is not None and dose.study["total_dlp_mGycm"] == 660.0  # printed without decimals
    assert [event.fields.get("ctdivol_mGy") for event in dose.events] == [0.13, 12.77, 0.13]  # 0.13S read as 0.135
    assert [event.fields.get("phantom") for event in dose.events] == [PHANTOM[False], PHANTOM[True], PHANTOM[True]]
    dose = table_of(_text(*rows[:3], ("3", "120", "0.138", "3.1"), rows[4]), rules)
    assert dose is not None and "ctdivol_mGy" not in dose.events[2].fields  # no letter looks like an 8


def test_dashes_of_a_scout_read_as_digits_are_no_exposure(rules: DoseRules) -> None:
    dose = table_of(
        _text(HEAD, ("Scout", "120", "1", "1"), ("1", "120", "10.5", "300.0"), ("Total DLP", "300.0")), rules
    )
    assert dose is not None and [event.fields["dlp_mGycm"] for event in dose.events] == [300.0]


def test_a_picture_without_a_table_of_doses_is_no_dose_screen(rules: DoseRules) -> None:
    assert table_of(_text(("Patient", "Total mAs", "309"), ("CTDIvol", "was not recorded")), rules) is None
    assert table_of([], rules) is None


def _looks(*readings: list[ScreenText]) -> Look:
    return lambda look: readings[min(look, len(readings) - 1)]


def test_of_two_readings_the_one_that_adds_up_counts(rules: DoseRules) -> None:
    first = _text(HEAD, ("1", "120", "10.5", "300.0"), ("2", "120", "5.5", "100.0"), ("Total DLP", "460.0"))
    other = _text(HEAD, ("1", "120", "10.5", "360.0"), ("2", "120", "5.5", "100.0"), ("Total DLP", "460.0"))
    dose = read_screen(_looks(first, other), rules.screens)
    assert dose is not None and dose.study["total_dlp_mGycm"] == 460.0
    assert [event.fields["dlp_mGycm"] for event in dose.events] == [360.0, 100.0]


def test_two_readings_that_add_up_each_are_decided_by_a_third_or_by_nobody(rules: DoseRules) -> None:
    six = _text(HEAD, ("1", "120", "68.0", "1550.6"), ("Total DLP", "1550.6"))
    eight = _text(HEAD, ("1", "120", "68.0", "1550.8"), ("Total DLP", "1550.8"))
    dose = read_screen(_looks(six, eight, eight), rules.screens)
    assert dose is not None and dose.study["total_dlp_mGycm"] == 1550.8
    dose = read_screen(_looks(six, eight, []), rules.screens)
    assert dose is not None and "total_dlp_mGycm" not in dose.study
    assert "dlp_mGycm" not in dose.events[0].fields


def test_a_ctdivol_that_two_readings_tell_otherwise_is_unknown(rules: DoseRules) -> None:
    readings = [
        _text(HEAD, ("1", "120", ctdivol, "300.0"), ("Total DLP", "300.0")) for ctdivol in ("17.6", "17.8", "11.6")
    ]
    dose = read_screen(_looks(*readings), rules.screens)
    assert dose is not None and dose.events[0].fields["dlp_mGycm"] == 300.0
    assert "ctdivol_mGy" not in dose.events[0].fields and dose.events[0].doubts == ["ctdivol_mGy:number"]


def test_points_lost_in_rows_and_total_alike_are_put_back_by_the_form_of_the_rest(rules: DoseRules) -> None:
    words = _text(HEAD, ("1", "120", "70.0", "11188"), ("2", "120", "13.7", "3728"), ("Total DLP", "1118.8", "3728"))
    dose = table_of(words, rules)
    assert dose is not None and dose.study["total_dlp_mGycm"] == 1491.6
    assert [event.fields["dlp_mGycm"] for event in dose.events] == [1118.8, 372.8]


def test_a_scout_with_a_dose_is_an_event_told_apart(rules: DoseRules) -> None:
    words = _text(HEAD, ("Topogram", "120", "0.14", "3.1"), ("Thorax", "120", "12.77", "653.5"), ("Total DLP", "656.6"))
    dose = table_of(words, rules)
    assert dose is not None
    assert [event.fields.get("acq_type") for event in dose.events] == ["Constant Angle Acquisition", None]


def test_without_a_total_a_single_reading_of_a_row_proves_nothing(rules: DoseRules) -> None:
    whole = _text(HEAD, ("1", "120", "10.5", "300.0"), ("2", "120", "5.5", "100.0"))
    dose = read_screen(_looks(whole, whole[:8], whole[:8]), rules.screens)
    assert dose is not None and dose.study["n_events"] == 2
    assert "dlp_mGycm" not in dose.events[1].fields


def test_cards_french_heads_and_grouped_thousands_are_read(rules: DoseRules) -> None:
    cards = _text(
        ("Series 2",), ("CTDIvol:", "35.97", "mGy", "(32 cm)"), ("DLP:", "602.1", "mGy.cm"),
        ("Series 3",), ("CTDIvol:", "5.50", "mGy", "(16 cm)"), ("DLP:", "100.0", "mGy.cm"), ("Total DLP:", "702.1"),
    )  # fmt: skip
    dose = table_of(cards, rules)
    assert dose is not None and dose.study["total_dlp_mGycm"] == 702.1
    assert [(e.fields["ctdivol_mGy"], e.fields["dlp_mGycm"]) for e in dose.events] == [(35.97, 602.1), (5.5, 100.0)]
    french = _text(
        ("Serie", "kV", "IDSV", "PDL"),
        ("1", "120", "20,5", "1.234,5"),
        ("2", "120", "5,5", "100,0"),
        ("PDL total", "1.334,5"),
    )
    dose = table_of(french, rules)
    assert dose is not None and dose.study["total_dlp_mGycm"] == 1334.5
    assert [event.fields["dlp_mGycm"] for event in dose.events] == [1234.5, 100.0]


def test_a_row_of_one_reading_is_no_event_where_the_sum_contradicts(rules: DoseRules) -> None:
    rows = (HEAD, ("1", "120", "10.5", "300.0"), ("2", "120", "5.5", "100.0"), ("Total DLP", "460.0"))
    stray = (*rows, ("x", "", "3.0", "90.0"))
    dose = read_screen(_looks(_text(*rows), _text(*stray), _text(*rows)), rules.screens)
    assert dose is not None and dose.study["n_events"] == 2 and "total_dlp_mGycm" not in dose.study


@pytest.mark.parametrize(
    "form",
    [
        "CTDIvol: {0} mGy ({2} cm)   DLP: {1} mGy cm",
        "CTDIvol={0}mGy ({2}cm), DLP={1}mGycm",
        "DLP = {1} mGy*cm  CTDI vol = {0} mGy  {2} cm",
        "CTDIvol ({2} cm): {0} mGy\nDLP: {1} mGy.cm",
    ],
)
@pytest.mark.parametrize("ending", ["Total DLP: 1216.3 mGy cm", "Total: 1216.3 mGy cm", ""])
def test_labelled_values_in_a_sentence_below_each_series_are_read(form: str, ending: str, rules: DoseRules) -> None:
    said = [
        ("1. Scout", "0.12", "4.1", 32),
        ("2. Thorax helical", "12.30", "456.1", 32),
        ("3. S&V", "52.30", "756.1", 16),
    ]
    lines = ["Dose report"]
    for name, *values in said:
        lines += [name, *form.format(*values).split("\n")]
    words = _text(*((line,) for line in [*lines, ending]))
    dose = table_of(words, rules)
    assert dose is not None and dose.study.get("total_dlp_mGycm") == (1216.3 if ending else None)
    found = [(e.fields["ctdivol_mGy"], e.fields["dlp_mGycm"], e.fields["phantom"]) for e in dose.events]
    assert found == [(0.12, 4.1, PHANTOM[False]), (12.3, 456.1, PHANTOM[False]), (52.3, 756.1, PHANTOM[True])]
    types = [event.fields.get("acq_type") for event in dose.events]
    assert types == ["Constant Angle Acquisition", "Spiral Acquisition", None]
    assert dose.doubts == [] and not any(event.doubts for event in dose.events)


def test_every_value_that_an_event_lacks_is_named_in_its_doubts(rules: DoseRules) -> None:
    lines = ["CTDIvol: 10.50 mGy   DLP: 300.0 mGy cm", "CTDIvol: 5.50 mGy   DLP: 100.0 mGy cm"]
    for ending in ("Total DLP: 460.0", ""):
        words = [_text((lines[0],), (other,), (ending,)) for other in (lines[1], lines[1].replace("100.0", "160.7"))]
        dose = read_screen(_looks(*words, words[0] if ending else []), rules.screens)
        assert dose is not None and dose.events
        for event in dose.events:
            doubted = {doubt.partition(":")[0] for doubt in event.doubts}
            assert {"ctdivol_mGy", "dlp_mGycm"} - set(event.fields) <= doubted


def test_a_sure_reading_outweighs_two_unsure_ones_where_all_add_up(rules: DoseRules) -> None:
    def said(dlp: str, total: str, confidence: float) -> list[ScreenText]:
        words = _text(HEAD, ("1", "120", "10.52", dlp), ("2", "120", "5.51", "101"), ("Total DLP", total))
        return [word._replace(confidence=confidence) for word in words]

    unsure = said("156", "257", 0.7)
    dose = read_screen(_looks(said("166", "267", 0.99), unsure, unsure), rules.screens)
    assert dose is not None and dose.study["total_dlp_mGycm"] == 267.0
    assert [event.fields["dlp_mGycm"] for event in dose.events] == [166.0, 101.0]


def test_a_digit_that_looks_like_the_letter_of_a_phantom_is_no_letter(rules: DoseRules) -> None:
    dose = table_of(_text(("CTDIvol: 4.8S mGy",), ("DLP: 163.69 mGy cm",), ("Total DLP: 163.69",)), rules)
    assert dose is not None and not {"ctdivol_mGy", "phantom"} & set(dose.events[0].fields if dose.events else ())
