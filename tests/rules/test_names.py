"""Where a name in a description ends: before the examination that goes on behind it, never within the name."""

import pytest

from dicomlake.rules import load_profile

NAMES = load_profile("research").text.names


@pytest.mark.parametrize(
    ("before", "name", "after"),
    [
        ("seen by Dr. ", "Luisella Tutoni", " BI-RADS 4a"),
        ("Technologist: ", "Korbeno Wexwiler", " HALF FOURIER"),
        ("Technologist: ", "Velcarete Brenwex", " NEX 1/2"),
        ("ref by Dr. ", "Xylanter", " L-SPINE LAT FLEX"),
        ("ref by Dr. ", "Oldruga", " Swan-Ganz in place"),
        ("Dr. ", "Wexlow", ", ASIR-V 40%"),
        ("Mrs. ", "Ottoson", ", Day 3 post op"),
        ("read by ", "LORBOWICK", ", Kerley B"),
        ("Tech: ", "Grombert, Paulo", " T2"),
        ("Name: ", "OKAFOR, MIRIAM A.", " CT"),
        ("Dr. ", "Jean DUPONTEL", " CT"),
        ("Dr. ", "Mary Ann Smith", ""),
        ("Dr. ", "Omar Al-Rashid", " thin"),
        ("Dr. ", "van der Bergen", " axial"),
        ("Dr. ", "Long", ""),
        ("Dr. ", "Smith, MD", " thin"),
        ("Dr. ", "O'Brannagh", " knee"),
        ("Dr. ", "", "CTDIvol 3"),
        ("Dr. ", "", "Knee"),
    ],
)
def test_a_name_ends_where_the_examination_goes_on(before: str, name: str, after: str) -> None:
    text = before + name + after
    assert text[len(before) : NAMES.end(text, len(before), len(text), True)] == name


def test_words_of_a_name_tell_but_words_of_the_language_and_eponyms_do_not() -> None:
    assert list(NAMES.telling("Dr. Grombert Parkinson Kidney X9")) == ["grombert"]
