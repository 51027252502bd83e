"""A raw instance in, facts of the device and the true times of its acquisition out, for `ops.acquisitions`. Called by `pipeline/settle.py`.

The operations side of the wall: true dates, but no identity. A text that shows a value known to identify somebody is left out.
"""

import re

from dicomlake.dicom import times
from dicomlake.dicom.known import fold, known_values
from dicomlake.dicom.read import RawInstance
from dicomlake.pseudonyms import is_standard_uid

_TEXT = ("Manufacturer", "ManufacturerModelName", "BodyPartExamined")
_LISTS = ("SoftwareVersions", "ImageType")
_NUMBERS = ("Rows", "Columns", "NumberOfFrames")
_MODALITY = re.compile(r"[A-Z]{2,16}")


def acquisition_facts(raw: RawInstance, timezone: str | None = None) -> dict[str, object]:
    """Columns of `ops.acquisitions`, and `device`: a text that tells devices apart, for the caller to hash (None when nothing does).

    `timezone` is the site's, for objects that state no offset from UTC.
    """
    known = known_values(raw)

    def safe(keyword: str) -> list[str]:
        return [value for value in raw.values(keyword) if value and not known.found_in(fold(value))]

    acquired, offset = _acquired(raw)
    sop_class = raw.first("SOPClassUID") or ""
    modality = raw.first("Modality") or ""
    return {
        "Modality": modality if _MODALITY.fullmatch(modality) and safe("Modality") else None,
        "SOPClassUID": sop_class if is_standard_uid(sop_class) else None,
        **{keyword: next(iter(safe(keyword)), None) for keyword in _TEXT},
        **{keyword: safe(keyword) for keyword in _LISTS},
        **{keyword: raw.number(keyword) for keyword in _NUMBERS},
        "acquired_local": acquired,
        "acquired_at": times.utc(acquired, offset, timezone),
        "StudyDate": times.date(raw.first("StudyDate")),
        "StudyTime": times.time(raw.first("StudyTime")),
        "series_local": times.local(raw.first("SeriesDate"), raw.first("SeriesTime")),
        "device": _device(raw),
    }


def _acquired(raw: RawInstance) -> tuple[str | None, str | None]:
    """Local time of the acquisition and its offset from UTC, from the most exact attributes that hold one."""
    stated = raw.first("TimezoneOffsetFromUTC")
    at, offset = times.date_time(raw.first("AcquisitionDateTime"))
    if at is not None:
        return at, offset or stated
    for what in ("Acquisition", "Content"):
        at = times.local(raw.first(f"{what}Date"), raw.first(f"{what}Time"))
        if at is not None:
            return at, stated
    return None, stated


def _device(raw: RawInstance) -> str | None:
    """Maker, model and serial number, else the station's name; what a device is told by."""
    serial, station = raw.first("DeviceSerialNumber"), raw.first("StationName")
    if serial is None and station is None:
        return None
    made = [raw.first("Manufacturer") or "", raw.first("ManufacturerModelName") or ""]
    return "\n".join(fold(part) for part in [*made, "serial" if serial else "station", serial or station or ""])
