"""Replacing: one person one placeholder, dates by the shift of the study, ages over 89 one, places in the text as it came."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from dicomlake.cli import verbs
from dicomlake.pseudonyms import Domain, DomainKey
from dicomlake.reports.recognise import KnownValues, Label
from dicomlake.reports.scrub import Replacer, Scrubber, load_surrogates

SCRUBBER = Scrubber.load()
KEY = DomainKey.from_secret(b"a secret of sixteen bytes or more", Domain.RESEARCH).site("clinic-a")
REPLACER = Replacer(KEY, -100, SCRUBBER.recogniser.rules)
KNOWN = KnownValues(names=("Okonkwo^Miriam",), births=("19800312",))


def clean(text: str, lang: str = "en", known: KnownValues = KNOWN) -> str:
    return SCRUBBER.scrub(text, REPLACER, known, lang).text


def test_all_forms_of_a_name_have_one_placeholder() -> None:
    forms = ["Miriam Okonkwo", "OKONKWO^MIRIAM", "Okonkwo, Miriam", "Mrs. Okonkwo"]
    assert len({clean(f"seen: {form} today").replace("Mrs. ", "") for form in forms}) == 1, "one person"


def test_another_person_has_another_placeholder_and_another_site_another_key() -> None:
    other = Replacer(
        DomainKey.from_secret(b"another secret of bytes", Domain.RESEARCH).site("clinic-a"), -100, REPLACER.rules
    )
    text = "seen by Dr. Lindgren"
    assert clean(text) != clean("seen by Dr. Achterberg")
    assert clean(text) != SCRUBBER.scrub(text, other, KNOWN, "en").text


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        ("CT of 2021-04-03.", "en", "CT of 2020-12-24."),
        ("CT vom 03.04.2021.", "de", "CT vom 24.12.2020."),
        ("TC del 3 de abril de 2021.", "es", "TC del 24 de Diciembre de 2020."),
        ("born 12.03.1980.", "de", "born [DATE]."),
        ("seen 03/04/2021.", "en", "seen [DATE]."),
        ("seen 03/04/2021 and 25/12/2020.", "en", "seen 24/12/2020 and 16/09/2020."),
        ("seen in April 2021.", "en", "seen in January 2021."),
        ("gesehen im April 2021.", "de", "gesehen im Januar 2021."),
        ("CT of 04/2021.", "en", "CT of 01/2021."),
        ("Seen 5 May 2020. Study of 03/04/2021.", "en", "Seen 26 January 2020. Study of 24/12/2020."),
        ("Seen May 5, 2020. Study of 04/03/2021.", "en", "Seen January 26, 2020. Study of 12/24/2020."),
        ("CT vom 3.4.21 zum Vergleich.", "de", "CT vom 24.12.20 zum Vergleich."),
        ("CT vom 3 IV 2021.", "de", "CT vom 24 XII 2020."),
        ("CT del 03-04-21.", "es", "CT del 24-12-20."),
    ],
)
def test_dates_move_by_the_shift_in_the_notation_they_have(text: str, lang: str, expected: str) -> None:
    assert clean(text, lang) == expected


def test_ages_over_89_become_one() -> None:
    assert clean("A 93-year-old man.") == clean("A 101-year-old man.") == "A 90+-year-old man."
    assert clean("An 89-year-old man.") == "An 89-year-old man."


def test_surrogates_are_the_same_for_one_person() -> None:
    replacer = Replacer(KEY, -100, SCRUBBER.recogniser.rules, load_surrogates())
    text = "Miriam Okonkwo was seen. Mrs. Okonkwo left."
    made = SCRUBBER.scrub(text, replacer, KNOWN, "en").text
    family = made.split(" was")[0].split()[-1]
    assert made.endswith(f"Mrs. {family} left.")
    assert "Okonkwo" not in made


@given(st.text(max_size=300), st.sampled_from(["strict", "research"]))
def test_any_text_has_spans_in_order_within_it(text: str, setting: str) -> None:
    from dicomlake.reports.recognise import Setting

    made = SCRUBBER.scrub(text, REPLACER, KNOWN, None, Setting(setting))
    ends = [0]
    for span in made.spans:
        assert ends[-1] <= span.start < span.end <= len(text)
        assert span.label in Label
        ends.append(span.end)


@pytest.mark.parametrize(
    "text",
    [
        "患者は山田太郎である。" * 8,
        "Пациент Иванов осмотрен врачом " * 6,
        "pacjent zgłosił się z powodu bólu brzucha oraz gorączki i został przyjęty " * 4,
    ],
)
def test_text_in_another_language_is_a_doubt(text: str) -> None:
    assert "language" in SCRUBBER.scrub(text, REPLACER, KNOWN).doubts


def test_text_nobody_can_read_is_a_doubt() -> None:
    assert "unreadable" in SCRUBBER.scrub("(cid:12) \ufffd\ufffd ~ # ] [ | \\ . , ; " * 10, REPLACER, KNOWN).doubts


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("The lungs are clear without focal consolidation.", "en"),
        ("Sin derrame pleural ni signos de consolidación.", "es"),
        ("Pas d'épanchement pleural ni de foyer parenchymateux.", "fr"),
        ("Kein Pleuraerguss, kein Infiltrat. Leber normal groß.", "de"),
        ("Non versamento pleurico né addensamenti parenchimali.", "it"),
        ("Sem derrame pleural nem consolidações no pulmão.", "pt"),
    ],
)
def test_the_language_of_a_sentence_is_found(text: str, lang: str) -> None:
    assert SCRUBBER.language(text, None) == (lang, ())


def test_the_verb_answers_every_line(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("correct horse battery staple")
    lines = [
        json.dumps({"id": 1, "text": "seen by Dr. Lindgren", "lang": "en"}),
        json.dumps({"id": "b", "text": "OKONKWO seen", "known": {"names": ["Okonkwo^Miriam"]}}),
        "no json",
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    run = CliRunner().invoke(
        verbs, ["scrub", str(tmp_path / "in.jsonl"), str(tmp_path / "out.jsonl"), "--key-file", str(tmp_path / "key")]
    )
    assert run.exit_code == 1
    one, two, three = map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
    assert one["spans"] == [[12, 20, "NAME"]] and one["id"] == 1 and "Lindgren" not in one["text"]
    assert two["spans"] == [[0, 7, "NAME"]]
    assert three == {"id": None, "error": "not a JSON object with a text"}
