"""The content tree of a dose report in, its study and events out. Called by `read.py` for every SR.

What an item means follows from its code and from the event, tube, filter or accumulation it stands in, however deep and in whatever order;
neither the template's id nor the SOP class decides. Events that repeat are one (by their UID and plane).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from dicomlake.dose import merge, modality, plausible, unstated
from dicomlake.dose.codes import meaning_elsewhere
from dicomlake.dose.content import Node, Tree
from dicomlake.dose.model import Dose, Event, ObjectKind
from dicomlake.dose.numbers import Doubt, mean_of, one_of, parts_by_comma, reads_two_ways, stated_factor, values_of
from dicomlake.dose.study import iso_time
from dicomlake.dose.totals import fill_totals
from dicomlake.rules.dose import DoseRules, Quantity, fold

_EVENTS = {"event_ct": "ct", "event_xray": "xray", "event_rp": "rp", "event_any": "any"}
_PER_TUBE = ("kvp", "tube_current_mA", "max_tube_current_mA", "time_per_rotation_s")
_PER_FILTER = ("filter_min_mm", "filter_max_mm")
_SEVERAL = re.compile(r"[&+,;/]|\b(?:and|und|et|y|e)\b", re.IGNORECASE)
_STANDARD = ("DCM", "SRT", "SCT")


@dataclass(slots=True)
class Place:
    """Where an item stands: numbers of its event, accumulation, tube and filter in the report, -1 for none."""

    event: int = -1
    accumulated: int = -1
    tube: int = -1
    ignored: bool = False


@dataclass(slots=True)
class Found:
    """The items of one event or of one accumulation, by the name of their concept, with the tube they belong to."""

    kind: str = ""
    items: dict[str, list[tuple[int, Node]]] = field(default_factory=dict)

    def add(self, name: str, tube: int, node: Node) -> None:
        """Keep one more item."""
        self.items.setdefault(name, []).append((tube, node))

    def nodes(self, name: str) -> list[Node]:
        """Items of a name, in the order of the report; those under a private scheme only where the standard's are missing."""
        return [node for _, node in self.placed(name)]

    def placed(self, name: str) -> list[tuple[int, Node]]:
        """The same, each with its tube."""
        found = self.items.get(name, [])
        return [(tube, node) for tube, node in found if not node.private] or found


@dataclass
class Report:
    """A tree sorted into study, accumulations and events; `sides` tells the laterality that stands under an item."""

    tree: Tree
    rules: DoseRules
    events: list[Found] = field(default_factory=list)
    accumulations: list[Found] = field(default_factory=list)
    study: Found = field(default_factory=Found)
    sides: dict[int, str] = field(default_factory=dict)
    roots: set[str] = field(default_factory=set)
    usual: dict[str, Decimal] = field(default_factory=dict)
    commas_part: bool = False
    sources: tuple[str, ...] = ()

    def numbers(self, nodes: list[Node], quantity: Quantity) -> list[Decimal]:
        """Values of items in the base unit. Raises Doubt."""
        return [
            value
            for node in nodes
            for value in values_of(self.tree.numbers(node), quantity, self.usual.get(quantity.name), self.commas_part)
        ]

    def reads_two_ways(self, nodes: list[Node]) -> bool:
        """Whether a number of these items is another one if its comma groups thousands."""
        numbers = (node for node in nodes if node.concept and node.concept.quantity)
        return any(reads_two_ways(measured.text) for node in numbers for measured in self.tree.numbers(node))

    def assumes_unit(self, nodes: list[Node]) -> bool:
        """Whether a unit of these items is stated neither by them nor by the rest of the report."""
        for node in nodes:
            if node.concept is None or not node.concept.quantity or node.concept.quantity in self.usual:
                continue
            quantity = self.rules.quantities[node.concept.quantity]
            for measured in () if quantity.any_unit else self.tree.numbers(node):
                try:
                    if stated_factor(measured, quantity) is None:
                        return True
                except Doubt:
                    continue
        return False


def read_report(tree: Tree, rules: DoseRules) -> Dose | None:
    """The dose in a report, None when it is not about dose."""
    report = _sorted(tree, rules)
    if not (report.roots or report.events or report.accumulations):
        return None
    _note_usual_units(report)
    report.sources = _sources(report)
    kind = ObjectKind.RRDSR if _is_radiopharmaceutical(report) else ObjectKind.RDSR
    dose = Dose(kind)
    dose.events = merge.once([_event(report, found) for found in report.events])
    unstated.keep_plausible(dose.events, rules)
    dose.study["n_events"] = len(dose.events)
    dose.study["modality"] = modality.of(report, dose)
    if dose.study["modality"] is None:
        del dose.study["modality"]
    _observer(report, dose)
    fill_totals(report, dose)
    unstated.name_assumed(dose.events)
    for number, event in enumerate(dose.events):
        event.fields["index"] = number
    return dose


