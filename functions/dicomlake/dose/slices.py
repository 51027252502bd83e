"""A CT image in, which of its frames to measure, and the patient's size from them out: water-equivalent diameter. Called by `pipeline/slices.py`.

One slice per centimetre of the patient is enough (AAPM Report 220, section 4.4), and which ones is told by their place alone, so that a series
whose slices come one by one in any order is always measured in the same ones.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dicomlake.dicom.read import RawInstance
from dicomlake.dose.header import Header
from dicomlake.dose.model import Dose, ObjectKind
from dicomlake.dose.size_specific import water_diameter
from dicomlake.rules.dosimetry import SizeRules

if TYPE_CHECKING:
    from dicomlake.dose.size_specific import Slice

_STEP_MM, _MOST_FRAMES = 10.0, 9
_UPRIGHT = 0.8  # cosine between the patient's axis and that of the slice: a tilted gantry, no sagittal picture
_SPACING_MM = (0.05, 5.0)
SIZE_FIELDS = ("measured_dw_mm", "dw_truncated")


@dataclass(frozen=True, slots=True)
class SlicePlace:
    """A frame (from 0), what turns its stored values into HU, its pixel spacing (rows, columns) in mm, its place along the patient."""

    frame: int
    slope: float
    intercept: float
    spacing_mm: tuple[float, float]
    z_mm: float | None
    thickness_mm: float

    def crosses_a_centimetre(self) -> bool:
        """Whether a whole centimetre of the patient's axis lies in the slice; the lower edge belongs to it."""
        if self.z_mm is None:
            return True
        half = self.thickness_mm / 2
        return math.floor((self.z_mm + half) / _STEP_MM) != math.floor((self.z_mm - half) / _STEP_MM)


def slices_to_measure(raw: RawInstance, dose: Dose) -> tuple[SlicePlace, ...]:
    """The frames of a CT image that tell the patient's size; () for what is no axial slice in HU of known size."""
    if dose.kind is not ObjectKind.IMAGE or dose.study.get("modality") != "CT" or len(dose.events) != 1:
        return ()
    if dose.events[0].fields.get("localiser"):
        return ()
    top = Header.of(raw)
    frames = top.items("PerFrameFunctionalGroupsSequence")
    if not frames:
        place = _place(0, (top,))
        return (place,) if place is not None and place.crosses_a_centimetre() else ()
    shared = [group for item in top.items("SharedFunctionalGroupsSequence")[:1] for group in _groups(item)]
    places = [_place(number, [*_groups(item), *shared, top]) for number, item in enumerate(frames)]
    return _spread([place for place in places if place is not None])


def add_size(dose: Dose, places: Sequence[SlicePlace], values: Sequence["Slice"], rules: SizeRules) -> None:
    """Put the mean diameter of the measured frames into the event, and whether the field of view cuts any of them off."""
    found = []
    for place, stored in zip(places, values, strict=True):
        found.append(water_diameter(rules, stored * place.slope + place.intercept, place.spacing_mm))
    sizes = [size for size in found if size is not None]
    if sizes:
        mean_cm = sum(size.dw_cm for size in sizes) / len(sizes)
        dose.events[0].fields["measured_dw_mm"] = round(10 * mean_cm, 2)
        dose.events[0].fields["dw_truncated"] = any(size.truncated for size in sizes)


def same_size(dose: Dose, copy: Dose) -> Dose:
    """The dose of a clean copy with the size that was measured in its original."""
    for event, other in zip(dose.events, copy.events, strict=False):
        other.fields.update({name: event.fields[name] for name in SIZE_FIELDS if name in event.fields})
    return copy


def _groups(item: Header) -> list[Header]:
    names = (
        "PixelValueTransformationSequence",
        "PixelMeasuresSequence",
        "PlanePositionSequence",
        "PlaneOrientationSequence",
    )
    return [group for name in names for group in item.items(name)[:1]]


def _place(frame: int, levels: Sequence[Header]) -> SlicePlace | None:
    """What the nearest level says of each attribute."""

    def numbers(keyword: str) -> list[float]:
        return next((list(map(float, found)) for level in levels if (found := level.numbers(keyword))), [])

    unit = next((text for level in levels if (text := level.first("RescaleType"))), "HU")
    slope, intercept, spacing = numbers("RescaleSlope"), numbers("RescaleIntercept"), numbers("PixelSpacing")
    if unit.upper() != "HU" or not slope or not slope[0] or not intercept or len(spacing) != 2:
        return None
    if not all(_SPACING_MM[0] <= value <= _SPACING_MM[1] for value in spacing) or not _is_axial(
        numbers("ImageOrientationPatient")
    ):
        return None
    place, thickness = numbers("ImagePositionPatient"), numbers("SliceThickness")
    z = place[2] if len(place) == 3 else next(iter(numbers("SliceLocation")), None)
    return SlicePlace(frame, slope[0], intercept[0], (spacing[0], spacing[1]), z, thickness[0] if thickness else 1.0)


def _is_axial(cosines: Sequence[float]) -> bool:
    if len(cosines) != 6:
        return not cosines
    row, column = cosines[:3], cosines[3:]
    return abs(row[0] * column[1] - row[1] * column[0]) >= _UPRIGHT


def _spread(places: Sequence[SlicePlace]) -> tuple[SlicePlace, ...]:
    """Up to nine frames, spread evenly along the patient."""
    ordered = sorted(places, key=lambda place: (place.z_mm or 0.0, place.frame))
    count = min(len(ordered), _MOST_FRAMES)
    return tuple(ordered[(2 * number + 1) * len(ordered) // (2 * count)] for number in range(count))
