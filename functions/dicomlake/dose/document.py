"""A dose in, the document `dicomlake dose` writes out: the names and units of the dose tables, in plain JSON. Called by the command line.

Identified side: true UIDs and dates, no names.
"""

from dicomlake.dose.model import Dose, Event, ObjectKind

_STUDY = (
    "modality sop_instance_uid study_instance_uid manufacturer model device_serial device_observer_uid study_date start end patient_sex "
    "patient_age_y patient_size_m patient_weight_kg n_events n_events_declared total_dlp_mGycm total_dap_Gym2 total_fluoro_dap_Gym2 "
    "total_acq_dap_Gym2 total_rp_dose_Gy total_fluoro_rp_Gy total_acq_rp_Gy total_fluoro_time_s total_acq_time_s agd_left_mGy agd_right_mGy"
).split()
_EVENT = (
    "index irradiation_event_uid start stop protocol target_region event_type laterality acq_type ctdivol_mGy dlp_mGycm phantom "
    "exposure_time_s scanning_length_mm pitch single_collimation_mm total_collimation_mm kvp tube_current_mA max_tube_current_mA "
    "time_per_rotation_s alert_dlp_mGycm alert_ctdivol_mGy fwd_dlp_mGycm fwd_ctdivol_mGy ssde_mGy dw_mm measured_dw_mm dw_truncated "
    "dap_Gym2 rp_dose_Gy exposure_uAs exposure_time_ms n_pulses irradiation_duration_s primary_angle_deg secondary_angle_deg sid_mm "
    "sod_mm field_area_m2 exposure_index target_ei deviation_index relative_exposure filter_material filter_min_mm filter_max_mm anode "
    "hvl_mm entrance_exposure_mGy agd_mGy compression_thickness_mm compression_force_N radiopharmaceutical radionuclide half_life_s "
    "administered_activity_MBq pre_activity_MBq post_activity_MBq volume_ml route effective_dose_mSv"
).split()


def document(name: str, dose: Dose) -> dict[str, object]:
    """`{file, object_kind, study, events, doubts}`; what is unknown is absent, what was in doubt is named (`1.dap_Gym2:unit`: event 1)."""
    doubts = dose.doubts + [f"{n}.{doubt}" for n, event in enumerate(dose.events) for doubt in event.doubts]
    study = {name: dose.study[name] for name in _STUDY if name in dose.study}
    if dose.kind is not ObjectKind.NOT_DOSE:
        study = {"object_kind": str(dose.kind), **study}
    return {
        "file": name,
        "object_kind": str(dose.kind),
        "study": study,
        "events": [_event(event) for event in dose.events],
        **({"doubts": doubts} if doubts else {}),
    }


def _event(event: Event) -> dict[str, object]:
    return {name: event.fields[name] for name in _EVENT if name in event.fields}
