"""A picture and what was found in it in, small parts in which strokes stand out and nothing was found. Called by `find.py`.

The net is blind to writing that is too small, too dim or too lonely for the scales at which it sees the whole. Such strokes are found without
a net: narrow, steep, closer to each other than to anything else. Each such part is shown to the net again, enlarged and with its contrast
spread; it still decides.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from dicomlake.pixels.content import Part, channels, strokes
from dicomlake.pixels.detector import Image

_LEAST = 5  # grey levels
_OVER_NOISE = 4.0  # times the median around
_AROUND = 63  # pixels
_NEAR = 15, 7  # pixels between the strokes of one part: of large letters, else of small ones
_SIZES = 5, 48  # pixels of the shorter side
_LONGEST = 400
_MOST = 8  # parts of a picture


def chances(image: Image, covered: NDArray[np.bool_]) -> list[Part]:
    """Parts (rows, columns) of `image` (rows x columns x 3), tight around strokes that are not `covered`, the plainest first."""
    if min(image.shape[:2]) < _SIZES[1] // 4:
        return []
    kept: list[Part] = []
    maps = [_standing_out(strokes(channel)) for channel in channels(image)]
    for near in _NEAR:
        found = [one for over in maps for one in _joined(over, (over >= _OVER_NOISE) & ~covered, near)]
        for _, part in sorted(found, key=lambda one: -one[0]):
            if len(kept) < _MOST and not any(_meets(part, other) for other in kept):
                kept.append(part)
    return kept


def _standing_out(out: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How many times as far a pixel stands out as is usual around it."""
    small = cv2.resize(out, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    usual = cv2.resize(cv2.medianBlur(small, _AROUND // 4 | 1), out.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(out / np.maximum(usual, _LEAST / _OVER_NOISE), np.float32)


def _joined(over: NDArray[np.float32], there: NDArray[np.bool_], near: int) -> Iterator[tuple[float, Part]]:
    joined = cv2.morphologyEx(there.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((near, near), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    for x, y, w, h, _ in stats[1:count].tolist():
        if _SIZES[0] <= min(w, h) <= _SIZES[1] and max(w, h) <= _LONGEST:
            part = slice(y, y + h), slice(x, x + w)
            yield float(np.percentile(over[part], 90)), part


def _meets(part: Part, other: Part) -> bool:
    return all(one.start < two.stop and two.start < one.stop for one, two in zip(part, other, strict=True))
