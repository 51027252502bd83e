"""The monthly report: what it says of given studies, in both languages; nothing that identifies, nothing fetched, the same bytes again."""

import datetime
import re

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth

from dicomlake.dose.monthly import ReportData, build, to_html, to_pdf
from dicomlake.dose.monthly.blocks import Chart, Document, Paragraph, Table
from dicomlake.dose.monthly.ct import compare
from dicomlake.dose.monthly.data import Alert, Device, Study, TrendPoint
from dicomlake.dose.monthly.sections import to_look_at
from dicomlake.dose.monthly.speech import Speech
from dicomlake.rules.dosimetry import load_size_specific
from dicomlake.rules.effective import load_effective
from dicomlake.rules.exams import load_reference

MONTH = datetime.date(2026, 10, 1)


def study(number: int, exam: str | None = "head", **values: float) -> Study:
    key = f"S{number:04}KEY"
    started = datetime.datetime(2026, 10, 1 + number % 28, number % 24)
    return Study(key, f"P{number:04}KEY", "D1", "CT", "Protocol <1>", exam, "adult", started.date(), started, values)


def report(*studies: Study, **more: object) -> ReportData:
    rules = {"reference": load_reference(), "effective": load_effective(), "size": load_size_specific()}
    device = Device("D1", "MAKER Model · D1", "CT", len(studies), 0, 0)
    given = {"studies": studies, "devices": (device,), **more}
    return ReportData("clinic-a", MONTH, datetime.date(2026, 11, 2), "0.1", **rules, **given)  # type: ignore[arg-type]


def told(document: Document) -> str:
    return "\n".join(block.text for block in document.blocks if isinstance(block, Paragraph))


def test_medians_are_compared_from_twenty_adults_on() -> None:
    # UKHSA 2022: head 790 mGy.cm. Twenty values 781 ... 800, median 790.5; nineteen are too few.
    values = [study(n, dlp=781.0 + n) for n in range(20)]
    (twenty,) = compare(report(*values))
    assert (twenty.summary.median, twenty.level and twenty.level.value, twenty.verdict) == (790.5, 790, "above")
    (nineteen,) = compare(report(*values[:19]))
    assert (nineteen.verdict, nineteen.local) == ("too_few", None)


def test_children_and_unknown_ages_are_not_compared() -> None:
    child = Study("S1", "P1", "D1", "CT", "Head", "head", "4-9", MONTH, None, {"dlp": 900.0})
    unknown = Study("S2", "P2", "D1", "CT", "Head", "head", None, MONTH, None, {"dlp": 900.0})
    assert compare(report(child, unknown)) == []
    document = build(report(child, unknown), Speech.of("en"))
    assert "2 CT studies of patients under 18 years or of unknown age" in told(document)


def test_the_summary_names_what_is_above() -> None:
    document = build(report(*(study(n, dlp=900.0) for n in range(20))), Speech.of("en"))
    assert "The median of Head (DLP) is above the reference level (UK 2022)." in told(document)
    spanish = build(report(*(study(n, dlp=900.0) for n in range(20))), Speech.of("es"))
    assert "La mediana de Cabeza (DLP) supera el nivel de referencia (UK 2022)." in told(spanish)


def test_a_study_is_listed_once_alerts_before_outliers() -> None:
    studies = [study(n, dlp=500.0 + n % 5) for n in range(40)] + [study(90, dlp=5000.0), study(91, dlp=3000.0)]
    alerts = (
        Alert("S0091KEY", "twice_reference_level", "look", 3.8, 2),
        Alert("S0091KEY", "reference_level", "note", 3.8, 1),
    )
    listed = to_look_at(report(*studies, alerts=alerts))
    assert [(item[0].study_key, item[1]) for item in listed] == [
        ("S0091KEY", "twice_reference_level"),
        ("S0090KEY", "outlier"),
    ]


def test_missing_reports_are_told_with_the_device() -> None:
    silent = Device("D2", "OTHER Scanner · D2", "CT", 0, 7, 0)
    document = build(report(study(1, dlp=1.0), devices=(silent, Device("D1", "A", "CT", 3, 3, 3))), Speech.of("en"))
    assert "7 of 10 CT studies came without a dose report." in told(document)
    assert "Without any dose report: OTHER Scanner · D2." in told(document)


def test_a_month_without_studies_has_no_chart() -> None:
    document = build(report(), Speech.of("en"))
    assert not [block for block in document.blocks if isinstance(block, Chart)]
    assert to_pdf(document).startswith(b"%PDF")


@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_page_stands_alone_and_escapes_what_devices_say(lang: str) -> None:
    trend = tuple(TrendPoint("head", datetime.date(2026, month, 1), 25, 500, 600, 700) for month in (8, 9, 10))
    data = report(*(study(n, dlp=400.0 + 10 * n, ctdivol=40.0) for n in range(24)), study(99, None), trend=trend)
    document = build(data, Speech.of(lang))
    page = to_html(document)
    assert page == to_html(build(data, Speech.of(lang))), "the same numbers give the same page"
    assert to_pdf(document) == to_pdf(build(data, Speech.of(lang))), "and the same print"
    assert not re.search(r"<script|<link|<img|<iframe|@import|src=|url\((?!#)", page)
    assert not re.search(r'(?:href|xlink:href)="(?!#)', page)
    assert "Protocol <1>" not in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids)), "drawings do not share ids"


