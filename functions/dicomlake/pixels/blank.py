"""A stored frame and a mask in, the frame with that part black out. Called by `rewrite.py`.

Black is what a viewer shows darkest and what a window made from the picture's own values survives: the lowest value that is there, not the
lowest that could be. MONOCHROME1 is dark at its highest value, a palette where its table is darkest.
"""

import numpy as np

from dicomlake.pixels.find import Mask
from dicomlake.pixels.frames import Stored, sample_values
from dicomlake.pixels.picture import Picture


def black(frame: Stored, picture: Picture) -> Stored:
    """The darkest stored value (per sample) of a frame, as it stands in a pixel cell."""
    if picture.samples == 3:
        middle = 1 << (picture.stored - 1) if picture.is_ybr and not picture.decodes_to_rgb else 0
        return np.array([0, middle, middle], frame.dtype)
    if picture.palette is not None:
        index = int(picture.palette.astype(np.int64).sum(1).argmin()) + picture.palette_start
        return np.array(_cell(index, picture), np.int64).astype(frame.dtype)
    values = sample_values(frame, picture)
    darkest = values.max() if picture.photometric == "MONOCHROME1" else values.min()
    return np.array(_cell(int(darkest), picture), np.int64).astype(frame.dtype)


def _cell(value: int, picture: Picture) -> int:
    if picture.encapsulated or picture.high_bit + 1 == picture.stored:
        return value
    return value << (picture.high_bit + 1 - picture.stored)


def blanked(frame: Stored, mask: Mask, picture: Picture) -> Stored:
    """A copy with the masked part black."""
    out = frame.copy()
    out[mask] = black(frame, picture)
    return out


def tidied(frame: Stored, picture: Picture) -> Stored:
    """The frame without foreign content in the unused bits of its cells, such as an embedded overlay with a name (PS3.5 8.1.2).

    The same array where those bits hold nothing but zeros or the sign.
    """
    unused = picture.unused_bits
    if not unused or picture.allocated == 1 or picture.samples != 1:
        return frame
    cells = frame.view(f"<u{picture.allocated // 8}")
    foreign = cells & np.array(unused, np.int64).astype(cells.dtype)
    if not foreign.any():
        return frame
    if picture.signed and picture.high_bit + 1 == picture.stored:
        values = sample_values(frame, picture)
        return frame if np.array_equal(values, frame) else values.astype(frame.dtype)
    return np.asarray(cells & ~np.array(unused, np.int64).astype(cells.dtype)).view(frame.dtype)
