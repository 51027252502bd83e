"""Known values: found in every order, case and notation; ordinary words of the same spelling stay."""

import pytest

from dicomlake.reports.recognise import KnownValues, Recogniser

RECOGNISER = Recogniser.load()
KNOWN = KnownValues(
    names=("OKONKWO-LINDQVIST^MIRIAM^A", "Brown^Theodora"),
    ids=("A-0012345", "778812"),
    births=("19800312",),
    dates=("20210403",),
    places=("Marlow Vale Infirmary",),
    phones=("+44 20 7946 0958",),
)


def shown(text: str, known: KnownValues = KNOWN) -> list[str]:
    return [text[span.start : span.end] for span in RECOGNISER.spans(text, known) if span.layer == "known"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("seen: Miriam Okonkwo-Lindqvist today", "Miriam Okonkwo-Lindqvist"),
        ("okonkwo lindqvist, miriam", "okonkwo lindqvist, miriam"),
        ("OKONKWO-LINDQVIST^MIRIAM^A", "OKONKWO-LINDQVIST^MIRIAM^A"),
        ("M. Okonkwo was seen", "M. Okonkwo"),
        ("discussed with theodora brown", "theodora brown"),
        ("thanks for sending Brown to us", "Brown"),
        ("id A0012345 given", "A0012345"),
        ("id 0012345 given", "0012345"),
        ("id 77 88 12 given", "77 88 12"),
        ("born 12.03.1980", "12.03.1980"),
        ("born 3/12/80", "3/12/80"),
        ("geboren am 12. März 1980", "12. März 1980"),
        ("nacida el 12 de marzo de 1980", "12 de marzo de 1980"),
        ("née le 12 mars 1980", "12 mars 1980"),
        ("birthday on March 12", "March 12"),
        ("from Marlow Vale Infirmary", "Marlow Vale Infirmary"),
        ("call 020 7946 0958", "020 7946 0958"),
    ],
)
def test_a_known_value_is_found_however_it_is_written(text: str, found: str) -> None:
    assert found in shown(text)


@pytest.mark.parametrize(
    "text",
    [
        "Brown fat uptake",
        "BROWN FAT",
        "brown discolouration",
        "the vale of the atrium",
        "3.778812 mm",
        "slice 12 of 80",
    ],
)
def test_an_ordinary_word_or_number_of_the_same_spelling_stays(text: str) -> None:
    assert shown(text) == []


def test_a_free_mapping_is_sorted_by_its_keys() -> None:
    known = KnownValues.of(
        {"PatientName": "Doe^J", "patient_id": 12345, "birth_date": "19800312", "names": ["A B"], "InstitutionName": "X", "accession": "Q9"}
    )  # fmt: skip
    assert known == KnownValues(("Doe^J", "A B"), ("12345", "Q9"), (), ("19800312",), ("X",), ())
    assert "Doe" not in repr(known)


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("Brömmelkämper^Inge", "seen Broemmelkaemper today", "Broemmelkaemper"),
        ("Broemmelkaemper^Inge", "seen Brömmelkämper today", "Brömmelkämper"),
        ("Weißgräber^Inge", "WEISSGRAEBER, INGE", "WEISSGRAEBER, INGE"),
        ("Sørbråten^Siw", "Siw Soerbraaten", "Siw Soerbraaten"),
        ("Wałęsiak^Ola", "seen Walesiak", "Walesiak"),
        ("Þórhallsson^Jon", "seen Thorhallsson", "Thorhallsson"),
        ("Okonkwo^Miriam", "seen Okon\u200bkwo today", "Okon\u200bkwo"),
        ("Okonkwo^Miriam", "seen Okon\u00adkwo today", "Okon\u00adkwo"),
        ("Okonkwo^Miriam", "seen Ｏｋｏｎｋｗｏ today", "Ｏｋｏｎｋｗｏ"),
        ("Okonkwo^Miriam", "seen Оkоnkwо today", "Оkоnkwо"),
        ("Sjöberg^Siw", "seen Sjo\u0308berg", "Sjo\u0308berg"),
        ("Okonkwo^Miriam", "seen Okon-\nkwo today", "Okon-\nkwo"),
        ("Okonkwo^Miriam", "mit Okonkwos Sohn", "Okonkwos"),
        ("Okonkwo^Miriam", "O K O N K W O", "O K O N K W O"),
        ("Okonkwo^Miriam", "seen O.k.o.n.k.w.o today", "O.k.o.n.k.w.o"),
        ("Okonkwo^Miriam", "noOKONKWO", "OKONKWO"),
        ("Okonkwo^Miriam", "login okonkwom", "okonkwom"),
        ("Okonkwo^Miriam", "seen Okomkwo today", "Okomkwo"),
        ("Okonkwo^Miriam", "seen 0konkwo and Ok0nkwo", "Ok0nkwo"),
        ("de la Huerta^Ana", "vista por de la Huerta hoy", "de la Huerta"),
        ("Degli Abeti^Ugo", "il dottor Degli Abeti", "Degli Abeti"),
    ],
)
def test_a_known_name_is_found_in_another_writing(name: str, text: str, found: str) -> None:
    spans = RECOGNISER.known_spans(text, KnownValues(names=(name,)))
    covered = {place for span in spans for place in range(span.start, span.end)}
    start = text.index(found)
    assert covered >= {n for n in range(start, start + len(found)) if text[n].isalnum()}
    assert all(start - 2 <= place < start + len(found) for place in covered if text[place].isalnum())


