"""Segments of HL7 v2 in, what they know of people and places by the place of each field out. Called by `hl7.py`.

HL7 v2.5.1 chapters 3 (PID, NK1, PV1), 4 (ORC, OBR), 6 (IN1, GT1), 7 (OBX), 9 (TXA), 10 (SCH, AIP), 15 (STF, PRA). What a segment of no known
kind holds counts as a name or number when it has the form of one.
"""

import re
from collections.abc import Callable, Iterator

from dicomlake.reports.document import Subject
from dicomlake.reports.extract.hl7segments import Segment

# What fields hold, by segment and number: n names (XPN, XCN), i ids (CX, EI), d dates, b births, p places, a addresses, t phones.
FIELDS = {
    "MSH": {4: "p", 6: "p", 7: "d", 22: "p", 23: "p"},
    "EVN": {2: "d", 5: "n", 6: "d", 7: "p"},
    "PID": {2: "i", 3: "i", 4: "i", 5: "n", 6: "n", 7: "b", 9: "n", 11: "a", 12: "p", 13: "t", 14: "t", 18: "i", 19: "i", 20: "i", 21: "i", 23: "p", 29: "b",  # noqa: E501
            33: "d", 40: "t"},
    "PD1": {3: "p", 4: "n", 14: "p"},
    "MRG": {1: "i", 2: "i", 3: "i", 4: "i", 5: "i", 6: "i", 7: "n"},
    "NK1": {2: "n", 4: "a", 5: "t", 6: "t", 8: "d", 9: "d", 12: "i", 13: "p", 16: "b", 26: "n", 30: "n", 31: "t", 32: "a", 33: "i", 37: "i", 40: "t", 41: "t"},  # noqa: E501
    "PV1": {3: "p", 5: "i", 6: "p", 7: "n", 8: "n", 9: "n", 11: "p", 17: "n", 19: "i", 37: "p", 42: "p", 43: "p", 44: "d", 45: "d", 50: "i", 52: "n", 54: "i"},  # noqa: E501
    "PV2": {1: "p", 8: "d", 9: "d", 13: "n", 23: "p", 33: "d"},
    "ORC": {2: "i", 3: "i", 4: "i", 8: "i", 9: "d", 10: "n", 11: "n", 12: "n", 13: "p", 14: "t", 15: "d", 17: "p", 18: "p", 19: "n", 21: "p", 22: "a", 23: "t", 24: "a"},  # noqa: E501
    "OBR": {2: "i", 3: "i", 6: "d", 7: "d", 8: "d", 10: "n", 14: "d", 16: "n", 17: "t", 18: "i", 19: "i", 20: "i", 21: "i", 22: "d", 28: "n", 29: "i",
            32: "n", 33: "n", 34: "n", 35: "n", 36: "d", 50: "n", 53: "i", 54: "i"},
    "OBX": {14: "d", 15: "p", 16: "n", 18: "i", 19: "d", 21: "i", 23: "p", 24: "a", 25: "n"},
    "NTE": {5: "n", 6: "d"},
    "CTD": {2: "n", 3: "a", 4: "p", 5: "t", 7: "i"},
    "PRD": {2: "n", 3: "a", 4: "p", 5: "t", 7: "i", 10: "p"},
    "DG1": {5: "d", 16: "n", 19: "d"},
    "PR1": {5: "d", 8: "n", 11: "n", 12: "n"},
    "IN1": {2: "i", 3: "i", 4: "p", 5: "a", 6: "n", 7: "t", 8: "i", 9: "p", 10: "i", 11: "p", 16: "n", 18: "b", 19: "a", 36: "i", 44: "a", 49: "i"},
    "IN2": {1: "i", 2: "i", 3: "n", 6: "i", 7: "n", 8: "i", 9: "n", 22: "n", 25: "i", 40: "n", 52: "n", 61: "i", 63: "t", 64: "t", 69: "p", 70: "p"},
    "GT1": {2: "i", 3: "n", 4: "n", 5: "a", 6: "t", 7: "t", 8: "b", 12: "i", 16: "n", 17: "a", 18: "t", 19: "i", 21: "p", 29: "i", 42: "n", 45: "n", 46: "t", 51: "p"},  # noqa: E501
    "SCH": {1: "i", 2: "i", 12: "n", 13: "t", 14: "a", 15: "p", 16: "n", 17: "t", 18: "a", 19: "p", 20: "n", 21: "t", 22: "p", 26: "i", 27: "i"},
    "AIP": {3: "n", 6: "d"},
    "AIL": {3: "p", 6: "d"},
    "TXA": {4: "d", 5: "n", 6: "d", 7: "d", 8: "d", 9: "n", 10: "n", 11: "n", 12: "i", 13: "i", 14: "i", 15: "i", 16: "i", 22: "n", 23: "n"},
    "IPC": {1: "i", 2: "i", 3: "i", 4: "i", 7: "p", 9: "p"},
    "STF": {1: "i", 2: "i", 3: "n", 6: "b", 10: "t", 11: "a", 15: "t"},
    "PRA": {1: "i", 6: "i"},
    "ROL": {4: "n", 11: "a", 12: "t"},
    "SPM": {2: "i", 17: "d", 18: "d"},
    "ACC": {1: "d", 3: "p", 7: "n", 11: "a"},
    "PDA": {2: "p", 3: "d", 5: "n"},
    "DB1": {3: "i", 5: "d"},
}  # fmt: skip
KINDS_OF_FIELDS = {"n": "names", "i": "ids", "d": "dates", "b": "births", "p": "places", "a": "places", "t": "phones"}
# Types of value (OBX-2) that are no finding: chapter 2A.
TYPES = {"XPN": "n", "XCN": "n", "PN": "n", "CN": "n", "CNN": "n", "PPN": "n", "NDL": "n", "XON": "p", "ON": "p", "PL": "p", "XAD": "a", "AD": "a", "SAD": "a", "XTN": "t",  # noqa: E501
         "TN": "t", "CX": "i", "CK": "i", "EI": "i", "EIP": "i", "DLN": "i", "HD": "p", "JCC": "p", "FC": "i"}  # fmt: skip
