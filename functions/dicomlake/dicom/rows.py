"""A clean instance in, the DICOM columns of its row in `lake.instances` out, read back from the finished bytes. Called by `pipeline/settle.py`."""

import hashlib
import json
import re

from dicomlake.dicom import times
from dicomlake.dicom.clean import CleanInstance
from dicomlake.dicom.json_model import Model, model_of, number
from dicomlake.dicom.read import RawInstance, read_raw

_TEXT = (
    "FrameOfReferenceUID Modality Manufacturer ManufacturerModelName BodyPartExamined Laterality ViewPosition PatientPosition PatientSex "
    "StudyDescription SeriesDescription ProtocolName PhotometricInterpretation ContrastBolusAgent LossyImageCompression BurnedInAnnotation"
).split()
_LISTS = ("SpecificCharacterSet", "ImageType", "SoftwareVersions", "ConvolutionKernel")
_DATES = ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate")
_TIMES = ("StudyTime", "SeriesTime", "AcquisitionTime", "ContentTime")
_INTEGERS = (
    "SeriesNumber AcquisitionNumber InstanceNumber Rows Columns NumberOfFrames SamplesPerPixel BitsAllocated BitsStored"
).split()
_REALS = (
    "PatientSize PatientWeight SliceThickness SpacingBetweenSlices KVP ExposureTime XRayTubeCurrent Exposure MagneticFieldStrength "
    "RepetitionTime EchoTime FlipAngle"
).split()
_MAX_HEADER_BYTES = 900_000
_OLDEST_YEARS = 89


def instance_values(clean: CleanInstance) -> dict[str, object]:
    """Typed columns, `header` (DICOM JSON model) and `deid` of one clean instance. Absent and malformed values are None."""
    read = read_raw(clean.to_bytes())
    return {
        "object": clean.object_name,
        "object_bytes": clean.size,
        "object_sha256": _sha256(clean),
        "source_status": clean.source_status,
        "PatientID": clean.patient_key,
        "StudyInstanceUID": clean.study_uid,
        "SeriesInstanceUID": clean.series_uid,
        "SOPInstanceUID": clean.sop_uid,
        "SOPClassUID": clean.sop_class_uid,
        "TransferSyntaxUID": clean.transfer_syntax,
        **{keyword: read.first(keyword) for keyword in _TEXT},
        **{keyword: [value for value in read.values(keyword) if value] for keyword in _LISTS},
        **{keyword: times.date(read.first(keyword)) for keyword in _DATES},
        **{keyword: times.time(read.first(keyword)) for keyword in _TIMES},
        **{keyword: read.number(keyword) for keyword in _INTEGERS},
        **{keyword: _real(read.first(keyword)) for keyword in _REALS},
        "AcquisitionDateTime": times.date_time(read.first("AcquisitionDateTime"))[0],
        "PixelSpacing": [real for value in read.values("PixelSpacing") if (real := _real(value)) is not None],
        "patient_age_years": _years(read.first("PatientAge")),
        "header": _header(read),
        "deid": {
            "profile": clean.profile,
            "actions": dict(clean.actions),
            "pixel_regions": [list(region) for region in clean.pixels.regions] if clean.pixels else [],
        },
    }


def _sha256(clean: CleanInstance) -> str:
    digest = hashlib.sha256()
    for part in clean.chunks():
        digest.update(part)
    return digest.hexdigest()


def _real(text: str | None) -> float | None:
    value = number(text) if text else None
    return None if value is None else float(value)


def _years(text: str | None) -> int | None:
    """Whole years of an AS value; 89 and over are one group."""
    match = re.fullmatch(r"([0-9]{3})([DWMY])", text or "")
    if match is None:
        return None
    years = int(int(match[1]) / {"D": 365.25, "W": 52.18, "M": 12, "Y": 1}[match[2]])
    return years if years < _OLDEST_YEARS else 90


def _header(read: RawInstance) -> Model:
    """The whole header, or what a row of the lake can hold of it: the top level without sequences, and a note."""
    model = model_of(read.elements, read.buffer, read.charset)
    size = len(json.dumps(model, separators=(",", ":")))
    if size <= _MAX_HEADER_BYTES:
        return model
    flat = {tag: attribute for tag, attribute in model.items() if _is_flat(attribute)}
    note: Model = {"shortened": {"header_bytes": size, "left_out": len(model) - len(flat)}}
    return {**flat, **note} if len(json.dumps(flat)) <= _MAX_HEADER_BYTES else note


def _is_flat(attribute: object) -> bool:
    return isinstance(attribute, dict) and attribute.get("vr") != "SQ"
