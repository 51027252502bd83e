"""The header of an image in, its irradiation event out. Called by `read.py` for every picture.

Units are those of the standard for each attribute, not of the report templates: DAP in dGy.cm2, organ dose in dGy, exposure in mAs or uAs,
activity in Bq (PET) or MBq (NM). Distances nobody can mean in mm are read in the unit in which they are possible, if there is one.
"""

from collections.abc import Iterable

from dicomlake.dicom import times
from dicomlake.dose.header import Header
from dicomlake.dose.limits import charge, glandular_dose, keep_possible
from dicomlake.dose.model import LOCALISER, Dose, Event, Fields, ObjectKind
from dicomlake.dose.nuclear import administrations
from dicomlake.dose.report import order_filters
from dicomlake.rules.dose import DoseRules

_SIDES = {"L": "Left", "R": "Right", "B": "Bilateral"}
_PLANES = {"BIPLANE A": "Plane A", "BIPLANE B": "Plane B", "SINGLE PLANE": "Single Plane"}
_SID_MM = (300.0, 4000.0)
_TELLS_DOSE = (
    "dap_Gym2 agd_mGy entrance_exposure_mGy exposure_index relative_exposure kvp exposure_uAs ctdivol_mGy administered_activity_MBq"
).split()
_SCREENS = ("SCREEN SAVE", "DOSE", "DOSE_INFO", "OTHER")


def read_image(header: Header, rules: DoseRules) -> Dose | None:
    """The dose in an image's header, None when it tells of none."""
    modality = rules.headers.modalities.get((header.first("Modality") or "").upper())
    kind = [value.upper() for value in header.values("ImageType")]
    if modality is None or "SECONDARY" in kind[:2] or any(word.startswith("GENERATED") for word in kind):
        return None  # made of other pictures, whose exposure it would count again
    if modality == "NM":
        events = administrations(header, rules)
    elif modality == "CT":
        events = _ct(header, rules)
    else:
        events = [_projection(header.with_acquisition(), rules, modality)]
    events = [event for event in events if _is_exposure(event)]
    if not events:
        return None
    dose = Dose(ObjectKind.IMAGE, events=events)
    for number, event in enumerate(events):
        event.fields["index"] = number
    dose.study.update({"modality": modality, "n_events": len(events), **_totals(modality, events)})
    return dose


def _is_exposure(event: Event) -> bool:
    """Whether something was said about dose, even if it could not be taken: the exposure was made."""
    doubted = {doubt.partition(":")[0] for doubt in event.doubts}
    return any(name in event.fields or name in doubted for name in _TELLS_DOSE)


def _totals(modality: str, events: list[Event]) -> Fields:
    fields = events[0].fields
    if modality == "MG":
        side = {"Left": "agd_left_mGy", "Right": "agd_right_mGy"}.get(str(fields.get("laterality")))
        return {side: fields["agd_mGy"]} if side and "agd_mGy" in fields else {}
    if modality in ("DX", "RF", "PX") and "dap_Gym2" in fields:
        return {"total_dap_Gym2": fields["dap_Gym2"]}
    return {}


def acquired_at(header: Header) -> str | None:
    """Local time of the acquisition in ISO form, from the most exact attributes that hold one."""
    from dicomlake.dose.study import iso_time

    stated = iso_time(header.first("AcquisitionDateTime"))
    if stated:
        return stated
    for what in ("Acquisition", "Content"):
        day, clock = header.first(f"{what}Date"), header.first(f"{what}Time")
        if day and times.date(day) and clock:
            found = iso_time((times.date(day) or "").replace("-", "") + clock.replace(":", ""))
            if found:
                return found
    return None


def _known(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}


def event_uid(header: Header) -> str | None:
    """The UID of the one irradiation event an image belongs to; None when it names several."""
    found = {uid for level in header.below("IrradiationEventUID") for uid in level.values("IrradiationEventUID") if uid}
    return found.pop() if len(found) == 1 else None


