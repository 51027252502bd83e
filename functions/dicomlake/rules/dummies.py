"""`ps3_15/dummies.yaml` in, constants for action D out, encoded so that the walker can write them in either byte order. Called by `profiles.py`."""

from collections.abc import Mapping
from dataclasses import dataclass

from dicomlake.rules.reader import Field, RuleFiles

DUMMIES = "ps3_15/dummies.yaml"
_TEXT_VRS = ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT")
_BINARY_VRS = ("AT", "FD", "FL", "OB", "OD", "OF", "OL", "OV", "OW", "SL", "SS", "SV", "UL", "UN", "US", "UV")
_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class DummyElement:
    """One element of a constant sequence item: even-length `value`, or `items` when `vr` is SQ."""

    tag: int
    vr: str
    value: bytes
    items: tuple[tuple["DummyElement", ...], ...] = ()


@dataclass(frozen=True)
class Dummies:
    """Constants for action D: `by_vr` holds even-length bytes (ASCII, or zeros, so the same in both byte orders), `items` the items of
    sequences by tag. None of them depends on the input.
    """

    by_vr: Mapping[str, bytes]
    items: Mapping[int, tuple[tuple[DummyElement, ...], ...]]


def load_dummies(files: RuleFiles) -> Dummies:
    """Read and check the dummies. Raises ConfigError when a VR is missing or a constant does not fit its VR."""
    root = files.open(DUMMIES).mapping(["text", "zero_bytes", "sequences"])
    text = root["text"].mapping(_TEXT_VRS)
    zeros = root["zero_bytes"].mapping(_BINARY_VRS)
    by_vr = {vr: _padded(vr, field.text()) for vr, field in text.items()}
    by_vr |= {vr: bytes(field.integer(2, 16) // 2 * 2) for vr, field in zeros.items()}
    items: dict[int, tuple[tuple[DummyElement, ...], ...]] = {}
    for entry in root["sequences"].items():
        fields = entry.mapping(["tag", "keyword", "item"])
        tag = _tag(fields["tag"])
        fields["keyword"].text(r"[A-Z][A-Za-z0-9]*", "a keyword")
        if tag in items:
            fields["tag"].fail("stands twice")
        items[tag] = (_item(fields["item"], by_vr, 0),)
    return Dummies(by_vr, items)


def _item(field: Field, by_vr: Mapping[str, bytes], depth: int) -> tuple[DummyElement, ...]:
    if depth > _MAX_DEPTH:
        field.fail("is nested too deeply")
    elements = [_element(entry, by_vr, depth) for entry in field.items(at_least=1)]
    if [element.tag for element in elements] != sorted({element.tag for element in elements}):
        field.fail("elements must stand in order of tag, none twice")
    return tuple(elements)


def _element(entry: Field, by_vr: Mapping[str, bytes], depth: int) -> DummyElement:
    fields = entry.mapping(["tag", "vr"], ["value", "values", "item"])
    tag, vr = _tag(fields["tag"]), fields["vr"].choice({*by_vr, "SQ"})
    if vr == "SQ":
        if "value" in fields or "item" not in fields:
            entry.fail("a sequence needs an item and has no value")
        return DummyElement(tag, vr, b"", (_item(fields["item"], by_vr, depth + 1),))
    if "item" in fields:
        fields["item"].fail("only a sequence has an item")
    if "value" in fields:
        if vr not in _TEXT_VRS:
            fields["value"].fail("only a text VR has a value of its own")
        return DummyElement(tag, vr, _padded(vr, fields["value"].text()))
    count = fields["values"].integer(1, 16) if "values" in fields else 1
    if count > 1 and vr not in _BINARY_VRS:
        fields["values"].fail("only a binary VR has several zeros")
    return DummyElement(tag, vr, by_vr[vr] * count)


def _tag(field: Field) -> int:
    return int(field.text(r"\([0-9a-f]{4},[0-9a-f]{4}\)", "a tag written (gggg,eeee)")[1:10].replace(",", ""), 16)


def _padded(vr: str, text: str) -> bytes:
    value = text.encode("ascii", "replace")
    return value + (b"\0" if vr == "UI" else b" ") * (len(value) % 2)
