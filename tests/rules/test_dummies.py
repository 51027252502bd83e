"""Dummies are valid for their VR and the same for everybody."""

import pytest
from pydicom import Dataset, Sequence, config
from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.valuerep import validate_value

from dicomlake.rules import Profile
from dicomlake.rules.dummies import DummyElement
from dicomlake.rules.model import Action

TEXT = ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT")


def elements(items: tuple[tuple[DummyElement, ...], ...]) -> list[DummyElement]:
    return [inner for item in items for element in item for inner in (element, *elements(element.items))]


@pytest.mark.parametrize("vr", TEXT)
def test_a_text_dummy_is_valid_for_its_vr(vr: str, research: Profile) -> None:
    value = research.dummies.by_vr[vr].decode("ascii").rstrip(" \0")
    validate_value(vr, value, config.RAISE)
    assert value


def test_every_dummy_has_even_length_and_reads_alike_in_both_byte_orders(research: Profile) -> None:
    sizes = {"AT": 4, "FD": 8, "FL": 4, "SL": 4, "SS": 2, "SV": 8, "UL": 4, "US": 2, "UV": 8}
    for vr, value in research.dummies.by_vr.items():
        assert len(value) % 2 == 0 and value
        assert vr in TEXT or not any(value)
        assert len(value) == sizes.get(vr, len(value))


def test_items_are_made_of_elements_of_the_dictionary(research: Profile) -> None:
    for tag, items in research.dummies.items.items():
        assert dictionary_VR(tag) == "SQ"
        for element in elements(items):
            assert dictionary_VR(element.tag) == element.vr, keyword_for_tag(element.tag)
            assert len(element.value) % 2 == 0
            assert bool(element.items) is (element.vr == "SQ")


def test_a_dummy_item_can_be_written_and_read(research: Profile) -> None:
    def dataset(item: tuple[DummyElement, ...]) -> Dataset:
        made = Dataset()
        for element in item:
            value = Sequence([dataset(inner) for inner in element.items]) if element.vr == "SQ" else element.value
            if element.vr in TEXT:
                value = element.value.decode("ascii").rstrip(" \0")
            if element.vr == "FL":
                value = [0.0] * (len(element.value) // 4)
            made.add(DataElement(element.tag, element.vr, value))
        return made

    for items in research.dummies.items.values():
        stream = DicomBytesIO()
        stream.is_little_endian, stream.is_implicit_VR = True, False
        write_dataset(stream, dataset(items[0]))
        assert stream.tell() > 0


def test_what_an_item_holds_is_itself_nothing_the_profile_would_remove(research: Profile) -> None:
    for items in research.dummies.items.values():
        for element in elements(items):
            rule = research.rule_for(element.tag, element.vr)
            assert rule.action is not Action.X, rule.keyword
