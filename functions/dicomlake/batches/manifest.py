"""Bytes of a `manifest*.csv` in, a `Manifest` out. Called by the pipeline for each manifest that arrives, and by the uploader for a clinic's own.

Form: a header that names at least `accession_number` and any of COLUMNS, in any order and case; `,`, `;` or tab between fields; UTF-8 with or
without mark, UTF-16 with its mark, else Latin-1; quoted fields; blank lines are passed over. Columns we do not know are not kept.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dicomlake.batches.names import relative_path
from dicomlake.errors import Code, PermanentError

COLUMNS = ("accession_number", "study_instance_uid", "file", "sha256", "size", "expected_files")
MAX_BYTES = 64 << 20
MAX_ROWS = 1_000_000
_MAX_LINE = 100_000
_MAX_FIELD = 1024
_MAX_ACCESSION = 64

_DELIMITERS = (",", ";", "\t")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_BREAK = re.compile(r"[\t\n]")
_UID = re.compile(r"(?=.{1,64}\Z)[0-2](?:\.(?:0|[1-9][0-9]*))+")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NUMBER = re.compile(r"[0-9]{1,18}")
# Spreadsheets run what begins so; `'` before it is how one is told that it is text (write.py), `="..."` how one keeps leading zeros.
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_FORMULA_TEXT = re.compile(r'="([^"]*)"')


class ManifestError(PermanentError):
    """A manifest that cannot be used, with the number of the `line` at fault (0: the file as a whole); never what stands in it."""

    def __init__(self, detail: str, line: int = 0, code: Code = Code.INVALID_MANIFEST) -> None:
        super().__init__(code, detail)
        self.line = line

    def __reduce__(self) -> tuple[type["ManifestError"], tuple[str, int, Code]]:  # type: ignore[override]  # other arguments than the base
        return (ManifestError, (self.detail, self.line, self.code))


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One line: accession number as written (trimmed), path inside the batch, hash in lower case; None where not given. `repr` shows no value."""

    line: int
    accession_number: str | None = field(default=None, repr=False)
    study_instance_uid: str | None = field(default=None, repr=False)
    file: str | None = field(default=None, repr=False)
    sha256: str | None = field(default=None, repr=False)
    size: int | None = field(default=None, repr=False)
    expected_files: int | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Manifest:
    """All lines of a manifest, the delimiter it was written with, and which of COLUMNS it has."""

    delimiter: str
    columns: tuple[str, ...]
    rows: tuple[ManifestRow, ...]


def parse_manifest(data: bytes, path: str = "", *, max_bytes: int = MAX_BYTES, max_rows: int = MAX_ROWS) -> Manifest:
    """Read a manifest. `path` is its own path inside the batch: the files it names are beside it.

    Raises ManifestError: invalid_manifest for any defect, resource_limit beyond `max_bytes` or `max_rows`.
    """
    if len(data) > max_bytes:
        raise ManifestError("manifest_too_large", code=Code.RESOURCE_LIMIT)
    text = _decode(data)
    first_line, text = _without_separator_line(text)
    delimiter = _delimiter(text)
    lines = _lines(text, delimiter, first_line)
    line, names = next(lines, (0, []))
    header = _header(names, line)
    folder = path.rpartition("/")[0]
    rows: list[ManifestRow] = []
    for line, fields in lines:
        if len(rows) == max_rows:
            raise ManifestError("too_many_lines", line, Code.RESOURCE_LIMIT)
        rows.append(_row(line, fields, header, len(names), folder))
    if not rows:
        raise ManifestError("no_lines")
    _refuse_contradictions(rows)
    return Manifest(delimiter, tuple(name for name in COLUMNS if name in header), tuple(rows))


def fits_accession(text: str) -> bool:
    """Whether `text` may stand as an accession number in a manifest."""
    return (
        0 < len(text) <= _MAX_ACCESSION
        and text.strip() == text
        and not _CONTROL.search(text)
        and not _BREAK.search(text)
    )


def fits_uid(text: str) -> bool:
    """Whether `text` is a UID (PS3.5, 9.1)."""
    return _UID.fullmatch(text) is not None


def _decode(data: bytes) -> str:
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            text = data.decode("utf-16")
        else:
            text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise ManifestError("empty")
    if _CONTROL.search(text):
        raise ManifestError("not_text")
    return text


