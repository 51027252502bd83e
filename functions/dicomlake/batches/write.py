"""Rows in, the bytes of a manifest out: what the uploader sends last and leaves at home. `parse_manifest` reads back what was written."""

import csv
import io
import re
from collections.abc import Iterable

from dicomlake.batches.manifest import ManifestRow

_WRITTEN = ("accession_number", "study_instance_uid", "file", "sha256", "size")
# A cell that begins so is run as a formula by spreadsheets; an apostrophe in front makes it text.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def format_manifest(rows: Iterable[ManifestRow]) -> bytes:
    """UTF-8, comma, one line per row in the order given. The same rows give the same bytes."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_WRITTEN)
    for row in rows:
        size = "" if row.size is None else str(row.size)
        cells = (row.accession_number or "", row.study_instance_uid or "", row.file or "", row.sha256 or "", size)
        writer.writerow(f"'{cell}" if _FORMULA.match(cell) else cell for cell in cells)
    return text.getvalue().encode()
