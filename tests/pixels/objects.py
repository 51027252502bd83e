"""DICOM objects with pictures of our own in any syntax and form, and readers that are not ours to look at what came out."""

import os
import tempfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames

from dicomlake.dicom import RawInstance, read_raw
from dicomlake.pixels.clean import Cleaned
from tests.dicom.builders import dataset

US, US_MULTI, SC = "1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.3.1", "1.2.840.10008.5.1.4.1.1.7"
EXPLICIT, IMPLICIT, RLE = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.5"
_J = "1.2.840.10008.1.2.4."
BASELINE, LOSSLESS, LS, LS_NEAR, J2K, J2K_LOSSY = _J + "50", _J + "70", _J + "80", _J + "81", _J + "90", _J + "91"


@dataclass(frozen=True)
class Form:
    """How pixels are stored."""

    syntax: str = EXPLICIT
    photometric: str = "MONOCHROME2"
    allocated: int = 8
    stored: int = 8
    high: int | None = None
    signed: bool = False
    planar: int = 0
    subsampling: int = 0
    quality: int = 92


def picture(frames: list[np.ndarray], form: Form = Form(), **attributes: Any) -> bytes:
    """The bytes of an object. `frames` are stored sample values, rows x columns (x 3)."""
    first = frames[0]
    made = dataset(SOPClassUID=US if len(frames) == 1 else US_MULTI, Modality="US", PixelSpacing=None, PixelData=None)
    made.Rows, made.Columns = first.shape[:2]
    made.SamplesPerPixel = 3 if first.ndim == 3 else 1
    made.PhotometricInterpretation = form.photometric
    if made.SamplesPerPixel == 3:
        made.PlanarConfiguration = form.planar
    if len(frames) > 1:
        made.NumberOfFrames = len(frames)
    made.BitsAllocated, made.BitsStored = form.allocated, form.stored
    made.HighBit = form.stored - 1 if form.high is None else form.high
    made.PixelRepresentation = int(form.signed)
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    if form.syntax in (EXPLICIT, IMPLICIT):
        data = b"".join(_native(frame, form) for frame in frames)
        made.add_new("PixelData", "OB" if form.allocated <= 8 else "OW", data + b"\0" * (len(data) % 2))
    else:
        made.add_new("PixelData", "OB", encapsulate([_stream(frame, form) for frame in frames]))
        made["PixelData"].is_undefined_length = True
    return _written(made, form.syntax)


def _written(made: Dataset, syntax: str) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = made.SOPClassUID, made.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    made.file_meta, made.preamble = meta, bytes(128)
    out = BytesIO()
    dcmwrite(out, made, enforce_file_format=True)
    return out.getvalue()


def _native(frame: np.ndarray, form: Form) -> bytes:
    if form.allocated == 1:
        return np.packbits(frame.astype(np.uint8).ravel(), bitorder="little").tobytes()
    if form.photometric == "YBR_FULL_422":
        out = np.empty((frame.shape[0], frame.shape[1] // 2, 4), frame.dtype)
        out[..., 0], out[..., 1], out[..., 2:] = frame[:, ::2, 0], frame[:, 1::2, 0], frame[:, ::2, 1:]
        return out.tobytes()
    return (frame.transpose(2, 0, 1) if form.planar and frame.ndim == 3 else frame).tobytes()


def _stream(frame: np.ndarray, form: Form) -> bytes:
    if form.syntax == BASELINE:
        out = BytesIO()
        options = {"subsampling": form.subsampling} if frame.ndim == 3 else {}
        Image.fromarray(frame).save(out, "JPEG", quality=form.quality, comment=b"Zubiri^Amaia", **options)
        return out.getvalue()
    if form.syntax in (J2K, J2K_LOSSY):
        import openjpeg.utils

        ratios = {"compression_ratios": [6]} if form.syntax == J2K_LOSSY else {}
        kind = 1 if form.photometric in ("YBR_RCT", "YBR_ICT") else 2 if frame.ndim == 2 else 0
        return bytes(
            openjpeg.utils.encode_array(
                frame, bits_stored=form.stored, photometric_interpretation=kind, use_mct=kind == 1, **ratios
            )
        )
    if form.syntax in (LS, LS_NEAR):
        import jpeg_ls

        cells = frame.view(f"u{frame.itemsize}") & ((1 << form.stored) - 1)
        return bytes(
            jpeg_ls.encode_buffer(
                cells.tobytes(), rows=frame.shape[0], columns=frame.shape[1], samples_per_pixel=1 if frame.ndim == 2 else 3,
                bits_stored=form.stored, lossy_error=2 if form.syntax == LS_NEAR else 0, interleave_mode=0 if frame.ndim == 2 else 2,
            )
        )  # fmt: skip
    if form.syntax == RLE:
        from pydicom.pixels.encoders.base import RLELosslessEncoder

        return RLELosslessEncoder.encode(
            frame.tobytes(), rows=frame.shape[0], columns=frame.shape[1], samples_per_pixel=1 if frame.ndim == 2 else 3, number_of_frames=1,
            bits_allocated=form.allocated, bits_stored=form.stored, pixel_representation=int(form.signed),
            photometric_interpretation=form.photometric, planar_configuration=0,
        )  # fmt: skip
    assert form.syntax == LOSSLESS
    return _jpeg_lossless(frame, form)


def _jpeg_lossless(frame: np.ndarray, form: Form) -> bytes:
    """GDCM writes what no permissive library for Python does."""
    import gdcm

    plain = picture([frame], Form(EXPLICIT, form.photometric, form.allocated, form.stored, form.high, form.signed))
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "a"), os.path.join(folder, "b")
        Path(source).write_bytes(plain)
        reader = gdcm.ImageReader()
        reader.SetFileName(source)
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer = gdcm.ImageWriter()
        writer.SetFileName(target)
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        return next(generate_frames(dcmread(target).PixelData, number_of_frames=1))


def with_picture(original: bytes, cleaned: Cleaned) -> bytes:
    """The original with the cleaned picture in place of its own, everything else as it was."""
    made = dcmread(BytesIO(original))
    result = cleaned.result
    assert result is not None
    for keyword, value in result.attributes.items():
        setattr(made, keyword, list(value) if isinstance(value, tuple) else value)
    if not result.changed:
        return original
    made.PixelData = result.data()
    made["PixelData"].VR = "OB" if result.picture.encapsulated or made.BitsAllocated <= 8 else "OW"
    made["PixelData"].is_undefined_length = result.picture.encapsulated
    return _written(made, result.picture.syntax)


def seen_by_gdcm(data: bytes) -> np.ndarray:
    """All sample values as GDCM decodes them: another implementation than those that wrote them."""
    import gdcm

    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        reader = gdcm.ImageReader()
        reader.SetFileName(file.name)
        assert reader.Read(), "GDCM reads the file"
        image = reader.GetImage()
        raw = image.GetBuffer()
        kind = str(image.GetPixelFormat().GetScalarTypeAsString())
        planar = image.GetPlanarConfiguration() == 1
        columns, rows = image.GetDimension(0), image.GetDimension(1)
        samples = image.GetPixelFormat().GetSamplesPerPixel()
    values = np.frombuffer(raw.encode("utf-8", "surrogateescape"), np.dtype(kind.lower()))
    if samples == 1:
        return values.reshape(-1, rows, columns)
    return (
        values.reshape(-1, samples, rows, columns).transpose(0, 2, 3, 1)
        if planar
        else values.reshape(-1, rows, columns, samples)
    )


def raw_of(data: bytes) -> RawInstance:
    """The object as the product reads it."""
    return read_raw(data)
