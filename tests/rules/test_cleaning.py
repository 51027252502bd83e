"""The rules of looking at pictures: what the files say, and that a wrong one stops the start."""

from pathlib import Path

import pytest

from dicomlake.errors import ConfigError
from dicomlake.rules import load_pixel_rules
from dicomlake.rules.cleaning import SitePictures

RULES = load_pixel_rules()


def test_a_device_is_known_by_all_its_conditions() -> None:
    us = {"Modality": "US", "Manufacturer": "Philips Medical Systems", "ManufacturerModelName": "iU22", "Rows": "480"}
    assert (0, 0, 640, 47) in RULES.boxes(us)
    assert RULES.boxes(us | {"Rows": "481"}) == ()
    assert RULES.boxes({"Modality": "US"}) == ()


def test_a_site_without_an_entry_gets_the_default() -> None:
    assert RULES.of_site("nobody") is RULES.default
    assert (RULES.default.decide, RULES.default.never) == ("all", frozenset())


def test_what_a_site_does_not_say_is_as_for_all(copied: Path) -> None:
    path = copied / "pixels" / "clean.yaml"
    text = path.read_text(encoding="utf-8").replace("never: []", "never: [XA]", 1)
    path.write_text(text.replace("sites: {}", "sites: {a: {decide: selective}, b: {never: [US]}}", 1), encoding="utf-8")
    rules = load_pixel_rules(copied)
    assert rules.of_site("a") == SitePictures("selective", frozenset({"XA"}))
    assert rules.of_site("b") == SitePictures("all", frozenset({"US"}))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("small: [1.0, 1.6]", "small: []", "small: needs at least 1"),
        ("turned_sure: 0.65", "turned_sure: much", "turned_sure: must be a number"),
        ("frames: 20000", "frames: 0", "frames: must be a whole number"),
        ("decide: all", "decide: some", "decide: must be one of"),
        ("never: []", "never: [ct]", "never: must be a modality"),
        ("sites: {}", "sites: {clinic-a: {decides: all}}", "decides: unknown field"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(copied: Path, old: str, new: str, message: str) -> None:
    path = copied / "pixels" / "clean.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=message) as found:
        load_pixel_rules(copied)
    assert "pixels/clean.yaml:" in str(found.value)


@pytest.mark.parametrize("boxes", ["[[0, 0, 10]]", "[[10, 0, 10, 5]]", "[]"])
def test_a_box_must_be_one(copied: Path, boxes: str) -> None:
    (copied / "pixels" / "regions.yaml").write_text(
        f"regions:\n  - {{name: Device, where: {{Modality: [US]}}, boxes: {boxes}}}\n", encoding="utf-8"
    )
    with pytest.raises(ConfigError, match=r"regions\.yaml:2: boxes"):
        load_pixel_rules(copied)
