"""The header of a dose object in, the fields of study, device and patient out; times in ISO form. Called by all readers of this room."""

import datetime
import re

from dicomlake.dicom import times
from dicomlake.dicom.read import RawInstance
from dicomlake.dose.model import Fields
from dicomlake.dose.numbers import decimal

_AGE = re.compile(r"([0-9]{1,4})\s*([DWMY])")
_DAYS = {"D": 1.0, "W": 7.0, "M": 365.25 / 12, "Y": 365.25}
_DT = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})(?:([0-9]{2})([0-9]{2})?([0-9]{2})?(\.[0-9]{1,6})?)?\s*([+-][0-9]{4})?"
)
_OLDEST = 120.0
# Plausible bodies; beyond them a value is a unit nobody stated.
_SIZE_M, _WEIGHT_KG = (0.2, 2.6), (0.2, 650.0)


def header_fields(raw: RawInstance) -> Fields:
    """Fields of the study that stand in the header; absent where the header has none."""
    stated = {
        "sop_instance_uid": raw.first("SOPInstanceUID"),
        "study_instance_uid": raw.first("StudyInstanceUID"),
        "manufacturer": raw.first("Manufacturer"),
        "model": raw.first("ManufacturerModelName"),
        "device_serial": raw.first("DeviceSerialNumber"),
        "study_date": times.date(raw.first("StudyDate")),
        "patient_sex": _sex(raw.first("PatientSex")),
        "patient_age_y": age_years(raw),
        "patient_size_m": _within(raw.first("PatientSize"), _SIZE_M),
        "patient_weight_kg": _within(raw.first("PatientWeight"), _WEIGHT_KG),
    }
    return {name: value for name, value in stated.items() if value is not None}


def age_years(raw: RawInstance) -> float | None:
    """Age at the study in years, to a tenth: from the dates, else (a placeholder instead of a birth date) as PatientAge states it."""
    born, on = times.date(raw.first("PatientBirthDate")), times.date(raw.first("StudyDate"))
    if born and on:
        years = (datetime.date.fromisoformat(on) - datetime.date.fromisoformat(born)).days / 365.25
        if 0 <= years <= _OLDEST:
            return round(years, 1)
    match = _AGE.fullmatch((raw.first("PatientAge") or "").upper())
    if match is None:
        return None
    years = int(match[1]) * _DAYS[match[2]] / 365.25
    return round(years, 1) if years <= _OLDEST else None


def whole_age(raw: RawInstance) -> int | None:
    """Completed years at the study, from the dates, else from PatientAge."""
    born, on = times.date(raw.first("PatientBirthDate")), times.date(raw.first("StudyDate"))
    if born and on:
        years = int(on[:4]) - int(born[:4]) - (on[5:] < born[5:])
        if 0 <= years <= _OLDEST:
            return years
    match = _AGE.fullmatch((raw.first("PatientAge") or "").upper())
    years = int(int(match[1]) * _DAYS[match[2]] / 365.25) if match else -1
    return years if 0 <= years <= _OLDEST else None


def iso_time(text: str | None) -> str | None:
    """`YYYY-MM-DDTHH:MM:SS[.f]` of a DT value with at least an hour: local time as stated, the fraction as written without trailing zeros."""
    match = _DT.fullmatch((text or "").strip(" \0"))
    if match is None or match[4] is None:
        return None
    second = "59" if match[6] == "60" else match[6] or "00"
    plain = f"{match[1]}-{match[2]}-{match[3]}T{match[4]}:{match[5] or '00'}:{second}"
    try:
        datetime.datetime.fromisoformat(plain)
    except ValueError:
        return None
    fraction = (match[7] or "").rstrip("0").rstrip(".")
    return plain + fraction


def _sex(text: str | None) -> str | None:
    sex = (text or "").upper()
    return sex if sex in ("M", "F", "O") else None


def _within(text: str | None, limits: tuple[float, float]) -> float | None:
    value = decimal(text) if text else None
    return float(value) if value is not None and limits[0] <= value <= limits[1] else None