def _without_separator_line(text: str) -> tuple[int, str]:
    """Spreadsheets may write `sep=;` above the header. Returns how many lines were taken away, and the rest."""
    first, _, rest = text.partition("\n")
    return (1, rest) if re.fullmatch(r'"?sep=[,;\t]"?', first, re.IGNORECASE) else (0, text)


def _delimiter(text: str) -> str:
    """The delimiter under which the first line names the most columns we know."""
    header = text.lstrip("\n").partition("\n")[0]

    def known(delimiter: str) -> int:
        return sum(_column(name.strip().strip('"')) in COLUMNS for name in header.split(delimiter))

    return max(_DELIMITERS, key=known)


def _lines(text: str, delimiter: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Lines that hold anything, as (number of its last physical line, trimmed fields)."""
    reader = csv.reader(_short_enough(text, skipped), delimiter=delimiter, strict=True)
    while True:
        try:
            fields = [_text(value) for value in next(reader)]
        except StopIteration:
            return
        except csv.Error:
            raise ManifestError("bad_quoting", reader.line_num + skipped) from None
        if any(fields):
            yield reader.line_num + skipped, fields


def _short_enough(text: str, skipped: int) -> Iterator[str]:
    """Physical lines. A far too long one is refused here, since the limit of the csv module belongs to the whole process."""
    for number, line in enumerate(io.StringIO(text), start=1 + skipped):
        if len(line) > _MAX_LINE:
            raise ManifestError("field_too_long", number)
        yield line


def _text(value: str) -> str:
    value = value.strip()
    formula = _FORMULA_TEXT.fullmatch(value)
    if formula is not None:
        return formula[1].strip()
    return value[1:] if _GUARDED.match(value) else value


def _column(name: str) -> str:
    return re.sub(r"[\s\-.]+", "_", name.strip().lower())


def _header(names: list[str], line: int) -> Mapping[str, int]:
    header: dict[str, int] = {}
    for position, name in enumerate(map(_column, names)):
        if name in COLUMNS:
            if name in header:
                raise ManifestError("column_twice", line)
            header[name] = position
    if "accession_number" not in header:
        raise ManifestError("no_accession_column", line)
    return header


def _row(line: int, fields: list[str], header: Mapping[str, int], width: int, folder: str) -> ManifestRow:
    if any(fields[width:]):
        raise ManifestError("too_many_fields", line)
    values = {
        name: fields[position] for name, position in header.items() if position < len(fields) and fields[position]
    }
    if not any(name in values for name in ("accession_number", "study_instance_uid", "file")):
        raise ManifestError("line_names_nothing", line)
    if any(len(value) > _MAX_FIELD for value in values.values()):
        raise ManifestError("field_too_long", line)
    accession = values.get("accession_number")
    if accession is not None and not fits_accession(accession):
        raise ManifestError("bad_accession_number", line)
    return ManifestRow(
        line,
        accession,
        _study(values.get("study_instance_uid"), line),
        _file(values.get("file"), folder, line),
        _matching(_SHA256, values.get("sha256", "").lower() or None, "bad_sha256", line),
        _number(values.get("size"), "bad_size", line),
        _number(values.get("expected_files"), "bad_expected_files", line),
    )


def _study(value: str | None, line: int) -> str | None:
    if value is not None and not fits_uid(value):
        raise ManifestError("bad_study_instance_uid", line)
    return value


def _matching(pattern: re.Pattern[str], value: str | None, detail: str, line: int) -> str | None:
    if value is not None and not pattern.fullmatch(value):
        raise ManifestError(detail, line)
    return value


def _number(value: str | None, detail: str, line: int) -> int | None:
    text = _matching(_NUMBER, value, detail, line)
    return None if text is None else int(text)


def _file(value: str | None, folder: str, line: int) -> str | None:
    if value is None:
        return None
    inside = relative_path(value)
    path = None if inside is None else relative_path(f"{folder}/{inside}" if folder else inside)
    if path is None:
        raise ManifestError("unsafe_path", line)
    return path


def _refuse_contradictions(rows: list[ManifestRow]) -> None:
    """One file with two hashes or two sizes: whichever were believed, the other would be wrong."""
    seen: dict[str, tuple[str | None, int | None]] = {}
    for row in rows:
        if row.file is None:
            continue
        sha256, size = seen.get(row.file, (None, None))
        if (sha256 and row.sha256 and sha256 != row.sha256) or (None not in (size, row.size) and size != row.size):
            raise ManifestError("contradicting_lines", row.line)
        seen[row.file] = (sha256 or row.sha256, row.size if size is None else size)
