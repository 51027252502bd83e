"""Numbers of a header in, those that a device can mean out. Called by the readers of headers, whose units are fixed by the standard.

A header states no units: what stands in the wrong one is read in the right one where only that can be meant, else it is left out and named.
"""

from dicomlake.dose.header import Header
from dicomlake.dose.model import Event
from dicomlake.rules.dose import DoseRules

_TIMES_MS = (0.0, 10_000_000.0)
_OWN_LIMITS = {"exposure_time_ms": _TIMES_MS, "exposure_time_s": (0.0, 10_000.0), "relative_exposure": (0.0, 1e7)}
# Glandular dose of one exposure: up to here dGy as the standard says, from there on only mGy can be meant; between them nobody knows.
_GLANDULAR_DGY, _GLANDULAR_MGY = 20.0, 50.0
# ExposureInuAs over Exposure in mAs: whole numbers are rounded, so that small ones may differ.
_SAME_CHARGE = (0.4, 2.5)


def keep_possible(event: Event, rules: DoseRules) -> None:
    """Leave out what is beyond what the quantity can be."""
    for name, value in list(event.fields.items()):
        limits = _OWN_LIMITS.get(name) or rules.possible(name)
        values = value if isinstance(value, list) else [value]
        numbers = [number for number in values if isinstance(number, float)]
        if limits is not None and any(not limits[0] <= number <= limits[1] for number in numbers):
            event.doubt(name, "range")


def glandular_dose(header: Header, event: Event) -> None:
    """Organ Dose (0040,0316) is in dGy; some writers mean mGy."""
    stated = header.number("OrganDose", "100")
    if stated is None:
        return
    if stated <= _GLANDULAR_DGY:
        event.fields["agd_mGy"] = stated
    elif stated >= _GLANDULAR_MGY and (written := header.number("OrganDose")) is not None and written <= _GLANDULAR_DGY:
        event.fields["agd_mGy"] = written
    else:
        event.doubt("agd_mGy", "unit")


def charge(header: Header, event: Event) -> None:
    """Exposure in uAs, from the finer attribute unless the coarser one or current and time contradict it by orders of magnitude."""
    fine = header.number("ExposureInuAs")
    coarse = header.number("ExposureInmAs", "1000") or header.number("Exposure", "1000")
    if fine and coarse and coarse >= 1000 and not _SAME_CHARGE[0] <= fine / coarse <= _SAME_CHARGE[1]:
        flowed = _flowed(event)
        agree = [value for value in (fine, coarse) if flowed and _SAME_CHARGE[0] <= value / flowed <= _SAME_CHARGE[1]]
        if len(agree) != 1:
            event.doubt("exposure_uAs", "conflict")
            return
        fine = agree[0]
    if fine or coarse:
        event.fields["exposure_uAs"] = fine or coarse


def _flowed(event: Event) -> float | None:
    current, time = event.fields.get("tube_current_mA"), event.fields.get("exposure_time_ms")
    return current * time if isinstance(current, float) and isinstance(time, float) else None
