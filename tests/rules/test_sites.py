"""Rules of a site, and the texts of the codes."""

from pathlib import Path

import pytest

from dicomlake.errors import Code, ConfigError
from dicomlake.rules import Action, load_codes, load_site

from .conftest import SHARED


def test_a_site_without_a_file_gets_the_default() -> None:
    site = load_site("clinic-a")
    assert (site.site, site.default_issuer, site.gate, site.timezone) == ("clinic-a", "", "none", "")
    assert (dict(site.issuer_aliases), site.accession_prefixes, site.overrides) == ({}, (), ())
    assert (site.strip_leading_zeros, site.strip_patient_zeros, site.case_sensitive) == (False, False, False)


def test_the_example_says_everything_a_site_can_say() -> None:
    site = load_site("example")
    assert site.issuer_aliases["RIS NORTH"] == site.default_issuer == "RIS-NORTH"
    assert site.accession_prefixes == ("NOR-", "N/")
    assert (site.gate, site.timezone, site.context_limit_hours) == ("manifest", "Europe/Berlin", 168)
    assert {rule.keyword: rule.action for rule in site.overrides} == {
        "TreatmentMachineName": Action.K,
        "ContrastBolusAgent": Action.X,
        "InstitutionName": Action.D,
    }
    assert all(rule.note and rule.source.startswith("sites/example.yaml:") for rule in site.overrides)


def test_a_site_may_name_an_attribute_outside_the_tables(copied: Path) -> None:
    path = copied / "sites" / "clinic-b.yaml"
    text = (copied / "sites" / "default.yaml").read_text(encoding="utf-8")
    path.write_text(text + "remove:\n  - {keyword: BodyPartExamined, reason: typed by hand there}\n", encoding="utf-8")
    (rule,) = load_site("clinic-b", copied).overrides
    assert (rule.tag, rule.action) == (0x00180015, Action.X)
    assert load_site("clinic-b", copied.parent).overrides == (rule,), "the folder above deid_rules is a root as well"


@pytest.mark.parametrize("site", ["", "../sites/example", "Clinic", "a/b", "a" * 40, "9clinic", "clinic\n"])
def test_a_name_that_is_no_site_is_refused(site: str) -> None:
    with pytest.raises(ConfigError, match=r"^site: "):
        load_site(site)


def test_every_code_has_its_text() -> None:
    codes = load_codes()
    assert list(codes) == list(Code)
    assert {text.kind for text in codes.values()} == {"info", "hold", "review"}


def test_codes_say_what_the_product_says() -> None:
    path = SHARED / "product" / "reason_codes.csv"
    if not path.is_file():
        pytest.skip("the list of reason codes is not beside this checkout")
    import csv

    with path.open(encoding="utf-8", newline="") as file:
        rows = {row["code"]: (row["kind"], row["user_text"], row["next_step"]) for row in csv.DictReader(file)}
    assert {code.value: (text.kind, text.user_text, text.next_step) for code, text in load_codes().items()} == rows
