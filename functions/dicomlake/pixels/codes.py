"""A picture in, where bar codes and matrix codes stand out: rectangles around them. Called by `clean.py` and `requests.py`.

Two ways that know nothing of each other. A code that a machine can read is where the reader (ZXing) says; what it reads is not kept. And a code
is two tones in modules of one size: bars that are the same over their whole height, or a full lattice of squares; it never repeats itself, as
gratings, rulers and grids do. So what is dense in steep edges is cut out level, and counts if it is made so (`lattice.py`), readable or not.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dicomlake.pixels.detector import Image, Polygon
from dicomlake.pixels.lattice import Floats, Span, bars, grown, heightened, squares

Grey = NDArray[np.uint8]
Cells = NDArray[np.intp]

_LINEAR = "Code39", "Code93", "Code128", "EAN13", "EAN8", "UPCA", "UPCE", "ITF", "Codabar"
_MATRIX = "QRCode", "MicroQRCode", "DataMatrix", "Aztec", "PDF417"
_THIN = 4  # pixels around a line of reading
_ENDS = 0.4  # of its length by which a code goes on beyond what was judged at most, if that should be all of it
_USUAL = 45.0  # bars and gaps of a short code
_CELL = 8  # pixels: edges are counted in squares of this side
_LEAST, _OVER_NOISE = 8.0, 3.0  # grey levels of an edge; times the usual difference of neighbours
_DENSE = 45.0, 20.0, 9.0, 4.0  # grey levels of edges per pixel, of what is looked at closely
_PARALLEL, _CROSSED = 0.45, 0.62  # coherence of directions above which bars, below which squares are looked for
_FILLED = 0.5  # of the rectangle around them that cells of one part fill
_LARGE, _SMALLER = 1100, 3  # pixels of a side from which on the picture is looked at smaller, too; times
_CELLS = 3  # of the smallest part
_MOST = 12  # parts of a kind
_LIKE = 0.8  # of the cells of two parts, which make them the same
_AROUND = 14  # pixels that are looked at around a part
_LEVEL = 0.02  # radians that a level code may be off
_SPARE, _OFF = 3, 0.015  # pixels that go around a code, and times its length


@dataclass(frozen=True)
class _Edges:
    """Per cell: how dense edges are, and how coherent their direction is (0 to 1)."""

    dense: Floats
    coherence: Floats


def find_codes(image: Image) -> list[Polygon]:
    """Rectangles (4 x 2 corners) around codes in `image` (rows x columns x 3, RGB), with their quiet zones for the most part."""
    found: list[Polygon] = []
    seen: list[Grey] = []
    for index in (1, 0, 2):
        channel = np.ascontiguousarray(image[..., index])
        if any(np.array_equal(channel, other) for other in seen) or min(channel.shape) < 2 * _CELL:
            continue
        seen.append(channel)
        _add_readable(channel, found)
        _add_made_so(channel, 1, found)
        if max(channel.shape) > _LARGE:
            small = cv2.resize(channel, None, fx=1 / _SMALLER, fy=1 / _SMALLER, interpolation=cv2.INTER_AREA)
            _add_made_so(np.asarray(small, np.uint8), _SMALLER, found)
    return found


def _add_readable(grey: Grey, found: list[Polygon]) -> None:
    """Add to `found` what a machine reads."""
    import zxingcpp

    linear = [getattr(zxingcpp.BarcodeFormat, name) for name in _LINEAR]
    formats = linear + [getattr(zxingcpp.BarcodeFormat, name) for name in _MATRIX]
    for code in zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats(formats)):
        place = code.position
        corners = np.array(
            [(one.x, one.y) for one in (place.top_left, place.top_right, place.bottom_right, place.bottom_left)],
            np.float32,
        )
        if _is_in(found, corners.mean(0)):
            continue
        if code.format in linear:  # a line of reading may cross bars at a slant
            angle = _angle(grey, np.concatenate([corners - _THIN, corners + _THIN]), 2)
        else:
            along = corners[1] + corners[2] - corners[0] - corners[3]
            angle = _snapped(float(np.arctan2(along[1], along[0])))
        level, back = _cut(grey, corners, angle, float(np.ptp(corners, axis=0).max()))
        inside = (corners - back[:, 2]) @ back[:, :2]
        (left, top), (right, bottom) = inside.min(0), inside.max(0)
        span = Span(float(left), float(top), float(right) + 1, float(bottom) + 1, float(right - left) / _USUAL)
        if code.format in linear:
            span = grown(level, heightened(level, span), _ENDS)
        found.append(_placed(back, span, 1))


def _is_in(found: list[Polygon], point: Floats) -> bool:
    return any(cv2.pointPolygonTest(one, (float(point[0]), float(point[1])), False) >= 0 for one in found)


def _add_made_so(grey: Grey, times: int, found: list[Polygon]) -> None:
    """Add to `found` what is made like a code and not in it yet; `grey` is so many `times` smaller than the picture."""
    edges = _edges(grey)
    for parallel, fold, judge in ((True, 2, bars), (False, 4, squares)):
        for cells in _parts(edges, parallel):
            if _is_in(found, (cells.mean(0)[::-1] + 0.5) * _CELL * times):
                continue
            corners = ((cells[:, None, ::-1] + ((0, 0), (0, 1), (1, 0), (1, 1))).reshape(-1, 2) * _CELL).astype(
                np.float32
            )
            angle = _angle(grey, corners, fold)
            level, _ = _cut(grey, corners, angle, _AROUND)
            span = judge(level)
            if span is not None:
                wide = max(level.shape)
                level, back = _cut(grey, corners, angle, _AROUND + wide)
                found.append(_placed(back, grown(level, span.moved(wide), 1.0 if parallel else _ENDS), times))


def _edges(grey: Grey) -> _Edges:
    rows, columns = (side // _CELL * _CELL for side in grey.shape)
    values = grey[:rows, :columns].astype(np.float32)
    across, down = np.zeros_like(values), np.zeros_like(values)
    across[:, :-1], down[:-1] = values[:, 1:] - values[:, :-1], values[1:] - values[:-1]
    step = max(_LEAST, _OVER_NOISE * float(np.median(np.abs(across[::3, ::3]))))
    across[np.abs(across) < step] = 0
    down[np.abs(down) < step] = 0

    def mean(layer: Floats) -> Floats:
        cells = cv2.resize(layer, (columns // _CELL, rows // _CELL), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.blur(cells, (3, 3), borderType=cv2.BORDER_CONSTANT), np.float32)

    xx, yy, xy = mean(across * across), mean(down * down), mean(across * down)
    coherence = np.hypot(xx - yy, 2 * xy) / np.maximum(xx + yy, 1e-3)
    return _Edges(mean(np.abs(across) + np.abs(down)), coherence)


def _parts(edges: _Edges, parallel: bool) -> Iterator[Cells]:
    """Cells (row, column) that hang together, dense in edges that are parallel or crossed, the densest and largest first."""
    fits = edges.coherence >= _PARALLEL if parallel else edges.coherence <= _CROSSED
    known: list[tuple[int, int, int, int, int]] = []
    for dense in _DENSE:
        there = ((edges.dense >= dense) & fits).astype(np.uint8)
        closed = cv2.morphologyEx(there, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        count, marks, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=4)
        for index in sorted(range(1, count), key=lambda one: -int(stats[one][4])):
            x, y, w, h, size = (int(value) for value in stats[index])
            if size < _CELLS or len(known) >= _MOST or any(_same((x, y, w, h, size), other) for other in known):
                continue
            cells = np.argwhere(marks[y : y + h, x : x + w] == index) + np.array([y, x])
            _, sides, _ = cv2.minAreaRect(cells.astype(np.float32))
            if size >= _FILLED * (sides[0] + 1) * (sides[1] + 1):
                known.append((x, y, w, h, size))
                yield cells


def _same(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    (x, y, w, h, size), (left, top, wide, high, count) = one, other
    shared = max(0, min(x + w, left + wide) - max(x, left)) * max(0, min(y + h, top + high) - max(y, top))
    return shared >= _LIKE * max(w * h, wide * high) and min(size, count) >= _LIKE * max(size, count)


def _angle(grey: Grey, corners: NDArray[np.float32], fold: int) -> float:
    """The direction (radians) across bars (`fold` 2), or along a lattice (4), in the upright rectangle around points."""
    left, top = np.maximum(corners.min(0), 0).astype(int)
    right, bottom = np.ceil(corners.max(0)).astype(int)
    part = cv2.GaussianBlur(grey[top:bottom, left:right], (0, 0), 0.7).astype(np.float32)
    slope = cv2.Sobel(part, cv2.CV_32F, 1, 0) + 1j * cv2.Sobel(part, cv2.CV_32F, 0, 1)
    several = slope**fold / np.maximum(np.abs(slope) ** (fold - 2), 1e-3)
    return _snapped(float(np.angle(several.sum()) / fold))


def _snapped(angle: float) -> float:
    """A quarter turn, if it nearly is one."""
    quarter = round(angle / (np.pi / 2)) * np.pi / 2
    return float(quarter) if abs(angle - quarter) < _LEVEL else angle


def _cut(grey: Grey, corners: NDArray[np.float32], angle: float, around: float) -> tuple[Floats, NDArray[np.float32]]:
    """What stands around points (x, y), set level so that what runs along `angle` runs to the right, and the matrix (2 x 3) back to the picture."""
    way = np.array([np.cos(angle), np.sin(angle)], np.float32)
    side = np.array([-way[1], way[0]], np.float32)
    (left, right), (top, bottom) = (
        (np.floor((corners @ axis).min() - around), np.ceil((corners @ axis).max() + around)) for axis in (way, side)
    )
    origin = way * left + side * top
    back = np.array([[way[0], side[0], origin[0]], [way[1], side[1], origin[1]]], np.float32)
    exact = bool(np.abs(back[:, :2]).max(0).min() > 1 - 1e-6)
    if exact:
        back = np.round(back)
    method = cv2.INTER_NEAREST if exact else cv2.INTER_LINEAR
    size = int(right - left), int(bottom - top)
    level = cv2.warpAffine(grey, back, size, flags=method | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)
    return level.astype(np.float32), back


def _placed(back: NDArray[np.float32], span: Span, times: int) -> Polygon:
    spare = _SPARE + _OFF * max(span.right - span.left, span.bottom - span.top)
    left, top, right, bottom = span.left - spare, span.top - spare, span.right + spare, span.bottom + spare
    corners = np.array([[left, top, 1], [right, top, 1], [right, bottom, 1], [left, bottom, 1]], np.float32)
    return np.asarray(corners @ back.T * times, np.float32)