@pytest.mark.parametrize(
    ("known", "text", "found"),
    [
        (KnownValues(births=("19670821",)), "geb. 21.VIII.1967", "21.VIII.1967"),
        (KnownValues(ids=("257-78-29",)), "id 257 -78-29 given", "257 -78-29"),
        (KnownValues(ids=("QX7793197",)), "id QX-77-93197 given", "QX-77-93197"),
        (KnownValues(ids=("9759896653",)), "9759896653Referring", "9759896653"),
        (KnownValues(ids=("QX7793197",)), "noQX7793197seen", "QX7793197"),
    ],
)
def test_a_known_number_or_date_is_found_in_another_writing(known: KnownValues, text: str, found: str) -> None:
    assert found in [text[span.start : span.end] for span in RECOGNISER.known_spans(text, known)]


@pytest.mark.parametrize("text", ["femorales", "corneal", "the marina", "no pneumothorax", "Morton neuroma"])
def test_a_known_name_is_not_found_in_words_of_the_language(text: str) -> None:
    known = KnownValues(names=("Morales^Cornea", "Marino^Pneuma", "Mortons^Ida"))
    assert list(RECOGNISER.known_spans(text, known)) == []


def test_groups_of_a_name_in_other_scripts_and_parts_of_two_letters_are_found() -> None:
    known = KnownValues(names=("Yamada^Tarou=\u5c71\u7530^\u592a\u90ce", "Do^An"))
    text = "Patient \u5c71\u7530\u592a\u90ce seen. M. Do est venu. DO AN. What do you see, an image?"
    gone = [text[s.start : s.end] for s in RECOGNISER.spans(text, known, "en")]
    assert gone == ["\u5c71\u7530\u592a\u90ce", "M. Do", "DO AN"]


@pytest.mark.parametrize(
    ("known", "text", "found"),
    [
        (KnownValues(names=("Knie^Anna",)), "Arzt: KNIE\nKNIE MRT rechts", ["KNIE"]),
        (KnownValues(names=("Colon^Luis",)), "COLON normal. Dr. COLON", ["COLON"]),
        (KnownValues(names=("Garcia Lopez^Maria",)), "GARCIALOPEZ seen", ["GARCIALOPEZ"]),
        (KnownValues(names=("Müller^Hans",)), "User hmueller, folder MullerHans.", ["hmueller", "MullerHans"]),
        (KnownValues(places=("Ulm",)), "wohnt in Ulm, 89073 Ulm; Ulm", ["Ulm", "Ulm"]),
    ],
)
def test_names_that_are_words_in_capitals_glued_names_and_short_towns_are_found(
    known: KnownValues, text: str, found: list[str]
) -> None:
    spans = RECOGNISER.known_spans(text, known)
    assert [text[span.start : span.end] for span in spans] == found
