"""Columns and rows in, a file out: CSV, XLSX or Parquet. Called by `pipeline/dose_export.py`.

Text that a spreadsheet would take for a formula (it begins with = + - @, a tab or a line break) is written so that it stays text: names of
protocols are typed by people and come from devices.
"""

import csv
import datetime
import io
from collections.abc import Sequence

Row = Sequence[object]
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def to_csv(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """UTF-8 with a byte order mark (Excel reads it right), commas, dates in ISO 8601; lists are joined with ` | `, unknown is empty."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_plain(value) for value in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def to_xlsx(columns: Sequence[str], rows: Sequence[Row], sheet: str = "dose") -> bytes:
    """One sheet with a frozen head and a filter; numbers and dates keep their type, text never becomes a formula."""
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    page = book.active
    page.title = sheet
    for place, row in enumerate([columns, *rows], 1):
        for column, value in enumerate(row, 1):
            kept = value if isinstance(value, (int, float, bool, datetime.date)) or value is None else _joined(value)
            cell = page.cell(place, column, _printable(kept) if isinstance(kept, str) else kept)
            if isinstance(kept, str):
                cell.data_type = "s"  # whatever it begins with
            if place == 1:
                cell.font = Font(bold=True)
    page.freeze_panes = "A2"
    page.auto_filter.ref = f"A1:{get_column_letter(max(1, len(columns)))}{len(rows) + 1}"
    # The same rows give the same bytes but for the times the format wants.
    book.properties.created = book.properties.modified = datetime.datetime(2000, 1, 1)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def to_parquet(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """A Parquet file; the type of a column is that of its values, a column without any is text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = []
    for place in range(len(columns)):
        values = [row[place] for row in rows]
        empty = all(value is None or value == [] for value in values)
        arrays.append(pa.array([None] * len(values), pa.string()) if empty else pa.array(values))
    out = io.BytesIO()
    pq.write_table(pa.table(dict(zip(columns, arrays, strict=True))), out)
    return out.getvalue()


FORMATS = {"csv": to_csv, "xlsx": to_xlsx, "parquet": to_parquet}


def _plain(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, (str, list, tuple)):
        return value.isoformat() if isinstance(value, (datetime.date, datetime.time)) else value
    text = _joined(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _joined(value: object) -> str:
    return " | ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _printable(text: str) -> str:
    """Without the control characters that the format cannot hold."""
    return "".join(c for c in text if c >= " " or c in "\t\n\r")