def _is_radiopharmaceutical(report: Report) -> bool:
    return "rp_report" in report.roots or any(found.kind == "rp" for found in report.events)


def _sorted(tree: Tree, rules: DoseRules) -> Report:
    report = Report(tree, rules)
    own_events = _events_by_uid(tree)
    places: list[Place] = []
    for number, node in enumerate(tree.nodes):
        above = places[node.parent] if node.parent >= 0 else Place()
        place = Place(above.event, above.accumulated, above.tube, above.ignored)
        places.append(place)
        name = node.concept.name if node.concept else ""
        if name in ("xray_report", "rp_report"):
            report.roots.add(name)
        elif name in _EVENTS or (number in own_events and place.event < 0):
            place.event, place.accumulated, place.tube = len(report.events), -1, -1
            report.events.append(Found(_EVENTS.get(name, "any")))
        elif name == "accumulated":
            place.accumulated = len(report.accumulations)
            report.accumulations.append(Found())
        elif name == "tube":
            place.tube = number
        elif name == "aside":
            place.ignored = True
        elif name and not place.ignored:
            _keep(report, name, number, node, place)
    return report


def _events_by_uid(tree: Tree) -> set[int]:
    """Containers that are events by the UID they hold, where their own name is unknown."""
    inside: set[int] = set()
    for node in tree.nodes:
        if node.concept and node.concept.name == "irradiation_event_uid" and node.parent > 0:
            parent = tree.nodes[node.parent]
            if parent.concept is None:
                inside.add(node.parent)
    return inside


def _keep(report: Report, name: str, number: int, node: Node, place: Place) -> None:
    if name == "laterality":
        parent = report.tree.nodes[node.parent].concept if node.parent >= 0 else None
        if parent is not None and parent.name == "total_agd_mGy":
            report.sides[id(report.tree.nodes[node.parent])] = _meaning(report, node) or ""
            return
    target = report.study
    if place.event >= 0:
        target = report.events[place.event]
    elif place.accumulated >= 0:
        target = report.accumulations[place.accumulated]
    target.add(name, place.tube, node)


def _note_usual_units(report: Report) -> None:
    """Per quantity, the unit that all items which state one agree on: what the others mean too. And whether commas part fractions here."""
    seen: dict[str, set[Decimal]] = {}
    for found in [report.study, *report.accumulations, *report.events]:
        for nodes in found.items.values():
            for _, node in nodes:
                if node.concept is None or not node.concept.quantity:
                    continue
                quantity = report.rules.quantities[node.concept.quantity]
                for measured in report.tree.numbers(node):
                    report.commas_part = report.commas_part or any(map(parts_by_comma, measured.text.split("\\")))
                    try:
                        factor = stated_factor(measured, quantity)
                    except Doubt:
                        continue
                    if factor is not None:
                        seen.setdefault(quantity.name, set()).add(factor)
    report.usual = {name: next(iter(factors)) for name, factors in seen.items() if len(factors) == 1}


def _sources(report: Report) -> tuple[str, ...]:
    """The two x-ray sources that an enhanced report names (TID 10041 and 10042), in order; () for one, for more, and for CT."""
    told = [report.study, *report.accumulations, *(found for found in report.events if _kind(found) == "xray")]
    named = {text for found in told for node in found.nodes("xray_source") if (text := report.tree.text(node))}
    single = sorted(text for text in named if not _SEVERAL.search(text))
    return tuple(single) if len(single) == 2 else ()


def plane_of_source(report: Report, found: Found) -> str:
    """The plane that the source of an event or of totals stands for; "" where none is named."""
    named = [text for node in found.nodes("xray_source") if (text := report.tree.text(node))]
    if len(named) != 1 or not report.sources:
        return ""
    planes = dict(zip(report.sources, ("Plane A", "Plane B"), strict=True))
    return planes.get(named[0], "All Planes")


