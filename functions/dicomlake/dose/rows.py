"""A dose and who it is about in, the rows of one side of the wall out. Called by `pipeline/dose.py`; nothing else builds a `CleanDoseRow`.

Numbers, codes and keyed ids; ages in whole years, 89 and over as one; texts only where nothing known to identify somebody stands in them.
An event is keyed by its UID, else by what tells it apart (series and acquisition number of a slice; time and technique), so that the
same event read twice, from two reports or from two pictures of one exposure, is the same event.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dicomlake.dicom import times
from dicomlake.dicom.read import RawInstance
from dicomlake.dose.header import Header
from dicomlake.dose.model import LOCALISER, Dose, Event, ObjectKind
from dicomlake.dose.study import whole_age
from dicomlake.pseudonyms import SiteKey

_OLDEST_YEARS = 89
_LONGEST_TEXT = 200
_PHANTOMS_CM = {"IEC Head Dosimetry Phantom": 16, "IEC Body Dosimetry Phantom": 32, "10 cm Dosimetry Phantom": 10}
_PLANES = {"Plane A": "A", "Plane B": "B", "Single Plane": "single"}
_NOT_COLUMNS = frozenset(
    "index kind irradiation_event_uid start stop fluoro_mode plane kvp tube_current_mA AcquisitionNumber".split()
)
_STUDY_COLUMNS = (
    "modality n_events n_events_declared total_dlp_mGycm total_dap_Gym2 total_fluoro_dap_Gym2 total_acq_dap_Gym2 total_rp_dose_Gy "
    "total_fluoro_rp_Gy total_acq_rp_Gy total_fluoro_time_s total_acq_time_s agd_left_mGy agd_right_mGy"
).split()
# What tells two exposures apart that state no UID; the picture for processing and the one for presentation share all of it.
_TECHNIQUE = (
    "start laterality view kvp exposure_uAs exposure_time_ms dap_Gym2 agd_mGy ctdivol_mGy dlp_mGycm protocol radiopharmaceutical "
    "administered_activity_MBq"
).split()
_ACQUIRED = ("AcquisitionDateTime", "AcquisitionTime")
_TEXTS = ("protocol", "modulation", "radiopharmaceutical", "radionuclide", "view", "route")

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CleanDoseRow:
    """A row without identity: `table` is dose_events or dose_studies, `part` tells the rows of one object apart."""

    table: str
    part: str
    values: Values


@dataclass(frozen=True, slots=True)
class Side:
    """How one side of the wall sees an object: its keys, whether UIDs are pseudonyms already (the clean copy was read), whether UTC is told,
    the zone of the site, and which texts may stay. `age` in whole years is given, since a clean copy has no birth date.
    """

    key: SiteKey
    mapped: bool
    utc: bool
    zone: str | None
    may_stay: Callable[[str], bool]
    age: int | None


def clean_rows(dose: Dose, raw: RawInstance, side: Side) -> list[CleanDoseRow]:
    """One row per event and one for the study; none for an object that says nothing about dose."""
    if dose.kind is ObjectKind.NOT_DOSE:
        return []
    common = _common(dose, raw, side)
    rows = [CleanDoseRow("dose_studies", "", {**common, **_study(dose, raw, side)})]
    uids = [event.fields.get("irradiation_event_uid") for event in dose.events]
    for number, event in enumerate(dose.events):
        shared = uids.count(event.fields.get("irradiation_event_uid")) > 1
        rows.append(CleanDoseRow("dose_events", str(number), {**common, **_event(dose, event, raw, side, shared)}))
    return rows


def whole_years(raw: RawInstance) -> int | None:
    """Age as rows hold it: whole years, 90 for 89 and over."""
    years = whole_age(raw)
    return years if years is None or years < _OLDEST_YEARS else 90


def _common(dose: Dose, raw: RawInstance, side: Side) -> Values:
    return {
        "object_kind": str(dose.kind),
        "source_rank": dose.kind.rank,
        "modality": dose.study.get("modality"),
        "Manufacturer": _text(dose.study.get("manufacturer"), side),
        "ManufacturerModelName": _text(dose.study.get("model"), side),
        "SoftwareVersions": [text for value in raw.values("SoftwareVersions") if (text := _text(value, side))],
        "StudyDate": times.date(raw.first("StudyDate")),
    }


def _study(dose: Dose, raw: RawInstance, side: Side) -> Values:
    return {
        **{name: dose.study.get(name) for name in _STUDY_COLUMNS},
        **_moment("started", dose.study.get("start"), raw, side),
        **_moment("ended", dose.study.get("end"), raw, side),
        "StudyDescription": _text(raw.first("StudyDescription"), side),
        "BodyPartExamined": _text(raw.first("BodyPartExamined"), side),
        "PatientSex": dose.study.get("patient_sex"),
        "patient_age_years": side.age,
        "PatientSize": dose.study.get("patient_size_m"),
        "PatientWeight": dose.study.get("patient_weight_kg"),
        "doubts": list(dose.doubts),
    }


def _event(dose: Dose, event: Event, raw: RawInstance, side: Side, shared: bool) -> Values:
    fields = event.fields
    key, kind = _key(dose, event, raw, side, shared)
    phantom, acquisition = fields.get("phantom"), fields.get("AcquisitionNumber")
    values = {name: value for name, value in fields.items() if name not in _NOT_COLUMNS}
    values |= {name: _text(values.get(name), side) for name in _TEXTS if name in values}
    return {
        **values,
        "event_key": key,
        "event_key_kind": kind,
        "event_index": fields.get("index"),
        **_moment("started", fields.get("start"), raw, side),
        **_moment("stopped", fields.get("stop"), raw, side),
        "target_region": _text(fields.get("target_region"), side),
        "target_region_code": _text(" ".join(event.region), side) if event.region else None,
        "localiser": fields.get("localiser", _is_localiser(fields.get("acq_type"))),
        "plane": _PLANES.get(str(fields.get("plane"))),
        "phantom_cm": _PHANTOMS_CM.get(str(phantom)),
        "kvp": _listed(fields.get("kvp")),
        "tube_current_mA": _listed(fields.get("tube_current_mA")),
        "AcquisitionNumber": int(acquisition) if isinstance(acquisition, float) else None,
        "doubts": list(event.doubts),
    }


def _key(dose: Dose, event: Event, raw: RawInstance, side: Side, shared: bool) -> tuple[str, str]:
    """The event's key and what it stands for."""
    fields = event.fields
    uid = fields.get("irradiation_event_uid")
    if isinstance(uid, str):
        pseudonym = uid if side.mapped else side.key.uid(uid)
        # Planes that share a UID are two events; a report that says so always says so, and each picture of a plane is one.
        plane = _PLANES.get(str(fields.get("plane")), "")
        shared = shared or (dose.kind is ObjectKind.IMAGE and plane in ("A", "B"))
        return (f"{pseudonym}.{plane}" if shared else pseudonym), "uid"
    if "slice_position_mm" in fields or "AcquisitionNumber" in fields:
        parts = (raw.first("SeriesInstanceUID"), fields.get("AcquisitionNumber"))
        return side.key.identifier("dose_event", "\x1f".join(map(str, parts)), "E"), "acquisition"
    technique = [str(fields.get(name)) for name in _TECHNIQUE]
    if fields.get("kind") == "xray" and dose.kind is ObjectKind.IMAGE and not any(map(raw.first, _ACQUIRED)):
        # The time of the content is that of this picture; the one for presentation names the one for processing it was made of.
        technique = [_source(raw)]
    elif "start" not in fields and fields.get("kind") != "rp":  # every slice repeats what was given
        # Nothing tells when: then only the same object tells of the same event.
        technique += [str(raw.first("SOPInstanceUID")), str(fields.get("index"))]
    text = "\x1f".join([str(dose.study.get("modality")), *technique])
    return side.key.identifier("dose_event", text, "E"), "digest"


def _source(raw: RawInstance) -> str:
    """The UID of the only picture that this one was made of, else its own."""
    sources = {item.first("ReferencedSOPInstanceUID") for item in Header.of(raw).items("SourceImageSequence")}
    only = sources.pop() if len(sources) == 1 else None
    return str(only or raw.first("SOPInstanceUID"))


def _moment(name: str, local: object, raw: RawInstance, side: Side) -> Values:
    text = local if isinstance(local, str) else None
    moment = {f"{name}_local": text}
    if side.utc:
        moment[f"{name}_at"] = times.utc(text, raw.first("TimezoneOffsetFromUTC"), side.zone)
    return moment


def _text(value: object, side: Side) -> str | None:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        return None
    return value[:_LONGEST_TEXT] if side.may_stay(value) else None


def _listed(value: object) -> list[float]:
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, float) else []


def _is_localiser(acq_type: object) -> bool | None:
    return acq_type == LOCALISER if acq_type else None
