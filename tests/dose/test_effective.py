"""Effective dose against published tables. Expected numbers are those of the papers, multiplied by hand."""

from pathlib import Path

import pytest

from dicomlake.dose.effective import effective_doses
from dicomlake.errors import ConfigError
from dicomlake.rules.effective import load_effective
from tests.rules.conftest import SHARED, copied, edit  # noqa: F401  # fixtures

RULES = load_effective()


def estimates(*args: object) -> dict[str, float]:
    return {e.method: round(e.value_mSv, 6) for e in effective_doses(RULES, *args)}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("region", "age", "kvp", "phantom", "expected"),
    [
        # AAPM 96, table 3, adults: head 0.0021, chest 0.014, abdomen and pelvis 0.015, trunk 0.015; DLP 1000.
        ("head", 40, None, 16, {"AAPM96_ICRP60": 2.1}),
        ("chest", 40, None, 32, {"AAPM96_ICRP60": 14}),
        ("abdomen_pelvis", 40, None, 32, {"AAPM96_ICRP60": 15}),
        # Lee 2012, table XII, adults at 80, 100, 120 kV: chest 0.0191, 0.0203, 0.0210.
        ("chest", 40, 80, 32, {"AAPM96_ICRP60": 14, "NCI_ICRP103": 19.1}),
        ("chest", 40, 100, 32, {"AAPM96_ICRP60": 14, "NCI_ICRP103": 20.3}),
        ("chest", 40, 120, 32, {"AAPM96_ICRP60": 14, "NCI_ICRP103": 21}),
        # Children, 16 cm phantom: newborn chest 0.039; 10 years head 0.0032 and 0.0029 at 120 kV.
        ("chest", 0, 120, 16, {"AAPM96_ICRP60": 39}),
        ("head", 10, 120, 16, {"AAPM96_ICRP60": 3.2, "NCI_ICRP103": 2.9}),
        # A child's body on the 32 cm phantom: DLP doubled first. 1 year 0.026.
        ("chest", 1, 120, 32, {"AAPM96_ICRP60": 52}),
    ],
)
def test_a_published_factor_times_the_dlp(
    region: str, age: int, kvp: float, phantom: int, expected: dict[str, float]
) -> None:
    assert estimates(1000, region, age, kvp, phantom) == pytest.approx(expected)


@pytest.mark.parametrize(
    "unknown",
    [
        (None, "chest", 40, 120, 32),
        (100, None, 40, 120, 32),
        (100, "chest", None, 120, 32),
        (100, "chest", 40, 120, None),
        (100, "chest", 40, 120, 20),
    ],
)
def test_what_is_unknown_gives_no_estimate(unknown: tuple[object, ...]) -> None:
    assert estimates(*unknown) == {}


def test_a_factor_that_is_not_verified_is_never_applied() -> None:
    assert any(not f.verified and f.region == "neck" for f in RULES.factors)
    assert estimates(100, "neck", 40, 120, 16) == {}
    assert "NCI_ICRP103" not in estimates(100, "chest", 5, 120, 16)


def test_a_converted_dlp_says_so() -> None:
    (same, other) = (effective_doses(RULES, 100, "chest", 5, None, phantom)[0] for phantom in (16, 32))
    assert (same.converted, other.converted) == (False, True)
    assert other.value_mSv == pytest.approx(2 * same.value_mSv)


def test_the_phantom_ratio_is_that_of_the_aapm_204_curves() -> None:
    import math

    ratios = [3.704369 * math.exp(-0.03671937 * d) / (1.874799 * math.exp(-0.03871313 * d)) for d in (10, 20, 30)]
    assert all(abs(ratio / RULES.phantom_ratio - 1) < 0.06 for ratio in ratios)


def test_factors_say_what_the_shared_table_says() -> None:
    path = SHARED / "dose" / "tables" / "k_factors.csv"
    if not path.is_file():
        pytest.skip("the table of factors is not beside this checkout")
    import csv

    ages = {"0": 0, "1": 1, "5": 4, "10": 10, "15": 14}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            method = RULES.methods[row["method"]]
            age = method.adult_from_y if row["age_y"] == "adult" else ages[row["age_y"]]
            kvp = int(row["kvp"]) if method.by_kvp else None
            found = [
                f
                for f in RULES.factors
                if (f.method, f.region, f.age_from, f.kvp) == (row["method"], row["region"], age, kvp)
            ]
            assert [f.k for f in found] == [float(row["k_mSv_per_mGycm"])]
            assert not (found[0].verified and row["verified"] == "no")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("k: {newborn: 0.011", "k: {newborn: -1", "dose/effective.yaml:34: newborn: must be a number"),
        ("region: head,", "region: hand,", "dose/effective.yaml:34: region: must be one of"),
        ("source: shrimpton", "source: somebody", "dose/effective.yaml:34: source: must be one of"),
        ("preferred: false", "preferred: true", "exactly one method is preferred"),
    ],
)
def test_a_fault_names_file_line_and_field(edit, copied: Path, old: str, new: str, message: str) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    edit("dose/effective.yaml", old, new)
    with pytest.raises(ConfigError, match=message.replace(".", r"\.")):
        load_effective(copied)
