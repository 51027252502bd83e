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
