"""An Exposure Dose Sequence in (PS3.3 C.4.16), its exposures out; as last resort what the comments on dose say. Called by `read.py`."""

import re
from decimal import Decimal

from dicomlake.dose.header import Header
from dicomlake.dose.images import acquired_at
from dicomlake.dose.limits import keep_possible
from dicomlake.dose.model import LOCALISER, Dose, Event, Fields, ObjectKind
from dicomlake.dose.numbers import decimal
from dicomlake.rules.dose import DoseRules

_NUMBER = r"([0-9]+(?:[.,][0-9]+)?)"
_COMMENT = re.compile(
    rf"^(?:series\s*#?\s*([0-9]+)\s*(.*?))?\s*(?:average\s+)?CTDI\s*vol\s*[=:\s]\s*{_NUMBER}\s*(?:mGy)?[,;\s]+DLP\s*[=:\s]\s*{_NUMBER}(?![0-9.,]*\s*Gy)",
    re.IGNORECASE,
)
# A dose area product with its unit; without one nobody knows what it is.
_AREA_PRODUCT = re.compile(
    rf"\b(?:DAP|KAP|dose[ -]area[ -]product)\s*[=:\s]\s*{_NUMBER}\s*([cdmuµ]?Gy[a-z0-9.*·^² ]*)", re.IGNORECASE
)


def read_sequence(header: Header, rules: DoseRules) -> Dose | None:
    """The dose in the sequence or in the comments, None when there is neither."""
    events = [_exposure(item, rules) for item in header.items("ExposureDoseSequence")]
    kind = ObjectKind.DOSE_SEQUENCE
    if not any(_tells_dose(event) for event in events):
        events, kind = _commented(header, rules), ObjectKind.ESR_TEXT
    if not events:
        return None
    for number, event in enumerate(events):
        event.fields["index"] = number
    is_ct = any(event.fields["kind"] == "ct" for event in events)
    stated = rules.headers.modalities.get((header.first("Modality") or "").upper(), "RF")
    dose = Dose(kind, {"modality": "CT" if is_ct else stated, "n_events": len(events)}, events)
    total = _dlp(header, rules)
    if is_ct and total is not None and kind is ObjectKind.DOSE_SEQUENCE:
        dose.study["total_dlp_mGycm"] = total
    if not is_ct:
        dose.study.update(_totals(header, rules, events, kind))
    return dose


def _totals(header: Header, rules: DoseRules, events: list[Event], kind: ObjectKind) -> Fields:
    """Dose area product and time of fluoroscopy of all exposures (PS3.3 C.4.16), else the product of the only comment."""
    products = [event.fields.get("dap_Gym2") for event in events]
    said = products[0] if kind is ObjectKind.ESR_TEXT and len(products) == 1 else None
    found = Event(
        {
            "total_dap_Gym2": header.number("ImageAndFluoroscopyAreaDoseProduct", "0.00001") or said,
            "total_fluoro_time_s": header.number("TotalTimeOfFluoroscopy"),
        }
    )
    keep_possible(found, rules)
    return {name: value for name, value in found.fields.items() if value is not None}


def _tells_dose(event: Event) -> bool:
    return any(name in event.fields for name in ("ctdivol_mGy", "dlp_mGycm", "kvp"))


def _exposure(item: Header, rules: DoseRules) -> Event:
    kind = rules.headers.acquisition_types.get((item.first("AcquisitionType") or "").upper())
    ctdivol, dlp = item.number("CTDIvol"), _dlp(item, rules)
    is_ct = kind is not None or ctdivol is not None or dlp is not None
    current = item.number("XRayTubeCurrentInuA", "0.001") or item.number("XRayTubeCurrent")
    voltage, exposed = item.number("KVP"), item.number("ExposureTime")
    found: Fields = {
        "kind": "ct" if is_ct else "xray",
        "protocol": item.first("SeriesDescription") or item.first("ProtocolName"),
        "start": acquired_at(item),
        "irradiation_event_uid": item.first("IrradiationEventUID"),
    }
    if is_ct:
        found |= {
            "acq_type": kind,
            "localiser": kind == LOCALISER if kind else None,
            "ctdivol_mGy": ctdivol,
            "dlp_mGycm": dlp,
            "exposure_time_s": item.number("ExposureTime", "0.001"),
            "scanning_length_mm": item.number("ScanLength"),
            "pitch": item.number("SpiralPitchFactor"),
            "single_collimation_mm": item.number("SingleCollimationWidth"),
            "total_collimation_mm": item.number("TotalCollimationWidth"),
            "kvp": [voltage] if voltage else None,
            "tube_current_mA": [current] if current else None,
        }
    else:
        found |= {"kvp": voltage, "tube_current_mA": current, "exposure_time_ms": exposed}
    event = Event({name: value for name, value in found.items() if value is not None})
    keep_possible(event, rules)
    return event


def _dlp(header: Header, rules: DoseRules) -> float | None:
    for element in rules.headers.private_dlp:
        values = header.private(element.group, element.creator, element.low)
        value = decimal(values[0]) if values else None
        if value is not None and 0 <= value <= Decimal(100_000):
            return float(value)
    return None


def _commented(header: Header, rules: DoseRules) -> list[Event]:
    """One event per line of Comments on Radiation Dose that tells of one: `Series #3 NAME Average CTDIvol=7.2 DLP=196.0`, `DAP: 1.25 Gy.cm2`."""
    events = []
    for line in (header.first("CommentsOnRadiationDose") or "").splitlines():
        event = _scan(line.strip()) or _projection(line, rules)
        if event is not None:
            keep_possible(event, rules)
            events.append(event)
    return events


def _scan(line: str) -> Event | None:
    match = _COMMENT.search(line)
    ctdivol, dlp = (decimal(match[3]), decimal(match[4])) if match else (None, None)
    if match is None or ctdivol is None or dlp is None:
        return None
    fields: Fields = {"kind": "ct", "ctdivol_mGy": float(ctdivol), "dlp_mGycm": float(dlp)}
    return Event({**fields, **({"protocol": match[2].strip()} if match[2] else {})})


def _projection(line: str, rules: DoseRules) -> Event | None:
    match = _AREA_PRODUCT.search(line)
    value = decimal(match[1]) if match else None
    factor = rules.quantities["dap"].factor(match[2].replace("²", "2")) if match else None
    return (
        Event({"kind": "xray", "dap_Gym2": float(value * factor)}) if value is not None and factor is not None else None
    )
