"""Size-specific dose against AAPM Report 204, tables 1D and 2D; water-equivalent diameter of phantoms whose answer is known."""

import numpy as np
import pytest

from dicomlake.dose.size_specific import conversion_factor, size_specific_dose, water_diameter
from dicomlake.rules.dosimetry import load_size_specific

RULES = load_size_specific()


def cylinder(
    diameter_mm: float, hu: float, *, pixels: int = 256, spacing: float = 2.0, centre: float = 0.0
) -> np.ndarray:  # type: ignore[type-arg]
    """A round slice of `hu` in air, its centre `centre` mm to the right of the middle."""
    y, x = np.mgrid[:pixels, :pixels] * spacing - (pixels - 1) / 2 * spacing
    return np.where(np.hypot(x - centre, y) <= diameter_mm / 2, hu, -1000.0)


@pytest.mark.parametrize(
    # AAPM 204: table 1D (32 cm phantom) and 2D (16 cm), effective diameter and factor as printed.
    ("phantom", "diameter", "factor"),
    [
        (32, 8, 2.76),
        (32, 10, 2.57),
        (32, 16, 2.06),
        (32, 24, 1.53),
        (32, 30, 1.23),
        (32, 40, 0.85),
        (16, 10, 1.27),
        (16, 16, 1.01),
        (16, 24, 0.74),
    ],
)
def test_factors_are_the_printed_ones(phantom: int, diameter: float, factor: float) -> None:
    found = conversion_factor(RULES, phantom, diameter)
    assert found is not None and abs(found - factor) < 0.011


def test_no_estimate_outside_the_curves_or_for_the_head() -> None:
    assert conversion_factor(RULES, 32, 5) is None
    assert conversion_factor(RULES, 32, 46) is None
    assert conversion_factor(RULES, 20, 30) is None
    assert size_specific_dose(RULES, 10, 32, 30, "chest") == pytest.approx(12.31, abs=0.01)
    for unknown in (
        (None, 32, 30, "chest"),
        (10, None, 30, "chest"),
        (10, 32, None, "chest"),
        (10, 32, 30, "head"),
        (10, 32, 30, None),
    ):
        assert size_specific_dose(RULES, *unknown) is None


@pytest.mark.parametrize(("hu", "expected"), [(0, 30.0), (-200, 30.0 * 0.8**0.5), (100, 30.0 * 1.1**0.5)])
def test_a_cylinder_has_the_diameter_of_its_water(hu: float, expected: float) -> None:
    found = water_diameter(RULES, cylinder(300, hu), (2.0, 2.0))
    assert found is not None
    assert found.dw_cm == pytest.approx(expected, rel=0.01)
    assert not found.truncated


def test_air_inside_the_patient_counts_with_its_density() -> None:
    lungs = cylinder(300, 0)
    lungs[cylinder(120, 1) == 1] = -800.0
    found = water_diameter(RULES, lungs, (2.0, 2.0))
    assert found is not None
    assert found.area_cm2 == pytest.approx(np.pi * 15**2, rel=0.01)
    # Water of the ring and a fifth of the inner disc: sqrt(30^2 - 12^2 * 0.8) cm.
    assert found.dw_cm == pytest.approx((30**2 - 0.8 * 12**2) ** 0.5, rel=0.01)


def test_the_table_is_no_part_of_the_patient() -> None:
    slice_ = cylinder(300, 0)
    slice_[214:218, 20:236] = 200.0
    found = water_diameter(RULES, slice_, (2.0, 2.0))
    assert found is not None and found.dw_cm == pytest.approx(30, rel=0.01)


@pytest.mark.parametrize(("centre", "truncated"), [(0.0, False), (60.0, False), (130.0, True)])
def test_a_patient_cut_by_the_field_of_view_is_flagged(centre: float, truncated: bool) -> None:
    found = water_diameter(RULES, cylinder(300, 0, centre=centre), (2.0, 2.0))
    assert found is not None and found.truncated is truncated


def test_a_patient_cut_by_the_reconstructed_circle_is_flagged() -> None:
    slice_ = cylinder(300, 0, centre=130.0)
    y, x = np.mgrid[:256, :256] * 2.0 - 255.0
    slice_[np.hypot(x, y) > 250] = -2000.0
    found = water_diameter(RULES, slice_, (2.0, 2.0))
    assert found is not None and found.truncated


def test_an_empty_slice_has_no_diameter() -> None:
    assert water_diameter(RULES, np.full((64, 64), -1000.0), (2.0, 2.0)) is None
    assert water_diameter(RULES, cylinder(20, 0), (2.0, 2.0)) is None
