"""The normaliser: one person stays one, two stay two."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomlake.errors import Code, PermanentError
from dicomlake.pseudonyms import IdentityRules, PatientIdentity, normal_accession, normal_id, patient_identity

TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
PLAIN = IdentityRules()


def identity(patient_id: str | None, issuer: str | None = None, rules: IdentityRules = PLAIN) -> PatientIdentity:
    return patient_identity(rules, patient_id, issuer, "1.2.3")


@pytest.mark.parametrize(
    "written",
    [
        "AB 12",
        " AB 12 ",
        "ab 12",
        "AB 12\0",
        "\tAB \n 12\r",
        "AB  12",
        "\u00a0AB\u200912",
        "ＡＢ　１２",
        "A\u200bB 12",
        "AB\x07 12",
        "\ufeffAb 12",
    ],
)
def test_one_person_written_in_many_ways_is_one(written: str) -> None:
    assert identity(written) == identity("AB 12")


@pytest.mark.parametrize("other", ["AB12", "AB-12", "AB 012", "AB 13", "ÄB 12", "AB 12\udc80", "AB 12\udc81"])
def test_two_ids_stay_two(other: str) -> None:
    assert identity(other) != identity("AB 12")


def test_bytes_nobody_could_decode_still_tell_two_ids_apart() -> None:
    assert identity("M\udcfcller") != identity("M\udcf6ller")


def test_composed_and_decomposed_letters_are_one() -> None:
    assert identity("M\u00dcLLER1") == identity("mu\u0308ller1")


@pytest.mark.parametrize(
    "placeholder",
    [
        None,
        "",
        " ",
        "\0\0",
        "0",
        "000",
        "0-0",
        "-",
        "--",
        "...",
        "?",
        "unknown",
        "Unknown ",
        "ANONYMOUS",
        "none",
        "N/A",
        "n/a",
        "Null",
        "NO ID",
        "test",
        "xxx",
        "０",
    ],
)
def test_a_placeholder_is_no_patient(placeholder: str | None) -> None:
    found = identity(placeholder)
    assert not found.known
    assert found == PatientIdentity(None, "", "1.2.3")


def test_two_studies_without_an_id_are_two_patients() -> None:
    first = patient_identity(PLAIN, "UNKNOWN", None, "1.2.3")
    second = patient_identity(PLAIN, "UNKNOWN", None, "1.2.4")
    assert first != second


def test_the_unknown_patient_of_a_study_has_no_issuer() -> None:
    assert identity("", "HOSPITAL A") == identity(None, None)


def test_without_patient_and_study_nothing_can_be_told() -> None:
    with pytest.raises(PermanentError) as caught:
        patient_identity(PLAIN, "0", "", " \0")
    assert caught.value.code == Code.MISSING_UID


def test_a_known_patient_does_not_depend_on_the_study() -> None:
    assert patient_identity(PLAIN, "AB1", None, "1.2.3") == patient_identity(PLAIN, "AB1", None, "")


def test_one_id_from_two_issuers_is_two_patients() -> None:
    assert identity("77", "NORTH") != identity("77", "SOUTH")


def test_an_absent_issuer_is_the_sites_own() -> None:
    rules = IdentityRules(default_issuer="North")
    assert identity("77", None, rules) == identity("77", " NORTH ", rules) == identity("77", "unknown", rules)


def test_aliases_of_an_issuer_are_one_in_any_case() -> None:
    rules = IdentityRules(default_issuer="N1", issuer_aliases={"north ": "NORTH HOSPITAL", "n1": "North Hospital"})
    assert identity("77", "North", rules) == identity("77", "NORTH HOSPITAL", rules) == identity("77", None, rules)


def test_leading_zeros_of_a_patient_id_count_unless_the_site_says_otherwise() -> None:
    assert identity("0077") != identity("77")
    assert identity("0077", None, IdentityRules(strip_leading_zeros=True)).patient_id == "0077"
    assert identity("0077", None, IdentityRules(strip_patient_zeros=True)).patient_id == "77"


def test_a_site_may_tell_patients_apart_by_case() -> None:
    rules = IdentityRules(case_sensitive=True)
    assert identity("aB1", None, rules) != identity("AB1", None, rules)
    assert not identity("unknown", None, rules).known


def test_a_site_may_name_its_own_placeholders() -> None:
    assert not identity("99999", None, IdentityRules(placeholders=frozenset({"99999"}))).known


def test_an_identity_shows_nothing_of_itself() -> None:
    assert repr(identity("SECRET7", "NORTH")) == "PatientIdentity()"


@given(TEXT)
def test_normalising_twice_is_normalising_once(text: str) -> None:
    once = normal_id(PLAIN, text)
    assert normal_id(PLAIN, once) == once
    assert not any(unicodedata.category(c) in ("Cc", "Cf") for c in once)
    assert once == once.strip()


@given(TEXT, st.sampled_from(["", "ACC", "R-"]), st.booleans())
def test_normalising_an_accession_twice_is_normalising_once(text: str, prefix: str, zeros: bool) -> None:
    unprefixed = IdentityRules(strip_leading_zeros=zeros)
    once = normal_accession(IdentityRules(accession_prefixes=(prefix,), strip_leading_zeros=zeros), text)
    assert once is None or normal_accession(unprefixed, once) == once


SITE = IdentityRules(accession_prefixes=("acc", "ACC-", "R "), strip_leading_zeros=True)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("ACC-0012", "12"),
        ("acc0012", "12"),
        ("  0012 ", "12"),
        ("00 12", "12"),
        ("r 12", "12"),
        ("12A", "12A"),
        ("ACC", "ACC"),
        ("ACC-", "ACC-"),
        ("ACC-ACC-5", "ACC-5"),
        ("0000", None),
        ("", None),
        (None, None),
        ("unknown", None),
        ("12\0", "12"),
    ],
)
def test_accessions_lose_the_sites_prefixes_and_zeros(written: str | None, expected: str | None) -> None:
    assert normal_accession(SITE, written) == expected


def test_accessions_keep_prefix_and_zeros_at_a_site_without_rules() -> None:
    assert normal_accession(PLAIN, "acc-0012") == "ACC-0012"
