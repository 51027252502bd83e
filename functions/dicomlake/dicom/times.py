"""DICOM dates, times and zones in, ISO text for DATE, TIME, DATETIME and TIMESTAMP columns out; None for what is none.

Called by `rows.py` and `acquisition.py`.
"""

import datetime
import re
import zoneinfo

_DA = re.compile(r"([0-9]{4})(?:\.([0-9]{2})\.|([0-9]{2}))([0-9]{2})")
_TM = re.compile(r"([0-9]{2})(?::?([0-9]{2})(?::?([0-9]{2})(?:\.([0-9]{1,6}))?)?)?")
_ZONE = re.compile(r"([+-])([0-9]{2})([0-9]{2})")


def date(text: str | None) -> str | None:
    """`YYYY-MM-DD` of a DA value."""
    match = _DA.fullmatch(text or "")
    if match is None:
        return None
    try:
        return datetime.date(int(match[1]), int(match[2] or match[3]), int(match[4])).isoformat()
    except ValueError:
        return None


def time(text: str | None) -> str | None:
    """`HH:MM:SS[.ffffff]` of a TM value; a leap second counts as the one before."""
    match = _TM.fullmatch(text or "")
    if match is None:
        return None
    hour, minute, second, fraction = (match[i] or "" for i in range(1, 5))
    try:
        parsed = datetime.time(
            int(hour), int(minute or 0), min(int(second or 0), 59), int(fraction.ljust(6, "0") if fraction else 0)
        )
    except ValueError:
        return None
    return parsed.isoformat()


def local(day: str | None, clock: str | None) -> str | None:
    """`YYYY-MM-DDTHH:MM:SS` of a DA and a TM value; None unless both are there."""
    on, at = date(day), time(clock)
    return f"{on}T{at}" if on and at else None


def date_time(text: str | None) -> tuple[str | None, str | None]:
    """Local `YYYY-MM-DDTHH:MM:SS` of a DT value with at least an hour, and its offset from UTC where it has one."""
    text = text or ""
    split = max(text.rfind("+"), text.rfind("-"))
    plain, zone = (text[:split], text[split:]) if split > 0 else (text, None)
    return local(plain[:8], plain[8:]), zone


def utc(local_time: str | None, offset: str | None, zone: str | None) -> str | None:
    """The UTC instant of a local time: by an offset of DICOM's form (`+0100`), else the zone of the site (`Europe/Madrid`)."""
    if local_time is None:
        return None
    tz = _fixed(offset) or _named(zone)
    if tz is None:
        return None
    try:
        return datetime.datetime.fromisoformat(local_time).replace(tzinfo=tz).astimezone(datetime.UTC).isoformat()
    except (OverflowError, ValueError):
        return None


def _fixed(offset: str | None) -> datetime.tzinfo | None:
    match = _ZONE.fullmatch(offset or "")
    if match is None or int(match[2]) > 14 or int(match[3]) > 59:
        return None
    minutes = int(match[2]) * 60 + int(match[3])
    return datetime.timezone(datetime.timedelta(minutes=-minutes if match[1] == "-" else minutes))


def _named(zone: str | None) -> datetime.tzinfo | None:
    try:
        return zoneinfo.ZoneInfo(zone) if zone else None
    except (OSError, ValueError, zoneinfo.ZoneInfoNotFoundError):
        return None
