"""Events of one report in, each once out. Called by `report.py`.

An event is told by its UID and plane (the planes of a biplane acquisition may share a UID), without a UID by everything about it. Of two that
are the same, each tells what the other leaves out; where they contradict each other, the field is in doubt. No order matters.
"""

from dicomlake.dose.model import Event


def once(events: list[Event]) -> list[Event]:
    """The distinct events, in the order in which each came first."""
    found: dict[object, Event] = {}
    for number, event in enumerate(events):
        key = _key(event, number)
        if key in found:
            _unite(found[key], event)
        else:
            found[key] = event
    return list(found.values())


def _key(event: Event, number: int) -> object:
    uid, plane = event.fields.get("irradiation_event_uid"), event.fields.get("plane")
    if uid:
        return uid, plane if plane in ("Plane A", "Plane B") else None
    if "start" in event.fields:
        return repr(sorted(event.fields.items()))
    return number  # two like ones that state neither UID nor time may well be two


def _unite(into: Event, other: Event) -> None:
    doubted = {doubt.partition(":")[0] for doubt in into.doubts}
    stated = {name for event in (into, other) for name in event.fields if name not in event.assumed}
    into.assumed = (into.assumed | other.assumed) - stated
    for name, value in other.fields.items():
        if name in doubted:
            continue
        if name not in into.fields:
            into.fields[name] = value
        elif into.fields[name] != value and name != "kind":
            into.doubt(name, "conflict")
    for doubt in other.doubts:
        name, _, why = doubt.partition(":")
        into.doubt(name, why)
    into.region = into.region or other.region
