"""Columns of dose screens: which number belongs to which head, where other columns stand between, beside and beneath; and what counts as read."""

import pytest

from dicomlake.dose import Dose, ScreenText
from dicomlake.dose.screens import read_screen
from dicomlake.rules import DoseRules
from tests.dose.layouts import PHANTOM

Cell = tuple[int, str]  # where it begins, in letters of 8 pixels, and what it says
Line = tuple[Cell, ...]
LETTER, HEIGHT = 8, 20


def words(*lines: Line, sure: float = 1.0) -> list[ScreenText]:
    """The words of a picture with these lines, each line below the other."""
    return [
        ScreenText(text, LETTER * at, HEIGHT * number, LETTER * len(text), 14, sure)
        for number, line in enumerate(lines)
        for at, text in line
    ]


def read(rules: DoseRules, *looks: list[ScreenText]) -> Dose:
    """The dose of a screen whose readings are these, the last one again and again."""
    dose = read_screen(lambda look: looks[min(look, len(looks) - 1)], rules.screens)
    assert dose is not None
    return dose


def told(dose: Dose) -> list[tuple[object, object]]:
    return [(event.fields.get("ctdivol_mGy"), event.fields.get("dlp_mGycm")) for event in dose.events]


def phantoms(dose: Dose) -> list[object]:
    return [event.fields.get("phantom") for event in dose.events]


@pytest.mark.parametrize("order", [("CTDIvol", "SSDE", "DLP"), ("DLP", "SSDE", "CTDIvol"), ("SSDE", "CTDIvol", "DLP")])
@pytest.mark.parametrize("total", ["434.5", ""])
def test_a_size_specific_dose_is_never_taken_for_a_ctdivol(
    order: tuple[str, ...], total: str, rules: DoseRules
) -> None:
    rows = [{"CTDIvol": "6.3", "SSDE": "9.1", "DLP": "130.0"}, {"CTDIvol": "12.5", "SSDE": "17.2", "DLP": "304.5"}]
    places = dict(zip(order, (20, 30, 40), strict=True))
    lines: list[Line] = [((0, "Series"), *((places[name], name) for name in order))]
    lines += [((0, str(n)), *((places[name] + 1, row[name]) for name in order)) for n, row in enumerate(rows)]
    dose = read(rules, words(*lines, ((0, "Total DLP"), (60, total)) if total else ()))
    assert told(dose) == [(6.3, 130.0), (12.5, 304.5)]
    assert dose.study.get("total_dlp_mGycm") == (434.5 if total else None)


def test_a_column_per_phantom_is_read_beneath_its_phantom(rules: DoseRules) -> None:
    dose = read(
        rules,
        words(
            ((0, "Total DLP"), (14, "(Head):"), (22, "50.5"), (32, "(Body):"), (40, "579.2")),
            ((0, "No."), (8, "Mode"), (20, "CTDIvol(mGy)"), (44, "DLP(mGy.cm)")),
            ((18, "(Head)"), (30, "(Body)"), (42, "(Head)"), (54, "(Body)")),
            ((0, "1"), (8, "Helical"), (19, "-"), (31, "11.2"), (43, "-"), (54, "446.5")),
            ((0, "2"), (8, "Helical"), (19, "10.1"), (31, "-"), (43, "50.5"), (55, "-")),
            ((0, "3"), (8, "Helical"), (19, "-"), (32, "2.0"), (43, "-"), (54, "132.7")),
        ),
    )
    assert told(dose) == [(11.2, 446.5), (10.1, 50.5), (2.0, 132.7)]
    assert phantoms(dose) == [PHANTOM[False], PHANTOM[True], PHANTOM[False]]
    assert dose.study["total_dlp_mGycm"] == 629.7


@pytest.mark.parametrize(
    ("head", "named"), [("Images", False), ("Phantom", True), ("Maniquí", True), ("Phanton", True)]
)
def test_a_number_of_its_own_is_a_phantom_only_beneath_that_label(head: str, named: bool, rules: DoseRules) -> None:
    lines: list[Line] = [
        ((0, "No."), (20, "CTDIvol"), (32, "DLP"), (44, head)),
        ((0, "1"), (21, "12.5"), (32, "250.0"), (46, "32")),
        ((0, "2"), (21, "50.5"), (32, "600.0"), (46, "16")),
        ((0, "Total DLP"), (12, "850.0")),
    ]
    dose = read(rules, words(*lines))
    assert told(dose) == [(12.5, 250.0), (50.5, 600.0)]
    assert phantoms(dose) == ([PHANTOM[False], PHANTOM[True]] if named else [None, None])