_SILENT = frozenset(("OBX", "NTE", "DG1", "AL1", "FT1", "ZDS"))
_STUDY = re.compile(r"[0-2](?:\.\d+){4,}")
_NAME = re.compile(r"[^\W\d_][^\W\d_.'’ -]*(?:[ .'’-]+[^\W\d_]+)*\.?")


def known_in(segments: list[Segment]) -> dict[str, tuple[str, ...]]:
    """Kind (`names`, `ids`, `dates`, `births`, `places`, `phones`) -> values."""
    found: dict[str, list[str]] = {}
    for segment in segments:
        for kind, value in _values_of(segment):
            if value and value.strip('"& '):
                found.setdefault(kind, []).append(value)
    return {kind: tuple(dict.fromkeys(values)) for kind, values in found.items()}


def _values_of(segment: Segment) -> Iterator[tuple[str, str]]:
    table = dict(FIELDS.get(segment.name, {}))
    if segment.name == "OBX" and segment.field(2) in TYPES:
        table[5] = TYPES[segment.field(2)]
    for number, letter in table.items():
        for repeat in segment.repeats(number):
            yield from ((KINDS_OF_FIELDS[letter], value) for value in _VALUES[letter](segment.components(repeat)))
    if segment.name not in FIELDS and segment.name not in _SILENT:
        for number in range(1, len(segment.fields)):
            for repeat in segment.repeats(number):
                yield from _looks(segment.components(repeat))


