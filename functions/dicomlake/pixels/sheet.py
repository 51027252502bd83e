"""A picture before and after in, a PNG for a reviewer out: what was there, what is left, the regions framed. Identified side only."""

import cv2
import numpy as np

from dicomlake.pixels.detector import Image
from dicomlake.rules.cleaning import Box

_MAX_SIDE = 1024
_FRAME = (255, 140, 0)


def sheet(before: Image, after: Image | None, regions: tuple[Box, ...]) -> bytes:
    """PNG bytes; `before` with the regions framed, `after` (if there is one) beside it."""
    scale = min(1.0, _MAX_SIDE / max(before.shape[:2]))
    left = _small(before, scale)
    for box in regions:
        x0, y0, x1, y1 = (round(value * scale) for value in box)
        cv2.rectangle(left, (x0 - 1, y0 - 1), (x1, y1), _FRAME, 1)
    parts = [left]
    if after is not None:
        parts += [np.full((left.shape[0], 8, 3), 255, np.uint8), _small(after, scale)]
    done, png = cv2.imencode(".png", cv2.cvtColor(np.hstack(parts), cv2.COLOR_RGB2BGR))
    assert done, "a PNG of these bytes can always be made"
    return png.tobytes()


def _small(image: Image, scale: float) -> Image:
    if scale == 1:
        return image.copy()
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
