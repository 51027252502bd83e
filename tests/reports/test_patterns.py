"""Forms of text: each pattern finds what its line in the rule file says it must, and leaves alone what it says it leaves."""

import pytest

from dicomlake.reports.recognise.checks import CHECKS
from dicomlake.reports.recognise.clinical import Clinical
from dicomlake.reports.recognise.dates import DateFinder
from dicomlake.reports.recognise.patterns import PatternFinder
from dicomlake.reports.recognise.starts import Starts
from dicomlake.reports.recognise.writing import plain
from dicomlake.rules.recognition import load_recognition_rules
from tests.reports.unseen.writer import UnseenWriter

RULES = load_recognition_rules()
CLINICAL = Clinical(RULES)


def found(pattern_name: str, text: str) -> list[str]:
    (pattern,) = (one for one in RULES.patterns if one.name == pattern_name)
    return [text[span.start : span.end] for span in PatternFinder((pattern,), CLINICAL).find(text)]


@pytest.mark.parametrize(
    ("name", "text"), [(pattern.name, text) for pattern in RULES.patterns for text in pattern.removes]
)
def test_a_pattern_finds_what_it_says_it_finds(name: str, text: str) -> None:
    assert found(name, text)


@pytest.mark.parametrize(
    ("name", "text"), [(pattern.name, text) for pattern in RULES.patterns for text in pattern.leaves]
)
def test_a_pattern_leaves_what_it_says_it_leaves(name: str, text: str) -> None:
    assert found(name, text) == []


def test_a_pattern_that_is_tried_at_some_places_finds_what_it_finds_everywhere() -> None:
    texts = [plain(one.text) for one in UnseenWriter(2, "second").documents(3)]
    texts += [plain(text) for pattern in RULES.patterns for text in (*pattern.removes, *pattern.leaves)]
    for text in texts:
        starts = Starts(text)
        for pattern in RULES.patterns:
            everywhere = [found.span() for found in pattern.regex.finditer(text)]
            assert [found.span() for found in starts.matches(pattern.regex, pattern.starts)] == everywhere, pattern.name


@pytest.mark.parametrize(
    ("check", "right"),
    [  # published examples: the administrations' own documents and the standards
        ("dni", "12345678Z"),
        ("dni", "X1234567L"),
        ("nss", "281234567840"),
        ("nhs", "943 476 5919"),
        ("codice_fiscale", "RSSMRA85T10A562S"),
        ("nir", "255081416802538"),
        ("steuer_id", "86095742719"),
        ("iban", "GB29 NWBK 6016 1331 9268 19"),
        ("iban", "DE89370400440532013000"),
        ("luhn", "4111111111111111"),
        ("nif_pt", "501964843"),
    ],
)
def test_a_right_check_digit_is_told_from_a_wrong_one(check: str, right: str) -> None:
    last = right[-1]
    wrong = right[:-1] + (chr((ord(last) - 65 + 1) % 26 + 65) if last.isalpha() else str((int(last) + 1) % 10))
    assert CHECKS[check](right)
    assert not CHECKS[check](wrong)


@pytest.mark.parametrize(
    "text",
    [
        "03/04/2021", "3.4.21", "2021-04-03", "20210403", "03 04 2021", "3 April 2021", "April 3rd, 2021", "3-Apr-2021", "3 de abril de 2021",
        "1er avril 2021", "3. April 2021", "3 aprile 2021", "3 de abril", "abril de 2021", "04/2021", "2021 April 3", "12. März", "4 août 2019",
        "Mar 5, 2020", "5 marzo 2020", "2021-04-03T10:22:00", "18-III-2024", "8.I.1980", "ENE/24/1954", "5/3", "28/4",
    ],
)  # fmt: skip
def test_a_date_is_found_in_every_notation(text: str) -> None:
    spans = list(DateFinder(RULES.months, RULES.date_words).find(f"on {text} seen"))
    assert max(span.end for span in spans) >= 3 + len(text.split("T")[0])
    assert min(span.start for span in spans) == 3


@pytest.mark.parametrize(
    "text",
    "C4-5|L4/5|1.5 x 2.3 cm|12/15|120/80 mmHg|3.2.1|T2 0.5-1.5|BI-RADS 4|may 5 mm|5 mar|10-12 mm|1/2|version 2.10.3|mayo 3|"
    "of 1/2|lesion of 3/5|Grad vom 3.2 cm".split("|"),
)
def test_numbers_that_are_no_date_stay(text: str) -> None:
    assert list(DateFinder(RULES.months, RULES.date_words).find(text)) == []


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("seen early March", "March"), ("since late April 2019", "April 2019"), ("by June", "June"), ("nov/22", "nov/22"), ("Nov '22", "Nov '22"),
        ("March the 3rd 2019", "March the 3rd 2019"), ("Ende März", "März"), ("Mai letzten Jahres", "Mai"), ("mi-mars", "mars"),
        ("en juin dernier", "juin"), ("a mediados de mayo", "mayo"), ("da fine giugno", "giugno"), ("a marzo scorso", "marzo"),
        ("em fins de abril", "abril"), ("em agosto passado", "agosto"),
    ],
)  # fmt: skip
def test_a_part_of_a_month_is_a_date(text: str, date: str) -> None:
    assert {text[span.start : span.end] for span in DateFinder(RULES.months, RULES.date_words).find(text)} == {date}


@pytest.mark.parametrize("text", ["it may rise", "in may", "by march of", "gen-2 implant", "set 3", "mar 5 mm"])
def test_a_word_that_is_a_month_too_is_no_part_of_a_date(text: str) -> None:
    assert list(DateFinder(RULES.months, RULES.date_words).find(text)) == []


@pytest.mark.parametrize("leader", ["..........", " ....: ", "____", " | ", "\t"])
@pytest.mark.parametrize(
    ("label", "value"), [("Tel", "0761/203-4455"), ("MRN", "0042137"), ("Patient", "Miriam Okafor")]
)
def test_a_label_leads_to_its_value_by_dots_and_bars(leader: str, label: str, value: str) -> None:
    text = f"CT\n{label}{leader}{value}\nend"
    spans = PatternFinder(RULES.patterns, CLINICAL).find(text)
    assert value in [text[span.start : span.end] for span in spans]
