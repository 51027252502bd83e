"""HL7 v2 messages (ORU, MDM, ADT ...) in, a document out: the narrative of OBX and NTE segments, and what all segments know of people.

No other field of a message reaches the copy. A file of several messages is read when all are about one patient.
"""

import base64
import binascii
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

from dicomlake.errors import Code, PermanentError
from dicomlake.reports.document import Document, PageForm, readable, tidy
from dicomlake.reports.extract.hl7people import TYPES, known_in, patients_in, subject_of
from dicomlake.reports.extract.hl7segments import Segment, segments_of

Embedded = Callable[[bytes], Document]
_TEXT_TYPES = frozenset(("TX", "FT", "CF", ""))
_DAY_TYPES = frozenset(("DT", "TS", "DTM"))
_CODED = frozenset(("CE", "CWE", "CNE", "IS", "ID", "CF"))
_LONGEST_LABELLED = 80  # characters of a string (ST) that is a value rather than a line of text
_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2}))?")
_HL7 = re.compile(r"(?:MSH|FHS|BHS)[^\w\s]{3}|(?:PID|EVN|OBR|PV1)\|")


def is_hl7(head: str) -> bool:
    """Whether a text begins as a message does, whatever its delimiters."""
    return _HL7.match(head.lstrip("\x0b\x1c\ufeff\r\n\t ")) is not None


def from_bytes(data: bytes, embedded: Embedded | None = None, *, whole: bool = True) -> Document:
    """A message as a document; `embedded` reads documents that OBX segments carry (ED), else they count as left behind. Not `whole`: what it
    tells of people is enough, it may be without a text.

    Raises PermanentError: corrupt (no segments), unsupported (several patients in one file), resource_limit, text_phi_suspected.
    """
    segments = segments_of(data)
    if len(patients_in(segments)) > 1:
        raise PermanentError(Code.UNSUPPORTED, "several_patients_in_one_file")
    reader = _Reader(segments, embedded)
    text = tidy("\n".join(line for segment in segments for line in reader.lines(segment)))
    inner = reader.inner
    text = tidy("\n".join([text, *(found.text for found in inner)]))
    document = Document(
        "hl7", text, (PageForm(595, 842),), known=known_in(segments), subject=subject_of(segments), left_behind=dict(reader.behind)
    )  # fmt: skip
    if inner:
        document = replace(document, pages=tuple(page for found in inner for page in found.pages) or document.pages)
    return readable(document) if whole else document


class _Reader:
    def __init__(self, segments: list[Segment], embedded: Embedded | None) -> None:
        self._embedded = embedded
        self._labels = Counter(segment.text(3) for segment in segments if segment.name == "OBX")
        self.inner: list[Document] = []
        self.behind = Counter[str]()

    def lines(self, segment: Segment) -> Iterator[str]:
        """What a segment says in words."""
        if segment.name == "OBR":
            parts = segment.components(segment.repeats(4)[0])
            yield next((part for part in (parts[1:2] + parts[4:5] + parts[:1]) if part), "")
        elif segment.name == "NTE":
            yield from map(segment.marks.unescaped, segment.repeats(3))
        elif segment.name == "OBX":
            yield from self._observed(segment)

    def _observed(self, segment: Segment) -> Iterator[str]:
        kind = segment.field(2).strip()
        if kind in ("ED", "RP"):
            yield from self._document(segment)
        elif kind in TYPES:
            self.behind["identity_fields"] += 1
        elif kind in _TEXT_TYPES or (kind == "ST" and not self._is_value(segment)):
            yield from map(segment.marks.unescaped, segment.repeats(5))
        else:
            yield _measured(segment, kind)

    def _is_value(self, segment: Segment) -> bool:
        """Whether a string answers a question of its own instead of being one of many lines."""
        return (
            len(self._labels) > 1 and self._labels[segment.text(3)] == 1 and len(segment.field(5)) <= _LONGEST_LABELLED
        )

    def _document(self, segment: Segment) -> Iterator[str]:
        """A document within the message: what can be read is; anything else is left behind, and counted."""
        parts = segment.field(5).split(segment.marks.component)
        coding, body = (parts[3].strip().lower(), parts[4]) if len(parts) > 4 else ("", "")
        if coding == "a":
            yield segment.marks.unescaped(body)
            return
        data = _decoded(coding, body, segment)
        if data is None or self._embedded is None:
            self.behind["embedded"] += 1
            return
        try:
            self.inner.append(self._embedded(data))
        except PermanentError as error:
            if error.code is not Code.UNSUPPORTED:
                raise
            self.behind["embedded"] += 1


def _decoded(coding: str, body: str, segment: Segment) -> bytes | None:
    """Raises PermanentError(corrupt)."""
    mark = re.escape(segment.marks.escape)
    plain = re.sub(rf"\s|{mark}\.br{mark}|{mark}X0[DA](?:0[DA])?{mark}", "", body)
    try:
        if coding == "base64":
            return base64.b64decode(plain, validate=True)
        return bytes.fromhex(plain) if coding == "hex" else None
    except (binascii.Error, ValueError):
        raise PermanentError(Code.CORRUPT, "embedded_not_base64") from None


def _measured(segment: Segment, kind: str) -> str:
    """`Label: value unit`."""

    def shown(number: int, repeat: str) -> str:
        parts = [part for part in segment.components(repeat) if part]
        if kind in _CODED or number != 5:
            return parts[1] if len(parts) > 1 else "".join(parts[:1])
        return "".join(parts) if kind == "SN" else " ".join(parts)

    values = [shown(5, repeat) for repeat in segment.repeats(5)]
    if kind in _DAY_TYPES:
        values = [_dated(value) for value in values]
    return f"{shown(3, segment.repeats(3)[0])}: {', '.join(filter(None, values))} {shown(6, segment.repeats(6)[0])}".strip()


def _dated(value: str) -> str:
    """A day as people write it, which the shift knows."""
    found = _DAY.match(value)
    if found is None:
        return value
    year, month, day, hour, minute = found.groups()
    return f"{year}-{month}-{day}" + (f" {hour}:{minute}" if hour else "")
