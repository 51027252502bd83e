"""Reports that leave out units: what other values or the size of a number speak for counts and is named, the rest is unknown, nothing is wrong."""

from collections.abc import Callable, Collection
from decimal import Decimal

import pytest
from pydicom.dataset import Dataset

from tests.dose.builders import (
    GE,
    PHILIPS,
    ROOT,
    SIEMENS,
    accumulated,
    code,
    ct_event,
    ct_report,
    projection_report,
    x_ray_event,
)
from tests.dose.conftest import Read
from tests.dose.mutations import items, number, write

CTDIVOL, DLP, TOTAL_DLP, LENGTH = "113830", "113838", "113813", "113825"
DAP, RP, TOTAL_DAP, TOTAL_RP = "122130", "113738", "113722", "113725"
HOW: dict[str, Callable[[], list[Dataset]]] = {
    "absent": list,
    "one": lambda: code(("1", "UCUM", "no units")),
    "empty": lambda: code(("", "", "")),
}


def _without_units(ds: Dataset, names: Collection[str], how: str, factor: str = "1") -> Dataset:
    """The report with the numbers of these names multiplied, and no unit beside them."""
    for item in items(ds):
        if item.get("MeasuredValueSequence") and str(item.ConceptNameCodeSequence[0].CodeValue) in names:
            for value in item.MeasuredValueSequence:
                write(value, str(Decimal(number(value)) * Decimal(factor)))
                value.MeasurementUnitsCodeSequence = HOW[how]()
    return ds


def _ct() -> Dataset:
    events = [ct_event(SIEMENS, f"{ROOT}.9.{n}", ctdivol, dlp) for n, (ctdivol, dlp) in enumerate(CT)]
    return ct_report(SIEMENS, events, "786.0")


# Which values are in another unit, and in which: Gy, dGy or uGy for mGy. All of them in dGy and dGy.cm cannot be told (0.18 mGy is a dose too).
OTHERWISE = [
    (names, factor)
    for names in (
        (DLP,),
        (DLP, TOTAL_DLP),
        (TOTAL_DLP,),
        (CTDIVOL, DLP, TOTAL_DLP),
        (CTDIVOL,),
        (CTDIVOL, DLP, TOTAL_DLP, LENGTH),
    )
    for factor in ("0.001", "0.01", "1000")
    if factor != "0.01" or len(names) < 3
]
CT = (("7.31", "226.0"), ("18.02", "560.0"))


@pytest.mark.parametrize("how", HOW)
def test_what_stands_in_the_units_of_the_template_counts_and_is_named(how: str, read: Read) -> None:
    dose = read(_without_units(_ct(), (CTDIVOL, DLP, TOTAL_DLP), how))
    assert dose.study["total_dlp_mGycm"] == 786.0 and dose.doubts == ["total_dlp_mGycm:assumed_unit"]
    assert [(e.fields["ctdivol_mGy"], e.fields["dlp_mGycm"]) for e in dose.events] == [(7.31, 226.0), (18.02, 560.0)]
    assert [e.doubts for e in dose.events] == [["ctdivol_mGy:assumed_unit", "dlp_mGycm:assumed_unit"]] * 2


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(("names", "factor"), OTHERWISE, ids=str)
def test_a_dose_of_ct_in_another_unit_that_is_not_stated_is_unknown(
    names: tuple[str, ...], factor: str, how: str, read: Read
) -> None:
    others = [name for name in names if name != LENGTH]
    ds = _without_units(_without_units(_ct(), others, how, factor), [n for n in names if n == LENGTH], how)
    dose = read(ds)
    assert dose.study.get("total_dlp_mGycm", 786.0) == 786.0
    for event, (ctdivol, dlp) in zip(dose.events, CT, strict=True):
        assert event.fields.get("ctdivol_mGy", float(ctdivol)) == float(ctdivol)
        assert event.fields.get("dlp_mGycm", float(dlp)) == float(dlp)
    if DLP in names:
        assert all("dlp_mGycm:unit" in event.doubts for event in dose.events)


def test_a_report_of_localisers_alone_is_told_by_their_kind(read: Read) -> None:
    event = ct_event(PHILIPS, f"{ROOT}.9.1", "0.15", "7.46")
    event.ContentSequence[2].ConceptCodeSequence = code(("113805", "DCM", "Constant Angle Acquisition"))
    small = ct_event(PHILIPS, f"{ROOT}.9.1", "0.00015", "0.00746")
    small.ContentSequence[2].ConceptCodeSequence = code(("113805", "DCM", "Constant Angle Acquisition"))
    names = (CTDIVOL, DLP, TOTAL_DLP)
    dose = read(_without_units(ct_report(PHILIPS, [event], "7.46"), names, "one"))
    assert dose.study["total_dlp_mGycm"] == 7.46 and dose.events[0].fields["ctdivol_mGy"] == 0.15
    dose = read(_without_units(ct_report(PHILIPS, [small], "0.00746"), names, "one"))  # in Gy and Gy.cm
    assert "total_dlp_mGycm" not in dose.study and "ctdivol_mGy" not in dose.events[0].fields


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("dap", ["1", "1e4", "1e5", "1e6", "1e7"])
@pytest.mark.parametrize("rp", ["1", "1e3"])
@pytest.mark.parametrize("scale", [1.0, 40.0])
def test_a_dose_of_projection_without_units_is_right_and_named_or_unknown(
    dap: str, rp: str, scale: float, how: str, read: Read
) -> None:
    parts = [(2.5e-6 * scale, 0.0004 * scale), (7.5e-6 * scale, 0.0012 * scale)]
    events = [x_ray_event(GE, f"{ROOT}.9.{n}", *one) for n, one in enumerate(parts)]
    ds = projection_report(GE, accumulated(GE, 1e-5 * scale, 0.0016 * scale), *events)
    dose = read(_without_units(_without_units(ds, (DAP, TOTAL_DAP), how, dap), (RP, TOTAL_RP), how, rp))
    assert dose.study.get("total_dap_Gym2", 1e-5 * scale) == pytest.approx(1e-5 * scale)
    assert dose.study.get("total_rp_dose_Gy", 0.0016 * scale) == pytest.approx(0.0016 * scale)
    for event, (area, kerma) in zip(dose.events, parts, strict=True):
        assert event.fields.get("dap_Gym2", area) == pytest.approx(area)
        assert event.fields.get("rp_dose_Gy", kerma) == pytest.approx(kerma)
        for name in ("dap_Gym2", "rp_dose_Gy"):
            taken = name in event.fields
            assert f"{name}:{'assumed_unit' if taken else 'unit'}" in event.doubts
            assert taken or (dap, rp) != ("1", "1")


def test_a_unit_that_the_rest_of_the_report_states_is_no_assumption(read: Read) -> None:
    dose = read(_without_units(_ct(), (DLP,), "absent"))
    assert [event.doubts for event in dose.events] == [[], []]
    assert [event.fields["dlp_mGycm"] for event in dose.events] == [226.0, 560.0]
