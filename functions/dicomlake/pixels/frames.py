"""The encoded pixel data of an object in, its frames out, one at a time, as stored. Runs in the child (`child.py`) only.

A frame is rows x columns (x samples), in the integers the header says, not converted: not windowed, not mapped, not turned to RGB. Where a
code stream contradicts the header about its size, it is refused before memory is spent on it.
"""

import struct
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomlake.dicom import RawInstance
from dicomlake.dicom.elements import PIXEL_DATA
from dicomlake.errors import Code, PermanentError
from dicomlake.pixels.picture import Picture

Stored = NDArray[Any]

RLE = "1.2.840.10008.1.2.5"
_JPEG = "1.2.840.10008.1.2.4."
BASELINE, EXTENDED, LOSSLESS_14, LOSSLESS = (_JPEG + end for end in ("50", "51", "57", "70"))
LS_LOSSLESS, LS_NEAR = _JPEG + "80", _JPEG + "81"
J2K_LOSSLESS, J2K = _JPEG + "90", _JPEG + "91"
HTJ2K = frozenset(_JPEG + end for end in ("201", "202", "203"))
J2K_FAMILY = HTJ2K | {J2K_LOSSLESS, J2K}
DCT_FAMILY = frozenset((BASELINE, EXTENDED))
DECODABLE = J2K_FAMILY | DCT_FAMILY | {RLE, LOSSLESS_14, LOSSLESS, LS_LOSSLESS, LS_NEAR}


