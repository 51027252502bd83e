"""A slice as a scanner makes it in, whether it shows strokes like writing out. Called by `worker.py` and the child. Needs numpy only.

A scanner blurs: what it sees rises and falls over pixels, and thin bright or dark lines do not stand side by side by the dozen. Burned-in
writing does: steep on both sides, some pixels wide, many in a row, many rows in a block. Tiles are counted for such strokes, along rows and
along columns. A slice that shows a dense tile is looked at in earnest; a wrong suspicion costs that look and nothing else.
"""

import numpy as np
from numpy.typing import NDArray

from dicomlake.dicom import RawInstance, give_back
from dicomlake.pixels.frames import Stored, frames_of
from dicomlake.pixels.picture import Picture

_STEEP = 0.22  # of the slice's range of values, within two pixels
_WIDEST = 8  # pixels of a stroke
_TILE = (8, 32)
_DENSE = 12  # stroke starts in a tile; slices of real scanners show 4 to 9 at 512 pixels, writing 17 and more


def native_needs_a_look(raw: RawInstance, picture: Picture) -> bool:
    """The same for all frames of an object that stores them natively."""
    frames = frames_of(raw, picture)
    for index in range(len(frames)):
        if needs_a_look(frames.frame(index), picture):
            return True
        give_back(frames.native)
    return False


def needs_a_look(frame: Stored, picture: Picture) -> bool:
    """Whether a frame (rows x columns of stored values) may carry writing, in its samples or in the unused bits of its cells."""
    if picture.samples != 1:
        return True
    return _has_foreign_bits(frame, picture) or densest(frame, picture) >= _DENSE


def _has_foreign_bits(frame: Stored, picture: Picture) -> bool:
    unused = picture.unused_bits
    if not unused or picture.encapsulated or picture.allocated not in (8, 16, 32):
        return False
    cells = frame.view(f"<u{picture.allocated // 8}")
    foreign = cells & np.array(unused, np.int64).astype(cells.dtype)
    if not foreign.any():
        return False
    if not picture.signed:
        return True
    sign = (cells >> np.array(picture.high_bit).astype(cells.dtype)) & 1
    above = np.array(unused & ~((1 << picture.high_bit) - 1), np.int64).astype(cells.dtype)
    return not np.array_equal(foreign, sign * above)


def densest(frame: Stored, picture: Picture) -> int:
    """Stroke starts in the densest tile."""
    values = frame.astype(np.float32)
    low, high = np.percentile(values[::3, ::3], (0.5, 99.5))
    span = float(high - low) or float(np.ptp(values))
    if not span or min(values.shape) < 12:
        return 0
    return max(_count(one, _STEEP * span) for one in (values, np.ascontiguousarray(values.T)))


def _count(values: NDArray[np.float32], step: float) -> int:
    slope = values[:, 2:] - values[:, :-2]
    up, down = slope > step, slope < -step
    most = 0
    for first, second in ((up, down), (down, up)):
        near = np.zeros_like(second)
        for width in range(1, _WIDEST + 1):
            near[:, :-width] |= second[:, width:]
        strokes = first & near
        starts = strokes[:, 1:] & ~strokes[:, :-1]
        most = max(most, _fullest(starts))
    return most


def _fullest(starts: NDArray[np.bool_]) -> int:
    """The largest count in tiles that overlap by half."""
    rows, columns = (side // 2 for side in _TILE)
    high, wide = starts.shape[0] // rows, starts.shape[1] // columns
    if high < 2 or wide < 2:
        return int(starts.sum())
    counts = starts[: high * rows, : wide * columns].reshape(high, rows, wide, columns).sum(axis=(1, 3))
    whole = counts[:-1, :-1] + counts[1:, :-1] + counts[:-1, 1:] + counts[1:, 1:]
    return int(whole.max())
