"""Size-specific dose: CTDIvol and a diameter in, SSDE out (AAPM Reports 204 and 220); a CT slice in, its water-equivalent diameter out.

Pure: pixels come as an array of Hounsfield units. Called by the heavy path and by tests, which hold the views to it.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dicomlake.rules.dosimetry import SizeRules

if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    Slice = NDArray[np.floating[Any]]

_MIN_AREA_CM2 = 20.0
_PADDING_HU = -1500.0  # values below air mark what lies outside the reconstructed circle


@dataclass(frozen=True, slots=True)
class WaterDiameter:
    """Water-equivalent diameter in cm of one slice, its outline's area in cm2, and the share of the outline that the field of view cuts off.

    A `truncated` slice gives a diameter that is too small (AAPM Report 220, section 4.3): show it with its flag.
    """

    dw_cm: float
    area_cm2: float
    cut_share: float
    truncated: bool


def conversion_factor(rules: SizeRules, phantom_cm: int, diameter_cm: float) -> float | None:
    """f = a * exp(-b * D) for a CTDIvol of that phantom; None for another phantom and outside the published range of D."""
    curve = rules.curves.get(phantom_cm)
    if curve is None or not rules.diameter_cm[0] <= diameter_cm <= rules.diameter_cm[1]:
        return None
    return curve[0] * math.exp(-curve[1] * diameter_cm)


def size_specific_dose(
    rules: SizeRules, ctdivol_mgy: float | None, phantom_cm: int | None, diameter_cm: float | None, region: str | None
) -> float | None:
    """SSDE in mGy, or None where anything is unknown or the region is not one the curves serve."""
    if ctdivol_mgy is None or phantom_cm is None or diameter_cm is None or region not in rules.regions:
        return None
    factor = conversion_factor(rules, phantom_cm, diameter_cm)
    return None if factor is None else factor * ctdivol_mgy


def water_diameter(rules: SizeRules, hounsfield: "Slice", spacing_mm: tuple[float, float]) -> WaterDiameter | None:
    """Dw = 2 * sqrt((mean HU / 1000 + 1) * area / pi) over the patient's outline (AAPM Report 220, equation 4).

    `hounsfield` is one axial slice (rows x columns) in HU, padding included; `spacing_mm` its row and column spacing. None where no piece of
    at least 20 cm2 is denser than the threshold. The outline is the largest connected piece with what it encloses; the table is another.
    """
    import cv2
    import numpy as np

    values = np.asarray(hounsfield, dtype=np.float32)
    dense = (values > rules.threshold_hu).astype(np.uint8)
    # A thin table that touches the skin hangs on by few pixels: opening parts it.
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    opened = cv2.morphologyEx(dense, cv2.MORPH_OPEN, kernel)
    contours, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    pixel_cm2 = spacing_mm[0] * spacing_mm[1] / 100
    if not contours:
        return None
    outline = max(contours, key=cv2.contourArea)
    inside = cv2.drawContours(np.zeros_like(dense), [outline], -1, 1, thickness=cv2.FILLED).astype(bool)
    area = float(inside.sum()) * pixel_cm2
    if area < _MIN_AREA_CM2:
        return None
    water = (np.clip(values[inside], -1000, None) / 1000 + 1).sum() * pixel_cm2
    cut = _cut_share(outline[:, 0, :], values)
    return WaterDiameter(2 * math.sqrt(float(water) / math.pi), area, cut, cut > rules.truncated_share)


def _cut_share(points: "NDArray[Any]", values: "Slice") -> float:
    """Share of the outline's points within two pixels of the picture's border or of the padding outside the reconstructed circle."""
    import cv2
    import numpy as np

    rows, columns = values.shape
    outside = np.ones((rows + 2, columns + 2), np.uint8)
    outside[1:-1, 1:-1] = values <= _PADDING_HU
    near = cv2.dilate(outside, np.ones((5, 5), np.uint8))[1:-1, 1:-1]
    return float(near[points[:, 1], points[:, 0]].mean())