@dataclass(frozen=True)
class Frames:
    """The frames of one object. `encoded` are the code streams (encapsulated), `native` the value of PixelData (native)."""

    picture: Picture
    encoded: tuple[bytes, ...] = ()
    native: memoryview = memoryview(b"")  # noqa: RUF009  # empty

    def __len__(self) -> int:
        return self.picture.frames

    def key(self, index: int) -> bytes:
        """Equal for frames with equal bytes."""
        return self.encoded[index] if self.encoded else bytes(self._piece(index))

    def frame(self, index: int) -> Stored:
        """One frame as stored. Raises PermanentError: corrupt, unsupported."""
        if self.encoded:
            return decode(self.encoded[index], self.picture)
        return unpack(self._piece(index), self.picture)

    def _piece(self, index: int) -> memoryview:
        bits = frame_bits(self.picture)
        if bits % 8:  # frames of single bits follow each other without a gap
            return memoryview(_bits(self.native, index * bits, bits))
        return self.native[index * bits // 8 : (index + 1) * bits // 8]


def frames_of(raw: RawInstance, picture: Picture) -> Frames:
    """Locate the frames. Raises PermanentError: corrupt when fewer are there than the header says, unsupported."""
    _, _, _, value, end, _ = raw.index[PIXEL_DATA]
    view = memoryview(raw.buffer)[value:end]
    if not picture.encapsulated:
        if len(view) * 8 < frame_bits(picture) * picture.frames:
            raise PermanentError(Code.CORRUPT, "pixel_data_truncated")
        return Frames(picture, native=view)
    if picture.syntax not in DECODABLE:
        raise PermanentError(Code.UNSUPPORTED, "transfer_syntax")
    return Frames(picture, tuple(_code_streams(raw, bytes(view), picture)))


def frame_bits(picture: Picture) -> int:
    """The size of a native frame."""
    samples = 2 if picture.halved else picture.samples
    return picture.rows * picture.columns * samples * picture.allocated


def _bits(native: memoryview, start: int, count: int) -> bytes:
    bits = np.unpackbits(np.frombuffer(native, np.uint8), bitorder="little")[start : start + count]
    return np.packbits(bits, bitorder="little").tobytes()


def _code_streams(raw: RawInstance, value: bytes, picture: Picture) -> Iterator[bytes]:
    from pydicom.encaps import generate_frames

    offsets, lengths = raw.value(0x7FE00001), raw.value(0x7FE00002)
    extended = (offsets, lengths) if offsets and lengths else None
    try:
        found = list(generate_frames(value, number_of_frames=picture.frames, extended_offsets=extended))
    except (ValueError, struct.error, EOFError):
        raise PermanentError(Code.CORRUPT, "frames_absent") from None
    if len(found) != picture.frames or not all(found):
        raise PermanentError(Code.CORRUPT, "frames_absent")
    return iter(found)


def sample_values(frame: Stored, picture: Picture) -> Stored:
    """Values without what else stands in their cells (PS3.5 8.1.1)."""
    if not picture.unused_bits or picture.allocated == 1 or picture.encapsulated:
        return frame
    shift = picture.high_bit + 1 - picture.stored
    values = (frame.astype(np.int64) >> shift) & ((1 << picture.stored) - 1)
    if picture.signed:
        values = np.where(values >> (picture.stored - 1), values - (1 << picture.stored), values)
    return values.astype(np.int32 if picture.allocated <= 16 else np.int64)


def values_of(raw: RawInstance, picture: Picture, frames: Sequence[int]) -> list[Stored]:
    """Sample values of some frames. Raises PermanentError."""
    found = frames_of(raw, picture)
    return [sample_values(found.frame(index), picture) for index in frames]


def unpack(piece: "memoryview | bytes", picture: Picture) -> Stored:
    """A native frame."""
    rows, columns = picture.rows, picture.columns
    if picture.allocated == 1:
        bits = np.unpackbits(np.frombuffer(piece, np.uint8), bitorder="little")
        return bits[: rows * columns].reshape(rows, columns)
    values = np.frombuffer(piece, picture.dtype)
    if picture.halved:
        return _full(values, rows, columns)
    if picture.planar:
        return values.reshape(picture.samples, rows, columns).transpose(1, 2, 0)
    return values.reshape(picture.shape)


def _full(values: Stored, rows: int, columns: int) -> Stored:
    """Y Y Cb Cr per two pixels to a sample of each per pixel."""
    if columns % 2:
        raise PermanentError(Code.CORRUPT, "chroma_contradicts_columns")
    pairs = values.reshape(rows, columns // 2, 4)
    out = np.empty((rows, columns, 3), values.dtype)
    out[:, 0::2, 0], out[:, 1::2, 0] = pairs[..., 0], pairs[..., 1]
    out[..., 1:] = np.repeat(pairs[..., 2:], 2, axis=1)
    return out


def decode(stream: bytes, picture: Picture) -> Stored:
    """One code stream. Raises PermanentError(corrupt) for what its decoder does not take or what contradicts the header."""
    if picture.syntax != RLE:
        stream = unwrapped(stream)
        _check_stream(stream, picture)
        _refuse_deep_jpeg(stream, picture)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = _decoder(picture, stream)(stream, picture)
        except (
            ValueError,
            RuntimeError,
            OSError,
            TypeError,
            AttributeError,
            IndexError,
            NotImplementedError,
            struct.error,
        ):
            raise PermanentError(Code.CORRUPT, "code_stream_not_decodable") from None
    if found.shape != picture.shape:
        raise PermanentError(Code.CORRUPT, "code_stream_contradicts_header")
    return found


def unwrapped(stream: bytes) -> bytes:
    """The code stream of JPEG 2000 that some writers put into a file of its own, a JP2 (ISO 15444-1 annex I); any other stream as it is."""
    if stream[4:8] != b"jP  ":
        return stream
    pos = 0
    while pos + 8 <= len(stream):
        length, head = int.from_bytes(stream[pos : pos + 4], "big"), 8
        if length == 1:
            length, head = int.from_bytes(stream[pos + 8 : pos + 16], "big"), 16
        if stream[pos + 4 : pos + 8] == b"jp2c":
            return stream[pos + head : pos + length if length else None]
        if length < head:
            break
        pos += length
    raise PermanentError(Code.CORRUPT, "code_stream_not_decodable")


def _refuse_deep_jpeg(stream: bytes, picture: Picture) -> None:
    """JPEG with DCT of more than 8 bits is sound, but no decoder here takes it. Raises PermanentError(unsupported)."""
    if picture.syntax not in DCT_FAMILY:
        return
    if any(marker in (0xC0, 0xC1, 0xC2) and body[:1] > b"\x08" for marker, body in segments(stream)):
        raise PermanentError(Code.UNSUPPORTED, "transfer_syntax")


def _decoder(picture: Picture, stream: bytes) -> Callable[[bytes, Picture], Stored]:
    if picture.syntax in J2K_FAMILY:
        return _openjpeg
    eight_bits = any(0xC0 <= marker <= 0xCF and body[:1] == b"\x08" for marker, body in segments(stream))
    return _pillow if picture.syntax in DCT_FAMILY and eight_bits else _pydicom


def _pillow(stream: bytes, picture: Picture) -> Stored:
    """Grey, or RGB whatever the stream holds."""
    from io import BytesIO

    from PIL import Image

    with Image.open(BytesIO(stream), formats=["JPEG"]) as image:
        return np.asarray(image.convert("RGB" if picture.samples == 3 else "L"))


def _openjpeg(stream: bytes, picture: Picture) -> Stored:
    import openjpeg.utils

    found: Stored = openjpeg.utils.decode(stream)
    if found.ndim == 3 and picture.samples == 1:
        found = found[..., 0]
    # What counts is the sign the header gives to the stored bits (PS3.5 8.2.4).
    return _signed(found.astype(np.int64), picture)


def _signed(values: NDArray[np.int64], picture: Picture) -> Stored:
    values = values & ((1 << picture.stored) - 1)
    if picture.signed:
        values = np.where(values >> (picture.stored - 1), values - (1 << picture.stored), values)
    return values.astype(picture.dtype)


def _pydicom(stream: bytes, picture: Picture) -> Stored:
    from pydicom.encaps import encapsulate
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import UID

    options: dict[str, Any] = {
        "rows": picture.rows,
        "columns": picture.columns,
        "number_of_frames": 1,
        "samples_per_pixel": picture.samples,
        "photometric_interpretation": picture.photometric,
        "pixel_representation": int(picture.signed),
        "bits_allocated": picture.allocated,
        "bits_stored": picture.stored,
        "planar_configuration": int(picture.planar),
        "pixel_keyword": "PixelData",
    }
    one = encapsulate([stream], has_bot=False)
    array, _ = get_decoder(UID(picture.syntax)).as_array(one, index=0, raw=True, validate=False, **options)
    return np.asarray(array)


def _check_stream(stream: bytes, picture: Picture) -> None:
    size = stream_size(stream)
    if size is None:
        raise PermanentError(Code.CORRUPT, "code_stream_not_decodable")
    if size != (picture.rows, picture.columns, picture.samples):
        raise PermanentError(Code.CORRUPT, "code_stream_contradicts_header")


def stream_size(stream: bytes) -> tuple[int, int, int] | None:
    """(rows, columns, components) a JPEG, JPEG-LS or JPEG 2000 code stream states; None when it states none."""
    if stream[:4] == b"\xff\x4f\xff\x51" and len(stream) >= 42:
        x1, y1, x0, y0 = struct.unpack(">IIII", stream[8:24])
        return y1 - y0, x1 - x0, int.from_bytes(stream[40:42], "big")
    for marker, body in segments(stream):
        if (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)) or marker == 0xF7:
            if len(body) < 6:
                return None
            rows, columns = struct.unpack(">HH", body[1:5])
            return rows, columns, body[5]
    return None


def segments(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """The marker segments of a JPEG before its first scan, as (marker, body)."""
    pos = 2
    if stream[:2] != b"\xff\xd8":
        return
    while pos + 4 <= len(stream) and stream[pos] == 0xFF:
        marker, length = stream[pos + 1], int.from_bytes(stream[pos + 2 : pos + 4], "big")
        if marker == 0xFF:
            pos += 1
            continue
        yield marker, stream[pos + 4 : pos + 2 + length]
        if marker == 0xDA or length < 2:
            return
        pos += 2 + length
