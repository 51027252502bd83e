"""The elements of one level in, the private ones that may stay out, each with its rule. Called by the walk and `explain.py`.

Retain Safe Private Option (PS3.15 E.3.10): an attribute is safe when creator, group and low byte match a row. Which block an element is
in is told by the creator element of the same item, never by one above it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from dicomlake.dicom.elements import Element
from dicomlake.rules import Action, Rule, SafePrivate
from dicomlake.rules.model import STRICTNESS
from dicomlake.rules.private import SafeAttribute

_CLEANED = frozenset(b"CS LO LT SH ST UC UT".split())
_DATED = frozenset(b"DA DT TM".split())
_NUMBERS = frozenset(b"AT DS FD FL IS OD OF OL OV SL SS SV UL US UV".split())
_SIZES = {"US": 2, "SS": 2, "OW": 2, "UL": 4, "SL": 4, "FL": 4, "OF": 4, "AT": 4, "FD": 8, "OD": 8}
_NO_NUMBER = re.compile(rb"[^0-9+\-.eE \\\0]")
_BYTES = frozenset((b"OB", b"OW"))


@dataclass(frozen=True, slots=True)
class SafeElement:
    """A private element that may stay: its rule and the VR its value is read as. A creator has rule K."""

    rule: Rule
    vr: bytes


def safe_elements(
    elements: Iterable[Element], buffer: bytes, safe: SafePrivate, dated: Action
) -> dict[int, SafeElement]:
    """The private elements of this level that stay, creators of blocks that keep something included. `dated` is what befalls dates."""
    blocks: dict[int, Mapping[int, SafeAttribute]] = {}
    names: dict[int, str] = {}
    kept: dict[int, SafeElement] = {}
    for tag, vr, _, value, end, items in elements:
        if not tag & 0x10000:
            continue
        number = tag & 0xFFFF
        if number < 0x100:
            name = buffer[value : min(end, value + 64)].decode("latin-1").strip(" \0")
            rows = safe.by_creator.get((tag >> 16, name)) if number >= 0x10 else None
            if rows is not None:
                blocks[tag], names[tag] = rows, name
            continue
        if not blocks or number < 0x1000:
            continue
        block = tag & 0xFFFF0000 | number >> 8
        row = blocks[block].get(tag & 0xFF) if block in blocks else None
        if row is None or items is not None or not _fits(row.vr, buffer, value, end):
            continue
        action, read_as = _stated(vr, row.vr, dated)
        if action is None:
            action = _unstated(buffer[value:end])
        if action is not Action.X:
            kept[tag], kept[block] = _kept(tag, action, read_as, row.source, names[block])
    return kept


def _fits(row_vr: str, buffer: bytes, value: int, end: int) -> bool:
    """Whether a value is what the list says it is: a number written out is one, a binary one is whole."""
    if row_vr in ("DS", "IS"):
        return _NO_NUMBER.search(buffer, value, end) is None
    return row_vr not in _SIZES or (end - value) % _SIZES[row_vr] == 0


@lru_cache(maxsize=1024)
def _stated(vr: bytes, row_vr: str, dated: Action) -> tuple[Action | None, bytes]:
    """The action for a VR in the file and one in the list, and the VR the value is read as; None where neither says what it is."""
    stated, known = vr.upper(), row_vr.encode("ascii")
    actions = {_action(one, dated) for one in (stated, known) if one not in (b"", b"UN")}
    return min(actions, key=STRICTNESS.index, default=None), known if stated == b"UN" and known else stated


@lru_cache(maxsize=4096)
def _kept(tag: int, action: Action, read_as: bytes, source: str, creator: str) -> tuple[SafeElement, SafeElement]:
    block = tag & 0xFFFF0000 | (tag & 0xFFFF) >> 8
    return (
        SafeElement(Rule(tag, "PrivateElement", action, source, f"safe under {creator}"), read_as),
        SafeElement(Rule(block, "PrivateCreator", Action.K, source, "names a kept block"), b"LO"),
    )


def _action(vr: bytes, dated: Action) -> Action:
    if vr in _CLEANED:
        return Action.C
    if vr in _DATED:
        return dated
    if vr == b"UI":
        return Action.U
    return Action.K if vr in _NUMBERS or vr in _BYTES else Action.X


def _unstated(value: bytes) -> Action:
    """Nobody says what the bytes are: numbers written out may stay, if they are none that could be a date or an id."""
    text = value.strip(b" \0")
    plain = text.translate(None, b"0123456789+-. \\")
    longest = max(map(len, text.replace(b".", b"\\").replace(b" ", b"\\").split(b"\\")), default=0)
    return Action.K if text and not plain and longest < 5 and text.count(b".") <= text.count(b"\\") + 1 else Action.X
