"""CT slices of cylinders of water whose diameter is known, stored in the ways scanners store them."""

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, ExplicitVRLittleEndian

from tests.dose.builders import ROOT

SPACING = 2.0
PIXELS = 256


def cylinder(diameter_mm: float, *, hu: float = 0.0, aside_mm: float = 0.0) -> NDArray[np.float64]:
    """A round slice of `hu` in air, its centre `aside_mm` to the right of the middle."""
    y, x = np.mgrid[:PIXELS, :PIXELS] * SPACING - (PIXELS - 1) / 2 * SPACING
    return np.where(np.hypot(x - aside_mm, y) <= diameter_mm / 2, hu, -1000.0)


def slice_of(
    hu: NDArray[np.float64], z_mm: float, number: int = 1, *, signed: bool = False, **header: object
) -> Dataset:
    """A CT slice at a place along the patient, 1 mm thick: 12 bits from -1024 HU, or 16 signed ones."""
    ds = _plain(CTImageStorage, number)
    ds.ImageType, ds.InstanceNumber, ds.AcquisitionNumber = ["ORIGINAL", "PRIMARY", "AXIAL"], number, 1
    ds.CTDIvol, ds.KVP, ds.SliceThickness, ds.PixelSpacing = 10.0, "120", "1", [str(SPACING), str(SPACING)]
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, z_mm], [1, 0, 0, 0, 1, 0]
    ds.RescaleSlope, ds.RescaleIntercept = ("1", "0") if signed else ("1", "-1024")
    _pixels(ds, hu if signed else hu + 1024, signed)
    for keyword, value in header.items():
        setattr(ds, keyword, value)
    return ds


def enhanced(slices: list[NDArray[np.float64]]) -> Dataset:
    """An enhanced CT of frames 5 mm apart."""
    ds = _plain(EnhancedCTImageStorage, 1)
    ds.ImageType, ds.NumberOfFrames = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], len(slices)
    exposure, measures, values = Dataset(), Dataset(), Dataset()
    exposure.CTDIvol = 10.0
    measures.PixelSpacing, measures.SliceThickness = [SPACING, SPACING], 5
    values.RescaleSlope, values.RescaleIntercept, values.RescaleType = 1, -1024, "HU"
    shared = Dataset()
    shared.CTExposureSequence, shared.PixelMeasuresSequence = [exposure], [measures]
    shared.PixelValueTransformationSequence = [values]
    ds.SharedFunctionalGroupsSequence = [shared]
    ds.PerFrameFunctionalGroupsSequence = []
    for number in range(len(slices)):
        place, frame = Dataset(), Dataset()
        place.ImagePositionPatient = [0, 0, 5.0 * number]
        frame.PlanePositionSequence = [place]
        ds.PerFrameFunctionalGroupsSequence.append(frame)
    _pixels(ds, np.stack(slices) + 1024, False)
    return ds


def _plain(kind: str, number: int) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = kind, f"{ROOT}.88.3.{number}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.Modality = f"{ROOT}.88.1", f"{ROOT}.88.2", "CT"
    ds.StudyDate, ds.PatientID = "20240310", "PAT88"
    return ds


def _pixels(ds: Dataset, values: NDArray[np.float64], signed: bool) -> None:
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = PIXELS, PIXELS, 1, "MONOCHROME2"
    ds.BitsAllocated, ds.PixelRepresentation = 16, int(signed)
    ds.BitsStored, ds.HighBit = (16, 15) if signed else (12, 11)
    ds.PixelData = values.astype("<i2" if signed else "<u2").tobytes()
