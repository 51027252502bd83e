"""Objects as the modules of PS3.3 lay them out, and what a physicist reads in them: the numbers expected here were worked out by hand."""

from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset

from dicomlake.dicom import parse_raw
from dicomlake.dose import Side, clean_rows, read_dose
from dicomlake.pseudonyms import Domain, DomainKey
from dicomlake.rules import DoseRules
from tests.dose.builders import ROOT, code, to_bytes
from tests.dose.conftest import Read
from tests.dose.test_headers import image

Keys = Callable[..., set[object]]


def item(**values: object) -> Dataset:
    """An item of a sequence."""
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def tomosynthesis() -> Dataset:
    """C.8.21.3.4: what X-Ray 3D Acquisition says of all projections; the side stands with the frames."""
    acquired = item(
        KVP="29", XRayTubeCurrentInmA=85.0, ExposureTimeInms=850.0, ExposureInmAs=72.0, OrganDose="0.0172", HalfValueLayer="0.53",
        AnodeTargetMaterial="TUNGSTEN", FilterMaterial="ALUMINUM", BodyPartThickness="55", CompressionForce="98", EntranceDoseInmGy="6.2",
    )  # fmt: skip
    ds = image("MG", ImageType=["ORIGINAL", "PRIMARY", "TOMOSYNTHESIS", "NONE"], XRay3DAcquisitionSequence=[acquired])
    ds.SharedFunctionalGroupsSequence = [item(FrameAnatomySequence=[item(FrameLaterality="L")])]
    ds.PerFrameFunctionalGroupsSequence = [item(FrameContentSequence=[item(FrameAcquisitionNumber=1)])] * 3
    ds.ViewCodeSequence = code(("399368009", "SCT", "medio-lateral oblique"))
    return ds


def enhanced_angiography(plane: str) -> Dataset:
    """C.8.19: technique at the top, the event and the geometry with the frames."""
    ds = image(
        "XA", ImageType=["ORIGINAL", "PRIMARY", f"BIPLANE {plane}", "NONE"], KVP="77", XRayTubeCurrentInmA=412.0, ExposureTimeInms=640.0,
        ExposureInmAs=263.7, RadiationSetting="GR", ImageAndFluoroscopyAreaDoseProduct="18.4",
    )  # fmt: skip
    ds.SOPInstanceUID = f"{ROOT}.8.3.{ord(plane)}"
    ds.SharedFunctionalGroupsSequence = [
        item(
            IrradiationEventIdentificationSequence=[item(IrradiationEventUID=f"{ROOT}.8.77")],
            XRayGeometrySequence=[item(DistanceSourceToDetector="1180", DistanceSourceToIsocenter=780.0)],
        )
    ]
    return ds


def enhanced_ct() -> Dataset:
    """C.8.15: 40 frames 5 mm apart and 5 mm thick, CTDIvol 8 and 9 mGy in turn: 8.5 mGy over 200 mm."""
    ds = image("CT", ImageType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], BodyPartExamined="CHEST")
    ds.SharedFunctionalGroupsSequence = [
        item(
            PixelMeasuresSequence=[item(SliceThickness="5")],
            CTXRayDetailsSequence=[item(KVP="120")],
            CTAcquisitionDetailsSequence=[item(RevolutionTime=0.5, TotalCollimationWidth=40.0)],
            CTAcquisitionTypeSequence=[item(AcquisitionType="SPIRAL")],
            CTTableDynamicsSequence=[item(SpiralPitchFactor=0.984)],
        )
    ]
    phantom = code(("113691", "DCM", "IEC Body Dosimetry Phantom"))
    ds.PerFrameFunctionalGroupsSequence = [
        item(
            PlanePositionSequence=[item(ImagePositionPatient=[0, 0, -100 + 5 * number])],
            CTExposureSequence=[
                item(
                    CTDIvol=8.0 + number % 2,
                    XRayTubeCurrentInmA=200.0 + 20 * (number % 2),
                    WaterEquivalentDiameter=280.0,
                    CTDIPhantomTypeCodeSequence=phantom,
                )
            ],
        )
        for number in range(40)
    ]
    return ds


