"""A picture in, the parts of it in which anything stands out. Called by `find.py`: what is plain or mere noise need not be shown to the net.

A cell counts when something in it, after light smoothing, is beyond a few grey levels and beyond what is usual in the quietest cells around
it, since writing that a person can read stands out from its ground. What: any slope, or (`fine`) strokes of at most six pixels, which is what
writing that needs enlarging is made of. Empty bands between such cells cut the picture into rectangles.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from dicomlake.pixels.detector import Image

Part = tuple[slice, slice]
_CELL = 16  # pixels
_LEAST = 6  # grey levels
_OVER_NOISE = 3.0  # times what is usual in the quietest cell around
_FINE_OVER_NOISE = 2.2  # which the twelfth of its pixels must be
_MIDDLE, _FEW = _CELL * _CELL // 2, _CELL * _CELL - 12  # of the pixels of a cell, in order
_STROKE = 7  # pixels: just beyond a fine stroke
_AROUND = 5  # cells
_WIDE = 2.0  # pixels of smoothing under which large letters on noise still have slopes
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
    """Cells of 16 x 16 pixels in which something stands out in any channel."""
    found = np.zeros((-(-image.shape[0] // _CELL), -(-image.shape[1] // _CELL)), bool)
    for channel in channels(image):
        if fine:
            cells = _cells(strokes(channel), found.shape)
            ranked = np.partition(cells, (_MIDDLE, _FEW), axis=2)
            found |= ranked[..., _FEW] >= np.maximum(_LEAST, _FINE_OVER_NOISE * _quiet(ranked[..., _MIDDLE]))
        else:
            for smooth in (channel, np.asarray(cv2.GaussianBlur(channel, (0, 0), _WIDE), np.uint8)):
                cells = _cells(_slopes(smooth), found.shape)
                usual = np.partition(cells, _MIDDLE, axis=2)[..., _MIDDLE]
                found |= cells.max(axis=2) >= np.maximum(_LEAST, _OVER_NOISE * _quiet(usual))
    return found


def _cells(values: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """The values of each cell in a row of their own."""
    whole = np.pad(values, [(0, cells * _CELL - side) for cells, side in zip(shape, values.shape, strict=True)])
    return whole.reshape(shape[0], _CELL, shape[1], _CELL).transpose(0, 2, 1, 3).reshape(*shape, -1)


def _quiet(usual: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What is usual in the quietest cells around each."""
    around = cv2.blur(usual.astype(np.float32), (3, 3), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.erode(around, np.ones((_AROUND, _AROUND), np.uint8)), np.float32)


def channels(image: Image) -> list[NDArray[np.uint8]]:
    """Those that differ, lightly smoothed: one may be noise that a narrow window blows up, and must not hide another."""
    different: list[NDArray[np.uint8]] = []
    for index in range(image.shape[2]):
        one = np.ascontiguousarray(image[..., index])
        if not any(np.array_equal(one, other) for other in different):
            different.append(one)
    return [np.asarray(cv2.GaussianBlur(one, (0, 0), 0.8), np.uint8) for one in different]


def _slopes(smooth: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.morphologyEx(smooth, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)), np.uint8)


def strokes(smooth: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """How far bright or dark things narrower than a stroke stand out; straight edges of what is wide do not."""
    reach = np.ones((_STROKE, _STROKE), np.uint8)
    bright = cv2.morphologyEx(smooth, cv2.MORPH_TOPHAT, reach)
    return np.asarray(np.maximum(bright, cv2.morphologyEx(smooth, cv2.MORPH_BLACKHAT, reach)), np.uint8)


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
