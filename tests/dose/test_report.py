"""Reports built in the manner of several makers: what was built in comes out, in the units of the lake."""

import pytest
from pydicom.dataset import Dataset

from tests.dose.builders import (
    GE,
    MGY,
    PHILIPS,
    ROOT,
    SIEMENS,
    STYLES,
    Style,
    accumulated,
    coded,
    container,
    ct_event,
    ct_report,
    dcm,
    num,
    projection_report,
    text,
    uidref,
    x_ray_event,
)
from tests.dose.conftest import Read

STATIONARY = dcm("113611", "Stationary Acquisition")


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.manufacturer)
def test_ct_of_every_maker_gives_the_values_it_was_built_from(style: Style, read: Read) -> None:
    dose = read(ct_report(style, [ct_event(style, f"{ROOT}.9.1", "7.31", "226.98", ("100", "140"))], "226.98"))
    assert dose.kind == "rdsr" and dose.study["modality"] == "CT"
    assert dose.study["total_dlp_mGycm"] == 226.98 and dose.study["n_events_declared"] == 1
    (event,) = dose.events
    assert event.fields["ctdivol_mGy"] == 7.31 and event.fields["dlp_mGycm"] == 226.98
    assert event.fields["kvp"] == [100.0, 140.0] and event.fields["tube_current_mA"] == [200.0, 200.0]
    assert event.fields["acq_type"] == "Spiral Acquisition" and event.fields["target_region"] == "Chest"
    assert event.fields["exposure_time_s"] == 4.2 and event.fields["pitch"] == 0.984
    assert event.doubts == []


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.manufacturer)
def test_projection_of_every_maker_comes_out_in_gy_m2_and_gy(style: Style, read: Read) -> None:
    events = [x_ray_event(style, f"{ROOT}.9.{n}", 2.5e-6, 0.0004) for n in (1, 2)]
    dose = read(projection_report(style, accumulated(style, 5e-6, 0.0008), *events))
    assert dose.study["modality"] == "RF"
    assert dose.study["total_dap_Gym2"] == pytest.approx(5e-6, rel=1e-9)
    assert dose.study["total_rp_dose_Gy"] == pytest.approx(0.0008, rel=1e-9)
    assert [event.fields["dap_Gym2"] for event in dose.events] == pytest.approx([2.5e-6, 2.5e-6], rel=1e-9)
    assert [event.fields["rp_dose_Gy"] for event in dose.events] == pytest.approx([0.0004, 0.0004], rel=1e-9)
    assert dose.events[0].fields["exposure_time_ms"] == 260.0  # 40 pulses of 6.5 ms
    assert dose.events[0].fields["start"] == "2024-03-10T10:17:33.25"


def test_planes_of_a_biplane_system_are_added_and_their_events_kept_apart(read: Read) -> None:
    planes = [accumulated(SIEMENS, 3e-6, 0.001, "113620"), accumulated(SIEMENS, 1e-6, 0.0005, "113621", "0")]
    events = [
        x_ray_event(SIEMENS, f"{ROOT}.9.1", 3e-6, 0.001, plane="113620"),
        x_ray_event(SIEMENS, f"{ROOT}.9.1", 1e-6, 0.0005, plane="113621"),
    ]
    dose = read(projection_report(SIEMENS, *planes, *events))
    assert dose.study["total_dap_Gym2"] == pytest.approx(4e-6) and dose.study["total_fluoro_time_s"] == 31.0
    assert len(dose.events) == 2


def test_an_event_that_stands_twice_counts_once(read: Read) -> None:
    event = ct_event(GE, f"{ROOT}.9.1", "7.31", "226.98")
    dose = read(ct_report(GE, [event, event], "226.98"))
    assert dose.study["n_events"] == 1 and dose.study["total_dlp_mGycm"] == 226.98


