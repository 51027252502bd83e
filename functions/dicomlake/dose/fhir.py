"""Studies and CT events in, an HL7 FHIR R4 bundle of radiation dose summaries out. Called by `pipeline/dose_export.py`.

Profile `radiation-dose-summary` 1.0.0 of the HL7 guide "Radiation Dose Summary for Diagnostic Procedures on FHIR". Patients, studies and devices
are operations pseudonyms (each resource is labelled PSEUDED); who authorised the irradiation is not known here and is marked masked.
"""

import datetime
import re
import zoneinfo
from collections.abc import Mapping, Sequence

Row = Mapping[str, object]
Json = dict[str, object]
_GUIDE = "http://hl7.org/fhir/uv/radiation-dose-summary"
_UID = re.compile(r"[0-9]+(?:\.[0-9]+)+")
_DCM, _SCT = "http://dicom.nema.org/resources/ontology/DCM", "http://snomed.info/sct"
_PROCEDURES = {
    "CT": (_SCT, "77477000", "Computerized tomography"),
    "MG": (_SCT, "71651007", "Mammography"),
    "NM": (_DCM, "113502", "Radiopharmaceutical Administration"),
}
_PROJECTION = (_DCM, "113704", "Projection X-Ray")
# Column of physics.dose_exams -> DICOM code, its meaning, factor to the unit of the profile (UCUM).
_TOTALS = {
    "total_dlp_mGycm": ("113813", "CT Dose Length Product Total", 1.0, "mGy.cm"),
    "total_rp_dose_Gy": ("113725", "Dose (RP) Total", 1e3, "mGy"),
    "total_dap_Gym2": ("113722", "Dose Area Product Total", 1e7, "mGy.cm2"),
    "total_fluoro_time_s": ("113730", "Total Fluoro Time", 1.0, "s"),
    "activity_MBq": ("113507", "Administered activity", 1.0, "MBq"),
}
_PHANTOMS = {16: ("113690", "IEC Head Dosimetry Phantom"), 32: ("113691", "IEC Body Dosimetry Phantom")}


def bundle(exams: Sequence[Row], ct_events: Sequence[Row], zone: str) -> Json:
    """A collection bundle: a summary per study with a total, an event summary per CT event.

    Local times are of the IANA `zone`; "" is unknown: dates stand alone then.
    """
    by_study: dict[object, list[Row]] = {}
    for event in ct_events:
        by_study.setdefault(event["study_key"], []).append(event)
    resources: list[Json] = []
    for exam in exams:
        events = [_event(event, exam, zone) for event in by_study.get(exam["study_key"], ())]
        summary = _summary(exam, events, zone)
        if summary is not None:
            resources += [summary, *events]
    entries = [{"fullUrl": f"{_GUIDE}/Observation/{item['id']}", "resource": item} for item in resources]
    made: Json = {"resourceType": "Bundle", "type": "collection"}
    return made | {"entry": entries} if entries else made


def _summary(exam: Row, events: Sequence[Json], zone: str) -> Json | None:
    components, told = [], []
    for column, (code, meaning, factor, unit) in _TOTALS.items():
        if exam.get(column) is not None:
            value = round(float(str(exam[column])) * factor, 9)
            components.append(_measured(code, meaning, value, unit))
            told.append(f"{meaning}: {value:g} {unit}")
    for column, side in (("agd_left_mGy", "Left breast"), ("agd_right_mGy", "Right breast")):
        if exam.get(column) is not None:
            components.append(
                _measured("111637", "Accumulated Average Glandular Dose", float(str(exam[column])), "mGy")
            )
            told.append(f"Accumulated Average Glandular Dose, {side}: {exam[column]} mGy")
    if not components or exam.get("StudyDate") is None:
        return None
    study = _identified("ImagingStudy", "study-instance-uid", exam["study_key"])
    made = _observation(exam, "radiation-dose-summary", f"study-{exam['study_key']}", zone)
    made |= {
        "partOf": [study],
        "code": {"coding": [{"system": "http://loinc.org", "code": "73569-6"}]},
        "focus": [study],
        "performer": [{"type": "Practitioner", "extension": [_absent("masked")]}],
        "valueString": "; ".join(told),
        "component": [
            _coded("121058", "Procedure reported", _PROCEDURES.get(str(exam["modality"]), _PROJECTION)),
            *components,
        ],
    }
    if exam.get("device_key") is not None:
        made["device"] = {"type": "Device", "identifier": {"value": exam["device_key"]}}
    if events:
        made["hasMember"] = [{"reference": f"Observation/{event['id']}"} for event in events]
    return made


