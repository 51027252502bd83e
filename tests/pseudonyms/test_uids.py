"""Which UIDs stay: the standard's own, all of them, and nobody's instances."""

import pytest
from pydicom.uid import UID_dictionary

from dicomlake.pseudonyms import is_standard_uid

INSTANCE_TYPES = ("Well-known frame of reference", "Synchronization Frame of Reference")


def test_every_uid_the_standard_registers_stays() -> None:
    assert [uid for uid in UID_dictionary if not is_standard_uid(uid)] == []


def test_well_known_frames_and_palettes_stay_in_attributes_that_name_instances() -> None:
    known = [uid for uid, entry in UID_dictionary.items() if entry[1] in INSTANCE_TYPES]
    assert known
    assert [uid for uid in known if not is_standard_uid(uid, "FrameOfReferenceUID")] == []
    assert is_standard_uid("1.2.840.10008.1.5.3", "ReferencedSOPInstanceUID")


@pytest.mark.parametrize("padded", ["1.2.840.10008.1.2.1\0", "1.2.840.10008.1.2.1 "])
def test_padding_does_not_hide_a_standard_uid(padded: str) -> None:
    assert is_standard_uid(padded)


@pytest.mark.parametrize(
    "uid",
    [
        "", "1.2.840.10008", "1.2.840.10008.", "1.2.840.100081.1", "1.2.840.1000", "1.2.840.10009.1.2", "1.2.840.10008.1.2.20160312",
        "1.2.840.10008.1.2.12345", "1.2.840.10008..1", "1.2.840.10008.01", "1.2.840.10008.1.2.3.4.5.6.7.8.9.10.11", "2.25.1", "1.2.840.10008.1a",
        "x1.2.840.10008.1.2", "1.2.840.10008.١",
    ],
)  # fmt: skip
def test_other_uids_and_numbers_hidden_under_the_root_do_not_stay(uid: str) -> None:
    assert not is_standard_uid(uid)


@pytest.mark.parametrize(
    "keyword",
    [
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "SOPInstanceUID",
        "ReferencedSOPInstanceUID",
        "FrameOfReferenceUID",
        "DeviceUID",
    ],
)
def test_an_instance_numbered_under_the_root_is_replaced(keyword: str) -> None:
    assert not is_standard_uid("1.2.840.10008.5.1.4.1.1.2", keyword)


def test_a_class_stays_in_its_attribute() -> None:
    assert is_standard_uid("1.2.840.10008.5.1.4.1.1.2", "SOPClassUID")
    assert is_standard_uid("1.2.840.10008.5.1.4.1.1.2", "ReferencedSOPClassUID")
