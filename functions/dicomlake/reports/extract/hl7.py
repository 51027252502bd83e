"""An HL7 v2 result message (ORU) in, a document out: the narrative of its OBX and NTE segments, and what its other segments know of people.

HL7 v2.5.1 chapters 2 (encoding), 3 (PID), 4 (OBR), 7 (OBX). A file of several messages is read when all are about one patient.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from dicomlake.errors import Code, PermanentError
from dicomlake.reports.document import Document, PageForm, Subject, readable, tidy
from dicomlake.reports.extract.text import decode

Segment = list[str]
_MAX_SEGMENTS = 20_000
_FRAME = "\x0b\x1c"
_CODECS = {
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "8859/1": "latin-1",
    "8859/15": "iso8859-15",
    "UNICODE": "utf-16",
}
# What fields hold, by segment and number: n names (XPN, XCN), i ids (CX, EI), d dates, b births, p places, a addresses, t phones.
_FIELDS = {
    "PID": {2: "i", 3: "i", 4: "i", 5: "n", 6: "n", 7: "b", 9: "n", 11: "a", 13: "t", 14: "t", 18: "i", 19: "i", 20: "i", 21: "i", 23: "p", 29: "b"},
    "NK1": {2: "n", 4: "a", 5: "t", 6: "t", 13: "p", 30: "n", 31: "t", 32: "a", 33: "i"},
    "PV1": {3: "p", 7: "n", 8: "n", 9: "n", 17: "n", 19: "i", 44: "d", 45: "d", 50: "i", 52: "n"},
    "ORC": {2: "i", 3: "i", 4: "i", 9: "d", 10: "n", 11: "n", 12: "n", 14: "t", 15: "d", 19: "n", 21: "p", 22: "a", 23: "t", 24: "a"},
    "OBR": {2: "i", 3: "i", 6: "d", 7: "d", 8: "d", 10: "n", 14: "d", 16: "n", 17: "t", 18: "i", 19: "i", 20: "i", 21: "i", 22: "d",
            28: "n", 32: "n", 33: "n", 34: "n", 35: "n", 36: "d"},
    "OBX": {14: "d", 16: "n", 19: "d", 23: "p", 24: "a", 25: "n"},
    "IN1": {2: "i", 4: "p", 5: "a", 7: "t", 16: "n", 18: "b", 19: "a", 36: "i", 49: "i"},
    "GT1": {2: "i", 3: "n", 5: "a", 6: "t", 8: "b", 12: "i"},
    "TXA": {5: "n", 9: "n", 10: "n", 11: "n", 12: "i", 14: "i", 15: "i", 22: "n"},
    "MSH": {4: "p", 6: "p", 7: "d"},
    "ROL": {4: "n"},
}  # fmt: skip
_KINDS = {"n": "names", "i": "ids", "d": "dates", "b": "births", "p": "places", "a": "places", "t": "phones"}
_STUDY = re.compile(r"[0-2](?:\.\d+){4,}")
_TEXT_TYPES = frozenset(("TX", "FT", "ST", "CF", ""))


def from_bytes(data: bytes, embedded: "Callable[[bytes], Document] | None" = None, *, whole: bool = True) -> Document:
    """A message as a document; `embedded` reads documents that OBX segments carry (ED), else they count as left behind. Not `whole`: what it
    tells of people is enough, it may be without a text.

    Raises PermanentError: corrupt (no segments), unsupported (several patients in one file), resource_limit, text_phi_suspected.
    """
    segments, separators = _segments(data)
    messages = [segment for segment in segments if segment[0] == "MSH"]
    if not messages:
        raise PermanentError(Code.CORRUPT, "hl7_without_header")
    if len({_first(s, 3, separators) for s in segments if s[0] == "PID"}) > 1:
        raise PermanentError(Code.UNSUPPORTED, "several_patients_in_one_file")
    lines: list[str] = []
    inner: list[Document] = []
    for segment in segments:
        lines += _lines(segment, separators, embedded, inner)
    text = tidy("\n".join(lines))
    for found in inner:
        text = f"{text}\n{found.text}".strip()
    known = _known(segments, separators)
    behind = {"embedded": sum(_is_embedded(s) for s in segments) - len(inner)}
    document = Document("hl7", text, (PageForm(595, 842),), known=known, subject=_subject(segments, separators))
    if inner:
        document = replace(document, pages=inner[0].pages if len(inner) == 1 else document.pages)
    document = replace(document, left_behind={name: n for name, n in behind.items() if n})
    return readable(document) if whole else document


def _segments(data: bytes) -> tuple[list[Segment], str]:
    head = data[:2048].decode("latin-1").lstrip(_FRAME + "\ufeff")
    start = head.find("MSH")
    separators = head[start + 3 : start + 8] if start >= 0 else "|^~\\&"
    declared = head[start:].split("\r")[0].split("\n")[0].split(separators[:1] or "|")
    codec = _CODECS.get(declared[17].split("~")[0].strip().upper()) if len(declared) > 17 else None
    try:
        text = data.decode(codec) if codec and codec != "utf-16" else decode(data)
    except UnicodeDecodeError:
        text = decode(data)
    rows = [row.strip(_FRAME + "\ufeff ") for row in re.split(r"[\r\n]+", text)]
    segments: list[Segment] = []
    for row in rows:
        if re.match(r"[A-Z][A-Z0-9]{2}(?:" + re.escape(separators[0]) + "|$)", row):
            segments.append(row.split(separators[0]))
        elif row and segments:  # a line break that should have been escaped belongs to the field before it
            segments[-1][-1] += "\n" + row
    if len(segments) > _MAX_SEGMENTS:
        raise PermanentError(Code.RESOURCE_LIMIT, "too_many_segments")
    for segment in segments:
        if segment[0] in ("MSH", "FHS", "BHS"):
            segment.insert(1, separators[0])  # field 1 is the separator itself
    return segments, separators


def _lines(
    segment: Segment, separators: str, embedded: "Callable[[bytes], Document] | None", inner: list[Document]
) -> Iterator[str]:
    name = segment[0]
    if name == "OBR":
        parts = _field(segment, 4).split(separators[1])
        title = next((part for part in (parts[1:2] + parts[4:5] + parts[:1]) if part.strip()), "")
        yield _unescaped(title, separators)
    elif name == "NTE":
        yield from (_unescaped(part, separators) for part in _field(segment, 3).split(separators[2]))
    elif name == "OBX":
        kind = _field(segment, 2)
        if kind in ("ED", "RP"):
            document = _inner(segment, separators, embedded)
            if document is not None:
                inner.append(document)
        elif kind in _TEXT_TYPES:
            yield from (_unescaped(part, separators) for part in _field(segment, 5).split(separators[2]))
        else:
            yield _measured(segment, separators, kind)


def _measured(segment: Segment, separators: str, kind: str) -> str:
    def shown(number: int) -> str:
        parts = [part for part in _field(segment, number).split(separators[1]) if part]
        return _unescaped(parts[1] if len(parts) > 1 else "".join(parts[:1]), separators)

    value = (
        shown(5)
        if kind in ("CE", "CWE", "CNE")
        else _unescaped(_field(segment, 5).replace(separators[1], " "), separators)
    )
    return f"{shown(3)}: {value} {shown(6)}".strip()


def _is_embedded(segment: Segment) -> bool:
    return segment[0] == "OBX" and _field(segment, 2) in ("ED", "RP")


def _inner(segment: Segment, separators: str, embedded: "Callable[[bytes], Document] | None") -> Document | None:
    parts = _field(segment, 5).split(separators[1])
    if embedded is None or len(parts) < 5 or parts[3].lower() != "base64":
        return None
    try:
        data = base64.b64decode(re.sub(r"\s|\\\.br\\", "", parts[4]), validate=True)
    except (binascii.Error, ValueError):
        raise PermanentError(Code.CORRUPT, "embedded_not_base64") from None
    return embedded(data)


def _field(segment: Segment, number: int) -> str:
    return segment[number] if number < len(segment) else ""


def _first(segment: Segment, number: int, separators: str) -> str:
    return _field(segment, number).split(separators[2])[0].split(separators[1])[0].strip()


def _unescaped(text: str, separators: str) -> str:
    if len(separators) < 5 or separators[3] not in text:
        return text
    escape = re.escape(separators[3])
    symbols = {"F": separators[0], "S": separators[1], "R": separators[2], "E": separators[3], "T": separators[4]}

    def one(found: re.Match[str]) -> str:
        code = found[1]
        if code in symbols:
            return symbols[code]
        if re.fullmatch(r"X(?:[0-9A-Fa-f]{2})+", code):
            return decode(bytes.fromhex(code[1:]))
        return "\n" if code.startswith((".br", ".sp", ".ce")) else " " if code.startswith(".") else ""

    return re.sub(rf"{escape}([^{escape}\n]{{1,80}}){escape}", one, text)


def _known(segments: list[Segment], separators: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for segment in segments:
        for number, letter in _FIELDS.get(segment[0], {}).items():
            for repeat in _field(segment, number).split(separators[2]):
                parts = [_unescaped(part, separators).strip() for part in repeat.split(separators[1])]
                values = _VALUES[letter](parts)
                found.setdefault(_KINDS[letter], []).extend(value for value in values if value and value != '""')
    return {kind: tuple(dict.fromkeys(values)) for kind, values in found.items()}


def _names(parts: list[str]) -> list[str]:
    """XPN is family^given^middle; XCN has an id before it."""
    if any(map(str.isdigit, parts[0])) or not parts[0]:
        return [parts[0], "^".join(parts[1:4])] if len(parts) > 1 else [parts[0]]
    known_id = [] if len(parts) < 2 else [parts[0]] if re.fullmatch(r"[A-Z]{1,3}\d+", parts[0]) else []
    return [*known_id, "^".join(parts[:3] if not known_id else parts[1:4]).rstrip("^")]


_VALUES: dict[str, Callable[[list[str]], list[str]]] = {
    "n": _names,
    "i": lambda parts: parts[:1],
    "d": lambda parts: [parts[0][:8]],
    "b": lambda parts: [parts[0][:8]],
    "p": lambda parts: [part for part in parts if len(part) > 3],
    "a": lambda parts: [part for part in parts[:5] if len(part) > 2],
    "t": lambda parts: [part for part in parts if len(re.sub(r"\D", "", part)) > 5 or "@" in part],
}


def _subject(segments: list[Segment], separators: str) -> Subject:
    patient, issuer = None, None
    accessions: list[str] = []
    study = None
    for segment in segments:
        if segment[0] == "PID" and patient is None:
            parts = _field(segment, 3).split(separators[2])[0].split(separators[1])
            patient = parts[0].strip() or _first(segment, 2, separators) or None
            issuer = (
                parts[3].split(separators[4] if len(separators) > 4 else "&")[0].strip() or None
                if len(parts) > 3
                else None
            )
        elif segment[0] == "OBR":
            accessions += [_first(segment, number, separators) for number in (18, 3, 20, 19, 2)]
        elif segment[0] == "ORC":
            accessions += [_first(segment, number, separators) for number in (3, 2)]
        elif segment[0] == "ZDS" or (
            segment[0] == "OBX" and ("113014" in _field(segment, 3) or "DICOM Study" in _field(segment, 3))
        ):
            uid = _STUDY.search("|".join(segment[1:6]))
            study = study or (uid[0] if uid else None)
    return Subject(patient, issuer, tuple(dict.fromkeys(filter(None, accessions))), study)