def _projection(header: Header, rules: DoseRules, modality: str) -> Event:
    """DX, CR, MG, PX, XA and RF (PS3.3 C.8.7.3, C.8.11.2, C.4.16)."""
    event = Event()
    event.fields.update(
        _known(
            {
                "kind": "xray",
                "irradiation_event_uid": event_uid(header),
                "start": acquired_at(header),
                "protocol": header.first("ProtocolName"),
                "laterality": _SIDES.get(_first_text(header, "ImageLaterality", "FrameLaterality", "Laterality")),
                "view": header.first("ViewPosition") or _coded(header, rules, "ViewCodeSequence", "view"),
                "plane": _PLANES.get(" ".join(header.values("ImageType")[2:3]).upper()),
                "event_type": _event_type(header) if modality == "RF" else None,
                "kvp": _positive(header.number("KVP")),
                "tube_current_mA": _first_of(
                    header, ("XRayTubeCurrentInmA", "1"), ("XRayTubeCurrentInuA", "0.001"), ("XRayTubeCurrent", "1")
                ),
                "exposure_time_ms": _first_of(
                    header, ("ExposureTimeInms", "1"), ("ExposureTimeInuS", "0.001"), ("ExposureTime", "1")
                ),
                "dap_Gym2": header.number("ImageAndFluoroscopyAreaDoseProduct", "0.00001"),
                "entrance_exposure_mGy": _first_of(header, ("EntranceDoseInmGy", "1"), ("EntranceDose", "100")),
                "hvl_mm": _positive(header.number("HalfValueLayer")),
                "exposure_index": header.number("ExposureIndex"),
                "target_ei": header.number("TargetExposureIndex"),
                "deviation_index": header.number("DeviationIndex"),
                "relative_exposure": header.number("RelativeXRayExposure"),
                "primary_angle_deg": header.number("PositionerPrimaryAngle"),
                "secondary_angle_deg": header.number("PositionerSecondaryAngle"),
                "sod_mm": _positive(header.number("DistanceSourceToIsocenter")),
                "anode": rules.headers.materials.get((header.first("AnodeTargetMaterial") or "").upper()),
            }
        )
    )
    charge(header, event)
    if modality == "MG":
        glandular_dose(header, event)
        pressed = {"compression_thickness_mm": "BodyPartThickness", "compression_force_N": "CompressionForce"}
        event.fields.update(_known({name: _positive(header.number(keyword)) for name, keyword in pressed.items()}))
    _distance(header, event)
    _filters(header, rules, event)
    _region(header, rules, event)
    keep_possible(event, rules)
    return event


def _first_text(header: Header, *keywords: str) -> str:
    return next((text for keyword in keywords if (text := header.first(keyword))), "")


def _coded(header: Header, rules: DoseRules, keyword: str, kind: str) -> str | None:
    """The meaning of the only item of a sequence of codes; None for codes of nobody's list."""
    items = header.items(keyword)
    scheme, value = (
        (items[0].first("CodingSchemeDesignator"), items[0].first("CodeValue")) if len(items) == 1 else ("", "")
    )
    known = rules.values[kind].get((rules.schemes.get((scheme or "").upper(), ""), (value or "").upper()))
    return known.meaning if known else None


def _event_type(header: Header) -> str | None:
    """Fluoroscopy or an acquisition, by Radiation Setting and Positioner Motion (PS3.3 C.8.7.3, C.8.7.5)."""
    setting, motion = header.first("RadiationSetting"), header.first("PositionerMotion")
    if setting == "SC":
        return "Fluoroscopy"
    if setting != "GR":
        return None
    return "Rotational Acquisition" if motion == "DYNAMIC" else "Stationary Acquisition"


def _positive(value: float | None) -> float | None:
    return value if value else None


def _first_of(header: Header, *attributes: tuple[str, str]) -> float | None:
    """The first of several attributes of one meaning that holds a number above zero: the finer one comes first."""
    return next((value for keyword, factor in attributes if (value := header.number(keyword, factor))), None)


def _distance(header: Header, event: Event) -> None:
    stated = header.number("DistanceSourceToDetector")
    if not stated:
        return
    possible = [stated * factor for factor in (1, 10, 100, 1000) if _SID_MM[0] <= stated * factor <= _SID_MM[1]]
    if _SID_MM[0] <= stated <= _SID_MM[1]:
        event.fields["sid_mm"] = stated
    elif len(possible) == 1:
        event.fields["sid_mm"] = round(possible[0], 6)
    else:
        event.doubt("sid_mm", "unit")


def _filters(header: Header, rules: DoseRules, event: Event) -> None:
    materials = [rules.headers.materials.get(term.upper()) for term in header.values("FilterMaterial")]
    if any(materials):
        event.fields["filter_material"] = [material for material in materials if material]
    for name, keyword in (("filter_min_mm", "FilterThicknessMinimum"), ("filter_max_mm", "FilterThicknessMaximum")):
        values = [float(value) for value in header.numbers(keyword)]
        if values:
            event.fields[name] = values
    order_filters(event)


def _region(header: Header, rules: DoseRules, event: Event) -> None:
    """The region by its code, else by the term of Body Part Examined (PS3.16 Annex L)."""
    for item in header.items("AnatomicRegionSequence")[:1]:
        scheme = rules.schemes.get((item.first("CodingSchemeDesignator") or "").upper(), "")
        value = rules.values["region"].get((scheme, (item.first("CodeValue") or "").upper()))
        if value is not None:
            event.fields["target_region"], event.region = value.meaning, value.key
            return
    code = rules.headers.body_parts.get((header.first("BodyPartExamined") or "").upper())
    value = rules.values["region"].get(("SCT", code)) if code else None
    if value is not None:
        event.fields["target_region"], event.region = value.meaning, value.key


