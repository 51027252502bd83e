"""CT acquisitions and mammograms in, rows of the Spanish national patient dose bank out (BOE-A-2025-4399, annex).

Called by `pipeline/dose_export.py`. The fields of the annex; a row says which required ones it lacks, so that nothing incomplete is sent
unseen.
"""

from collections.abc import Callable, Mapping, Sequence

Row = Mapping[str, object]
_REQUIRED = ("dlp_total_mGycm", "protocol", "ctdivol_mGy", "ctdivol_phantom", "pitch")
_HELICAL = {"Spiral Acquisition": "helical", "Sequenced Acquisition": "axial", "Stationary Acquisition": "axial"}


def _scaled(name: str, factor: float) -> Callable[[Row], object]:
    def value(row: Row) -> object:
        found = row.get(name)
        return None if found is None else round(float(str(found)) * factor, 6)

    return value


def _taken(name: str) -> Callable[[Row], object]:
    return lambda row: row.get(name)


_CT: dict[str, Callable[[Row], object]] = {
    "study_key": _taken("study_key"),
    "study_date": _taken("StudyDate"),
    "patient_sex": _taken("PatientSex"),
    "patient_age_years": _taken("patient_age_years"),
    "dlp_total_mGycm": _taken("total_dlp_mGycm"),
    "n_events": _taken("n_events"),
    "protocol": _taken("protocol"),
    "ctdivol_mGy": _taken("ctdivol_mGy"),
    "ctdivol_phantom": lambda row: None if row.get("phantom_cm") is None else f"{row['phantom_cm']} cm",
    "ssde_mGy": lambda row: row.get("ssde_stated_mGy") if row.get("ssde_mGy") is None else row.get("ssde_mGy"),
    "kv": _taken("kvp"),
    "ma": _taken("tube_current_mA"),
    "exposure_time_ms": _scaled("exposure_time_s", 1000),
    "pitch": _taken("pitch"),
    "beam_width_cm": _scaled("total_collimation_mm", 0.1),
    "scan_length_cm": _scaled("scanning_length_mm", 0.1),
    "axial_or_helical": lambda row: _HELICAL.get(str(row.get("acq_type"))),
    "aec": _taken("modulation"),
}
_MG: dict[str, Callable[[Row], object]] = {
    "study_key": _taken("study_key"),
    "study_date": _taken("StudyDate"),
    "patient_age_years": _taken("patient_age_years"),
    "agd_left_mGy": _taken("agd_left_mGy"),
    "agd_right_mGy": _taken("agd_right_mGy"),
    "n_events": _taken("events"),
}


def ct_rows(survey: Sequence[Row]) -> tuple[list[str], list[list[object]]]:
    """Columns and rows, one per acquisition of physics.ct_survey; `required_missing` names the required fields it lacks.

    A sequenced acquisition has no pitch: the field is not counted as missing there.
    """
    columns = [*_CT, "required_missing"]
    rows = []
    for row in survey:
        made = {name: take(row) for name, take in _CT.items()}
        needed = [name for name in _REQUIRED if not (name == "pitch" and made["axial_or_helical"] == "axial")]
        rows.append([*made.values(), ", ".join(name for name in needed if made[name] is None)])
    return columns, rows


def mammography_rows(exams: Sequence[Row]) -> tuple[list[str], list[list[object]]]:
    """Columns and rows, one per mammography study of physics.dose_exams; all its fields are optional in the annex."""
    return list(_MG), [[take(row) for take in _MG.values()] for row in exams]
