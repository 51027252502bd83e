"""The header of a PET or NM image in, the administrations of radiopharmaceuticals it names out. Called by `images.py`."""

import datetime
from decimal import Decimal

from dicomlake.dicom import times
from dicomlake.dose.header import Header
from dicomlake.dose.limits import keep_possible
from dicomlake.dose.model import Event
from dicomlake.dose.study import iso_time
from dicomlake.rules.dose import DoseRules

# What is given to people, in MBq. No number of Bq looks like it, so that the two can be told apart whatever the writer meant.
_GIVEN_MBQ, _GIVEN_FOR_PET_MBQ = (0.1, 50_000.0), (1.0, 10_000.0)


def administrations(header: Header, rules: DoseRules) -> list[Event]:
    """One event per item of the Radiopharmaceutical Information Sequence (PS3.3 C.8.4.10, C.8.9.2)."""
    return [_administration(item, header, rules) for item in header.items("RadiopharmaceuticalInformationSequence")]


def _administration(item: Header, header: Header, rules: DoseRules) -> Event:
    event = Event({"kind": "rp"})
    agent = item.first("Radiopharmaceutical") or _meaning(item, rules, "RadiopharmaceuticalCodeSequence", "agent")
    found = {
        "radiopharmaceutical": agent,
        "radionuclide": _meaning(item, rules, "RadionuclideCodeSequence", "isotope"),
        "route": _meaning(item, rules, "AdministrationRouteCodeSequence", "route")
        or item.first("RadiopharmaceuticalRoute"),
        "half_life_s": item.number("RadionuclideHalfLife") or None,
        "volume_ml": item.number("RadiopharmaceuticalVolume"),
        "irradiation_event_uid": item.first("RadiopharmaceuticalAdministrationEventUID"),
        "start": _time(item, header, "Start"),
        "stop": _time(item, header, "Stop"),
    }
    event.fields.update({name: value for name, value in found.items() if value is not None})
    _activity(item, event, header.first("Modality") == "PT")
    keep_possible(event, rules)
    return event


def _activity(item: Header, event: Event, pet: bool) -> None:
    stated = item.numbers("RadionuclideTotalDose")
    if not stated:
        return
    low, high = _GIVEN_FOR_PET_MBQ if pet else _GIVEN_MBQ
    for factor in ("1", "0.000001"):
        value = float(stated[0] * Decimal(factor))
        if low <= value <= high:
            event.fields["administered_activity_MBq"] = value
            return
    event.doubt("administered_activity_MBq", "unit")


def _meaning(item: Header, rules: DoseRules, keyword: str, kind: str) -> str | None:
    for code in item.items(keyword)[:1]:
        designator, value = code.first("CodingSchemeDesignator") or "", (code.first("CodeValue") or "").upper()
        known = rules.values[kind].get((rules.schemes.get(designator.upper(), designator), value))
        written = code.first("CodeMeaning")
        if known is None:
            return written
        from dicomlake.rules.dose import fold

        plain = designator.upper() in ("DCM", "SRT", "SCT")
        return written if written and fold(written) in known.wordings and not plain else known.meaning
    return None


def _time(item: Header, header: Header, which: str) -> str | None:
    stated = iso_time(item.first(f"Radiopharmaceutical{which}DateTime"))
    if stated:
        return stated
    clock = times.time(item.first(f"Radiopharmaceutical{which}Time"))
    day = times.date(header.first("AcquisitionDate") or header.first("SeriesDate") or header.first("StudyDate"))
    if clock is None or day is None:
        return None
    scanned = times.time(header.first("AcquisitionTime") or header.first("SeriesTime"))
    if scanned is not None and clock > scanned:  # given before midnight, scanned after it
        day = (datetime.date.fromisoformat(day) - datetime.timedelta(days=1)).isoformat()
    return f"{day}T{clock}".removesuffix(".000000")