def _event(event: Row, exam: Row, zone: str) -> Json:
    made = _observation({**exam, **event}, "ct-irradiation-event-summary", f"event-{event['event_key']}", zone)
    made |= {
        "identifier": [_uid("irradiation-event-uid", event["event_key"])],
        "partOf": [_identified("ImagingStudy", "study-instance-uid", exam["study_key"])],
        "code": {"coding": [{"system": _DCM, "code": "113852", "display": "Irradiation Event"}]},
    }
    code, region = event.get("target_region_code"), event.get("target_region")
    made["bodySite"] = (
        {"coding": [{"system": _SCT, "code": code, **({"display": region} if region else {})}]}
        if code is not None and str(code).isdecimal()
        else {"extension": [_absent("unknown")]}
    )
    parts = []
    if event.get("ctdivol_mGy") is not None:
        parts.append(_measured("113830", "Mean CTDIvol", float(str(event["ctdivol_mGy"])), "mGy"))
    if event.get("dlp_mGycm") is not None:
        parts.append(_measured("113838", "DLP", float(str(event["dlp_mGycm"])), "mGy.cm"))
    if event.get("phantom_cm") in _PHANTOMS:
        phantom = _PHANTOMS[int(str(event["phantom_cm"]))]
        parts.append(_coded("113835", "CTDIw Phantom Type", (_DCM, *phantom)))
    return made | ({"component": parts} if parts else {})


def _observation(row: Row, profile: str, identity: str, zone: str) -> Json:
    patient: Json = {"type": "Patient", "identifier": {"value": row["patient_key"]}}
    if row.get("patient_key") is None:
        patient = {"type": "Patient", "extension": [_absent("unknown")]}
    security = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "PSEUDED"}
    return {
        "resourceType": "Observation",
        "id": identity.lower()[:64],
        "meta": {"profile": [f"{_GUIDE}/StructureDefinition/{profile}"], "security": [security]},
        "status": "final",
        "subject": patient,
        "effectiveDateTime": _when(row, zone),
    }


def _when(row: Row, zone: str) -> str:
    """The local begin with its offset (FHIR wants one with any time), else the date alone."""
    started = row.get("started_local")
    if isinstance(started, datetime.datetime):
        if zone:
            return started.replace(tzinfo=zoneinfo.ZoneInfo(zone)).isoformat(timespec="seconds")
        return started.date().isoformat()
    return str(row["StudyDate"])


def _measured(code: str, meaning: str, value: float, unit: str) -> Json:
    quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    return {"code": {"coding": [{"system": _DCM, "code": code, "display": meaning}]}, "valueQuantity": quantity}


def _coded(code: str, meaning: str, value: tuple[str, str, str]) -> Json:
    system, found, display = value
    return {
        "code": {"coding": [{"system": _DCM, "code": code, "display": meaning}]},
        "valueCodeableConcept": {"coding": [{"system": system, "code": found, "display": display}]},
    }


def _identified(kind: str, identifier: str, value: object) -> Json:
    return {"type": kind, "identifier": _uid(identifier, value)}


def _uid(kind: str, value: object) -> Json:
    """A UID as FHIR writes those of DICOM (R4, Identifier: system urn:dicom:uid, value with urn:oid:); a key that is none stands as it is."""
    if _UID.fullmatch(str(value)):
        return {"type": _kind(kind), "system": "urn:dicom:uid", "value": f"urn:oid:{value}"}
    return {"type": _kind(kind), "value": value}


def _kind(code: str) -> Json:
    return {"coding": [{"system": f"{_GUIDE}/CodeSystem/dicom-identifier-type", "code": code}]}


def _absent(why: str) -> Json:
    return {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": why}