def _event(report: Report, found: Found) -> Event:
    event = Event()
    kind = _kind(found)
    event.fields["kind"] = kind
    uid = next((text for node in found.nodes("irradiation_event_uid") if (text := report.tree.text(node))), None)
    texts = {
        "irradiation_event_uid": uid,
        "start": _time(report, found, "start"),
        "stop": _time(report, found, "stop"),
        "protocol": _text(report, found, "protocol"),
        "modulation": _text(report, found, "modulation"),
    }
    event.fields.update({name: value for name, value in texts.items() if value})
    _codes(report, found, event)
    if kind == "xray" and "plane" not in event.fields and (plane := plane_of_source(report, found)):
        event.fields["plane"] = plane
    (_ct if kind == "ct" else _projection if kind == "xray" else _administration)(report, found, event)
    assumed = {name for name in found.items if report.assumes_unit(found.nodes(name))}
    two_ways = {name for name in found.items if report.reads_two_ways(found.nodes(name))}
    event.assumed = {_column(name, kind) for name in assumed}
    plausible.check(event, frozenset(assumed | two_ways))
    return event


def _column(name: str, kind: str) -> str:
    """The field that a concept fills."""
    if name in ("exposure_time", "pulse_width"):
        return "exposure_time_s" if kind == "ct" else "exposure_time_ms"
    return name


def _kind(found: Found) -> str:
    if found.kind != "any":
        return found.kind
    if "acq_type" in found.items or "ctdivol_mGy" in found.items:
        return "ct"
    return "rp" if "administered_activity_MBq" in found.items else "xray"


def _text(report: Report, found: Found, name: str) -> str | None:
    return next((text for node in found.nodes(name) if (text := report.tree.text_or_meaning(node))), None)


def _time(report: Report, found: Found, name: str) -> str | None:
    return next((time for node in found.nodes(name) if (time := iso_time(report.tree.text(node)))), None)


def _meaning(report: Report, node: Node) -> str | None:
    """The meaning of a coded value: the standard's for a code of the standard, else as written where it agrees with it or nothing is known."""
    held = report.tree.coded(node)
    if held is None:
        return None
    code, value = held
    if value is None:
        return meaning_elsewhere(code) or code.meaning or None
    written = fold(code.meaning)
    if written in value.wordings and (written != fold(value.meaning) or code.scheme not in _STANDARD):
        return code.meaning if node.concept is None or node.concept.name != "laterality" else value.meaning
    return value.meaning


def _codes(report: Report, found: Found, event: Event) -> None:
    for name in "target_region event_type acq_type phantom anode view plane radiopharmaceutical radionuclide route fluoro_mode laterality".split():
        nodes = found.nodes(name)
        meanings = list(dict.fromkeys(meaning for node in nodes if (meaning := _meaning(report, node))))
        if len(meanings) > 1:
            event.doubt(name, "conflict")
        elif meanings:
            event.fields[name] = meanings[0]
    _region_code(report, found, event)
    materials = [_meaning(report, node) for node in found.nodes("filter_material")]
    if any(materials):
        event.fields["filter_material"] = [material for material in materials if material]


def _region_code(report: Report, found: Found, event: Event) -> None:
    for node in found.nodes("target_region"):
        held = report.tree.coded(node)
        if held is not None and "target_region" in event.fields:
            code, value = held
            event.region = value.key if value else (code.scheme, code.value)


def _single(report: Report, found: Found, event: Event, name: str, column: str = "", quantity: str = "") -> None:
    nodes = found.nodes(name)
    if not nodes:
        return
    column = column or name
    of = report.rules.quantities[quantity or (nodes[0].concept.quantity if nodes[0].concept else "")]
    try:
        value = one_of(report.numbers(nodes, of))
    except Doubt as doubt:
        event.doubt(column, doubt.why)
        return
    if value is not None:
        event.fields[column] = float(value)


def _ct(report: Report, found: Found, event: Event) -> None:
    _single(report, found, event, "exposure_time", "exposure_time_s", "seconds")
    for name in (
        "ctdivol_mGy dlp_mGycm scanning_length_mm pitch single_collimation_mm total_collimation_mm alert_dlp_mGycm alert_ctdivol_mGy "
        "fwd_dlp_mGycm fwd_ctdivol_mGy ssde_mGy dw_mm"
    ).split():
        _single(report, found, event, name)
    for name in _PER_TUBE:
        try:
            values = [_of_tube(report, nodes) for nodes in _by_tube(found, name)]
        except Doubt as doubt:
            event.doubt(name, doubt.why)
            continue
        if any(value is not None for value in values):
            event.fields[name] = [float(value) for value in values if value is not None]


def _by_tube(found: Found, name: str) -> Iterator[list[Node]]:
    tubes: dict[int, list[Node]] = {}
    for tube, node in found.placed(name):
        tubes.setdefault(tube, []).append(node)
    if set(tubes) == {-1}:
        yield from ([node] for node in tubes[-1])  # no container parts the tubes: one item each
    else:
        yield from tubes.values()


