"""Lines in, the same lines as far as they really go. Called by `find.py`.

Where a line crosses from dark to bright or from plain to speckle, the net sees one half and takes the other for ground, and would do so again.
So the neighbourhood of both ends of each line is cut out level, at the size the net knows best, with the contrast of what lies beyond the end
spread, and shown to the net by itself; where it sees the line go on, the line is longer.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from dicomlake.pixels.detector import Image, Polygon, probabilities
from dicomlake.pixels.lines import axes

_HEIGHT, _ROWS = 36, 64  # of a line, and of what is cut out, in pixels as shown
_WITHIN, _BEYOND = 2, 3  # heights of a line on either side of its end
_LINE = 1.2  # lengths over heights from which on a rectangle has ends
_ROUNDS = 3
_CORE, _SURE = 0.3, 0.6
_LEAST = 10  # rows of a core
_PLAIN = 8  # grey levels: what spans less shows nothing
_GAP = 1.0  # heights between words
_SPARE = 0.35  # heights that a core falls short of its letters
_MOST = 60  # lines


def lengthened(image: Image, lines: list[Polygon], threads: int) -> list[Polygon]:
    """Rectangles (4 x 2 corners) that go on along `lines`; `image` is rows x columns x 3."""
    more: list[Polygon] = []
    open_ends = [(line, way) for line in lines[:_MOST] for way in (-1, 1) if _has_ends(line)]
    for _ in range(_ROUNDS):
        if not open_ends:
            break
        cut = [(line, way, _strip(image, line, way)) for line, way in open_ends]
        shown = [(line, way, strip) for line, way, strip in cut if strip is not None]
        if not shown:
            break
        seen = probabilities(np.stack([strip for *_, strip in shown]), threads)
        grown = [
            (_longer(line, way, _reach(chances, way)), way) for (line, way, _), chances in zip(shown, seen, strict=True)
        ]
        open_ends = [(line, way) for line, way in grown if line is not None]
        more += [line for line, _ in open_ends]
    return more


def _has_ends(line: Polygon) -> bool:
    *_, half, high = axes(line)
    return half >= _LINE * high and high >= 2


def _strip(image: Image, line: Polygon, way: int) -> Image | None:
    """The end of a line, level, _ROWS x (_WITHIN + _BEYOND) heights; the line goes on to the right (`way` 1) or left. None: nothing is there."""
    centre, along, across, half, high = axes(line)
    unit = 2 * high / _HEIGHT  # pixels of the picture for one as shown
    end = centre + along * half * way
    before = _WITHIN if way > 0 else _BEYOND
    origin = end - along * before * 2 * high - across * unit * _ROWS / 2
    to_picture = np.array(
        [[along[0] * unit, across[0] * unit, origin[0]], [along[1] * unit, across[1] * unit, origin[1]]], np.float32
    )
    columns = (_WITHIN + _BEYOND) * _HEIGHT // 4 * 4
    method = cv2.INTER_AREA if unit > 2 else cv2.INTER_CUBIC
    shown = cv2.warpAffine(
        image, to_picture, (columns, _ROWS), flags=method | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    edge = round((before - 0.5 * way) * _HEIGHT)
    outside = shown[:, edge:] if way > 0 else shown[:, :edge]
    low, top = (np.percentile(outside, share, axis=(0, 1)).astype(np.float32) for share in (1, 99))
    if float((top - low).max()) < _PLAIN:
        return None
    spread = (shown.astype(np.float32) - low) * (255.0 / np.maximum(top - low, 24.0))
    return np.asarray(np.clip(spread, 0, 255), np.uint8)


def _reach(probability: NDArray[np.float32], way: int) -> float:
    """How many heights beyond its end a line goes on, 0 if it does not."""
    count, marks, stats, _ = cv2.connectedComponentsWithStats((probability > _CORE).astype(np.uint8))
    end = (_WITHIN if way > 0 else _BEYOND) * _HEIGHT
    spans = []
    for index in range(1, count):
        x, y, w, h, _ = stats[index].tolist()
        level = abs(y + h / 2 - _ROWS / 2) <= _HEIGHT / 3
        if h >= _LEAST and level and float(probability[marks == index].mean()) >= _SURE:
            spans.append((x - end, x + w - end) if way > 0 else (end - x - w, end - x))
    reach = 0.0
    for near, far in sorted(spans):
        if near - max(reach, 0) <= _GAP * _HEIGHT:
            reach = max(reach, far)
    return reach / _HEIGHT + _SPARE if reach > _SPARE * _HEIGHT / 2 else 0.0


def _longer(line: Polygon, way: int, heights: float) -> Polygon | None:
    """The piece by which a line grows, a little over its old end, as a line of its own."""
    if heights <= 0:
        return None
    centre, along, across, half, high = axes(line)
    start = centre + along * (half - 2 * high) * way
    end = centre + along * (half + heights * 2 * high) * way
    by = across * high
    return np.array([start - by, end - by, end + by, start + by], np.float32)
