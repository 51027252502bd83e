"""The tree of an instance in, its DICOM JSON model out (PS3.18 Annex F), without bulk data. Called by `rows.py` with clean instances only."""

import math
import re
from collections.abc import Sequence

from dicomlake.dicom.elements import Element
from dicomlake.dicom.text import Charset, decoded_values

Model = dict[str, object]

_BULK = frozenset(b"OB OD OF OL OV OW UN".split())
_INTEGERS = frozenset(b"IS SL SS SV UL US UV".split())
_REALS = frozenset(b"DS FL FD".split())
_CHARSET = 0x00080005
_MAX_VALUE_BYTES = 8192


def model_of(elements: Sequence[Element], buffer: bytes, charset: Charset) -> Model:
    """`{"GGGGEEEE": {"vr": ..., "Value": [...]}}`; values that are bulk data, over 8 KiB or no value of their VR are left out."""
    model: Model = {}
    for tag, vr, _, value, end, items in elements:
        if tag == _CHARSET:
            charset = Charset.of(buffer[value:end])
        attribute: dict[str, object] = {"vr": ("SQ" if items is not None else vr.upper().decode("ascii"))}
        if items is not None:
            values: list[object] = [model_of(item[4], buffer, charset) for item in items]
        elif vr in _BULK or end - value > _MAX_VALUE_BYTES:
            values = []
        else:
            values = _values(buffer[value:end], tag, vr, charset)
        if values:
            attribute["Value"] = values
        model[f"{tag:08X}"] = attribute
    return model


def _values(encoded: bytes, tag: int, vr: bytes, charset: Charset) -> list[object]:
    if vr == b"AT":
        pairs = [encoded[i : i + 4] for i in range(0, len(encoded) - 3, 4)]
        return [f"{int.from_bytes(p[:2], 'little'):04X}{int.from_bytes(p[2:], 'little'):04X}" for p in pairs]
    texts = decoded_values(encoded, tag, vr, charset) if encoded else ()
    if not any(texts):
        return []
    if vr in _INTEGERS:
        return [number(text, whole=True) for text in texts]
    if vr in _REALS:
        return [number(text) for text in texts]
    if vr == b"PN":
        return [_name(text) for text in texts]
    return [text or None for text in texts]


def number(text: str, *, whole: bool = False) -> int | float | None:
    """The number a text stands for; None when it stands for none, or for none JSON has."""
    if re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        return int(text)
    if whole:
        return None
    try:
        real = float(text)
    except ValueError:
        return None
    return real if math.isfinite(real) else None


def _name(text: str) -> dict[str, str]:
    groups = zip(("Alphabetic", "Ideographic", "Phonetic"), text.split("="), strict=False)
    return {kind: group for kind, group in groups if group}
