"""Every stated field of the shared dose objects, where they are at hand (they are under the GPL and no part of this repository)."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dicomlake.dicom import parse_raw
from dicomlake.dose import document, read_dose
from dicomlake.rules import DoseRules

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "dose"
FILES = sorted((SHARED / "dicom").glob("*.dcm"))


def same(stated: object, found: object) -> bool:
    """Equal, numbers to nine digits."""
    if isinstance(stated, list):
        return isinstance(found, list) and len(stated) == len(found) and all(map(same, stated, found))
    if isinstance(stated, (int, float)) and isinstance(found, (int, float)):
        return abs(stated - found) <= 1e-9 * max(abs(stated), abs(found))
    return stated == found


def differences(stated: dict[str, object], found: dict[str, object]) -> Iterator[str]:
    """Names of the fields that are stated and differ."""
    if stated["object_kind"] != found["object_kind"]:
        yield "object_kind"
    yield from (name for name, value in stated["study"].items() if not same(value, found["study"].get(name)))  # type: ignore[attr-defined]
    if len(stated["events"]) != len(found["events"]):  # type: ignore[arg-type]
        yield "events"
        return
    for number, (event, other) in enumerate(zip(stated["events"], found["events"], strict=True)):  # type: ignore[call-overload]
        yield from (f"{number}.{name}" for name, value in event.items() if not same(value, other.get(name)))


@pytest.mark.skipif(not FILES, reason="the shared dose objects are not beside this checkout")
def test_every_field_of_the_shared_objects_is_right(rules: DoseRules) -> None:
    fields, wrong = 0, []
    for file in FILES:
        stated = json.loads((SHARED / "expected" / f"{file.stem}.json").read_text())
        found = document(file.name, read_dose(parse_raw(file.read_bytes()), rules))
        fields += stated["n_fields"]
        wrong += [f"{file.stem}: {name}" for name in differences(stated, found)]
        assert set(stated["must_be_null"]).isdisjoint(found["study"])  # type: ignore[arg-type]
    assert fields >= 1157
    assert wrong == []
