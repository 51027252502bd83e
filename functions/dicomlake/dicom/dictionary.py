"""The data dictionary of PS3.6 as look-ups made for the walker: tag -> VR, keyword, name of a pattern row. Called by all of `dicom/`.

pydicom's tables are the source. They are read on first use, since importing pydicom takes a third of a second.
"""

import importlib
import sys
import threading
from dataclasses import dataclass
from functools import cache

# VRs whose explicit header has a 32-bit length (PS3.5 7.1.2), and those with a 16-bit one.
LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
TEXT_VRS = frozenset(b"AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT".split())
DATE_VRS = frozenset(b"DA DT TM".split())


_LOADING = threading.Lock()
_PACKAGES = ("pydicom", "pydicom.charset", "pydicom.datadict", "pydicom.filereader", "pydicom.valuerep")


def load_pydicom(alone: bool = False) -> None:
    """Import what reading takes, one thread at a time: two that come upon pydicom from different ends can fail each other.

    `alone` says that no other thread runs: then pydicom does not find the library it would download its test files with, which takes
    longer to import than the rest of it.
    """
    with _LOADING:
        hidden = alone and "requests" not in sys.modules
        if hidden:
            sys.modules["requests"] = None  # type: ignore[assignment]  # Python's own way of saying that a module is not there
        try:
            _loaded()
        finally:
            if hidden:
                del sys.modules["requests"]


@cache
def _loaded() -> None:
    for package in _PACKAGES:
        importlib.import_module(package)


@dataclass(frozen=True, slots=True)
class Dictionary:
    """`vr`: tag -> VR as two bytes (the first where the standard allows several); `stated`: as the dictionary says it ("OB or OW")."""

    vr: dict[int, bytes]
    stated: dict[int, str]
    keyword: dict[int, str]
    tag: dict[str, int]


@cache
def dictionary() -> Dictionary:
    """The public dictionary. Built once per process; constant."""
    from pydicom._dicom_dict import DicomDictionary

    stated = {tag: row[0] for tag, row in DicomDictionary.items() if len(row[0].split(" ")[0]) == 2}
    keyword = {tag: row[4] for tag, row in DicomDictionary.items() if row[4]}
    vr = {tag: text[:2].encode("ascii") for tag, text in stated.items()}
    return Dictionary(vr, stated, keyword, {word: tag for tag, word in keyword.items()})


@cache
def _repeaters() -> tuple[tuple[int, int, str], ...]:
    from pydicom._dicom_dict import RepeatersDictionary

    rows = []
    for pattern, row in RepeatersDictionary.items():
        mask = int("".join("0" if c == "x" else "f" for c in pattern), 16)
        rows.append((mask, int(pattern.replace("x", "0"), 16), row[0]))
    return tuple(rows)


def stated_vr(tag: int) -> str:
    """The VR the dictionary states for a public `tag`, repeating groups included; "" when it does not know the tag."""
    stated = dictionary().stated.get(tag)
    if stated is not None:
        return stated
    return next((vr for mask, value, vr in _repeaters() if tag & mask == value and len(vr[:2].strip()) == 2), "")


def keyword_of(tag: int) -> str:
    """The keyword of `tag`, or a name for the kind of element it is."""
    keyword = dictionary().keyword.get(tag)
    if keyword is not None:
        return keyword
    if tag & 0xFFFF == 0:
        return "GroupLength"
    if tag >> 16 & 1:
        return "PrivateCreator" if 0x10 <= tag & 0xFFFF <= 0xFF else "PrivateElement"
    return "Unknown"
