"""What the reports of `test_many.built` say, written down from what their builders were given and from the fields and units of the lake.

Nothing here asks the reader: a mistake that it made in the changed and the unchanged report alike would show.
"""

from tests.dose.builders import ROOT, Style

Fields = dict[str, object]
_UIDS = [f"{ROOT}.9.{number}" for number in (1, 2, 3)]
_HEADER: Fields = {
    "sop_instance_uid": f"{ROOT}.1.3.1", "study_instance_uid": f"{ROOT}.1.1", "model": "Model X", "device_serial": "S-4711",
    "study_date": "2024-03-10", "patient_sex": "F", "patient_age_y": 64.0, "patient_size_m": 1.7, "patient_weight_kg": 71.5,
}  # fmt: skip
_SCAN: Fields = {
    "protocol": "THORAX", "target_region": "Chest", "acq_type": "Spiral Acquisition", "phantom": "IEC Body Dosimetry Phantom", "exposure_time_s": 4.2,
    "scanning_length_mm": 310.5, "pitch": 0.984, "kvp": [120.0], "tube_current_mA": [200.0],
}  # fmt: skip
_RUN: Fields = {  # 40 pulses of 6.5 ms are 260 ms
    "start": "2024-03-10T10:17:33.25", "event_type": "Fluoroscopy", "kvp": 81.0, "tube_current_mA": 12.5, "n_pulses": 40.0, "exposure_time_ms": 260.0,
}  # fmt: skip
_VIEW: Fields = {
    "start": "2024-03-10T10:17:33", "target_region": "Breast", "event_type": "Stationary Acquisition", "kvp": 30.0, "exposure_uAs": 85000.0,
    "filter_material": ["Silver or Silver compound"], "filter_min_mm": [0.05], "filter_max_mm": [0.05], "anode": "Tungsten or Tungsten compound",
    "hvl_mm": 0.55, "entrance_exposure_mGy": 5.2, "compression_thickness_mm": 53.0, "compression_force_N": 91.0,
}  # fmt: skip
_GIVEN: Fields = {
    "start": "2024-03-10T09:30:00", "stop": "2024-03-10T09:31:12", "radiopharmaceutical": "Fluorodeoxyglucose F^18^", "radionuclide": "^18^Fluorine",
    "half_life_s": 6586.2, "administered_activity_MBq": 252.5, "pre_activity_MBq": 260.1, "post_activity_MBq": 7.6, "volume_ml": 4.5,
    "route": "Intravenous route", "effective_dose_mSv": 4.8,
}  # fmt: skip


def expected(template: int, style: Style) -> dict[str, object]:
    """The document of a report of template 0 (CT), 1 (projection), 2 (mammography), 3 (radiopharmaceutical) or 4 (enhanced)."""
    kind, maker = "rdsr", "GE MEDICAL SYSTEMS"
    totals: Fields
    events: list[Fields]
    if template == 0:
        maker, totals = style.manufacturer, {"modality": "CT", "n_events_declared": 3, "total_dlp_mGycm": 679.5}
        doses = ((7.31, 126.5), (8.31, 226.5), (9.31, 326.5))
        events = [{**_SCAN, "ctdivol_mGy": ctdivol, "dlp_mGycm": dlp} for ctdivol, dlp in doses]
    elif template == 1:
        maker = style.manufacturer
        totals = {"modality": "RF", "total_dap_Gym2": 1.125e-5, "total_rp_dose_Gy": 0.0017, "total_fluoro_time_s": 31.0}
        parts = ((2.5e-6, 0.0004), (7.25e-6, 0.0011), (1.5e-6, 0.0002))
        events = [{**_RUN, "dap_Gym2": dap, "rp_dose_Gy": dose} for dap, dose in parts]
    elif template == 2:
        totals = {"modality": "MG", "agd_left_mGy": 1.31, "agd_right_mGy": 1.52}
        events = [{**_VIEW, "laterality": side, "agd_mGy": dose} for side, dose in (("Left", 1.31), ("Right", 1.52))]
    elif template == 3:
        kind, totals, events = "rrdsr", {"modality": "NM"}, [_GIVEN]
    else:
        totals = {"modality": "RF", "total_dap_Gym2": 0.00012, "total_rp_dose_Gy": 0.03}
        one = {"start": "2024-03-10T10:17:33", "event_type": "Fluoroscopy", "dap_Gym2": 4e-5, "rp_dose_Gy": 0.01}
        events = [one] * 3
    study = {"object_kind": kind, "manufacturer": maker, "n_events": len(events), **_HEADER, **totals}
    numbered = [
        {"index": number, "irradiation_event_uid": _UIDS[number], **event} for number, event in enumerate(events)
    ]
    return {"study": study, "events": numbered}
