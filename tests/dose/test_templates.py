"""The newer templates, row by row: what stands in each row that is a column comes out, and rows of other things fill none."""

import pytest

from tests.dose.builders import ROOT
from tests.dose.conftest import Read
from tests.dose.enhanced import (
    GY,
    GYM2,
    MGY,
    MGYCM,
    ONE,
    SECONDS,
    administration,
    enhanced_accumulated,
    enhanced_event,
    enhanced_report,
    irradiation_details,
    mammogram,
    mammography_report,
    radiopharmaceutical_report,
)

FLUOROSCOPY = ("44491008", "SCT", "Fluoroscopy")
ROTATION = ("113613", "DCM", "Rotational Acquisition")
STATIONARY = ("113611", "DCM", "Stationary Acquisition")


def test_an_enhanced_report_gives_its_events_and_totals(read: Read) -> None:
    dose = read(
        enhanced_report(
            enhanced_accumulated(
                "1",
                n113722=("0.00012", GYM2),
                n113726=("0.0001", GYM2),
                n113727=("0.00002", GYM2),
                n113725=("0.03", GY),
                n113730=("75", SECONDS),
                n113855=("8", SECONDS),
            ),
            enhanced_event(f"{ROOT}.40.1", "1", FLUOROSCOPY, n113738=("0.02", GY), n122130=("0.0001", GYM2)),
            enhanced_event(
                f"{ROOT}.40.2",
                "1",
                ROTATION,
                n113738=("0.01", GY),
                n113845=("312", ONE),
                n113846=("300", ONE),
                n113847=("0.2", ONE),
            ),
            irradiation_details("1"),
        )
    )
    assert dose.kind == "rdsr" and dose.study["modality"] == "RF" and dose.study["n_events"] == 2
    totals = (
        "total_dap_Gym2",
        "total_fluoro_dap_Gym2",
        "total_acq_dap_Gym2",
        "total_rp_dose_Gy",
        "total_fluoro_time_s",
        "total_acq_time_s",
    )
    assert [dose.study[name] for name in totals] == [0.00012, 0.0001, 0.00002, 0.03, 75.0, 8.0]
    first, other = (event.fields for event in dose.events)
    assert first["irradiation_event_uid"] == f"{ROOT}.40.1" and first["start"] == "2024-03-10T10:17:33"
    assert first["event_type"] == "Fluoroscopy" and first["rp_dose_Gy"] == 0.02 and first["dap_Gym2"] == 0.0001
    assert other["event_type"] == "Rotational Acquisition"
    assert [other[name] for name in ("exposure_index", "target_ei", "deviation_index")] == [312.0, 300.0, 0.2]
    assert "kvp" not in first and "kvp" not in other  # the details belong to no event


def test_sources_of_an_enhanced_report_are_added_and_their_sum_beside_them_is_not(read: Read) -> None:
    planes = [
        enhanced_accumulated("A", n113722=("0.0001", GYM2), n113725=("0.02", GY)),
        enhanced_accumulated("B", n113722=("0.00005", GYM2), n113725=("0.01", GY)),
    ]
    both = enhanced_accumulated("A and B", n113722=("0.00015", GYM2))
    events = [
        enhanced_event(f"{ROOT}.40.1", "A", FLUOROSCOPY, n113738=("0.02", GY)),
        enhanced_event(f"{ROOT}.40.1", "B", FLUOROSCOPY, n113738=("0.01", GY)),
    ]
    for content in ([*planes, both], [both, *reversed(planes)], planes):
        dose = read(enhanced_report(*content, *events))
        assert dose.study["total_dap_Gym2"] == pytest.approx(0.00015)
        assert dose.study["total_rp_dose_Gy"] == pytest.approx(0.03)
        assert [event.fields["rp_dose_Gy"] for event in dose.events] == [0.02, 0.01]
    assert read(enhanced_report(both, *events)).study["total_dap_Gym2"] == pytest.approx(0.00015)


def test_an_enhanced_report_of_a_ct_or_of_a_breast_is_of_that_modality(read: Read) -> None:
    ct = read(
        enhanced_report(
            enhanced_accumulated("1", n113813=("512.5", MGYCM)),
            enhanced_event(f"{ROOT}.40.1", "1", ROTATION, n113830=("11.2", MGY), n113838=("512.5", MGYCM)),
            procedure=("77477000", "SCT", "Computed tomography"),
        )
    )
    assert ct.study["modality"] == "CT" and ct.study["total_dlp_mGycm"] == 512.5
    assert ct.events[0].fields["ctdivol_mGy"] == 11.2 and ct.events[0].fields["dlp_mGycm"] == 512.5
    breast = read(
        enhanced_report(
            enhanced_event(f"{ROOT}.40.1", "1", STATIONARY, n111631=("1.4", MGY)),
            procedure=("71651007", "SCT", "Mammography"),
        )
    )
    assert breast.study["modality"] == "MG" and breast.events[0].fields["agd_mGy"] == 1.4


def test_every_row_of_an_administration_comes_out(read: Read) -> None:
    dose = read(radiopharmaceutical_report(administration(f"{ROOT}.22.1")))
    assert dose.kind == "rrdsr" and dose.study["modality"] == "NM"
    (event,) = dose.events
    expected = {
        "irradiation_event_uid": f"{ROOT}.22.1",
        "radiopharmaceutical": "Fluorodeoxyglucose F^18^",
        "radionuclide": "^18^Fluorine",
        "half_life_s": 6586.2,
        "start": "2024-03-10T09:30:00",
        "stop": "2024-03-10T09:31:12",
        "administered_activity_MBq": 252.5,
        "volume_ml": 4.5,
        "pre_activity_MBq": 260.1,
        "post_activity_MBq": 7.6,
        "route": "Intravenous route",
        "effective_dose_mSv": 4.8,
    }
    assert {name: event.fields.get(name) for name in expected} == expected
    assert "agd_mGy" not in event.fields and event.doubts == []


def test_two_administrations_are_two_events(read: Read) -> None:
    dose = read(radiopharmaceutical_report(administration(f"{ROOT}.22.1"), administration(f"{ROOT}.22.2", "74")))
    assert [event.fields["administered_activity_MBq"] for event in dose.events] == [252.5, 74.0]


@pytest.mark.parametrize("modern", [True, False], ids=["sct", "srt"])
def test_every_row_of_a_mammogram_comes_out_and_breasts_are_kept_apart(modern: bool, read: Read) -> None:
    views = [mammogram(f"{ROOT}.5.1", "L", "1.31", modern=modern), mammogram(f"{ROOT}.5.2", "R", "1.52", modern=modern)]
    dose = read(mammography_report(views, "1.31", "1.52", modern=modern))
    assert dose.study["modality"] == "MG"
    assert dose.study["agd_left_mGy"] == 1.31 and dose.study["agd_right_mGy"] == 1.52
    first, other = (event.fields for event in dose.events)
    expected = {
        "laterality": "Left",
        "target_region": "Breast",
        "agd_mGy": 1.31,
        "entrance_exposure_mGy": 5.2,
        "compression_thickness_mm": 53.0,
        "compression_force_N": 91.0,
        "hvl_mm": 0.55,
        "anode": "Tungsten or Tungsten compound",
        "filter_material": ["Silver or Silver compound"],
        "filter_min_mm": [0.05],
        "filter_max_mm": [0.05],
        "kvp": 30.0,
        "exposure_uAs": 85000.0,
    }
    assert {name: first.get(name) for name in expected} == expected
    assert other["laterality"] == "Right" and other["agd_mGy"] == 1.52
