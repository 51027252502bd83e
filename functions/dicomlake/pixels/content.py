"""A picture in, the parts of it in which anything stands out. Called by `find.py`: what is plain or mere noise need not be shown to the net.

A cell counts when something in it, after light smoothing, is beyond a few grey levels and beyond what is usual in the quietest cells around
it, since writing that a person can read stands out from its ground. What: any slope, or (`fine`) strokes of at most six pixels, which is what
writing that needs enlarging is made of. Empty bands between such cells cut the picture into rectangles.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dicomlake.pixels.detector import Image

Part = tuple[slice, slice]
_CELL = 16  # pixels
_LEAST = 6  # grey levels
_OVER_NOISE = 3.0  # times what is usual in the quietest cell around
_FINE_OVER_NOISE = 4.0
_STROKE = 7  # pixels: just beyond a fine stroke
_AROUND = 5  # cells
_WORTH = 0.85  # share of the picture beyond which it is shown whole


def parts(image: Image, fine: bool) -> list[Part]:
    """Disjoint rectangles (rows, columns) that hold whatever stands out in `image` (rows x columns x 3), with a margin."""
    rows, columns = image.shape[:2]
    cells = cv2.dilate(busy(image, fine).astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    found = [
        (
            slice(top * _CELL, min(bottom * _CELL, rows)),
            slice(left * _CELL, min(right * _CELL, columns)),
        )
        for top, bottom, left, right in _cut(cells, 0, 0)
    ]
    shown = sum((one.stop - one.start) * (other.stop - other.start) for one, other in found)
    return [(slice(0, rows), slice(0, columns))] if shown > _WORTH * rows * columns else found


def busy(image: Image, fine: bool) -> NDArray[np.bool_]:
    """Cells of 16 x 16 pixels in which something stands out."""
    out = (_strokes if fine else _slopes)(cv2.GaussianBlur(image, (0, 0), 0.8))
    rows, columns = (-(-side // _CELL) for side in out.shape)
    whole = np.pad(out, ((0, rows * _CELL - out.shape[0]), (0, columns * _CELL - out.shape[1])))
    cells = whole.reshape(rows, _CELL, columns, _CELL).transpose(0, 2, 1, 3).reshape(rows, columns, -1)
    usual = cv2.blur(np.median(cells, axis=2).astype(np.float32), (3, 3), borderType=cv2.BORDER_REPLICATE)
    quiet = cv2.erode(usual, np.ones((_AROUND, _AROUND), np.uint8))
    over = _FINE_OVER_NOISE if fine else _OVER_NOISE
    return np.asarray(cells.max(axis=2) >= np.maximum(_LEAST, over * quiet), np.bool_)


def _slopes(smooth: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(cv2.morphologyEx(smooth, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)).max(axis=2))


def _strokes(smooth: NDArray[Any]) -> NDArray[Any]:
    """How far bright or dark things narrower than a stroke stand out; straight edges of what is wide do not."""
    reach = np.ones((_STROKE, _STROKE), np.uint8)
    bright = cv2.morphologyEx(smooth, cv2.MORPH_TOPHAT, reach)
    return np.asarray(np.maximum(bright, cv2.morphologyEx(smooth, cv2.MORPH_BLACKHAT, reach)).max(axis=2))


def _cut(cells: NDArray[np.bool_], top: int, left: int) -> list[tuple[int, int, int, int]]:
    """Rectangles (top, bottom, left, right) around all that is true, parted along the widest empty band as long as there is one."""
    down, across = np.flatnonzero(cells.any(1)), np.flatnonzero(cells.any(0))
    if not len(down):
        return []
    cells = cells[down[0] : down[-1] + 1, across[0] : across[-1] + 1]
    top, left = top + int(down[0]), left + int(across[0])
    rows, columns = _band(np.asarray(cells.any(1))), _band(np.asarray(cells.any(0)))
    if rows[1] - rows[0] >= max(1, columns[1] - columns[0]):
        return _cut(cells[: rows[0]], top, left) + _cut(cells[rows[1] :], top + rows[1], left)
    if columns[1] > columns[0]:
        return _cut(cells[:, : columns[0]], top, left) + _cut(cells[:, columns[1] :], top, left + columns[1])
    return [(top, top + cells.shape[0], left, left + cells.shape[1])]


def _band(there: NDArray[np.bool_]) -> tuple[int, int]:
    """The widest run of nothing between two things, (0, 0) without one."""
    ones = np.flatnonzero(there)
    gaps = np.diff(ones)
    if not len(gaps) or gaps.max() < 2:
        return 0, 0
    widest = int(gaps.argmax())
    return int(ones[widest]) + 1, int(ones[widest + 1])
