"""The two kinds of row that may be loaded, one for each side of the wall. Built by the de-identifiers and the pipeline, taken by `lake/load.py`.

A row is append-only; `row_key` follows from what it is about, so that loading it twice is loading it once.
"""

from collections.abc import Mapping
from dataclasses import dataclass

# Numbers, codes, keyed ids, shifted dates (ISO text), lists of those, and JSON-like mappings for JSON columns.
Value = object


@dataclass(frozen=True, slots=True)
class ResearchRow:
    """A row of `lake.*`: research pseudonyms and shifted dates only. No receipt time, event id, generation, batch or plain hash of an original."""

    table: str
    row_key: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class OperationsRow:
    """A row of `ops.*`: true times and devices under the site's operations pseudonyms, no direct identity."""

    table: str
    row_key: str
    values: Mapping[str, Value]
