"""A stored frame in, 8-bit RGB pictures as a person could set them out. Called by `find.py` and `sheet.py`.

Text may hide in a narrow range of values: the three channels of a grey picture are three windows (full range, the header's or the middle
of the values, the darker half), so that one look sees all of them.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from dicomlake.pixels.detector import Image
from dicomlake.pixels.frames import Stored, sample_values
from dicomlake.pixels.picture import Picture

_NARROW = 96


def look(frame: Stored, picture: Picture) -> Image:
    """The frame as rows x columns x 3, for the detector."""
    if picture.photometric == "PALETTE COLOR":
        return _mapped(frame, picture)
    if picture.samples == 3:
        return _coloured(frame, picture)
    values = sample_values(frame, picture)
    full = _between(values, *_range(values))
    low, high = np.percentile(values[::2, ::2], (1, 99))
    if picture.window is not None and picture.stored > 8:
        low, high = picture.window
    channels = [full, _between(values, low, high), full]
    if picture.stored > 8:
        bottom, middle = np.percentile(values[::2, ::2], (0.1, 60))
        channels[2] = _between(values, bottom, middle) if middle > bottom else full
    elif high - low >= _NARROW:
        channels[1] = full  # a wide range needs no second window
    shown = np.stack(channels, axis=2)
    return 255 - shown if picture.photometric == "MONOCHROME1" else shown


def person(frame: Stored, picture: Picture) -> Image:
    """The frame as a viewer shows it."""
    if picture.photometric == "PALETTE COLOR" or picture.samples == 3:
        return look(frame, picture)
    values = sample_values(frame, picture)
    low, high = picture.window or tuple(np.percentile(values[::2, ::2], (0.5, 99.9)))
    grey = _between(values, low, high)
    return np.repeat((255 - grey if picture.photometric == "MONOCHROME1" else grey)[..., None], 3, axis=2)


def turned(image: Image) -> Image:
    """The same seen otherwise: set on its side, light and dark exchanged."""
    return np.ascontiguousarray(np.rot90(255 - image))


def spread_out(image: Image) -> Image:
    """The same with the range of each channel spread over all shades."""
    low, high = (np.percentile(image, share, axis=(0, 1)).astype(np.float32) for share in (1, 99))
    spread = (image.astype(np.float32) - low) * (255.0 / np.maximum(high - low, 1.0))
    return np.asarray(np.clip(spread, 0, 255), np.uint8)


def _range(values: Stored) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _between(values: Stored, low: float, high: float) -> NDArray[np.uint8]:
    if high <= low:
        return np.asarray((values > low) * 255, np.uint8)
    if values.dtype == np.uint8 and (low, high) == (0, 255):
        return np.asarray(values, np.uint8)
    scaled = (values.astype(np.float32) - low) * (255.0 / (high - low))
    return np.asarray(np.clip(scaled, 0, 255), np.uint8)


def _mapped(frame: Stored, picture: Picture) -> Image:
    assert picture.palette is not None, "checked by picture_of"
    indices = sample_values(frame, picture).astype(np.int64) - picture.palette_start
    return np.asarray(picture.palette[np.clip(indices, 0, len(picture.palette) - 1)], np.uint8)


def _coloured(frame: Stored, picture: Picture) -> Image:
    values = frame if frame.dtype == np.uint8 else _between(frame, 0, float((1 << picture.stored) - 1))
    if picture.is_ybr and not picture.decodes_to_rgb:  # OpenCV wants Cr before Cb
        values = np.asarray(cv2.cvtColor(np.ascontiguousarray(values[..., [0, 2, 1]]), cv2.COLOR_YCrCb2RGB), np.uint8)
    spread = int(np.percentile(values[::4, ::4], 99.5)) - int(np.percentile(values[::4, ::4], 0.5))
    if 0 < spread < _NARROW:
        values = _between(values, float(values.min()), float(values.max()))
    return np.ascontiguousarray(values)
