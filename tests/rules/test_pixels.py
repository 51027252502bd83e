"""What may carry text in its picture is looked at, what is text is held."""

from collections.abc import Sequence

import pytest
from pydicom.uid import UID_dictionary

from dicomlake.errors import Code, PermanentError
from dicomlake.rules import PixelRoute, load_pixel_routes

ROUTES = load_pixel_routes()
ROOT = "1.2.840.10008.5.1.4.1.1."
CT = {"SOPClassUID": ROOT + "2", "Modality": "CT", "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"]}
SEG = {"SOPClassUID": ROOT + "66.4", "Modality": "SEG", "ImageType": ["DERIVED", "PRIMARY"]}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"ImageType": "ORIGINAL\\PRIMARY\\LOCALIZER"},
        {"ImageType": ["original ", "primary"]},
        {"BurnedInAnnotation": "NO"},
        {"PhotometricInterpretation": "MONOCHROME2", "SamplesPerPixel": "1", "BitsAllocated": "16"},
        {"SOPClassUID": ROOT + "4", "Modality": "MR"},
        {"SOPClassUID": ROOT + "4.1\0", "Modality": "MR"},
        {"SOPClassUID": ROOT + "128", "Modality": "PT"},
        {"SOPClassUID": ROOT + "20", "Modality": "NM"},
    ],
)
def test_a_picture_as_acquired_is_clean(more: dict[str, Sequence[str]]) -> None:
    found = ROUTES.decide(CT | more)
    assert (found.pixels, found.kind, found.code) == (PixelRoute.CLEAN, "dicom_image", None)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}, "shown_by_image_type"),
        ({"ImageType": ["DERIVED", "PRIMARY"]}, "shown_by_image_type"),
        ({"ImageType": ["ORIGINAL", "SECONDARY"]}, "shown_by_image_type"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "SCREEN SAVE"]}, "shown_by_image_type"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "DOSE_INFO"]}, "shown_by_image_type"),
        ({"ImageType": ["PRIMARY", "ORIGINAL"]}, "shown_by_image_type"),
        ({"ImageType": ["ORIGINAL"]}, "shown_by_image_type"),
        ({"ImageType": []}, "shown_by_image_type"),
        ({"ImageType": ""}, "shown_by_image_type"),
        ({"BurnedInAnnotation": "YES"}, "shown_by_burned_in_annotation"),
        ({"BurnedInAnnotation": "MAYBE"}, "shown_by_burned_in_annotation"),
        ({"ConversionType": "WSD"}, "shown_by_conversion_type"),
        ({"SecondaryCaptureDeviceManufacturer": "X"}, "shown_by_secondary_capture_device_manufacturer"),
        ({"PhotometricInterpretation": "RGB"}, "shown_by_photometric_interpretation"),
        ({"SamplesPerPixel": "3"}, "shown_by_samples_per_pixel"),
        ({"BitsAllocated": "8"}, "shown_by_bits_allocated"),
        ({"Modality": "OT"}, "modality_of_other_class"),
        ({"Modality": ""}, "modality_of_other_class"),
        ({"Modality": ["CT", "CT"]}, "modality_of_other_class"),
        ({"SOPClassUID": ROOT + "7"}, "class_carries_text"),
        ({"SOPClassUID": ROOT + "6.1"}, "class_carries_text"),
        ({"SOPClassUID": ROOT + "12.1"}, "class_carries_text"),
        ({"SOPClassUID": ROOT + "77.1.6"}, "class_carries_text"),
        ({"SOPClassUID": "1.2.3.4"}, "class_not_listed"),
        ({"SOPClassUID": ""}, "class_not_listed"),
        ({"SOPClassUID": [ROOT + "2", ROOT + "2"]}, "class_not_listed"),
    ],
)
def test_anything_else_is_looked_at(more: dict[str, Sequence[str]], reason: str) -> None:
    found = ROUTES.decide(CT | more)
    assert (found.pixels, found.code, found.reason) == (PixelRoute.LOOK, Code.PIXEL_PHI_SUSPECTED, reason)


def test_no_facts_are_looked_at() -> None:
    assert ROUTES.decide({}).code is Code.PIXEL_PHI_SUSPECTED


@pytest.mark.parametrize("number", ["66.4", "481.2", "481.3", "481.5", "66.1", "30", "66.5", "67"])
def test_masks_grids_and_geometry_hold_no_picture(number: str) -> None:
    found = ROUTES.decide({"SOPClassUID": ROOT + number})
    assert (found.pixels, found.code) == (PixelRoute.NO_PIXELS, None)


@pytest.mark.parametrize(
    "more",
    [
        {"BurnedInAnnotation": "YES"},
        {"SamplesPerPixel": "3"},
        {"PhotometricInterpretation": "RGB"},
        {"ConversionType": "SI"},
    ],
)
def test_a_picture_under_the_class_of_a_mask_is_looked_at(more: dict[str, str]) -> None:
    assert ROUTES.decide(SEG | more).code is Code.PIXEL_PHI_SUSPECTED


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("88.11", "dicom_sr"),
        ("88.67", "dicom_sr"),
        ("88.59", "dicom_sr"),
        ("104.1", "dicom_encapsulated"),
        ("104.2", "dicom_encapsulated"),
        ("104.3", "dicom_encapsulated"),
        ("78.6", "dicom_other"),
        ("9.4.1", "dicom_other"),
        ("9.4.2", "dicom_other"),
        ("66", "dicom_other"),
    ],
)
def test_reports_documents_and_annotations_are_held_as_text(number: str, kind: str) -> None:
    found = ROUTES.decide({"SOPClassUID": ROOT + number})
    assert (found.kind, found.code) == (kind, Code.TEXT_PHI_SUSPECTED)


def test_every_storage_class_of_the_dictionary_that_may_be_released_is_meant_to() -> None:
    released = {uid for uid, known in ROUTES.classes.items() if known.route in ("acquired", "no_picture")}
    telling = (
        "SR Storage",
        "Encapsulated",
        "Audio",
        "Secondary Capture",
        "Ultrasound",
        "Report",
        "Key Object",
    )
    named = {uid: entry[0] for uid, entry in UID_dictionary.items() if uid in released}
    assert not [name for name in named.values() if any(word in name for word in telling)]
    assert len(named) >= len(released) - 2, "but for two classes newer than the dictionary all are known to it"


def test_names_of_classes_are_those_of_the_dictionary() -> None:
    wrong = [
        k.source for uid, k in ROUTES.classes.items() if uid in UID_dictionary and UID_dictionary[uid][0] != k.name
    ]
    assert wrong == []


def test_reasons_can_be_logged_and_keywords_are_told() -> None:
    assert {"SOPClassUID", "Modality", "ImageType", "ConversionType", "BurnedInAnnotation"} <= ROUTES.keywords
    for keyword in ROUTES.keywords - {"SOPClassUID", "Modality"}:
        PermanentError(Code.PIXEL_PHI_SUSPECTED, ROUTES.decide(CT | {keyword: "QQ"}).reason)
