"""A clean structured report in, a value object for each number it measures out. Called by `pipeline/measured.py`.

A NUM content item (PS3.3 C.17.3, C.18.1) with its concept, value and unit, and what its surroundings say of it: the containers above, and the
finding, site and tracking of its measurement group (PS3.16 TID 1501, TID 300). Read from the clean copy, so that nothing here identifies.
"""

import io
import math
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from dicomlake.reports.document import tidy

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# Radiation dose reports (PS3.4 B.5): their numbers have tables of their own.
DOSE_CLASSES = frozenset(f"1.2.840.10008.5.1.4.1.1.88.{number}" for number in (67, 68, 73, 74, 75, 76))
_MAX_ITEMS, _MAX_DEPTH, _MAX_TEXT = 20_000, 60, 200
_FINDING, _TRACKING, _TRACKING_UID = "121071", "112039", "112040"
_SITES = frozenset(("363698007", "G-C0E3"))
_LATERALITY = frozenset(("272741003", "G-C171"))
_DERIVATIONS = frozenset(("121401",))
_METHODS = frozenset(("370129005", "G-C036"))


@dataclass(frozen=True)
class Coded:
    """A code as written; "" for what is absent."""

    code: str = ""
    scheme: str = ""
    meaning: str = ""


@dataclass(frozen=True)
class Around:
    """What a group says of its numbers."""

    finding: Coded = Coded()
    finding_site: Coded = Coded()
    laterality: Coded = Coded()
    method: Coded = Coded()
    derivation: Coded = Coded()
    tracking_id: str = ""
    tracking_uid: str = ""
    template: str = ""
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measurement:
    """One number. `item` is its place in the tree, `1.3.2` for the second item of the third of the root; `text` the value as written,
    `value` the same as a number (None: not stated, then `qualifier` may say why). `references` are the images it was measured in.
    """

    item: str
    concept: Coded
    value: float | None
    text: str
    unit: Coded
    qualifier: Coded
    around: Around = Around()
    references: tuple[str, ...] = field(default=())

    def columns(self) -> Mapping[str, object]:
        """The columns of its row in `lake.measurements` that tell of the number itself."""
        around = self.around
        return {
            "item": self.item,
            "template": around.template,
            "path": list(around.path),
            **_columns("concept", self.concept),
            "value": self.value,
            "value_text": self.text,
            **_columns("unit", self.unit),
            **_columns("qualifier", self.qualifier),
            **_columns("finding", around.finding),
            **_columns("finding_site", around.finding_site),
            "laterality": around.laterality.meaning,
            "method": around.method.meaning,
            "derivation": around.derivation.meaning,
            "tracking_id": around.tracking_id,
            "TrackingUID": around.tracking_uid,
            "ReferencedSOPInstanceUIDs": list(self.references),
        }


def measurements(data: bytes) -> list[Measurement]:
    """The numbers of a structured report in the order of its tree; [] for a dose report and for what is none."""
    from pydicom import config, dcmread

    config.settings.reading_validation_mode = config.IGNORE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's quote values
        dataset = dcmread(io.BytesIO(data), stop_before_pixels=True)
        if str(dataset.get("SOPClassUID", "")) in DOSE_CLASSES:
            return []
        return list(_below(dataset, "1", Around(), [_MAX_ITEMS]))


def _columns(name: str, coded: Coded) -> dict[str, object]:
    return {f"{name}_code": coded.code, f"{name}_scheme": coded.scheme, f"{name}_meaning": coded.meaning}


def _below(item: "Dataset", place: str, above: Around, left: list[int]) -> Iterator[Measurement]:
    """The numbers below an item, in document order; too deep or too many items are left out."""
    around = _told(item, above)
    for number, child in enumerate(item.get("ContentSequence") or (), 1):
        left[0] -= 1
        if left[0] < 0 or place.count(".") >= _MAX_DEPTH:
            return
        here = f"{place}.{number}"
        if child.get("ValueType") == "NUM":
            yield _measured(child, here, around)
        yield from _below(child, here, around, left)


def _told(item: "Dataset", above: Around) -> Around:
    """What an item and its children say of the numbers below it."""
    told = above
    templates = item.get("ContentTemplateSequence") or ()
    if templates:
        told = replace(told, template=_plain(templates[0].get("TemplateIdentifier")))
    if item.get("ValueType") == "CONTAINER":
        told = replace(told, path=(*told.path, _coded(item.get("ConceptNameCodeSequence")).meaning))
    for child in item.get("ContentSequence") or ():
        told = _told_by(child, told)
    return told


def _told_by(child: "Dataset", told: Around) -> Around:
    name, kind = _coded(child.get("ConceptNameCodeSequence")).code, child.get("ValueType")
    if kind == "CODE":
        coded = _coded(child.get("ConceptCodeSequence"))
        if name == _FINDING:
            return replace(told, finding=coded)
        if name in _SITES:
            sides = [
                _coded(c.get("ConceptCodeSequence"))
                for c in child.get("ContentSequence") or ()
                if _names(c, _LATERALITY)
            ]
            return replace(told, finding_site=coded, laterality=sides[0] if sides else told.laterality)
        if name in _LATERALITY:
            return replace(told, laterality=coded)
        if name in _METHODS:
            return replace(told, method=coded)
        if name in _DERIVATIONS:
            return replace(told, derivation=coded)
    if kind == "TEXT" and name == _TRACKING:
        return replace(told, tracking_id=_plain(child.get("TextValue")))
    if kind == "UIDREF" and name == _TRACKING_UID:
        return replace(told, tracking_uid=_plain(child.get("UID")))
    return told


def _names(item: "Dataset", codes: frozenset[str]) -> bool:
    return _coded(item.get("ConceptNameCodeSequence")).code in codes


def _measured(item: "Dataset", place: str, around: Around) -> Measurement:
    found = (item.get("MeasuredValueSequence") or [None])[0]
    text = _plain(found.get("NumericValue")) if found is not None else ""
    floating = found.get("FloatingPointValue") if found is not None else None
    return Measurement(
        place,
        _coded(item.get("ConceptNameCodeSequence")),
        _number(text if floating is None else str(floating)),
        text,
        _coded(found.get("MeasurementUnitsCodeSequence")) if found is not None else Coded(),
        _coded(item.get("NumericValueQualifierCodeSequence")),
        _told(item, around),
        tuple(dict.fromkeys(_references(item))),
    )


def _references(item: "Dataset") -> Iterator[str]:
    """Images the number was inferred from: below the item or below the regions it names."""
    for child in item.get("ContentSequence") or ():
        for reference in child.get("ReferencedSOPSequence") or ():
            uid = _plain(reference.get("ReferencedSOPInstanceUID"))
            if uid:
                yield uid
        if child.get("ValueType") in ("SCOORD", "SCOORD3D"):
            yield from _references(child)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _coded(codes: Any) -> Coded:
    """The first code of a sequence; long and URN codes (PS3.3 8.2) count as values."""
    if not codes:
        return Coded()
    first = codes[0]
    value = next((text for k in ("CodeValue", "LongCodeValue", "URNCodeValue") if (text := _plain(first.get(k)))), "")
    return Coded(value, _plain(first.get("CodingSchemeDesignator")), _plain(first.get("CodeMeaning")))


def _plain(value: object) -> str:
    return "" if value is None else tidy(str(value)).strip()[:_MAX_TEXT]
