"""Text in, what identifies by its place alone out: cells below a column's label, behind a label, or after it on its line. Called by `clean.py`.

In a table no sentence tells what a word is; its header does. In a table for programs (`whole`) the values of a column that no rule knows stay
only where all their words are of the language and their numbers short.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from dicomlake.reports.document import CELL
from dicomlake.reports.extract.hl7 import is_hl7
from dicomlake.reports.extract.hl7people import FIELDS, KINDS_OF_FIELDS
from dicomlake.reports.extract.text import mark_of
from dicomlake.reports.recognise import KnownValues, Label, Span
from dicomlake.reports.recognise.spans import united
from dicomlake.reports.recognise.writing import fold
from dicomlake.rules.columns import CLINICAL, DATES, PATIENTS, Columns

LAYER = "placed"
_LABELS = {PATIENTS: Label.ID, "ids": Label.ID, "names": Label.NAME, "births": Label.DATE, DATES: Label.DATE, "phones": Label.PHONE,
           "emails": Label.EMAIL, "places": Label.LOCATION, "hospitals": Label.HOSPITAL, "ages": Label.AGE, "jobs": Label.PROFESSION}  # fmt: skip
_IN_LINES = frozenset((PATIENTS, "ids", "names", "births", "phones", "emails"))
_KNOWN_AS = {PATIENTS: "ids", "hospitals": "places", "emails": "phones"}
_HEADER_SHARE, _PAIR_SHARE = 0.6, 0.5
_WORD, _NUMBER = re.compile(r"[^\W\d_]+"), re.compile(r"\d+(?:[.,]\d+)?")
_LINE = re.compile(r"\s*([^:=\t\n]{2,40}?)\s*(?:[:=]|\.{2,})\s*(?=\S)")
_GAP = re.compile(r"\s{2,}|\s*[;|]\s|\s")
_PAGE = re.compile(
    r"(?i)\b(?:page|p[aá]gina|p[aá]g|seite|blatt|feuillet|p)\.?\s?\d{1,3}\s?(?:/|of|de|von|di|sur)\s?\d{1,3}\b"
)
_FOOT_PART = re.compile(r"[^\s|·•–—-](?:[^|·•–—\n\t-]|(?<=\S)-(?=\S))*(?<!\s)")
_IS_DAY = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?: \d{1,2}:\d\d(?::\d\d)?)?")
_NAMELY = re.compile(r"[^\W\d_a-zà-ÿ][\w.'’-]*(?:,? (?:[^\W\d_a-zà-ÿ][\w.'’-]*|d[aeiou]s?|del|van|von|y|e|la))+")
_MANY_WORDS = 6
_CODED_FIELDS = frozenset(
    [*(("MSH", n) for n in (2, 3, 5, 9)), ("OBR", 4), ("OBR", 24), ("OBX", 2), ("OBX", 3), ("OBX", 6)]
)
_LONG_VALUE, _LONG_PROSE, _SHORT_NUMBER = 60, 8, 4
_NOTHING = frozenset(("", "-", "--", "n/a", "na", "null", "none", "nan", "?"))
Cell = tuple[int, int]


@dataclass(frozen=True)
class Placed:
    """`spans` in order of place, and the `labels` that tell of them; `known` are their values; `header`: a table's columns are known; `several`:
    it is about several patients.
    """

    spans: tuple[Span, ...]
    labels: tuple[tuple[int, int], ...]
    known: KnownValues = field(repr=False)
    header: bool
    several: bool

    def among(self, text: str, found: Iterable[Span]) -> list[Span]:
        """The spans together with what others have found: those end where a cell or line does that stands by its place, and take no label."""
        if not self.spans and not self.labels:
            return list(found)
        fixed = sorted([*self.labels, *((span.start, span.end) for span in self.spans)])
        apart = [piece for span in found for piece in _apart(text, span, fixed)]
        return united(text, [*self.spans, *apart])


def placed(text: str, columns: Columns, is_word: Callable[[str], bool], *, whole: bool = False) -> Placed:
    """What stands where an identity stands. `is_word` says of a folded word that it is one of the languages, and no name."""
    reader = _Reader(text, columns, is_word, whole)
    found = sorted(set(reader.read()))
    values: dict[str, list[str]] = {}
    subjects: dict[str, set[str]] = {}
    for start, end, kind in found:
        value = text[start:end]
        if kind in (PATIENTS, "births") and reader.header:
            subjects.setdefault(kind, set()).add(" ".join(fold(value).split()))
        if kind in _LABELS and kind not in ("ages", "jobs") and reader.tells(value):
            values.setdefault(_KNOWN_AS.get(kind, kind), []).append(value)
    spans = (Span(start, end, _LABELS.get(kind, Label.OTHER), LAYER) for start, end, kind in found)
    known = KnownValues(**{kind: tuple(dict.fromkeys(of)) for kind, of in values.items()})
    return Placed(
        tuple(spans),
        tuple(sorted(set(reader.labels))),
        known,
        reader.header,
        any(len(of) > 1 for of in subjects.values()),
    )


def _apart(text: str, span: Span, fixed: Sequence[tuple[int, int]]) -> Iterator[Span]:
    """What is left of a span beside places that are settled, if it meets any."""
    met = [(start, end) for start, end in fixed if start < span.end and span.start < end]
    if not met:
        yield span
        return
    pos = span.start
    for start, end in [*met, (span.end, span.end)]:
        for part in re.finditer(r"[^\t\n]+", text[pos : max(pos, start)]):
            yield replace(span, start=pos + part.start(), end=pos + part.end())
        pos = max(pos, end)


class _Reader:
    def __init__(self, text: str, columns: Columns, is_word: Callable[[str], bool], whole: bool) -> None:
        self._text, self._columns, self._is_word, self._whole = text, columns, is_word, whole
        self.header = False
        self.labels: list[tuple[int, int]] = []

    def read(self) -> Iterator[tuple[int, int, str]]:
        """(start, end, kind) of values."""
        if is_hl7(self._text):
            yield from self._message()
            return
        mark = None if self._whole else mark_of(self._text)
        rows = [self._cells(*found.span(), mark or CELL) for found in re.finditer(r"[^\n\f]+", self._text)]
        if self._whole and self._is_list(rows):
            self.header = True
            for row in rows:
                yield from self._pairs(row)
            return
        header: list[str | None] = []
        for row in rows:
            if len(row) < 2 and not (self._whole and header):
                header = []
                yield from self._lined(*row[0])
            elif self._is_header(row, bool(header)):
                header = [self._kind(cell) for cell in row]
                self.labels += [cell for cell, kind in zip(row, header, strict=True) if kind]
                self.header = True
            elif header and (self._whole or len(row) == len(header)):
                yield from self._below(row, header)
            else:
                yield from self._pairs(row)

    def tells(self, value: str) -> bool:
        """Whether a value is more than words anybody uses."""
        words = _WORD.findall(fold(value))
        return (
            any(map(str.isdigit, value)) or not all(map(self._is_word, words)) or (len(words) > 1 and value.istitle())
        )

    def _message(self) -> Iterator[tuple[int, int, str]]:
        """The fields of an HL7 v2 message that stands in a text as it came."""
        for row in re.finditer(r"[^\r\n]+", self._text):
            mark = row[0][3:4]
            table = FIELDS.get(row[0][:3])
            if table is None or not mark or mark.isalnum():
                continue
            start, number = row.start(), 1 if row[0][:3] in ("MSH", "FHS", "BHS") else 0
            for part in row[0].split(mark):
                if number in table and any(map(str.isalnum, part)):
                    yield start, start + len(part), KINDS_OF_FIELDS[table[number]]
                elif part and (row[0][:3], number) in _CODED_FIELDS:
                    self.labels.append((start, start + len(part)))
                start, number = start + len(part) + 1, number + 1

    def _cells(self, start: int, end: int, mark: str) -> list[Cell]:
        cells = []
        for part in re.finditer(
            rf'(?:^|{re.escape(mark)})((?:"(?:[^"]|"")*"|[^{re.escape(mark)}])*)', self._text[start:end]
        ):
            stripped = part[1].strip(' "')
            left = start + part.start(1) + (part[1].find(stripped) if stripped else 0)
            cells.append((left, left + len(stripped)))
        return cells

    def _kind(self, cell: Cell) -> str | None:
        return self._columns.kind_of(self._text[slice(*cell)])

    def _is_list(self, rows: Sequence[list[Cell]]) -> bool:
        """Whether each row is a label and its value."""
        pairs = [row for row in rows if len(row) >= 2]
        labels = sum(self._kind(row[0]) is not None and self._kind(row[1]) is None for row in pairs)
        return len(pairs) > 1 and labels >= _PAIR_SHARE * len(pairs)

    def _is_header(self, row: list[Cell], below_another: bool) -> bool:
        filled = [cell for cell in row if cell[0] < cell[1]]
        if any(self._text[end - 1] == ":" or re.search(r"\d{3}", self._text[start:end]) for start, end in filled):
            return False
        kinds = [kind for cell in filled if (kind := self._kind(cell))]
        if self._whole:
            return not below_another and bool(kinds)
        telling = any(kind != CLINICAL for kind in kinds)
        return telling and len(kinds) > 1 and len(kinds) >= _HEADER_SHARE * len(filled)

    def _below(self, row: list[Cell], header: list[str | None]) -> Iterator[tuple[int, int, str]]:
        for number, (start, end) in enumerate(row):
            kind = header[number] if number < len(header) else None
            if start == end or self._text[start:end].casefold() in _NOTHING:
                continue
            if kind is None:
                if self._whole and self._is_strange(start, end):
                    yield start, end, "unknown"
            elif kind != CLINICAL:
                yield start, end, kind

    def _is_strange(self, start: int, end: int) -> bool:
        value = fold(self._text[start:end])
        words, numbers = _WORD.findall(value), _NUMBER.findall(value)
        if len(words) >= _LONG_PROSE:
            return False  # a sentence: for the recognisers
        return any(len(n) > _SHORT_NUMBER and "." not in n for n in numbers) or not all(map(self._is_word, words))

    def _pairs(self, row: list[Cell]) -> Iterator[tuple[int, int, str]]:
        """Labels with their values in the next cell; and labels and values within one."""
        skip = False
        for number, (start, end) in enumerate(row):
            kind = None if skip else self._columns.kind_of(self._text[start:end])
            skip = False
            after = row[number + 1] if number + 1 < len(row) else (0, 0)
            if kind and after[0] < after[1] and (self._whole or self._kind(after) is None):
                skip = True
                self.labels.append((start, end))
                if kind != CLINICAL and (self._whole or kind in _IN_LINES or kind in ("places", "hospitals")):
                    yield from self._value(*after, kind)
            elif start < end:
                yield from self._lined(start, end)
                if self._whole and number and kind is None and not skip and self._is_strange(start, end):
                    yield start, end, "unknown"

    def _lined(self, start: int, end: int) -> Iterator[tuple[int, int, str]]:
        """`Label: value` on one line, and what follows it there; the foot of a page."""
        found: list[tuple[str, int, int, str]] = []
        yield from self._foot(start, end)
        while label := _LINE.match(self._text, start, end):
            stop, following = self._next(label.end(), end)
            kind = self._columns.kind_in_line(label[1])
            if kind in _IN_LINES:
                self.labels.append(label.span(1))
                found.append((label[1], label.end(), stop, kind))
            if following == end:
                break
            start = following
        numbered = any(kind in (PATIENTS, "ids", "births") for _, _, _, kind in found)
        for words, begin, stop, kind in found:
            yield from self._value(begin, stop, kind, numbered or not self._columns.is_subject(words))

    def _foot(self, start: int, end: int) -> Iterator[tuple[int, int, str]]:
        """A name and a number beside the number of a page."""
        if not _PAGE.search(self._text, start, end):
            return
        parts = [part.span() for part in _FOOT_PART.finditer(self._text, start, end) if not _PAGE.search(part[0])]
        numbers = [part for part in parts if sum(map(str.isdigit, self._text[slice(*part)])) > 3]
        for begin, stop in parts:
            value = self._text[begin:stop]
            if (begin, stop) in numbers:
                yield begin, stop, "ids" if not _IS_DAY.fullmatch(value) else DATES
            elif (
                (numbers or "," in value)
                and len(_WORD.findall(value)) < _MANY_WORDS
                and not any(map(str.isdigit, value))
            ):
                yield begin, stop, "names"

    def _next(self, start: int, end: int) -> tuple[int, int]:
        """Where a value ends, and where what follows it on its line begins: a gap, or another label."""
        for gap in _GAP.finditer(self._text, start, end):
            label = _LINE.match(self._text, gap.end(), end)
            if gap[0] != " " or (label and self._columns.kind_of(label[1])):
                return gap.span()
        return end, end

    def _value(self, start: int, end: int, kind: str, certain: bool = False) -> Iterator[tuple[int, int, str]]:
        """A value behind its label, unless it is a sentence or says that there is none. `certain`: words with capitals are a name there."""
        value = self._text[start:end].rstrip(" .,;")
        words = _WORD.findall(fold(value))
        if len(value) > _LONG_VALUE or value.casefold() in _NOTHING or not value:
            return
        if kind in ("names", "places", "hospitals"):
            sentence = kind == "names" and (len(words) > 6 or bool(re.search(r"\d", value)))
            named = certain and kind == "names" and len(words) > 1 and _NAMELY.fullmatch(value) is not None
            if sentence or not words or not (self._whole or named or not all(map(self._is_word, words))):
                return
        elif kind != "emails" and not any(map(str.isdigit, value)):
            return
        yield start, start + len(value), kind
