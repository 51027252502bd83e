"""The accumulations of a report in, the totals of its study out, checked against the sum of its events. Called by `report.py`.

Totals of planes are added; the same total said twice is one. What is stated is taken, never computed from the events: a missing total is unknown.
A total that is a power of ten away from the sum of its events says that one of the two has another unit than it states: then neither counts.
"""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from dicomlake.dose import unstated
from dicomlake.dose.model import Dose
from dicomlake.dose.numbers import Doubt, one_of

if TYPE_CHECKING:
    from dicomlake.dose.report import Found, Report

_OVER_PLANES = (
    "total_dap_Gym2 total_fluoro_dap_Gym2 total_acq_dap_Gym2 total_rp_dose_Gy total_fluoro_rp_Gy total_acq_rp_Gy "
    "total_fluoro_time_s total_acq_time_s"
).split()
_ONCE = ("n_events_declared", "total_dlp_mGycm")
_SUMS = {"total_dap_Gym2": "dap_Gym2", "total_rp_dose_Gy": "rp_dose_Gy", "total_dlp_mGycm": "dlp_mGycm"}
_SIDES = {"Left": "agd_left_mGy", "Right": "agd_right_mGy"}


def fill_totals(report: "Report", dose: Dose) -> None:
    """Put the totals into `dose.study`; what is in doubt is left out and named."""
    for name in _ONCE:
        _total(report, dose, name, planes=False)
    for name in _OVER_PLANES:
        _total(report, dose, name, planes=True)
    _glandular(report, dose)
    for total, part in _SUMS.items():
        _compare(dose, total, part)


def _total(report: "Report", dose: Dose, name: str, planes: bool) -> None:
    by_plane: dict[str, list[Decimal]] = {}
    try:
        for found in [report.study, *report.accumulations]:
            nodes = found.nodes(name)
            if nodes and nodes[0].concept:
                values = report.numbers(nodes, report.rules.quantities[nodes[0].concept.quantity])
                by_plane.setdefault(_plane(report, found) if planes else "", []).extend(values)
        totals = [value for values in _parts(by_plane) if (value := one_of(values)) is not None]
    except Doubt as doubt:
        dose.doubt(name, doubt.why)
        return
    if totals:
        total = sum(totals, Decimal(0))
        dose.study[name] = int(total) if name == "n_events_declared" else float(total)
        if any(report.assumes_unit(found.nodes(name)) for found in [report.study, *report.accumulations]):
            _assumed(report, dose, name)


def _assumed(report: "Report", dose: Dose, name: str) -> None:
    """A total in a unit that nobody states counts where its parts or its size speak for it, and is named."""
    if unstated.total_counts(dose, name, report.rules):
        dose.doubts.append(f"{name}:assumed_unit")
    else:
        dose.doubt(name, "unit")


def _parts(by_plane: Mapping[str, list[Decimal]]) -> list[list[Decimal]]:
    """What is to be added: both planes, and not their sum beside them."""
    planes = [by_plane[plane] for plane in ("Plane A", "Plane B") if by_plane.get(plane)]
    whole = [values for plane, values in by_plane.items() if plane not in ("Plane A", "Plane B")]
    return planes if len(planes) == 2 else [*planes, *whole]


def _plane(report: "Report", found: "Found") -> str:
    for node in found.nodes("plane"):
        held = report.tree.coded(node)
        if held is not None and held[1] is not None:
            return held[1].meaning
    from dicomlake.dose.report import plane_of_source

    return plane_of_source(report, found)


def _glandular(report: "Report", dose: Dose) -> None:
    """Accumulated glandular dose per breast; without a side it is nobody's."""
    sides: dict[str, list[Decimal]] = {}
    for found in [report.study, *report.accumulations]:
        for node in found.nodes("total_agd_mGy"):
            column = _SIDES.get(report.sides.get(id(node), ""))
            if column is None:
                continue
            try:
                sides.setdefault(column, []).extend(report.numbers([node], report.rules.quantities["dose"]))
            except Doubt as doubt:
                dose.doubt(column, doubt.why)
    for column, values in sides.items():
        try:
            value = one_of(values)
        except Doubt as doubt:
            dose.doubt(column, doubt.why)
            continue
        if value is not None and not any(doubt.startswith(column) for doubt in dose.doubts):
            dose.study[column] = float(value)
            if any(
                report.assumes_unit(found.nodes("total_agd_mGy")) for found in [report.study, *report.accumulations]
            ):
                _assumed(report, dose, column)


def _compare(dose: Dose, total: str, part: str) -> None:
    stated, parts = dose.study.get(total), [event.fields.get(part) for event in dose.events]
    known = [value for value in parts if isinstance(value, float)]
    if not isinstance(stated, float) or not stated or len(known) < len(parts) or not sum(known):
        return
    decades = math.log10(stated / sum(known))
    whole = round(decades)
    if whole and abs(decades - whole) < (0.02 if abs(whole) > 1 else 0.001):
        dose.doubt(total, "unit")
        for event in dose.events:
            event.doubt(part, "unit")
