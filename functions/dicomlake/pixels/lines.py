"""Rectangles around parts of lines in, whole lines out. Called by `find.py`.

The net stops short of a last letter, and loses a line where it crosses something bright. So a rectangle grows along its line while strokes go
on, and what lies between two rectangles of one line goes too. Then what is empty at its edges is left out.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from dicomlake.pixels.detector import Image, Polygon

_STEP, _STEPS = 0.5, 2  # of the height, at each end
_SPARE = 0.25  # of the height, where the strokes end
_ABOVE = 0.1  # of the height, on either side of the line
_USUAL = 50  # percentile of the steepness in a picture that counts as noise
_STROKES = 0.6  # of the steepness inside that what follows must have
_GAP = 2.0  # heights between two parts of a line
_SOME = 0.3  # of the steepness inside that a gap must have
_LIKE = 1.6  # ratio of heights
_LEVEL = 0.4  # of the height that two parts of a line may lie apart across it
_PARALLEL = 0.99  # cosine
_EMPTY = 0.35  # of the steep strokes inside: what is less at an edge is no part of the line
_MARGIN = 0.1, 0.25  # of the height that stays beyond the strokes, across and along


def whole_lines(image: Image, polygons: list[Polygon]) -> list[Polygon]:
    """The rectangles (4 x 2 corners) grown along their lines, and those that bridge gaps between them. `image` is rows x columns x 3."""
    steep = _steepness(image)
    grown = [_grown(steep, polygon) for polygon in polygons]
    return [_trimmed(steep, polygon) for polygon in grown] + _bridges(steep, polygons)


def _steepness(image: Image) -> NDArray[np.float32]:
    """Over all channels, what in each is steeper than is usual there: noise is no stroke, and a window may saturate."""
    steep = cv2.morphologyEx(image, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)).astype(np.float32)
    steep -= np.percentile(steep[::2, ::2], _USUAL, axis=(0, 1)).astype(np.float32)
    return np.asarray(np.maximum(steep, 0, out=steep).sum(axis=2), np.float32)


def axes(polygon: Polygon) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], float, float]:
    """Centre of a rectangle, the directions along and across, half the length and half the height."""
    first, second = polygon[1] - polygon[0], polygon[2] - polygon[1]
    a, b = float(np.linalg.norm(first)), float(np.linalg.norm(second))
    if a < b:
        first, second, a, b = second, first, b, a
    along = np.asarray(first / max(a, 1e-6), np.float32)
    return polygon.mean(0), along, np.array([-along[1], along[0]], np.float32), a / 2, b / 2


def _rectangle(
    start: NDArray[np.float32], end: NDArray[np.float32], across: NDArray[np.float32], half: float
) -> Polygon:
    by = across * half
    return np.array([start - by, end - by, end + by, start + by], np.float32)


def _grown(steep: NDArray[np.float32], polygon: Polygon) -> Polygon:
    centre, along, across, half, high = axes(polygon)
    inside = _mean(steep, _rectangle(centre - along * half, centre + along * half, across, high * 0.7))
    ends = []
    for way in (-along, along):
        reach = half
        if half > high * 1.5 and inside > 0:
            step = _STEP * 2 * high
            for _ in range(_STEPS):
                start, end = centre + way * reach, centre + way * (reach + step)
                if _mean(steep, _rectangle(start, end, across, high * 0.7)) < _STROKES * inside:
                    break
                reach += step
        ends.append(centre + way * (reach + _SPARE * 2 * high))
    return _rectangle(ends[0], ends[1], across, high * (1 + 2 * _ABOVE))


def _trimmed(steep: NDArray[np.float32], polygon: Polygon) -> Polygon:
    """The rectangle without the rows and columns at its edges in which nothing stands."""
    centre, along, across, half, high = axes(polygon)
    width, height = max(1, round(2 * half)), max(1, round(2 * high))
    to_picture = np.array(
        [
            [along[0], across[0], centre[0] - along[0] * half - across[0] * high],
            [along[1], across[1], centre[1] - along[1] * half - across[1] * high],
        ],
        np.float32,
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    level = cv2.warpAffine(steep, to_picture, (width, height), flags=flags, borderMode=cv2.BORDER_CONSTANT)
    strokes = level >= max(_EMPTY * float(np.percentile(level, 90)), 1.0)
    rows, columns = np.flatnonzero(strokes.any(1)), np.flatnonzero(strokes.any(0))
    if not len(rows):
        return polygon
    tall = float(rows[-1] - rows[0] + 1)
    top, bottom = rows[0] - _MARGIN[0] * tall, rows[-1] + 1 + _MARGIN[0] * tall
    left, right = columns[0] - _MARGIN[1] * tall, columns[-1] + 1 + _MARGIN[1] * tall
    x = np.clip((left, right), 0, width) - half
    y = np.clip((top, bottom), 0, height) - high
    corners = ((x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1]))
    return np.array([centre + along * a + across * b for a, b in corners], np.float32)


def _mean(steep: NDArray[np.float32], polygon: Polygon) -> float:
    left, top = np.maximum(np.floor(polygon.min(0)), 0).astype(int)
    right, bottom = np.maximum(np.ceil(polygon.max(0)), 0).astype(int)
    part = steep[top:bottom, left:right]
    if not part.size:
        return 0.0
    inside = np.zeros(part.shape, np.uint8)
    cv2.fillConvexPoly(inside, np.round(polygon - np.array([left, top])).astype(np.int32), 1)
    return float(cv2.mean(part, inside)[0])


def _bridges(steep: NDArray[np.float32], polygons: list[Polygon]) -> list[Polygon]:
    """Rectangles over the gaps between parts of one line in which something stands."""
    found = []
    measured = [axes(polygon) for polygon in polygons]
    for index, (centre, along, across, half, high) in enumerate(measured):
        for other, other_along, _, other_half, other_high in measured[index + 1 :]:
            if max(high, other_high) > _LIKE * min(high, other_high) or abs(float(along @ other_along)) < _PARALLEL:
                continue
            away = float((other - centre) @ along)
            gap = abs(away) - half - other_half
            apart = abs(float((other - centre) @ across))
            low = min(high, other_high)
            if not 0 < gap <= _GAP * 2 * low or apart > _LEVEL * 2 * low:
                continue
            way = along if away > 0 else -along
            bridge = _rectangle(centre + way * half, centre + way * (half + gap), across, max(high, other_high))
            inside = _mean(steep, _rectangle(centre - along * half, centre + along * half, across, high))
            if _mean(steep, bridge) > _SOME * inside:
                found.append(bridge)
    return found