EXPECTED: list[tuple[str, Dataset, dict[str, object], dict[str, object]]] = [
    (
        "breast tomosynthesis",
        tomosynthesis(),
        {"modality": "MG", "agd_left_mGy": 1.72},
        {
            "laterality": "Left", "view": "medio-lateral oblique", "kvp": 29.0, "tube_current_mA": 85.0, "exposure_time_ms": 850.0,
            "exposure_uAs": 72000.0, "agd_mGy": 1.72, "hvl_mm": 0.53, "entrance_exposure_mGy": 6.2, "compression_thickness_mm": 55.0,
            "compression_force_N": 98.0, "anode": "Tungsten or Tungsten compound", "filter_material": ["Aluminum or Aluminum compound"],
        },
    ),
    (
        "enhanced angiography",
        enhanced_angiography("A"),
        {"modality": "RF", "total_dap_Gym2": 0.000184},
        {
            "irradiation_event_uid": f"{ROOT}.8.77", "plane": "Plane A", "event_type": "Stationary Acquisition", "dap_Gym2": 0.000184,
            "exposure_uAs": 263700.0, "sid_mm": 1180.0, "sod_mm": 780.0,
        },
    ),
    (
        "fluoroscopy",
        image("RF", KVP="70", XRayTubeCurrent="3", ExposureTime="500", RadiationSetting="SC", EntranceDoseInmGy="1.2"),
        {"modality": "RF"},
        {"event_type": "Fluoroscopy", "entrance_exposure_mGy": 1.2, "tube_current_mA": 3.0},
    ),
    (
        "enhanced CT",
        enhanced_ct(),
        {"modality": "CT"},
        {
            "ctdivol_mGy": 8.5, "slice_position_mm": -2.5, "slice_thickness_mm": 200.0, "dw_mm": 280.0, "time_per_rotation_s": [0.5],
            "phantom": "IEC Body Dosimetry Phantom", "tube_current_mA": [210.0], "kvp": [120.0], "pitch": 0.984,
            "acq_type": "Spiral Acquisition", "target_region": "Chest",
        },
    ),
    (
        "computed radiography",
        image("CR", KVP="60", Exposure="4", RelativeXRayExposure="420", ExposureIndex="412", DeviationIndex="-0.8", EntranceDose=1),
        {"modality": "DX"},
        {"exposure_uAs": 4000.0, "exposure_index": 412.0, "deviation_index": -0.8, "entrance_exposure_mGy": 100.0},
    ),
    (
        "exposures of a fluoroscopy",
        image(
            "RF", ImageType=["DERIVED", "SECONDARY"], ImageAndFluoroscopyAreaDoseProduct="123.4", TotalTimeOfFluoroscopy=61,
            ExposureDoseSequence=[
                item(RadiationMode="PULSED", KVP="81", XRayTubeCurrentInuA="230000", ExposureTime="120"),
                item(RadiationMode="CONTINUOUS", KVP="75", XRayTubeCurrentInuA="3000", ExposureTime="61000"),
            ],
        ),
        {"modality": "RF", "n_events": 2, "total_dap_Gym2": 0.001234, "total_fluoro_time_s": 61.0},
        {"kvp": 81.0, "tube_current_mA": 230.0, "exposure_time_ms": 120.0},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("ds", "study", "event"), [case[1:] for case in EXPECTED], ids=[case[0] for case in EXPECTED])
def test_an_object_says_what_its_modules_say(
    ds: Dataset, study: dict[str, object], event: dict[str, object], read: Read
) -> None:
    dose = read(ds)
    assert {name: dose.study.get(name) for name in study} == study
    assert {name: dose.events[0].fields.get(name) for name in event} == event
    assert dose.events[0].doubts == []


@pytest.mark.parametrize(
    ("said", "dap"), [("DAP=1.25 Gy.cm2", 1.25e-4), ("KAP: 125 cGycm2; AK: 12 mGy", 1.25e-4), ("DAP: 1.25", None)]
)
def test_a_product_in_a_comment_counts_with_its_unit_only(said: str, dap: float | None, read: Read) -> None:
    dose = read(image("RF", ImageType=["DERIVED", "SECONDARY"], CommentsOnRadiationDose=said))
    assert dose.study.get("total_dap_Gym2") == dap and dose.kind == ("esr_text_dose" if dap else "not_dose")


def test_every_body_part_names_a_region(rules: DoseRules) -> None:
    assert all(("SCT", code) in rules.values["region"] for code in rules.headers.body_parts.values())


@pytest.fixture
def keys(rules: DoseRules) -> Keys:
    """The keys of the events that objects tell of."""
    side = Side(
        DomainKey.from_secret(b"k" * 32, Domain.OPERATIONS).site("clinic-a"), False, True, None, lambda text: True, None
    )

    def event_keys(*objects: Dataset) -> set[object]:
        rows = [
            row
            for ds in objects
            for raw in [parse_raw(to_bytes(ds))]
            for row in clean_rows(read_dose(raw, rules), raw, side)
        ]
        return {row.values["event_key"] for row in rows if row.table == "dose_events"}

    return event_keys


def mammogram(number: int, kind: str, **values: object) -> Dataset:
    """A picture of one exposure without an irradiation event UID."""
    ds = image("MG", KVP="28", OrganDose="0.0131", ImageLaterality="R", PresentationIntentType=kind, **values)
    ds.SOPInstanceUID = f"{ROOT}.8.4.{number}"
    return ds


def test_processing_and_presentation_are_one_exposure_whatever_they_say_of_time(keys: Keys) -> None:
    pair = [mammogram(1, "FOR PROCESSING"), mammogram(2, "FOR PRESENTATION")]
    assert len(keys(*pair)) == 1  # one acquisition time
    for ds, time in zip(pair, ("101733", "101741"), strict=True):  # that of the content alone
        del ds.AcquisitionDate, ds.AcquisitionTime
        ds.ContentDate, ds.ContentTime = "20240310", time
    assert len(keys(*pair)) == 2
    pair[1].SourceImageSequence = [
        item(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.1.2.1", ReferencedSOPInstanceUID=f"{ROOT}.8.4.1")
    ]
    assert len(keys(*pair)) == 1


def test_both_planes_of_one_event_are_two_exposures(keys: Keys) -> None:
    assert len(keys(enhanced_angiography("A"), enhanced_angiography("B"), enhanced_angiography("A"))) == 2


def test_what_was_given_is_given_once_however_many_slices_repeat_it(keys: Keys) -> None:
    given = item(RadionuclideTotalDose="320000000", Radiopharmaceutical="FDG")
    slices = [image("PT", RadiopharmaceuticalInformationSequence=[given]) for _ in range(3)]
    for number, ds in enumerate(slices):
        ds.SOPInstanceUID = f"{ROOT}.8.5.{number}"
    assert len(keys(*slices)) == 1
