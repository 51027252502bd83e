"""DICOM objects made on the spot, with synthetic identities only: `instance(patient=1, study=2, PatientName="...")` gives the bytes of a file."""

import struct
from collections.abc import Callable
from io import BytesIO
from typing import Any

from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

CT = "1.2.840.10008.5.1.4.1.1.2"
ROOT = "1.2.826.0.1.3680043.8.498.9"
NAMES = ("Zubiri^Amaia", "Okonkwo^Chidi", "Lindqvist^Astrid", "Moreau^Thibault")


def dataset(patient: int = 1, study: int = 1, series: int = 1, number: int = 1, **attributes: Any) -> Dataset:
    """A CT slice of 4 x 4 pixels; `attributes` replace or add by keyword, None removes one."""
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 100"
    made.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    made.SOPClassUID = CT
    made.SOPInstanceUID = f"{ROOT}.{patient}.{study}.{series}.{number}"
    made.StudyDate = made.SeriesDate = made.AcquisitionDate = made.ContentDate = "20210304"
    made.StudyTime = "081500"
    made.AcquisitionTime = made.ContentTime = "081632.25"
    made.AccessionNumber = f"ACC{7000 + study}"
    made.Modality = "CT"
    made.Manufacturer = "Syntec"
    made.ManufacturerModelName = "Ring 9"
    made.InstitutionName = "Spital Waldkirchen"
    made.StationName = "SCHALTER4"
    made.ReferringPhysicianName = "Brandstetter^Ulrike"
    made.StudyDescription = "Abdomen nativ"
    made.PatientName = NAMES[patient % len(NAMES)]
    made.PatientID = f"PAT{40000 + patient}"
    made.PatientBirthDate = "19480229"
    made.PatientSex = "F"
    made.PatientAge = "073Y"
    made.BodyPartExamined = "ABDOMEN"
    made.SliceThickness = "2.5"
    made.KVP = "120"
    made.DeviceSerialNumber = "SN88213X"
    made.StudyInstanceUID = f"{ROOT}.{patient}.{study}"
    made.SeriesInstanceUID = f"{ROOT}.{patient}.{study}.{series}"
    made.StudyID = "ST5561"
    made.SeriesNumber = series
    made.InstanceNumber = number
    made.FrameOfReferenceUID = f"{ROOT}.{patient}.{study}.99"
    made.SamplesPerPixel = 1
    made.PhotometricInterpretation = "MONOCHROME2"
    made.Rows = made.Columns = 4
    made.PixelSpacing = ["0.5", "0.75"]
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit = 15
    made.PixelRepresentation = 0
    made.PixelData = bytes(range(32))
    made["PixelData"].VR = "OW"
    for keyword, value in attributes.items():
        if value is None:
            del made[keyword]
        else:
            setattr(made, keyword, value)
    return made


def encoded(made: Dataset, syntax: str = ExplicitVRLittleEndian, *, part10: bool = True) -> bytes:
    """The bytes of a data set in a transfer syntax; without preamble, prefix and file meta unless `part10`."""
    out = BytesIO()
    implicit, little = syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian
    if part10:
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = made.get("SOPClassUID", CT)
        meta.MediaStorageSOPInstanceUID = made.get("SOPInstanceUID", ROOT)
        meta.TransferSyntaxUID = syntax
        made.file_meta = meta
        made.preamble = b"II*\0 sent by Brandstetter".ljust(128, b"\0")
        dcmwrite(out, made, enforce_file_format=True, implicit_vr=implicit, little_endian=little)
    else:
        dcmwrite(out, made, implicit_vr=implicit, little_endian=little)
    return out.getvalue()


def instance(
    patient: int = 1,
    study: int = 1,
    series: int = 1,
    number: int = 1,
    *,
    syntax: str = ExplicitVRLittleEndian,
    part10: bool = True,
    change: Callable[[Dataset], object] | None = None,
    **attributes: Any,
) -> bytes:
    """The bytes of one object; `change` may do to its data set what keywords cannot say."""
    made = dataset(patient, study, series, number, **attributes)
    if change is not None:
        change(made)
    return encoded(made, syntax, part10=part10)


def item(**attributes: Any) -> Dataset:
    """An item of a sequence."""
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def explicit(tag: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    """One encoded element, as wrong as wanted."""
    size = len(value) if length is None else length
    if vr in (b"SQ", b"UN", b"OB", b"OW", b"UT"):
        return struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, vr, 0, size) + value
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, size) + value


def implicit(tag: int, value: bytes, length: int | None = None) -> bytes:
    """The same without a VR."""
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value) if length is None else length) + value


def minimal(*extra: bytes) -> bytes:
    """A legacy file (data set only, Explicit VR Little Endian) of the mandatory elements and some encoded ones of higher tags."""
    uids = ((0x00080016, CT), (0x00080018, f"{ROOT}.1"), (0x0020000D, f"{ROOT}.2"), (0x0020000E, f"{ROOT}.3"))
    elements = [explicit(tag, b"UI", uid.encode() + b"\0" * (len(uid) % 2)) for tag, uid in uids]
    by_tag = sorted([*elements, *extra], key=lambda one: struct.unpack_from("<HH", one))
    return b"".join(by_tag)
