"""One DICOM date or date-time value and a number of days in, the shifted value out; None when it is malformed, and the caller empties it.

PS3.15 Annex E, Retain Longitudinal Temporal Information with Modified Dates: whole days, so that intervals within a patient and times of day
stay. Called by the element walker and whatever else finds a date; several values in one element are parted by the caller. TM is never touched.
"""

import datetime
import re

from dicomlake.pseudonyms.uids import PADDING

# PS3.5 6.2: DA is YYYYMMDD; ACR-NEMA wrote YYYY.MM.DD, which readers still accept.
_DA = re.compile(r"([0-9]{4})(?:([0-9]{2})([0-9]{2})|\.([0-9]{2})\.([0-9]{2}))")
# DT: YYYY[MM[DD[HH[MM[SS[.F{1,6}]]]]]] and an offset from UTC.
_TIME = r"(?:[01][0-9]|2[0-3])(?:[0-5][0-9](?:(?:[0-5][0-9]|60)(?:\.[0-9]{1,6})?)?)?"
_ZONE = r"[+-](?:0[0-9]|1[0-4])[0-5][0-9]"
_DT = re.compile(rf"([0-9]{{4}})(?:([0-9]{{2}})(?:([0-9]{{2}})({_TIME})?)?)?({_ZONE})?")

# What programs write for "no date": where their day counts begin, and years nobody reaches. Shifted, they would tell the shift to whoever
# guesses them, and with it every true date of the patient.
_BEGINNINGS = frozenset(
    datetime.date(*day)
    for day in ((1899, 12, 30), (1899, 12, 31), (1900, 1, 1), (1901, 1, 1), (1904, 1, 1), (1970, 1, 1), (1980, 1, 1))
)
_YEARS = range(1850, 2150)


def is_no_date(day: datetime.date) -> bool:
    """Whether a day stands for "unknown": out of the years of anybody's life, or where a program's calendar begins."""
    return day.year not in _YEARS or day in _BEGINNINGS


def shift_da(text: str, days: int) -> str | None:
    """Shift a DA value; the result is YYYYMMDD. None for anything that is no date, or stands for none."""
    match = _DA.fullmatch(text.strip(PADDING))
    if match is None:
        return None
    year, month, day = match[1], match[2] or match[4], match[3] or match[5]
    return _shifted(int(year), int(month), int(day), days)


def shift_dt(text: str, days: int) -> str | None:
    """Shift a DT value, keeping time, fraction and offset as they are written. None as in `shift_da`.

    A value without a day (YYYY or YYYYMM) is moved as the first day of its period and cut to the precision it had.
    """
    match = _DT.fullmatch(text.strip(PADDING))
    if match is None:
        return None
    year, month, day, time, zone = match.groups(default="")
    date = _shifted(int(year), int(month or 1), int(day or 1), days)
    if date is None:
        return None
    return date[: len(year) + len(month) + len(day)] + time + zone


def _shifted(year: int, month: int, day: int, days: int) -> str | None:
    try:
        true = datetime.date(year, month, day)
        date = true + datetime.timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    if is_no_date(true):
        return None
    return f"{date.year:04d}{date.month:02d}{date.day:02d}"