def test_numbers_are_written_as_the_language_does() -> None:
    english, spanish = Speech.of("en"), Speech.of("es")
    assert [english.number(v) for v in (None, 0, 0.00123, 9.996, 12.34, 999.6, 12345)] == [
        "–",
        "0",
        "0.00123",
        "10.0",
        "12.3",
        "1000",
        "12300",
    ]
    assert spanish.number(12.34) == "12,3"
    assert (
        english.share(1, 300),
        english.share(299, 300),
        english.share(0, 5),
        english.share(5, 5),
        english.share(0, 0),
    ) == ("<1 %", ">99 %", "0 %", "100 %", "–")
    assert (english.month(MONTH), spanish.month(MONTH)) == ("October 2026", "octubre de 2026")
    assert (english.change(674, 707), english.change(707, 674)) == ("−5 %", "+5 %")


def test_every_table_row_has_as_many_cells_as_the_head() -> None:
    data = report(*(study(n, dlp=400.0 + n, ctdivol=40.0) for n in range(24)))
    tables = [block for block in build(data, Speech.of("en")).blocks if isinstance(block, Table)]
    assert len(tables) >= 3
    assert all(len(row) == len(table.columns) for table in tables for row in table.rows)
    assert all(abs(sum(table.widths) - 1) < 0.011 for table in tables if table.widths)


def test_a_protocol_of_low_dose_does_not_hide_a_high_one() -> None:
    # UKHSA 2022: chest 290 mGy.cm. Twenty at 301 ... 320 and forty at 50: the exam's median is 50, the routine protocol's 310.5.
    def chest(number: int, protocol: str, dlp: float) -> Study:
        return Study(f"S{number}", f"P{number}", "D1", "CT", protocol, "chest", "adult", MONTH, None, {"dlp": dlp})

    routine = [chest(n, "Chest routine", 301.0 + n) for n in range(20)]
    low = [chest(100 + n, "Chest low dose", 50.0) for n in range(40)]
    found = [(item.protocol, item.summary.median, item.verdict) for item in compare(report(*routine, *low))]
    assert found == [(None, 50, "below"), ("Chest low dose", 50, "below"), ("Chest routine", 310.5, "above")]
    assert "The median of Chest: Chest routine (DLP) is above" in told(build(report(*routine, *low), Speech.of("en")))


def test_studies_without_the_dose_of_their_modality_are_told() -> None:
    def film(number: int, **values: float) -> Study:
        return Study(f"S{number}", None, "D9", "DX", "Hand", None, "adult", MONTH, None, values)

    bucky = Device("D9", "Bucky", "DX", 4, 0, 0, 4)
    document = build(report(film(1, dap=1e-5), film(2, dap=1e-5), film(3), film(4), devices=(bucky,)), Speech.of("en"))
    assert "2 of 4 studies came without the dose quantity of their modality: radiography 2" in told(document)
    (row,) = next(
        block.rows for block in document.blocks if isinstance(block, Table) and "With dose report" in block.columns
    )
    assert row == ("Bucky", "DX", "4", "2 (50 %): Dose area product", "–", "4 (100 %)")


def test_an_empty_month_says_what_there_is_and_what_to_do() -> None:
    some = told(build(report(others=(datetime.date(2026, 9, 1), datetime.date(2026, 8, 1))), Speech.of("en")))
    assert "No object with dose of October 2026 has been received." in some
    assert "There is dose of: September 2026 and August 2026." in some
    assert "No dose of this site is known at all." in told(build(report(devices=()), Speech.of("en")))


def test_pseudonyms_are_cut_no_shorter_than_they_tell_studies_apart() -> None:
    alike = [
        Study(
            f"SSAMEBEGINNING{n}X",
            "P1",
            "D1",
            "CT",
            "Head",
            "head",
            "adult",
            MONTH,
            None,
            {"dlp": 500.0 + 5000 * (n > 47)},
        )
        for n in range(10, 50)
    ]
    document = build(report(*alike), Speech.of("en"))
    rows = next(block.rows for block in document.blocks if isinstance(block, Table) and "Study" in block.columns)
    assert len({row[2] for row in rows}) == len(rows) > 1


@pytest.mark.parametrize("lang", ["en", "es"])
def test_no_word_is_wider_than_its_column_in_print(lang: str) -> None:
    studies = [study(n, exam, dlp=900.0 + n, ctdivol=20.0 + n) for exam in ("head", "chest") for n in range(19)]
    alerts = (Alert("S0001KEY", "twice_reference_level", "look", 3.8, 2),)
    document = build(report(*studies, study(30, dlp=9000.0), alerts=alerts), Speech.of(lang))
    to_pdf(Document(lang, "", "", (), ""))  # registers the fonts
    points = A4[0] - 2 * 15 * mm - 12
    wide = []
    for table in (block for block in document.blocks if isinstance(block, Table)):
        shares = table.widths or [1 / len(table.columns)] * len(table.columns)
        for place, row in enumerate((table.columns, *table.rows), -1):
            font = "DejaVuSans-Bold" if place < 0 or place in table.strong else "DejaVuSans"
            for share, cell in zip(shares, row, strict=True):
                wide += [word for word in cell.split() if stringWidth(word, font, 7.2) > share * points - 6]
    assert wide == []