def _of_tube(report: Report, nodes: list[Node]) -> Decimal | None:
    quantity = report.rules.quantities[nodes[0].concept.quantity if nodes[0].concept else ""]
    return mean_of(report.numbers(nodes, quantity))


def _projection(report: Report, found: Found, event: Event) -> None:
    for name in (
        "dap_Gym2 rp_dose_Gy irradiation_duration_s primary_angle_deg secondary_angle_deg sid_mm sod_mm field_area_m2 exposure_index target_ei "
        "deviation_index hvl_mm entrance_exposure_mGy agd_mGy compression_thickness_mm compression_force_N n_pulses"
    ).split():
        _single(report, found, event, name)
    for name in ("kvp", "tube_current_mA"):
        _over_pulses(report, found, event, name, mean_of)
    if any(_is_repeated(report, node) for node in found.nodes("exposure_uAs")):
        event.doubt("exposure_uAs", "conflict")
    else:
        _over_pulses(report, found, event, "exposure_uAs", lambda values: sum(values, Decimal(0)) if values else None)
    _exposure_time(report, found, event)
    for name in _PER_FILTER:
        try:
            values = [value for node in found.nodes(name) for value in _of_filter(report, node)]
        except Doubt as doubt:
            event.doubt(name, doubt.why)
            continue
        if values:
            event.fields[name] = [float(value) for value in values]
    order_filters(event)


def _of_filter(report: Report, node: Node) -> list[Decimal]:
    """Thicknesses in one item: one, or one per material; the same for every pulse is one."""
    values = report.numbers([node], report.rules.quantities["thickness"])
    return values[:1] if len(set(values)) == 1 else values


def _is_repeated(report: Report, node: Node) -> bool:
    """Whether an item states one value several times: pulses that are alike, or a slip (PS3.3 C.18.1 allows one measured value)."""
    stated = [measured.text for measured in report.tree.numbers(node)]
    return len(stated) > 1 and len(set(stated)) == 1


def _over_pulses(report: Report, found: Found, event: Event, name: str, summary) -> None:  # type: ignore[no-untyped-def]
    nodes = found.nodes(name)
    if not nodes:
        return
    quantity = report.rules.quantities[nodes[0].concept.quantity if nodes[0].concept else ""]
    try:
        value = summary(report.numbers(nodes, quantity))
    except Doubt as doubt:
        event.doubt(name, doubt.why)
        return
    if value is not None:
        event.fields[name] = float(value)


def _exposure_time(report: Report, found: Found, event: Event) -> None:
    """Exposure time as stated, else pulse width times pulses."""
    _single(report, found, event, "exposure_time", "exposure_time_ms", "milliseconds")
    pulses = event.fields.get("n_pulses")
    doubted = any(doubt.startswith("exposure_time_ms:") for doubt in event.doubts)
    if "exposure_time_ms" in event.fields or doubted or not isinstance(pulses, float):
        return
    try:
        width = mean_of(report.numbers(found.nodes("pulse_width"), report.rules.quantities["milliseconds"]))
    except Doubt as doubt:
        event.doubt("exposure_time_ms", doubt.why)
        return
    if width is not None:
        event.fields["exposure_time_ms"] = float(width * Decimal(str(pulses)))


def order_filters(event: Event) -> None:
    """The least thickness first: some writers swap the two."""
    least, most = event.fields.get("filter_min_mm"), event.fields.get("filter_max_mm")
    if isinstance(least, list) and isinstance(most, list) and len(least) == len(most):
        pairs = [sorted(pair) for pair in zip(least, most, strict=True)]
        event.fields["filter_min_mm"] = [pair[0] for pair in pairs]
        event.fields["filter_max_mm"] = [pair[1] for pair in pairs]


def _administration(report: Report, found: Found, event: Event) -> None:
    for name in (
        "half_life_s administered_activity_MBq pre_activity_MBq post_activity_MBq volume_ml effective_dose_mSv".split()
    ):
        _single(report, found, event, name)


def _observer(report: Report, dose: Dose) -> None:
    stated = {
        "manufacturer": _text(report, report.study, "device_manufacturer"),
        "model": _text(report, report.study, "device_model"),
        "device_serial": _text(report, report.study, "device_serial"),
        "device_observer_uid": _text(report, report.study, "device_observer_uid"),
        "start": _time(report, report.study, "study_start"),
        "end": _time(report, report.study, "study_end"),
    }
    dose.study.update({name: value for name, value in stated.items() if value})
