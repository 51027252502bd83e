"""Image headers: units of the standard, limits of what devices can mean, one exposure where there are two pictures."""

import pytest
from pydicom.dataset import Dataset

from dicomlake.dicom import parse_raw
from dicomlake.dose import Dose, read_dose
from dicomlake.rules import DoseRules
from tests.dose.builders import ROOT, code, to_bytes
from tests.dose.conftest import Read


def image(modality: str, **values: object) -> Dataset:
    """An image of this modality without pixels."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1.1", f"{ROOT}.8.3"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.Modality = f"{ROOT}.8.1", f"{ROOT}.8.2", modality
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.StudyDate, ds.AcquisitionDate, ds.AcquisitionTime = "20240310", "20240310", "101733.5"
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def test_radiography_comes_out_in_the_units_of_the_lake(read: Read) -> None:
    dose = read(
        image(
            "DX",
            ImageAndFluoroscopyAreaDoseProduct="1.25",
            KVP="81",
            Exposure="5",
            ExposureInuAs=5120,
            ExposureTime="12",
        )
    )
    (event,) = dose.events
    assert dose.kind == "image" and dose.study["modality"] == "DX" and dose.study["total_dap_Gym2"] == 1.25e-5
    assert event.fields["exposure_uAs"] == 5120.0 and event.fields["exposure_time_ms"] == 12.0
    assert event.fields["start"] == "2024-03-10T10:17:33.5"


@pytest.mark.parametrize(
    ("modality", "keyword", "value", "field"),
    [
        ("DX", "ImageAndFluoroscopyAreaDoseProduct", "-1", "dap_Gym2"),
        ("DX", "ImageAndFluoroscopyAreaDoseProduct", "99999999", "dap_Gym2"),
        ("DX", "KVP", "66000", "kvp"),
        ("DX", "DistanceSourceToDetector", "3", "sid_mm"),
        ("MG", "OrganDose", "0.35", "agd_mGy"),
    ],
)
def test_what_no_device_can_mean_is_unknown(modality: str, keyword: str, value: str, field: str, read: Read) -> None:
    dose = read(image(modality, RelativeXRayExposure="400", **{keyword: value}))
    assert field not in dose.events[0].fields
    assert [doubt.partition(":")[0] for doubt in dose.events[0].doubts] == [field]
    assert not set(dose.study) & {"total_dap_Gym2", "agd_left_mGy"}


@pytest.mark.parametrize(("written", "meant"), [("0.0135", 1.35), ("1.35", 1.35)])
def test_glandular_dose_is_in_dgy_unless_only_mgy_can_be_meant(written: str, meant: float, read: Read) -> None:
    dose = read(image("MG", OrganDose=written, ImageLaterality="L", KVP="28"))
    assert dose.events[0].fields["agd_mGy"] == pytest.approx(meant) and dose.study["agd_left_mGy"] == pytest.approx(
        meant
    )


def test_a_charge_in_the_wrong_attribute_is_told_by_current_and_time(read: Read) -> None:
    (event,) = read(
        image("DX", KVP="81", Exposure="5", ExposureInuAs=5, XRayTubeCurrent="500", ExposureTime="10")
    ).events
    assert event.fields["exposure_uAs"] == 5000.0
    (event,) = read(image("DX", KVP="81", Exposure="5", ExposureInuAs=5)).events
    assert event.doubts == ["exposure_uAs:conflict"]


@pytest.mark.parametrize("kind", [["DERIVED", "SECONDARY"], ["DERIVED", "PRIMARY", "", "GENERATED_2D"]])
def test_pictures_made_of_others_are_no_exposure(kind: list[str], read: Read) -> None:
    assert read(image("MG", ImageType=kind, OrganDose="0.01", KVP="28")).kind == "not_dose"


def test_a_distance_in_decimetres_is_read_as_such(read: Read) -> None:
    assert read(image("DX", KVP="81", DistanceSourceToDetector="11.5")).events[0].fields["sid_mm"] == 1150.0


def slice_of(position: float, **values: object) -> Dataset:
    return image(
        "CT", CTDIvol=7.5, ImagePositionPatient=[0, 0, position], SliceThickness="5", AcquisitionNumber="3", **values
    )


def test_a_slice_tells_its_mean_ctdivol_and_where_it_lies(read: Read) -> None:
    dose = read(slice_of(-12.5, AcquisitionType="SPIRAL", SpiralPitchFactor=0.9))
    (event,) = dose.events
    assert event.fields["ctdivol_mGy"] == 7.5 and event.fields["slice_position_mm"] == -12.5
    assert event.fields["acq_type"] == "Spiral Acquisition" and event.fields["localiser"] is False
    assert "total_dlp_mGycm" not in dose.study


def test_localisers_are_told_apart(read: Read) -> None:
    (event,) = read(slice_of(0, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])).events
    assert event.fields["localiser"] is True and event.fields["acq_type"] == "Constant Angle Acquisition"


def test_reformats_and_slices_without_dose_are_no_dose_objects(read: Read) -> None:
    assert read(slice_of(0, ImageType=["DERIVED", "SECONDARY", "MPR"])).kind == "not_dose"
    assert read(image("CT", KVP="120")).kind == "not_dose"


def _nuclear(modality: str, activity: str, read: Read, **values: object) -> Dose:
    given = Dataset()
    given.RadionuclideTotalDose, given.Radiopharmaceutical = activity, "FDG"
    given.RadionuclideCodeSequence = code(("C-111A1", "SRT", "F18"))
    for keyword, value in values.items():
        setattr(given, keyword, value)
    return read(image(modality, RadiopharmaceuticalInformationSequence=[given]))


@pytest.mark.parametrize(
    ("modality", "written"), [("PT", "320000000"), ("NM", "320"), ("NM", "320000000"), ("PT", "320")]
)
def test_activity_is_told_apart_in_bq_and_mbq(modality: str, written: str, read: Read) -> None:
    dose = _nuclear(modality, written, read)
    assert dose.study["modality"] == "NM" and dose.events[0].fields["administered_activity_MBq"] == 320.0
    assert dose.events[0].fields["radionuclide"] == "^18^Fluorine"


def test_an_activity_no_pet_is_made_with_is_unknown(read: Read) -> None:
    dose = _nuclear("PT", "200000", read)  # it was given all the same
    assert dose.kind == "image" and dose.events[0].doubts == ["administered_activity_MBq:unit"]


def test_what_was_given_before_midnight_has_the_date_of_that_day(read: Read) -> None:
    (event,) = _nuclear("PT", "320000000", read, RadiopharmaceuticalStartTime="235500").events
    assert event.fields["start"] == "2024-03-09T23:55:00"


def test_an_exposure_sequence_gives_an_event_per_item(rules: DoseRules) -> None:
    scout, spiral = Dataset(), Dataset()
    scout.AcquisitionType, scout.CTDIvol, scout.KVP = "CONSTANT_ANGLE", 0.0, "120"
    spiral.AcquisitionType, spiral.CTDIvol, spiral.KVP, spiral.ScanLength = "SPIRAL", 7.25, "100", "310"
    spiral.add_new(0x00E10010, "LO", "ELSCINT1")
    spiral.add_new(0x00E11021, "DS", "224.75")
    ds = image("CT", ImageType=["DERIVED", "SECONDARY"], ExposureDoseSequence=[scout, spiral])
    dose = read_dose(parse_raw(to_bytes(ds)), rules)
    assert dose.kind == "dose_sequence" and dose.study["n_events"] == 2 and "total_dlp_mGycm" not in dose.study
    assert [event.fields.get("dlp_mGycm") for event in dose.events] == [None, 224.75]
    assert dose.events[1].fields["kvp"] == [100.0] and dose.events[1].fields["scanning_length_mm"] == 310.0


def test_comments_are_the_last_resort(read: Read) -> None:
    said = "Series #3 THORAX Average CTDIvol=7.2 DLP=196.5\r\nSeries #5 ABDOMEN Average CTDIvol=11.5 DLP=248.0"
    dose = read(image("CT", ImageType=["DERIVED", "SECONDARY"], CommentsOnRadiationDose=said))
    assert dose.kind == "esr_text_dose"
    assert [(event.fields["ctdivol_mGy"], event.fields["dlp_mGycm"]) for event in dose.events] == [
        (7.2, 196.5),
        (11.5, 248.0),
    ]