def test_one_point_six_is_no_phantom_of_sixteen_centimetres(rules: DoseRules) -> None:
    lines: list[Line] = [
        ((0, "No."), (20, "CTDIvol"), (32, "DLP"), (44, "cSL")),
        ((0, "1"), (21, "1.6"), (32, "1.6"), (44, "3.2")),
        ((0, "2"), (21, "3.2"), (32, "15.2"), (44, "1.6")),
        ((0, "Total DLP"), (12, "16.8")),
    ]
    dose = read(rules, words(*lines))
    assert told(dose) == [(1.6, 1.6), (3.2, 15.2)] and phantoms(dose) == [None, None]


@pytest.mark.parametrize("word", ["Somme", "Suma", "Tctal", "Gesamt-DLP", "TOTAL"])
def test_the_line_of_the_sum_is_no_exposure(word: str, rules: DoseRules) -> None:
    lines: list[Line] = [
        ((0, "N."), (20, "CTDIvol"), (32, "DLP")),
        ((0, "1"), (21, "41.4"), (32, "1227.2")),
        ((0, "2"), (21, "2.0"), (32, "88.0")),
        ((4, word), (32, "1315.2")),
    ]
    dose = read(rules, words(*lines))
    assert told(dose) == [(41.4, 1227.2), (2.0, 88.0)] and dose.study["total_dlp_mGycm"] == 1315.2


def test_of_two_columns_of_dlp_the_one_that_adds_up_counts(rules: DoseRules) -> None:
    lines: list[Line] = [
        ((0, "No."), (20, "CTDIvol"), (32, "DLP"), (42, "DLP")),  # the first is the limit that was set
        ((0, "1"), (21, "12.5"), (31, "900.0"), (41, "250.0")),
        ((0, "2"), (21, "50.5"), (31, "900.0"), (41, "600.0")),
        ((0, "Total DLP"), (12, "850.0")),
    ]
    assert told(read(rules, words(*lines))) == [(12.5, 250.0), (50.5, 600.0)]


def test_a_screen_whose_sum_contradicts_its_rows_is_believed_in_no_column(rules: DoseRules) -> None:
    """A row that was not read at all would give its phantom to none and that of the next to another."""
    lines: list[Line] = [((20, "CTDIvol"), (32, "DLP"), (44, "Phantom")), ((21, "9.4"), (32, "282.0"), (44, "Body 32"))]
    dose = read(rules, words(*lines, ((0, "Total DLP"), (12, "300.0"))))
    assert told(dose) == [(None, None)] and phantoms(dose) == [None]


def test_a_colon_between_digits_is_a_point(rules: DoseRules) -> None:
    lines: list[Line] = [((20, "CTDIvol"), (32, "DLP")), ((21, "1.28"), (32, "0:6")), ((21, "7.64"), (32, "357.4"))]
    assert told(read(rules, words(*lines, ((0, "Total DLP"), (12, "358.0"))))) == [(1.28, 0.6), (7.64, 357.4)]


def _one_row(ctdivol: str, sure: float) -> list[ScreenText]:
    lines: list[Line] = [
        ((20, "CTDIvol"), (32, "DLP")),
        ((21, ctdivol), (32, "150.0")),
        ((0, "Total DLP"), (12, "150.0")),
    ]
    return [word._replace(confidence=sure) if word.text == ctdivol else word for word in words(*lines)]


def test_a_ctdivol_that_nobody_read_for_sure_is_unknown(rules: DoseRules) -> None:
    """No sum proves it: two readings that doubt a digit are one mistake made twice."""
    twice = read(rules, _one_row("3.98", 0.65), _one_row("3.98", 0.67))
    assert told(twice) == [(None, 150.0)] and twice.events[0].doubts == ["ctdivol_mGy:number"]
    contradicted = read(rules, _one_row("3.98", 0.85), _one_row("8.98", 0.89), _one_row("3.98", 0.85))
    assert told(contradicted) == [(None, 150.0)]
    outweighed = read(rules, _one_row("8.98", 0.97), _one_row("3.98", 0.5), _one_row("8.98", 0.7))
    assert told(outweighed) == [(8.98, 150.0)]


def test_without_a_total_a_stray_number_costs_the_other_rows_nothing(rules: DoseRules) -> None:
    rows: list[Line] = [((0, "No."), (20, "CTDIvol"), (32, "DLP")), ((0, "1"), (21, "12.5"), (32, "250.0"))]
    stray: list[Line] = [*rows, ((0, "Scout"), (33, "1"))]
    assert told(read(rules, words(*stray), words(*rows), words(*rows))) == [(12.5, 250.0)]
