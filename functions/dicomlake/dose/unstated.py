"""Events whose report leaves out units in, the same with what its values can only mean out. Called by `report.py` and `totals.py`.

A number without a unit (or with the code 1) is read in the unit of the template, and that it was is named in `doubts` (`dlp_mGycm:assumed_unit`).
It counts only if other values speak for that unit: DAP over dose is an area, DLP over CTDIvol times length is about one, exposure is current
times time, a total is about the sum of its parts; or if the largest of its kind in the report is a number that means nothing in the
units other makers use (`alone` in concepts.yaml). Else it is left out.
"""

from collections.abc import Sequence

from dicomlake.dose.model import LOCALISER, Dose, Event
from dicomlake.dose.plausible import AREA_M2, value_of
from dicomlake.rules.dose import DoseRules

_ABOUT = (0.3, 3.3)
# Decided in this order: a value that has been decided may speak for the next.
_FIRST = ("ctdivol_mGy", "scanning_length_mm", "dap_Gym2", "tube_current_mA", "exposure_time_ms")
_PART_OF = {"dap_Gym2": "dap_Gym2", "rp_dose_Gy": "rp_dose_Gy", "rp_Gy": "rp_dose_Gy", "dlp_mGycm": "dlp_mGycm"}
# A localiser has about a hundredth of the dose of a scan.
_OF_SCANS, _LOCALISER_SHARE = ("ctdivol_mGy", "dlp_mGycm"), 100.0
_WHOLE = ("total_dap_Gym2", "total_rp_dose_Gy", "total_dlp_mGycm")


def keep_plausible(events: Sequence[Event], rules: DoseRules) -> None:
    """Leave out, in all events alike, what was read in a unit that nobody states and that nothing speaks for."""
    left = {name for event in events for name in event.assumed}
    for name in sorted(left, key=lambda name: (name not in _FIRST, name)):
        holders = [event for event in events if name in event.assumed and name in event.fields]
        # One maker writes all values of a kind alike: what cannot be in one event is believed in none.
        contradicted = any(f"{name}:unit" in event.doubts for event in events if name in event.assumed)
        typical = _is_typical(name, [_largest(event, name) for event in holders], rules)
        if contradicted or (not typical and not any(_is_witnessed(event, name, left) for event in holders)):
            for event in holders:
                event.doubt(name, "unit")
        left.discard(name)


def name_assumed(events: Sequence[Event]) -> None:
    """Name what counts and was read in a unit that nobody states."""
    for event in events:
        event.doubts += [f"{name}:assumed_unit" for name in sorted(event.assumed) if name in event.fields]


def total_counts(dose: Dose, name: str, rules: DoseRules) -> bool:
    """Whether a total in an assumed unit counts: by its parts where they are known, else by its size."""
    total = dose.study[name]
    part = next((of for ending, of in _PART_OF.items() if name.endswith(ending)), "")
    if any(doubt.startswith(f"{part}:") for event in dose.events for doubt in event.doubts):
        return False
    values = [event.fields.get(part) for event in dose.events]
    known = [value for value in values if isinstance(value, float)]
    if not isinstance(total, float) or not total:
        return True
    if known and len(known) == len(values) and sum(known):
        low, high = (_ABOUT[0] if name in _WHOLE else 0.0), _ABOUT[1]
        if not low <= total / sum(known) <= high:
            return False
        if name in _WHOLE:
            return True
    return _is_typical(name, [total], rules)


def _is_typical(name: str, values: Sequence[float], rules: DoseRules) -> bool:
    limits = rules.alone("exposure_time" if name == "exposure_time_s" else name)
    largest = max(values, default=0.0)
    return limits is None or not largest or limits[0] <= largest <= limits[1]


def _largest(event: Event, name: str) -> float:
    value = event.fields[name]
    numbers = value if isinstance(value, list) else [value]
    share = _LOCALISER_SHARE if name in _OF_SCANS and event.fields.get("acq_type") == LOCALISER else 1.0
    return max((share * abs(number) for number in numbers if isinstance(number, float)), default=0.0)


def _is_witnessed(event: Event, name: str, undecided: set[str]) -> bool:
    """Whether a value with a known unit speaks for the one that was assumed."""

    def known(*names: str) -> list[float] | None:
        values = [
            value_of(event, one) for one in names if one == name or one not in event.assumed or one not in undecided
        ]
        found = [value for value in values if value is not None]
        return found if len(found) == len(names) else None

    if name in ("dap_Gym2", "rp_dose_Gy") and (both := known("dap_Gym2", "rp_dose_Gy")):
        return AREA_M2[0] <= both[0] / both[1] <= AREA_M2[1]
    lengths = ("dlp_mGycm", "ctdivol_mGy", "scanning_length_mm")
    if name in lengths and (three := known(*lengths)):
        return _ABOUT[0] <= three[0] / (three[1] * three[2] / 10) <= _ABOUT[1]
    charges = ("exposure_uAs", "tube_current_mA", "exposure_time_ms")
    if name in charges and (three := known(*charges)):
        pulses = value_of(event, "n_pulses") or 1.0
        return any(_ABOUT[0] <= three[0] / (three[1] * three[2]) * times <= _ABOUT[1] for times in (1.0, pulses))
    return False
