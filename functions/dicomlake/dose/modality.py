"""A sorted report in, its modality by content out: CT, MG, RF, DX, PX or NM. Called by `report.py`.

The Modality of a report is always SR. A room that can do both is RF where it fluoroscoped; totals of fluoroscopy that are all zero say nothing.
"""

from typing import TYPE_CHECKING

from dicomlake.dose.model import Dose, ObjectKind
from dicomlake.dose.numbers import Doubt

if TYPE_CHECKING:
    from dicomlake.dose.report import Report

_PROCEDURES = {
    "Computed Tomography X-Ray": "CT",
    "Computed Tomography": "CT",
    "Mammography": "MG",
    "Fluoroscopy": "RF",
    "Fluoroscopy and radiography": "RF",
    "Dental radiography": "PX",
    "Cone beam computed tomography": "PX",
}
_FLUORO_TYPES = ("Fluoroscopy", "Stepping Acquisition", "Rotational Acquisition")
_FLUORO_TOTALS = ("total_fluoro_dap_Gym2", "total_fluoro_rp_Gy", "total_fluoro_time_s")
_DENTAL = ("jaw", "teeth", "tooth", "maxilla", "mandible", "dental")
_GLANDULAR = ("agd_mGy", "compression_thickness_mm", "compression_force_N")


def of(report: "Report", dose: Dose) -> str | None:
    """The modality, None when the report holds nothing that tells."""
    if dose.kind is ObjectKind.RRDSR:
        return "NM"
    kinds = [event.fields.get("kind") for event in dose.events]
    stated = _procedure(report)
    if "ct" in kinds or stated == "CT":
        return "CT"
    if "xray" not in kinds and any("total_dlp_mGycm" in found.items for found in [report.study, *report.accumulations]):
        return "CT"
    if stated == "MG" or _glandular(report, dose):
        return "MG"
    if stated == "PX" or _dental(dose):
        return "PX"
    if stated == "RF" or _fluoroscoped(report, dose):
        return "RF"
    return "DX" if kinds or report.accumulations else None


def _procedure(report: "Report") -> str | None:
    for node in report.study.nodes("procedure"):
        held = report.tree.coded(node)
        if held is not None and held[1] is not None:
            return _PROCEDURES.get(held[1].meaning)
    return None


def _dental(dose: Dose) -> bool:
    """Whether all regions are jaws and teeth, and nothing was fluoroscoped: panoramic and cone beam units turn as well."""
    regions = [str(event.fields.get("target_region", "")).casefold() for event in dose.events]
    types = {event.fields.get("event_type") for event in dose.events}
    return (
        bool(regions)
        and "Fluoroscopy" not in types
        and all(any(word in region for word in _DENTAL) for region in regions)
    )


def _glandular(report: "Report", dose: Dose) -> bool:
    totals = any("total_agd_mGy" in found.items for found in [report.study, *report.accumulations])
    return totals or any(name in event.fields for event in dose.events for name in _GLANDULAR)


def _fluoroscoped(report: "Report", dose: Dose) -> bool:
    for event in dose.events:
        if event.fields.get("event_type") in _FLUORO_TYPES or event.fields.get("plane") in ("Plane A", "Plane B"):
            return True
        if "fluoro_mode" in event.fields or _is_cine(event.fields.get("n_pulses")):
            return True
    return any(_not_zero(report, name) for name in _FLUORO_TOTALS)


def _is_cine(pulses: object) -> bool:
    return isinstance(pulses, float) and pulses > 1


def _not_zero(report: "Report", name: str) -> bool:
    for found in [report.study, *report.accumulations]:
        for node in found.nodes(name):
            try:
                if any(report.numbers([node], report.rules.quantities[node.concept.quantity if node.concept else ""])):
                    return True
            except Doubt:
                continue
    return False
