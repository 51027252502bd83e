"""The header of an object in, what its picture is out: size, form of the stored values, what is black. Called by all of the room.

What cannot be a picture, is too large to be looked at or is stored in a way nobody here decodes is refused before a pixel is touched.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dicomlake.dicom import RawInstance
from dicomlake.dicom.elements import PIXEL_DATA
from dicomlake.errors import Code, PermanentError
from dicomlake.pixels.palette import palette_of
from dicomlake.rules.cleaning import PictureLimits

_GREY = ("MONOCHROME1", "MONOCHROME2")
_YBR = ("YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT")
_HALVED = ("YBR_FULL_422", "YBR_PARTIAL_422")
_VIDEO = range(100, 110)  # 1.2.840.10008.1.2.4.100 to .109: MPEG2, MPEG-4 and HEVC streams


@dataclass(frozen=True)
class Picture:
    """Stored values as the header describes them (PS3.3 C.7.6.3). `planar`: colour planes one after the other. `slope`, `intercept`,
    `centre` and `width` are the first window's, None without one.
    """

    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    allocated: int
    stored: int
    high_bit: int
    signed: bool
    planar: bool
    syntax: str
    encapsulated: bool
    window: tuple[float, float] | None
    palette: NDArray[np.uint8] | None
    palette_start: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one frame, as decoders give it."""
        return (self.rows, self.columns) if self.samples == 1 else (self.rows, self.columns, self.samples)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Of stored values, little endian."""
        size = max(1, self.allocated // 8)
        return np.dtype(f"<{'i' if self.signed else 'u'}{size}")

    @property
    def is_grey(self) -> bool:
        """One sample that is a shade."""
        return self.photometric in _GREY

    @property
    def is_ybr(self) -> bool:
        """Luminance and two chroma samples."""
        return self.photometric in _YBR

    @property
    def decodes_to_rgb(self) -> bool:
        """Whether decoders hand its colours out as RGB, whatever is stored: those of JPEG (DCT), and of JPEG 2000's own transforms."""
        return self.samples == 3 and (
            self.syntax.endswith((".4.50", ".4.51")) or self.photometric in ("YBR_ICT", "YBR_RCT")
        )

    @property
    def halved(self) -> bool:
        """Chroma stored for every second pixel of a row: native Y Y Cb Cr (PS3.3 C.7.6.3.1.2)."""
        return self.photometric in _HALVED and not self.encapsulated

    @cached_property
    def unused_bits(self) -> int:
        """Mask of the bits of a pixel cell that belong to no sample (PS3.5 8.1.1)."""
        used = ((1 << self.stored) - 1) << (self.high_bit + 1 - self.stored)
        return ((1 << self.allocated) - 1) & ~used


def picture_of(raw: RawInstance, limits: PictureLimits) -> Picture | None:
    """The picture of an object, None when it has none. Raises PermanentError: corrupt, unsupported, resource_limit."""
    element = raw.index.get(PIXEL_DATA)
    if element is None or element[3] == element[4]:
        return None
    number = raw.syntax.uid.rpartition("1.2.840.10008.1.2.4.")[2]
    if number.isdecimal() and int(number) in _VIDEO:
        raise PermanentError(Code.UNSUPPORTED, "video")
    rows, columns = _number(raw, "Rows"), _number(raw, "Columns")
    frames = max(raw.number("NumberOfFrames") or 1, 1)
    allocated = _number(raw, "BitsAllocated")
    stored = raw.number("BitsStored") or allocated
    high = raw.number("HighBit")
    samples = raw.number("SamplesPerPixel") or 1
    photometric = (raw.first("PhotometricInterpretation") or "").upper()
    _check_size(rows, columns, frames, limits)
    _check_form(photometric, samples, allocated, stored, stored - 1 if high is None else high)
    start, palette = palette_of(raw) if photometric == "PALETTE COLOR" else (0, None)
    return Picture(
        rows=rows,
        columns=columns,
        frames=frames,
        samples=samples,
        photometric=photometric,
        allocated=allocated,
        stored=stored,
        high_bit=stored - 1 if high is None else high,
        signed=raw.number("PixelRepresentation") == 1,
        planar=samples > 1 and raw.number("PlanarConfiguration") == 1,
        syntax=raw.syntax.uid,
        encapsulated=raw.syntax.encapsulated,
        window=_window(raw),
        palette=palette,
        palette_start=start,
    )


def _number(raw: RawInstance, keyword: str) -> int:
    value = raw.number(keyword)
    if value is None or value < 1:
        raise PermanentError(Code.CORRUPT, "picture_not_described")
    return value


def _check_size(rows: int, columns: int, frames: int, limits: PictureLimits) -> None:
    if rows > 65535 or columns > 65535:
        raise PermanentError(Code.CORRUPT, "picture_not_described")
    if rows * columns > limits.frame_pixels or frames > limits.frames or rows * columns * frames > limits.pixels:
        raise PermanentError(Code.RESOURCE_LIMIT, "picture_too_large")


def _check_form(photometric: str, samples: int, allocated: int, stored: int, high: int) -> None:
    colour = photometric == "RGB" or photometric in _YBR
    if not colour and photometric not in (*_GREY, "PALETTE COLOR"):
        raise PermanentError(Code.UNSUPPORTED, "photometric_interpretation")
    if samples != (3 if colour else 1):
        raise PermanentError(Code.CORRUPT, "samples_contradict_colour")
    if allocated not in (1, 8, 16, 32) or (colour and allocated not in (8, 16)) or photometric == "YBR_PARTIAL_420":
        raise PermanentError(Code.UNSUPPORTED, "pixel_form")
    if not 1 <= stored <= allocated or not stored - 1 <= high < allocated:
        raise PermanentError(Code.CORRUPT, "bits_contradict")


def _window(raw: RawInstance) -> tuple[float, float] | None:
    """The first window in stored values: (lowest, highest)."""
    try:
        centre, width = float(raw.first("WindowCenter") or "nan"), float(raw.first("WindowWidth") or "nan")
        slope, intercept = float(raw.first("RescaleSlope") or "1"), float(raw.first("RescaleIntercept") or "0")
    except ValueError:
        return None
    if not np.isfinite((centre, width, slope, intercept)).all() or not slope or width < 1:
        return None
    low, high = sorted(((centre - width / 2 - intercept) / slope, (centre + width / 2 - intercept) / slope))
    return low, high