def _looks(parts: list[str]) -> Iterator[tuple[str, str]]:
    """What the fields of a segment nobody knows have the form of: two words side by side are a name, long numbers are ids."""
    words = [part for part in parts if len(part) > 1 and _NAME.fullmatch(part)]
    if len(parts) > 1 and len(words) > 1 and parts[0] in words:
        yield "names", "^".join(words[:3])
    for part in parts:
        if sum(map(str.isdigit, part)) > 4 and len(part) < 40 and " " not in part:
            yield "ids", part


def _names(parts: list[str]) -> list[str]:
    """XPN is family^given^middle^suffix; XCN has an id before it; the family name may be parted (FN: own, partner's)."""
    parts = [part.replace("&", " ") for part in parts]
    if any(map(str.isdigit, parts[0])) or not parts[0]:
        return [*_ids(parts), "^".join(parts[1:4])] if len(parts) > 1 else _split_name(parts[0])
    known_id = [] if len(parts) < 2 else [parts[0]] if re.fullmatch(r"[A-Z]{1,3}\d+", parts[0]) else []
    return [*known_id, "^".join(parts[:4] if not known_id else parts[1:4]).rstrip("^")]


def _split_name(one: str) -> list[str]:
    """The words of a field that holds an id and a name together (CNN in one component, as NDL has)."""
    return [" ".join(word for word in one.split() if not any(map(str.isdigit, word)))]


def _ids(parts: list[str]) -> list[str]:
    return [parts[0].partition("&")[0]]


def _each(parts: list[str], least: int) -> list[str]:
    return [one for part in parts for one in part.split("&") if len(one) >= least]


_VALUES: dict[str, Callable[[list[str]], list[str]]] = {
    "n": _names,
    "i": _ids,
    "d": lambda parts: [parts[0][:8]],
    "b": lambda parts: [parts[0][:8]],
    "p": lambda parts: _each(parts, 4),
    "a": lambda parts: _each([*parts[:5], *parts[7:9]], 3),
    "t": lambda parts: [part for part in _each(parts, 4) if len(re.sub(r"\D", "", part)) > 5 or "@" in part],
}


def patients_in(segments: list[Segment]) -> set[tuple[str, ...]]:
    """One entry per patient that the PID segments tell apart: by id, else by name and birth."""
    found: set[tuple[str, ...]] = set()
    for segment in segments:
        if segment.name == "PID":
            number = segment.first(3) or segment.first(2)
            found.add((number,) if number else (segment.field(5).casefold(), segment.first(7)[:8]))
    return found


def subject_of(segments: list[Segment]) -> Subject:
    """Whom the message is about: patient id and issuer, accession numbers in the order they count, the study."""
    patient = issuer = study = None
    accessions: list[str] = []
    for segment in segments:
        if segment.name == "PID" and patient is None:
            repeats = [segment.components(repeat) for repeat in segment.repeats(3)]
            parts = next((one for one in repeats if "MR" in one[4:5]), repeats[0])
            patient = parts[0] or segment.first(2) or None
            issuer = parts[3].split("&")[0].strip() or None if len(parts) > 3 else None
        elif segment.name == "IPC":
            accessions.insert(0, segment.first(1))
            study = study or _uid(segment, 3)
        elif segment.name == "OBR":
            accessions += [segment.first(number) for number in (18, 3, 20, 19, 2)]
        elif segment.name == "ORC":
            accessions += [segment.first(number) for number in (3, 2)]
        elif segment.name == "TXA":
            accessions += [segment.first(number) for number in (15, 14)]
        elif segment.name == "ZDS" or (
            segment.name == "OBX" and ("113014" in segment.field(3) or "DICOM Study" in segment.field(3))
        ):
            study = study or next((uid for n in range(1, 6) if (uid := _uid(segment, n))), None)
    return Subject(patient, issuer, tuple(dict.fromkeys(filter(None, accessions))), study)


def _uid(segment: Segment, number: int) -> str | None:
    found = _STUDY.search(segment.field(number))
    return found[0] if found else None
