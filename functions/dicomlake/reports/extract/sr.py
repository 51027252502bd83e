"""A structured report in, its text in reading order out (PS3.16 presentation by nesting: headings, then what they hold). Called by the pipeline.

Given a clean object it gives the clean text; measurements are shown with their units.
"""

import io
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dicomlake.reports.document import tidy

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_MAX_ITEMS, _MAX_DEPTH = 20_000, 60
_VALUES = ("TextValue", "PersonName", "DateTime", "Date", "Time", "UID")


def text_of_sr(data: bytes) -> str:
    """The presentation of a structured report; empty when it has no content that can be shown."""
    from pydicom import config, dcmread

    config.settings.reading_validation_mode = config.IGNORE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's quote values
        dataset = dcmread(io.BytesIO(data), stop_before_pixels=True)
        title = _meaning(dataset, "ConceptNameCodeSequence")
        lines = [title.upper()] if title else []
        left = [_MAX_ITEMS]
        return tidy("\n".join([*lines, *_items(dataset, 0, left)]))


def _items(dataset: "Dataset", depth: int, left: list[int]) -> Iterator[str]:
    for item in dataset.get("ContentSequence") or ():
        left[0] -= 1
        if left[0] < 0 or depth > _MAX_DEPTH:
            return
        line = _line(item)
        if line:
            yield line
        yield from _items(item, depth + 1, left)


def _line(item: "Dataset") -> str:
    name = _meaning(item, "ConceptNameCodeSequence")
    kind = str(item.get("ValueType", ""))
    if kind == "CONTAINER":
        return f"\n{name}:" if name else ""
    value = _value(item, kind)
    return f"{name}: {value}" if name and value else value


def _value(item: "Dataset", kind: str) -> str:
    if kind == "NUM":
        return " ".join(filter(None, (_measured(one) for one in item.get("MeasuredValueSequence") or ())))
    if kind == "CODE":
        return _meaning(item, "ConceptCodeSequence")
    return next((text for keyword in _VALUES if (text := _plain(item.get(keyword)))), "")


def _measured(measured: "Dataset") -> str:
    unit = _meaning(measured, "MeasurementUnitsCodeSequence", "CodeValue")
    number = _plain(measured.get("NumericValue"))
    return number if unit in ("", "1") else f"{number} {unit}"


def _meaning(item: "Dataset", keyword: str, what: str = "CodeMeaning") -> str:
    codes: Any = item.get(keyword)
    return _plain(codes[0].get(what)) if codes else ""


def _plain(value: object) -> str:
    return "" if value is None else str(value).strip()
