"""Frames and a mask in, new pixel data in the same transfer syntax out. Called by `clean.py`.

| stored as | becomes | outside the mask |
|---|---|---|
| native, RLE, JPEG-LS lossless, JPEG 2000 lossless | the same | bit-identical |
| JPEG baseline, extended (8 bits) | the same, blocks replaced | the same coefficients |
| JPEG 2000 lossy, JPEG-LS near-lossless | the lossless form of the same code | what the lossy stream decodes to; its history is kept |
| JPEG lossless, JPEG extended (12 bits), High-Throughput JPEG 2000 | JPEG 2000 lossless | bit-identical to what it decodes to |
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from dicomlake.dicom import RawInstance
from dicomlake.errors import Code, PermanentError
from dicomlake.pixels import jpeg
from dicomlake.pixels.blank import blanked, tidied
from dicomlake.pixels.find import Mask
from dicomlake.pixels.frames import (
    BASELINE,
    DCT_FAMILY,
    EXTENDED,
    J2K,
    J2K_FAMILY,
    J2K_LOSSLESS,
    LS_LOSSLESS,
    LS_NEAR,
    RLE,
    Frames,
    Stored,
    frame_bits,
    segments,
    unwrapped,
)
from dicomlake.pixels.picture import Picture

Attributes = Mapping[str, str | int | tuple[str, ...]]
_METHODS = {J2K: "ISO_15444_1", LS_NEAR: "ISO_14495_1", EXTENDED: "ISO_10918_1", BASELINE: "ISO_10918_1"}


@dataclass(frozen=True)
class Rewritten:
    """New frames, how they are stored (`picture`), what of the header follows, and the mask as it was painted (whole JPEG units)."""

    frames: Frames
    mask: Mask
    attributes: Attributes = field(default_factory=dict)
    changed: bool = True

    @property
    def picture(self) -> Picture:
        """How the new frames are stored."""
        return self.frames.picture

    def data(self) -> bytes:
        """The new value of PixelData."""
        from pydicom.encaps import encapsulate

        if not self.picture.encapsulated:
            return bytes(self.frames.native)
        return encapsulate(list(self.frames.encoded), has_bot=True)


def rewrite(frames: Frames, mask: Mask, raw: RawInstance) -> Rewritten:
    """Paint over `mask` in all frames. Raises PermanentError(unsupported)."""
    picture = frames.picture
    if not picture.encapsulated:
        return _native(frames, mask)
    if edits_blocks(frames):
        return _blocks(frames, mask)
    if not mask.any():
        kept = tuple(_uncommented(stream, picture) for stream in frames.encoded)
        tidy = picture.syntax != RLE or all(_is_tidy(frames, index) for index in range(len(frames)))
        if tidy:
            return Rewritten(replace(frames, encoded=kept), mask, changed=kept != frames.encoded)
    new, attributes = _lossless(picture, raw)
    streams = tuple(_encoded(blanked(_tidy(frames, index), mask, picture), new) for index in range(len(frames)))
    return Rewritten(Frames(new, streams), mask, attributes)


def edits_blocks(frames: Frames) -> bool:
    """Whether the frames are JPEG whose blocks can be replaced one by one."""
    if frames.picture.syntax not in DCT_FAMILY:
        return False
    return all(
        body[:1] == b"\x08"
        for stream in frames.encoded
        for marker, body in segments(stream)
        if marker in (0xC0, 0xC1, 0xC2)
    )


def _tidy(frames: Frames, index: int) -> Stored:
    frame = frames.frame(index)
    return tidied(frame, frames.picture) if frames.picture.syntax == RLE else frame


def _is_tidy(frames: Frames, index: int) -> bool:
    frame = frames.frame(index)
    return tidied(frame, frames.picture) is frame


def _native(frames: Frames, mask: Mask) -> Rewritten:
    picture = frames.picture
    if picture.halved:  # two pixels share their chroma
        pairs = mask.reshape(picture.rows, -1, 2).any(2)
        mask = np.repeat(pairs, 2, axis=1)
    data, changed = bytearray(frames.native), False
    bits = frame_bits(picture)
    for index in range(len(frames)):
        old = frames.frame(index)
        new = blanked(tidied(old, picture), mask, picture)
        if not np.array_equal(new, old):
            changed = True
            _put(data, index * bits, packed(new, picture), bits)
    return Rewritten(replace(frames, native=memoryview(data)), mask, changed=changed)


def _put(data: bytearray, start: int, piece: bytes, bits: int) -> None:
    if start % 8 == 0 and bits % 8 == 0:
        data[start // 8 : (start + bits) // 8] = piece
        return
    whole = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    whole[start : start + bits] = np.unpackbits(np.frombuffer(piece, np.uint8), bitorder="little")[:bits]
    data[:] = np.packbits(whole, bitorder="little").tobytes()


def packed(frame: Stored, picture: Picture) -> bytes:
    """A frame as native pixel data hold it; the way back from `frames.unpack`."""
    if picture.allocated == 1:
        return np.packbits(frame.astype(np.uint8).ravel(), bitorder="little").tobytes()
    if picture.halved:
        out = np.empty((picture.rows, picture.columns // 2, 4), frame.dtype)
        out[..., 0], out[..., 1], out[..., 2:] = frame[:, 0::2, 0], frame[:, 1::2, 0], frame[:, 0::2, 1:]
        return out.tobytes()
    return (frame.transpose(2, 0, 1) if picture.planar else frame).tobytes()


def _blocks(frames: Frames, mask: Mask) -> Rewritten:
    size = (8, 8)
    for stream in set(frames.encoded) if mask.any() else ():
        high, wide = jpeg.unit(stream)
        size = max(size[0], high), max(size[1], wide)
    mask = jpeg.in_units(mask, size) if mask.any() else mask
    paint = (lambda stream: jpeg.painted(stream, mask)) if mask.any() else jpeg.stripped
    new = {stream: paint(stream) for stream in set(frames.encoded)}
    streams = tuple(new[stream] for stream in frames.encoded)
    return Rewritten(replace(frames, encoded=streams), mask, changed=streams != frames.encoded)


def _lossless(picture: Picture, raw: RawInstance) -> tuple[Picture, Attributes]:
    """How the picture is stored from now on, and what the header must say of it."""
    attributes: dict[str, str | int | tuple[str, ...]] = {}
    syntax, photometric = picture.syntax, picture.photometric
    if syntax in (LS_LOSSLESS, LS_NEAR):
        syntax = LS_LOSSLESS
    elif syntax != RLE:
        syntax = J2K_LOSSLESS
    if syntax == J2K_LOSSLESS and picture.samples == 3:
        photometric = (
            "YBR_RCT" if photometric in ("YBR_RCT", "YBR_ICT") else "RGB" if picture.decodes_to_rgb else photometric
        )
        photometric = "YBR_FULL" if photometric == "YBR_FULL_422" else photometric
    if photometric != picture.photometric:
        attributes["PhotometricInterpretation"] = photometric
    planar = picture.planar and syntax == RLE
    if picture.planar and not planar:
        attributes["PlanarConfiguration"] = 0
    lossy = _METHODS.get(picture.syntax)
    if lossy and raw.first("LossyImageCompression") != "00":
        attributes["LossyImageCompression"] = "01"
        if raw.first("LossyImageCompressionMethod") is None:
            attributes["LossyImageCompressionMethod"] = lossy
    new = replace(picture, syntax=syntax, photometric=photometric, planar=planar)
    if picture.high_bit + 1 != picture.stored and syntax != RLE:
        attributes["HighBit"] = picture.stored - 1
        new = replace(new, high_bit=picture.stored - 1)
    return new, attributes


def _encoded(frame: Stored, picture: Picture) -> bytes:
    frame = np.ascontiguousarray(frame)
    if picture.syntax == J2K_LOSSLESS:
        return _openjpeg(frame, picture)
    if picture.syntax == LS_LOSSLESS:
        return _charls(frame, picture)
    assert picture.syntax == RLE, "all others have been turned into one of the three"
    return _rle(frame, picture)


def _openjpeg(frame: Stored, picture: Picture) -> bytes:
    import openjpeg.utils

    transform = picture.photometric == "YBR_RCT"
    try:
        return bytes(
            openjpeg.utils.encode_array(
                frame,
                bits_stored=picture.stored,
                photometric_interpretation=1 if transform else 2 if picture.samples == 1 else 0,
                use_mct=transform,
            )
        )
    except (RuntimeError, ValueError, TypeError):
        raise PermanentError(Code.UNSUPPORTED, "not_to_be_encoded") from None


def _charls(frame: Stored, picture: Picture) -> bytes:
    import jpeg_ls

    cells = frame.view(f"<u{frame.dtype.itemsize}") & np.array((1 << picture.stored) - 1).astype(
        f"<u{frame.dtype.itemsize}"
    )
    try:
        return bytes(
            jpeg_ls.encode_buffer(
                cells.tobytes(),
                rows=picture.rows,
                columns=picture.columns,
                samples_per_pixel=picture.samples,
                bits_stored=picture.stored,
                lossy_error=0,
                interleave_mode=0 if picture.samples == 1 else 2,
            )
        )
    except (RuntimeError, ValueError, TypeError):
        raise PermanentError(Code.UNSUPPORTED, "not_to_be_encoded") from None


def _rle(frame: Stored, picture: Picture) -> bytes:
    from pydicom.pixels.encoders.base import RLELosslessEncoder

    return RLELosslessEncoder.encode(
        frame.tobytes(),
        rows=picture.rows,
        columns=picture.columns,
        samples_per_pixel=picture.samples,
        number_of_frames=1,
        bits_allocated=picture.allocated,
        bits_stored=picture.stored,
        pixel_representation=int(picture.signed),
        photometric_interpretation=picture.photometric,
        planar_configuration=0,
    )


def _uncommented(stream: bytes, picture: Picture) -> bytes:
    """The stream without comments, which may say anything. Those of JPEG 2000 stand in its main header (ISO 15444-1 A.9.2)."""
    if picture.syntax not in J2K_FAMILY:
        return stream if picture.syntax == RLE else jpeg.stripped(stream)
    whole, stream = stream, unwrapped(stream)  # what stands around it may say anything, too
    pos, parts, left_out = 2, [stream[:2]], stream != whole
    while pos + 4 <= len(stream) and stream[pos] == 0xFF and stream[pos + 1] != 0x90:
        length = int.from_bytes(stream[pos + 2 : pos + 4], "big")
        if stream[pos + 1] == 0x64:
            left_out = True
        else:
            parts.append(stream[pos : pos + 2 + length])
        pos += 2 + length
    return b"".join((*parts, stream[pos:])) if left_out else stream
