"""Rectangles around parts of lines in, whole lines out. Called by `find.py`.

The net stops short of a last letter, and loses a line where it crosses something bright. Letters of a line share ink: strokes that stand out as
far from their ground, or have the tone. So a rectangle is set level, its ink measured, and its edges go where that ink ends; and what lies between
two rectangles of one line goes too.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from dicomlake.pixels.detector import Image, Polygon

_AROUND, _BEYOND = 0.35, 1.6  # heights that are looked at above and below a line, and at its ends
_SHOWN = 28  # pixels of height that large letters are shown with
_STROKE = 0.4  # of the height: wider than strokes are
_INK, _LITTLE = 0.5, 0.3  # of how far ink stands out: what a letter more must have, and what an edge may be cut back to
_TONE = 0.1  # of the same, by which ink of one tone differs
_COLUMN = 0.12  # of the height, ink in a column of a letter
_ROW = 0.04  # of the length, ink in a row of letters
_WORDS = 0.9  # heights between two words
_TRACE = 0.1  # of how far ink stands out: less is nothing
_ABOVE = 0.2  # of the height by which a line grows at most, across
_CUT = 0.3, 0.2  # of the height by which the net's rectangle is cut back at most, along and across
_SPARE = 0.12  # of the height that stays beyond the ink
_USUAL = 50  # percentile of the steepness in a picture that counts as noise
_GAP = 2.0  # heights between two parts of a line
_SOME = 0.3  # of the steepness inside that a gap must have
_LIKE = 1.6  # ratio of heights
_LEVEL = 0.4  # of the height that two parts of a line may lie apart across it
_PARALLEL = 0.99  # cosine


def whole_lines(image: Image, polygons: list[Polygon]) -> list[Polygon]:
    """The rectangles (4 x 2 corners) as far as their ink goes, and those that bridge gaps between them. `image` is rows x columns x 3."""
    if not polygons:
        return []
    return [_fitted(image, polygon) for polygon in polygons] + _bridges(_steepness(image), polygons)


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


def _fitted(image: Image, polygon: Polygon) -> Polygon:
    """The rectangle with its edges where its ink ends."""
    centre, along, across, half, high = axes(polygon)
    tall = 2 * high
    unit = max(1.0, tall / _SHOWN)  # pixels of the picture for one as shown
    left, top = half + _BEYOND * tall, high + _AROUND * tall
    width, height = (max(3, round(2 * side / unit)) for side in (left, top))
    origin = centre - along * left - across * top
    to_picture = np.array(
        [[along[0] * unit, across[0] * unit, origin[0]], [along[1] * unit, across[1] * unit, origin[1]]], np.float32
    )
    flags = (cv2.INTER_AREA if unit > 1 else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
    level = cv2.warpAffine(image, to_picture, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    first, last = _BEYOND * tall / unit, (_BEYOND * tall + 2 * half) / unit
    upper, lower = _AROUND * tall / unit, (1 + _AROUND) * tall / unit
    high_as = tall / unit
    ink = _ink(np.asarray(level, np.uint8), (round(first), round(last), round(upper), round(lower)), high_as)
    if ink is None:
        return polygon
    inside = slice(round(first), max(round(first) + 1, round(last)))
    row = max(1.0, _ROW * (last - first))
    head, foot = _ends(
        [layer[:, inside].sum(1) >= row for layer in ink], (upper, lower), _CUT[1] * high_as, (_ABOVE * high_as, 2)
    )
    body = slice(max(0, round(head)), max(round(head) + 1, round(foot)))
    column = max(1.0, _COLUMN * (foot - head))
    start, end = _ends(
        [layer[body].sum(0) >= column for layer in ink],
        (first, last),
        _CUT[0] * high_as,
        (_BEYOND * high_as, _WORDS * high_as),
    )
    spare = _SPARE * (foot - head)
    x = np.array((start - spare, end + spare)) * unit - left
    y = np.array((head - spare, foot + spare)) * unit - top
    corners = ((x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1]))
    return np.array([centre + along * a + across * b for a, b in corners], np.float32)


def _ink(
    level: Image, inside: tuple[int, int, int, int], high: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Where strokes are of the line's ink, where there is a little of it, and where anything is at all; None: nothing stands out in it."""
    first, last, upper, lower = inside
    reach = max(3, round(_STROKE * high) | 1)
    kernel = np.ones((reach, reach), np.uint8)
    best: tuple[float, NDArray[np.uint8], NDArray[np.float32], float] | None = None
    for index in range(level.shape[2]):
        values = np.ascontiguousarray(level[..., index])
        ground = float(np.median(values[[*range(upper), *range(lower, len(values))], first:last]))
        for way in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
            out = np.asarray(cv2.morphologyEx(values, way, kernel), np.uint8)
            part = out[upper:lower, first:last]
            full = float(np.percentile(part, 95)) if part.size else 0.0
            if full < 2:
                continue
            tone = float(np.median(values[upper:lower, first:last][part >= _INK * full]))
            apart = (tone - ground) * (1 if way == cv2.MORPH_TOPHAT else -1)  # what is between letters is of the ground
            if best is None or apart > best[0]:
                best = apart, out, np.abs(values.astype(np.float32) - tone), full
    if best is None:
        return None
    apart, out, off, full = best
    same = (off <= _TONE * full) & (out >= _TONE * full) & (apart >= _INK * full)
    return (out >= _INK * full) | same, (out >= _LITTLE * full) | same, out >= max(2.0, _TRACE * full)


def _ends(
    layers: Sequence[NDArray[np.bool_]], old: tuple[float, float], cut: float, further: tuple[float, float]
) -> tuple[float, float]:
    """Where a line begins and ends, given where ink, a little of it and anything is: cut back where nothing is, by `cut` where there is only a trace,
    and on to letters that follow, as `further` (how far, over what gaps) allows.
    """
    size = len(layers[0])
    start = _end([layer[::-1] for layer in layers], (size - old[1], size - old[0]), cut, further)
    return size - start, _end(layers, old, cut, further)


def _end(
    layers: Sequence[NDArray[np.bool_]], old: tuple[float, float], cut: float, further: tuple[float, float]
) -> float:
    first, last = max(0, round(old[0])), max(1, round(old[1]))
    letters, little, trace = layers
    some, any_at_all = (np.flatnonzero(there[first:last]) + first + 1 for there in (little, trace))
    if not len(any_at_all):
        return old[1]
    end = max(float(some[-1]) if len(some) else 0.0, min(float(any_at_all[-1]), old[1] - cut))
    for place in np.flatnonzero(letters):
        if end <= place <= min(end + further[1], old[1] + further[0]):
            end = float(place + 1)
    return end


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
