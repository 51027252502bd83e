"""Bytes of HL7 v2 in, segments out: fields, repetitions, components and sub-components by whatever delimiters the message declares.

HL7 v2.5.1 chapter 2 (encoding rules). Called by `hl7.py` and `hl7people.py`.
"""

import re
from dataclasses import dataclass

from dicomlake.errors import Code, PermanentError
from dicomlake.reports.extract.text import decode

_MAX_SEGMENTS = 20_000
_FRAME = "\x0b\x1c"
_CODECS = {
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "8859/1": "latin-1",
    "8859/2": "iso8859-2",
    "8859/15": "iso8859-15",
    "ISO IR14": "shift_jis",
    "ISO IR87": "iso2022_jp",
    "GB 18030-2000": "gb18030",
}
_HEADERS = frozenset(("MSH", "FHS", "BHS"))
_BYTES = re.compile(r"X(?:[0-9A-Fa-f]{2})+")


@dataclass(frozen=True)
class Delimiters:
    """What parts fields, components, repetitions and sub-components, and what escapes them (MSH-1, MSH-2)."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    part: str = "&"

    @classmethod
    def of(cls, header: str) -> "Delimiters":
        """From the text of a header segment; what it leaves out is as usual."""
        mark = header[3:4] or "|"
        declared = re.split(r"[\r\n]", header[4:9].split(mark)[0])[0]
        usual = cls()
        defaults = (usual.component, usual.repetition, usual.escape, usual.part)
        return cls(mark, *(declared[n : n + 1] or default for n, default in enumerate(defaults)))

    def unescaped(self, text: str) -> str:
        """The text with its escape sequences carried out; those of highlighting are left out."""
        if self.escape not in text:
            return text
        symbols = {
            "F": self.field,
            "S": self.component,
            "R": self.repetition,
            "E": self.escape,
            "T": self.part,
            "P": "#",
        }

        def one(found: re.Match[str]) -> str:
            code = found[1]
            if code in symbols:
                return symbols[code]
            if _BYTES.fullmatch(code):
                return decode(bytes.fromhex(code[1:]))
            return "\n" if code.startswith((".br", ".sp", ".ce", ".fi", ".nf")) else " " if code.startswith(".") else ""

        mark = re.escape(self.escape)
        return re.sub(rf"{mark}([^{mark}\n]{{1,2000}}){mark}", one, text)


@dataclass(frozen=True, repr=False)
class Segment:
    """One segment; fields are counted from 1 as the standard does. `repr` shows none of them."""

    fields: tuple[str, ...]
    marks: Delimiters

    @property
    def name(self) -> str:
        """PID, OBX ..."""
        return self.fields[0]

    def field(self, number: int) -> str:
        """A field as it came; empty when it is not there."""
        return self.fields[number] if number < len(self.fields) else ""

    def repeats(self, number: int) -> list[str]:
        """The repetitions of a field."""
        return self.field(number).split(self.marks.repetition)

    def components(self, repeat: str) -> list[str]:
        """The components of a repetition, unescaped; sub-components stay parted by `&` whatever parts them in the message."""
        parts = (part.replace(self.marks.part, "\0") for part in repeat.split(self.marks.component))
        return [self.marks.unescaped(part).replace("\0", "&").strip() for part in parts]

    def first(self, number: int) -> str:
        """The first component of the first repetition."""
        return self.components(self.repeats(number)[0])[0]

    def text(self, number: int) -> str:
        """The first repetition, its components parted by blanks."""
        return " ".join(filter(None, self.components(self.repeats(number)[0])))


def segments_of(data: bytes) -> list[Segment]:
    """All segments of a file. Raises PermanentError: corrupt (no segment in it), resource_limit."""
    text = _decoded(data)
    marks = Delimiters()
    rows: list[tuple[list[str], Delimiters]] = []
    for row in re.split(r"[\r\n]+", text):
        row = row.strip(_FRAME + "\ufeff ")
        if row[:3] in _HEADERS and len(row) > 3:
            marks = Delimiters.of(row)
        if re.match(rf"[A-Z][A-Z0-9]{{2}}(?:{re.escape(marks.field)}|$)", row):
            rows.append((row.split(marks.field), marks))
        elif row and rows:  # a line break that should have been escaped belongs to the field before it
            rows[-1][0][-1] += "\n" + row
        if len(rows) > _MAX_SEGMENTS:
            raise PermanentError(Code.RESOURCE_LIMIT, "too_many_segments")
    for fields, own in rows:
        if fields[0] in _HEADERS:
            fields.insert(1, own.field)  # field 1 is the separator itself
    if not rows:
        raise PermanentError(Code.CORRUPT, "hl7_without_header")
    return [Segment(tuple(fields), own) for fields, own in rows]


def _decoded(data: bytes) -> str:
    head = data[:2048].decode("latin-1").lstrip(_FRAME + "\ufeff ï»¿\r\n\t ")
    declared = re.split(r"[\r\n]", head)[0].split(head[3:4] or "|")
    codec = _CODECS.get(declared[17].split("~")[0].strip().upper()) if len(declared) > 17 else None
    try:
        return data.decode(codec) if codec else decode(data)
    except UnicodeDecodeError:
        return decode(data)