def _ct(header: Header, rules: DoseRules) -> list[Event]:
    """A CT image as acquired: one slice, or (enhanced) all frames of an acquisition. Reformats and screens repeat what others say."""
    kind = [value.upper() for value in header.values("ImageType")]
    if kind[:1] != ["ORIGINAL"] or "SECONDARY" in kind[:2] or any(word in _SCREENS for word in kind):
        return []
    event = Event()
    localiser = "LOCALIZER" in kind
    types = {rules.headers.acquisition_types.get(text.upper()) for text in _anywhere(header, "AcquisitionType")} - {
        None
    }
    acq_type = types.pop() if len(types) == 1 else LOCALISER if localiser else None
    event.fields.update(
        _known(
            {
                "kind": "ct",
                "irradiation_event_uid": event_uid(header),
                "start": acquired_at(header),
                "protocol": header.first("ProtocolName"),
                "acq_type": acq_type,
                "localiser": localiser or acq_type == LOCALISER,
                "ctdivol_mGy": _mean(header, event, "ctdivol_mGy", "CTDIvol"),
                "pitch": _same(header, event, "pitch", "SpiralPitchFactor"),
                "single_collimation_mm": _same(header, event, "single_collimation_mm", "SingleCollimationWidth"),
                "total_collimation_mm": _same(header, event, "total_collimation_mm", "TotalCollimationWidth"),
                "time_per_rotation_s": _list(_same(header, event, "time_per_rotation_s", "RevolutionTime")),
                "dw_mm": _mean(header, event, "dw_mm", "WaterEquivalentDiameter"),
                "kvp": _list(_same(header, event, "kvp", "KVP")),
                "tube_current_mA": _list(_tube_current(header)),
                "phantom": _phantom(header, rules),
                "AcquisitionNumber": header.number("AcquisitionNumber"),
                **_extent(header),
            }
        )
    )
    _region(header, rules, event)
    keep_possible(event, rules)
    if not localiser and not any("ctdivol_mGy" in said for said in [*event.fields, *event.doubts]):
        return []  # every slice has a voltage; only with a dose it is a dose object
    return [event]


def _anywhere(header: Header, keyword: str) -> Iterable[str]:
    for level in header.below(keyword):
        yield from (value for value in level.values(keyword) if value)


def _numbers(header: Header, keyword: str) -> list[float]:
    return [float(value) for level in header.below(keyword) for value in level.numbers(keyword)]


def _same(header: Header, event: Event, name: str, keyword: str) -> float | None:
    found = set(_numbers(header, keyword))
    if len(found) > 1:
        event.doubt(name, "conflict")
    return found.pop() if len(found) == 1 else None


def _mean(header: Header, event: Event, name: str, keyword: str) -> float | None:
    """The mean over the frames; what no scanner can mean is in doubt."""
    found = _numbers(header, keyword)
    if any(not 0 <= value <= 10_000 for value in found):
        event.doubt(name, "range")
        return None
    return sum(found) / len(found) if found else None


def _tube_current(header: Header) -> float | None:
    frames = _numbers(header, "XRayTubeCurrentInmA")
    if frames:
        return sum(frames) / len(frames)
    return _first_of(header, ("XRayTubeCurrentInuA", "0.001"), ("XRayTubeCurrent", "1"))


def _list(value: float | None) -> list[float] | None:
    return [value] if value else None


def _phantom(header: Header, rules: DoseRules) -> str | None:
    found = set()
    for level in header.below("CTDIPhantomTypeCodeSequence"):
        for item in level.items("CTDIPhantomTypeCodeSequence"):
            scheme = rules.schemes.get((item.first("CodingSchemeDesignator") or "").upper(), "")
            value = rules.values["phantom"].get((scheme, (item.first("CodeValue") or "").upper()))
            found.add(value.meaning if value else None)
    return found.pop() if len(found) == 1 else None


def _extent(header: Header) -> Fields:
    """Where along the patient a slice lies and how thick it is; of all frames of an enhanced image, the middle and the length they cover."""
    frames = header.items("PerFrameFunctionalGroupsSequence")
    if not frames:
        return {
            "slice_position_mm": _position(header),
            "slice_thickness_mm": _positive(header.number("SliceThickness")),
        }
    thickness = set(_numbers(header, "SliceThickness"))
    places = [
        place
        for frame in frames
        for item in frame.items("PlanePositionSequence")
        if (place := _position(item)) is not None
    ]
    if len(places) != len(frames) or len(thickness) != 1:
        return {}
    low, high = min(places), max(places)
    return {"slice_position_mm": (low + high) / 2, "slice_thickness_mm": round(high - low + thickness.pop(), 6)}


def _position(header: Header) -> float | None:
    place = header.numbers("ImagePositionPatient")
    return float(place[2]) if len(place) == 3 else header.number("SliceLocation")