def test_two_versions_of_one_event_leave_what_they_disagree_on_unknown(read: Read) -> None:
    first, other = (ct_event(GE, f"{ROOT}.9.1", "7.31", dlp) for dlp in ("226.98", "326.98"))
    (event,) = read(ct_report(GE, [first, other], "226.98")).events
    assert "dlp_mGycm" not in event.fields and event.doubts == ["dlp_mGycm:conflict"]
    assert event.fields["ctdivol_mGy"] == 7.31


def test_a_total_that_is_not_stated_is_unknown(read: Read) -> None:
    dose = read(ct_report(GE, [ct_event(GE, f"{ROOT}.9.1", "7.31", "226.98")], None))  # type: ignore[arg-type]
    assert "total_dlp_mGycm" not in dose.study


def test_radiography_without_fluoroscopy_is_dx_even_with_totals_of_zero(read: Read) -> None:
    zero = num(dcm("113726", "Fluoro Dose Area Product Total"), "0", SIEMENS.dap)
    event = x_ray_event(SIEMENS, f"{ROOT}.9.1", 2e-6, 0.0001, STATIONARY)
    event.ContentSequence = [
        item for item in event.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue != "113768"
    ]
    dose = read(projection_report(SIEMENS, accumulated(SIEMENS, 2e-6, 0.0001, fluoro_s="0"), zero, event))
    assert dose.study["modality"] == "DX"


def test_tubes_of_all_pulses_are_averaged_without_the_pulses_that_never_were(read: Read) -> None:
    (event,) = read(projection_report(GE, x_ray_event(GE, f"{ROOT}.9.1", 2e-6, 0.0001, kvp="0\\80\\82"))).events
    assert event.fields["kvp"] == 81.0


def test_mammography_is_told_by_glandular_dose_and_laterality(read: Read) -> None:
    side = coded(("G-C171", "SRT", "Laterality"), ("G-A101", "SRT", "Left"))
    total = num(dcm("111637", "Accumulated Average Glandular Dose"), "0.13", ("dGy", "UCUM", "dGy"))
    total.ContentSequence = [side]
    event = container(
        dcm("113706", "Irradiation Event X-Ray Data"),
        uidref(dcm("113769", "Irradiation Event UID"), f"{ROOT}.9.1"),
        coded(("T-D0005", "SRT", "Anatomical structure"), ("T-04000", "SRT", "Breast"), side),
        num(dcm("111631", "Average Glandular Dose"), "1.3", MGY),
        num(dcm("113736", "Exposure"), "90.2", ("mA.s", "UCUM", "mAs")),
        num(dcm("113824", "Exposure Time"), "0.854", ("s", "UCUM", "s")),
    )
    dose = read(projection_report(PHILIPS, container(dcm("113702", "Accumulated X-Ray Dose Data"), total), event))
    assert dose.study["modality"] == "MG" and dose.study["agd_left_mGy"] == 13.0
    assert dose.events[0].fields["laterality"] == "Left"
    assert dose.events[0].fields["exposure_uAs"] == 90200.0 and dose.events[0].fields["exposure_time_ms"] == 854.0


def test_phantoms_of_head_and_body_stay_apart(read: Read) -> None:
    events = [ct_event(SIEMENS, f"{ROOT}.9.{n}", "40", "600", phantom=kind) for n, kind in ((1, "head"), (2, "body"))]
    dose = read(ct_report(SIEMENS, events, "1200"))
    assert [event.fields["phantom"] for event in dose.events] == [
        "IEC Head Dosimetry Phantom",
        "IEC Body Dosimetry Phantom",
    ]


def test_a_dose_that_is_a_power_of_ten_off_its_total_is_unknown_on_both_sides(read: Read) -> None:
    wrong = Style("X", dap=("Gy.m2", "UCUM", "Gy.m2"), dap_factor=1e4)  # numbers in Gy.cm2, labelled Gy.m2
    event = x_ray_event(wrong, f"{ROOT}.9.1", 2e-6, 0.0001)
    event.ContentSequence = [
        item for item in event.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue != "113738"
    ]
    dose = read(projection_report(SIEMENS, accumulated(SIEMENS, 2e-6, 0.0001), event))
    assert "total_dap_Gym2" not in dose.study and "dap_Gym2" not in dose.events[0].fields
    assert dose.doubts == ["total_dap_Gym2:unit"]


