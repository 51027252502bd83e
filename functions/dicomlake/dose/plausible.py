"""An event in, whose values agree with each other out: what was read in a unit that nobody stated, or stated wrongly, shows in the physics.

Called by `report.py`. DAP over dose at the reference point is an area; DLP over CTDIvol a length; current times time an exposure. A value in an
assumed unit must fit; two stated ones must not contradict each other by orders of magnitude, else neither counts.
"""

from dicomlake.dose.model import Event

# Field area at the reference point in m2: what devices can make (a thousandth of it none can), and what no rounding explains.
AREA_M2, _NO_AREA_M2 = (2.5e-4, 0.6), (1e-6, 50.0)
# Gy.m2 per mAs: no tube gives more with its widest field; and Gy.m2 that need a witness.
_DAP_PER_MAS, _DAP_ALONE = 5e-5, 1e-3
_DLP_RATIO, _NO_DLP_RATIO = (0.15, 6.5), (0.005, 200.0)
_EXPOSURE_RATIO = (0.02, 5000.0)


def check(event: Event, assumed: frozenset[str]) -> None:
    """Leave out what cannot be; `assumed` are the fields whose unit was not stated."""
    _area(event, assumed)
    _alone(event, assumed)
    _length(event, assumed)
    _exposure(event, assumed)


def value_of(event: Event, name: str) -> float | None:
    """A number above zero that an event holds, the first of several; None for anything else."""
    value = event.fields.get(name)
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, float) and value > 0 else None


def _doubt(event: Event, names: tuple[str, ...], assumed: frozenset[str]) -> None:
    """The fields in assumed units, or all where every unit was stated."""
    for name in [name for name in names if name in assumed] or names:
        event.doubt(name, "unit")


def _area(event: Event, assumed: frozenset[str]) -> None:
    dap, rp_dose = value_of(event, "dap_Gym2"), value_of(event, "rp_dose_Gy")
    if dap is None or rp_dose is None:
        return
    names = ("dap_Gym2", "rp_dose_Gy")
    low, high = AREA_M2 if assumed.intersection(names) else _NO_AREA_M2
    if not low <= dap / rp_dose <= high:
        _doubt(event, names, assumed)


def _alone(event: Event, assumed: frozenset[str]) -> None:
    """A DAP in an assumed unit with no dose beside it: the exposure must be able to make it, or it must be small."""
    dap = value_of(event, "dap_Gym2")
    if dap is None or "dap_Gym2" not in assumed or value_of(event, "rp_dose_Gy") is not None:
        return
    exposure = value_of(event, "exposure_uAs")
    pulses = value_of(event, "n_pulses") or 1.0
    most = exposure / 1000 * pulses * _DAP_PER_MAS if exposure else _DAP_ALONE
    if dap > most:
        event.doubt("dap_Gym2", "unit")


def _length(event: Event, assumed: frozenset[str]) -> None:
    dlp, ctdivol, length = (value_of(event, name) for name in ("dlp_mGycm", "ctdivol_mGy", "scanning_length_mm"))
    if dlp is None or ctdivol is None or length is None:
        return
    names = ("dlp_mGycm", "ctdivol_mGy", "scanning_length_mm")
    low, high = _DLP_RATIO if assumed.intersection(names) else _NO_DLP_RATIO
    if not low <= dlp / (ctdivol * length / 10) <= high:
        _doubt(event, names, assumed)


def _exposure(event: Event, assumed: frozenset[str]) -> None:
    exposure, current, time = (
        value_of(event, name) for name in ("exposure_uAs", "tube_current_mA", "exposure_time_ms")
    )
    if exposure is None or current is None or time is None or "exposure_uAs" not in assumed:
        return
    low, high = _EXPOSURE_RATIO
    if not low <= exposure / (current * time) <= high:
        event.doubt("exposure_uAs", "unit")
