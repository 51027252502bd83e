"""Frames in, where text stands out: rectangles and the mask they make. Called by `clean.py`.

A frame is looked at in several views (scale, polarity, side). What a view finds is grown along the line as long as there is ink of the same
kind, since a detector is sure of the middle of a line before it is of its ends. Over a cine the union counts; where a frame is the same as
the one before it, it has been looked at.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from dicomlake.pixels.detector import Image, Polygon, find_text
from dicomlake.pixels.views import turned
from dicomlake.rules.cleaning import LookRules

Mask = NDArray[np.bool_]


def find(image: Image, rules: LookRules, threads: int) -> list[Polygon]:
    """Rectangles (4 x 2 corners) that cover all text of `image` (rows x columns x 3)."""
    rows, columns = image.shape[:2]
    scales = rules.small if rows * columns <= rules.small_pixels else rules.large
    found = [polygon for scale in scales for polygon in find_text(image, scale, rules.net, threads)]
    scale = rules.turned_scale if rows * columns <= rules.small_pixels else 0.8
    net = replace(rules.net, sure=rules.turned_sure)
    found += [_back(polygon, columns) for polygon in find_text(turned(image), scale, net, threads)]
    return [grown(image, polygon, rules) for polygon in found if _size(polygon)[1] >= rules.least]


def _back(polygon: Polygon, columns: int) -> Polygon:
    """From the picture turned by np.rot90 to the picture: its row is what was counted from the right."""
    return np.stack([columns - polygon[:, 1], polygon[:, 0]], axis=1).astype(np.float32)


def _size(polygon: Polygon) -> tuple[float, float]:
    """Longer and shorter side."""
    a, b = (float(np.linalg.norm(polygon[i] - polygon[i + 1])) for i in (0, 1))
    return max(a, b), min(a, b)


def grown(image: Image, polygon: Polygon, rules: LookRules) -> Polygon:
    """The rectangle, longer at both ends as far as ink goes on, and padded."""
    centre, along, across, length, height = _axes(polygon)
    reach = rules.reach * height
    # The line set level, with room at its ends.
    left, width = length / 2 + reach, length + 2 * reach
    matrix = np.array([[*along], [*across]], np.float64)
    shift = np.array([left, height / 2]) - matrix @ centre
    size = (max(1, round(width)), max(1, round(height)))
    line = cv2.warpAffine(
        image, np.hstack([matrix, shift[:, None]]), size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    before, after = _ends(np.asarray(line, np.float32), reach, height)
    pad = rules.pad
    low, high = -length / 2 - before - pad, length / 2 + after + pad
    corners = [(low, -height / 2 - pad), (high, -height / 2 - pad), (high, height / 2 + pad), (low, height / 2 + pad)]
    return np.array([centre + x * along + y * across for x, y in corners], np.float32)


def _axes(polygon: Polygon) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float, float]:
    first, second = (polygon[1] - polygon[0]).astype(float), (polygon[2] - polygon[1]).astype(float)
    if np.linalg.norm(first) < np.linalg.norm(second):
        first, second = second, first
    length, height = max(float(np.linalg.norm(first)), 1.0), max(float(np.linalg.norm(second)), 1.0)
    return polygon.mean(0).astype(float), first / length, second / height, length, height


def _ends(line: NDArray[np.float32], reach: float, height: float) -> tuple[float, float]:
    """By how many pixels the ink goes on before and after the middle part of a level line."""
    inner = line[:, round(reach) : max(round(reach) + 1, line.shape[1] - round(reach))]
    ground = np.median(np.concatenate([inner[:2].reshape(-1, 3), inner[-2:].reshape(-1, 3)]), axis=0)
    distance = np.abs(line - ground).max(2)
    within = np.abs(inner - ground).max(2)
    ink = float(np.percentile(within, 90))
    if ink < 12:
        return 0.0, 0.0
    columns = (distance[1:-1] > 0.6 * ink).mean(0) > 0.06 if line.shape[0] > 4 else np.zeros(line.shape[1], bool)
    gap = max(3, round(0.7 * height))
    start, stop = round(reach), line.shape[1] - round(reach)
    return float(_run(columns[:start][::-1], gap)), float(_run(columns[stop:], gap))


def _run(columns: NDArray[np.bool_], gap: int) -> int:
    """How far ink reaches without a gap wider than `gap`; 0 when it never ends, which is ground and not ink."""
    last = 0
    for index, there in enumerate(columns, start=1):
        if there:
            last = index
        elif index - last > gap:
            break
    filled = columns[:last].mean() if last else 0.0
    return 0 if last and filled > 0.97 and last > 2 * gap else last


def mask_of(shape: tuple[int, int], polygons: Iterable[Polygon]) -> Mask:
    """Rows x columns, true inside any of the rectangles."""
    mask = np.zeros(shape, np.uint8)
    for polygon in polygons:
        cv2.fillConvexPoly(mask, np.round(polygon).astype(np.int32), 1)
    return mask.astype(bool)


def windows(changed: Mask, margin: int) -> Iterator[tuple[slice, slice]]:
    """Parts of a picture that hold all of `changed` with a margin around; near ones are joined."""
    rows, columns = changed.shape
    reach = np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)
    spread = cv2.dilate(changed.astype(np.uint8), reach)
    count, _, stats, _ = cv2.connectedComponentsWithStats(spread)
    boxes = [tuple(int(v) for v in stats[index][:4]) for index in range(1, count)]
    if sum(w * h for _, _, w, h in boxes) > 0.7 * rows * columns:
        boxes = [(0, 0, columns, rows)]
    for x, y, w, h in boxes:
        yield slice(y, y + h), slice(x, x + w)


def find_changed(image: Image, changed: Mask, rules: LookRules, threads: int) -> list[Polygon]:
    """The same as `find`, looking only where `changed` says that something is new."""
    found = []
    for part in windows(changed, rules.margin):
        offset = np.array([part[1].start, part[0].start], np.float32)
        found += [polygon + offset for polygon in find(np.ascontiguousarray(image[part]), rules, threads)]
    return found