def test_an_area_no_device_irradiates_says_that_a_unit_is_wrong(read: Read) -> None:
    wrong = Style("X", dap=("Gy.m2", "UCUM", "Gy.m2"), dap_factor=1e4)
    dose = read(
        projection_report(SIEMENS, accumulated(SIEMENS, 2e-6, 0.0001), x_ray_event(wrong, f"{ROOT}.9.1", 2e-6, 0.0001))
    )
    assert dose.events[0].doubts == ["dap_Gym2:unit", "rp_dose_Gy:unit"]
    assert dose.study["total_dap_Gym2"] == pytest.approx(2e-6)


@pytest.mark.parametrize("factor", [1e4, 1e5, 1e6, 1e7])
def test_a_dap_in_another_unit_that_is_not_stated_is_unknown_never_wrong(factor: float, read: Read) -> None:
    style = Style("X", dap_factor=factor)
    event = x_ray_event(style, f"{ROOT}.9.1", 2e-6, 0.0001)
    ds = projection_report(style, accumulated(style, 2e-6, 0.0001), event)
    for item in (*ds.ContentSequence[1].ContentSequence, *event.ContentSequence):
        for value in item.get("MeasuredValueSequence", ()):
            value.MeasurementUnitsCodeSequence = []
    dose = read(ds)
    assert "dap_Gym2" not in dose.events[0].fields and "total_dap_Gym2" not in dose.study


def test_a_private_code_counts_only_with_the_meaning_of_the_standard(read: Read) -> None:
    said = num(("113830", "99ACME", "Mean CTDIvol"), "7.31", MGY)
    other = num(("113838", "99ACME", "Table height"), "226.98", MGY)
    event = container(
        dcm("113819", "CT Acquisition"), uidref(dcm("113769", "Irradiation Event UID"), f"{ROOT}.9.1"), said, other
    )
    (found,) = read(ct_report(GE, [event], "1")).events
    assert found.fields["ctdivol_mGy"] == 7.31 and "dlp_mGycm" not in found.fields


def test_a_report_about_something_else_is_no_dose_object(read: Read) -> None:
    ds: Dataset = ct_report(GE, [], "1")
    ds.ConceptNameCodeSequence[0].CodeValue = "126000"
    ds.ContentSequence = [text(dcm("121106", "Comment"), "DLP 300 mGy.cm")]
    assert read(ds).kind == "not_dose"


def test_a_voltage_in_volts_comes_out_in_kilovolts(read: Read) -> None:
    event = x_ray_event(SIEMENS, f"{ROOT}.9.1", 2e-6, 0.0001, kvp="81000")
    event.ContentSequence[6].MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue = "V"
    (found,) = read(projection_report(SIEMENS, event)).events
    assert found.fields["kvp"] == 81.0


@pytest.mark.parametrize(("values", "expected"), [(["45"], 45000.0), (["45", "45"], None), (["45\\45"], 90000.0)])
def test_an_exposure_measured_twice_alike_is_a_slip_and_no_pair_of_pulses(
    values: list[str], expected: float | None, read: Read
) -> None:
    exposure = num(dcm("113736", "Exposure"), values[0], ("mA.s", "UCUM", "mAs"))
    for value in values[1:]:
        again = num(dcm("113736", "Exposure"), value, ("mA.s", "UCUM", "mAs"))
        exposure.MeasuredValueSequence.extend(again.MeasuredValueSequence)
    event = x_ray_event(GE, f"{ROOT}.9.1", 2e-6, 0.0001)
    event.ContentSequence.append(exposure)
    (found,) = read(projection_report(GE, event)).events
    assert found.fields.get("exposure_uAs") == expected
    assert any(doubt.startswith("exposure_uAs:") for doubt in found.doubts) == (expected is None)
