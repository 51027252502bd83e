"""The patient's size from CT slices: cylinders of water have the diameter they were drawn with, whatever way they are stored and come in."""

import random
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dicomlake.dicom import parse_raw
from dicomlake.dose import Dose, read_dose, slices_to_measure
from dicomlake.pipeline import slices
from dicomlake.pixels import PixelWorker
from dicomlake.rules import DoseRules, load_pixel_rules
from dicomlake.rules.dosimetry import load_size_specific
from tests.dose.layouts import written
from tests.dose.phantoms import cylinder, enhanced, slice_of

SIZES = load_size_specific()
Measure = Callable[[Dataset], Dose]


@pytest.fixture(scope="module")
def measure() -> Iterator[Measure]:
    from dicomlake.rules import load_dose_rules

    worker, rules = PixelWorker(load_pixel_rules()), load_dose_rules()

    def read(ds: Dataset) -> Dose:
        raw = parse_raw(written(ds))
        dose = read_dose(raw, rules)
        slices.measure(worker, raw, dose, SIZES)
        return dose

    yield read
    worker.close()


def _rle(ds: Dataset) -> Dataset:
    ds.compress("1.2.840.10008.1.2.5", generate_instance_uid=False)
    return ds


@pytest.mark.parametrize("diameter", [120.0, 250.0, 400.0])
@pytest.mark.parametrize("form", ["unsigned", "signed", "rle"])
def test_a_cylinder_of_water_has_its_own_diameter(diameter: float, form: str, measure: Measure) -> None:
    ds = slice_of(cylinder(diameter), 0.0, signed=form == "signed")
    (event,) = measure(_rle(ds) if form == "rle" else ds).events
    assert event.fields["measured_dw_mm"] == pytest.approx(diameter, rel=0.01)
    assert event.fields["dw_truncated"] is False


def test_a_patient_that_the_field_of_view_cuts_off_is_flagged(measure: Measure) -> None:
    (event,) = measure(slice_of(cylinder(320.0, aside_mm=150.0), 0.0)).events
    assert event.fields["dw_truncated"] is True


def test_an_enhanced_object_gives_the_mean_of_frames_along_the_patient(measure: Measure) -> None:
    widths = [200.0 + 10 * number for number in range(20)]
    (event,) = measure(enhanced([cylinder(width) for width in widths])).events
    assert event.fields["measured_dw_mm"] == pytest.approx(np.mean(widths), rel=0.02)


def test_one_slice_per_centimetre_is_measured_and_the_order_of_arrival_changes_nothing(rules: DoseRules) -> None:
    places = [-35.0 + number for number in range(80)]

    def chosen(order: list[float]) -> set[float]:
        raws = {z: parse_raw(written(slice_of(cylinder(200.0), z, 1 + int(z + 35)))) for z in order}
        return {z for z, raw in raws.items() if slices_to_measure(raw, read_dose(raw, rules))}

    shuffled = random.Random(3).sample(places, len(places))
    assert chosen(places) == chosen(shuffled)
    assert len(chosen(places)) in range(7, 10)


@pytest.mark.parametrize(
    "header",
    [
        {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]},
        {"ImageType": ["DERIVED", "SECONDARY", "MPR"]},
        {"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]},
        {"RescaleType": "Z_EFF"},
        {"RescaleIntercept": None},
        {"PixelSpacing": None},
        {"Modality": "MR"},
    ],
    ids=str,
)
def test_what_is_no_axial_slice_in_hounsfield_units_is_not_measured(
    header: dict[str, object], measure: Measure
) -> None:
    dose = measure(slice_of(cylinder(200.0), 0.0, **header))
    assert all("measured_dw_mm" not in event.fields for event in dose.events)
