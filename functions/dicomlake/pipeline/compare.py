"""Two folders in, a scorecard of one as the de-identified copy of the other out. Called by `dicomlake verify`.

Files are matched by what they hold and never by name: equal pixel data first, then the numbers, times and codes no profile changes. What
cannot be read within limits is counted by its reason code.
"""

import hashlib
import re
import struct
import warnings
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from dicomlake.dicom import parse_raw
from dicomlake.dicom.plan import plan_for
from dicomlake.dicom.read import check_inflation
from dicomlake.dicom.scorecard import Scorecard
from dicomlake.errors import Code, ConfigError, PermanentError
from dicomlake.rules import Profile

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_STEADY = frozenset("DS FD FL IS SL SS TM UL US".split())
_ENOUGH = 0.3
_UNREADABLE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True)
class Print:
    """What a file is recognised by: its class, a hash of its pixel data, and hashes of values that stay."""

    path: Path
    sop_class: str
    pixels: str
    steady: frozenset[int]

    def likeness(self, other: "Print") -> float:
        """Share of steady values in common, 0 to 1."""
        both = len(self.steady | other.steady)
        return len(self.steady & other.steady) / both if both else 1.0


@dataclass(frozen=True)
class Comparison:
    """The scorecard, and how many originals have a copy, have none, and how many copies have no original. `refused` counts files that are
    not scored by (side, code); `unreadable` the pairs of which a reader could not follow one.
    """

    card: Scorecard
    matched: int
    missing: int
    unexplained: int
    unreadable: int = field(default=0)
    refused: Counter[tuple[str, Code]] = field(default_factory=Counter)


def compare_folders(source: Path, copies: Path, profile: Profile) -> Comparison:
    """Match and score. Raises ConfigError when a folder is not there or holds no DICOM object."""
    if not (source.exists() and copies.exists()):
        raise ConfigError("SRC and DST must exist")
    refused: Counter[tuple[str, Code]] = Counter()
    originals, made = (list(_prints(folder, side, refused)) for side, folder in (("SRC", source), ("DST", copies)))
    if not originals:
        raise ConfigError("SRC holds no DICOM object")
    pairs = list(_matched(originals, made))
    card, plan, unreadable = Scorecard(), plan_for(profile), 0
    for one, two in pairs:
        unreadable += not card.compare(one.path.read_bytes(), two.path.read_bytes(), plan)
    card.consistency()
    return Comparison(card, len(pairs), len(originals) - len(pairs), len(made) - len(pairs), unreadable, refused)


def _prints(folder: Path, side: str, refused: Counter[tuple[str, Code]]) -> Iterator[Print]:
    paths = [folder] if folder.is_file() else sorted(path for path in folder.rglob("*") if path.is_file())
    for path in paths:
        found = _print_of(path)
        if isinstance(found, Print):
            yield found
        else:
            refused[side, found] += 1


def _print_of(path: Path) -> Print | Code:
    """What a file is recognised by, or why it is not."""
    try:
        data = path.read_bytes()
        check_inflation(data)
    except PermanentError as error:
        if error.code is Code.RESOURCE_LIMIT:
            return error.code
    except OSError:
        return Code.INTERNAL_ERROR
    return _read(path, data) or _code_of(data)


def _code_of(data: bytes) -> Code:
    """Why bytes that pydicom cannot follow are no object: our reader's reason, if it has one."""
    try:
        parse_raw(data)
    except PermanentError as error:
        return error.code
    return Code.CORRUPT


def _read(path: Path, data: bytes) -> Print | None:
    from pydicom import config, dcmread
    from pydicom.errors import BytesLengthException, InvalidDicomError

    config.settings.reading_validation_mode = config.IGNORE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's quote values
        try:
            read = dcmread(BytesIO(data), force=True)
            sop_class = str(read.get("SOPClassUID", ""))
            pixels = read.get_item("PixelData") if "PixelData" in read else None
            shown = b"" if pixels is None or not isinstance(pixels.value, bytes) else pixels.value
            steady = frozenset(_steady(read))
        except (*_UNREADABLE, BytesLengthException, InvalidDicomError):
            return None
    if not re.fullmatch(r"[0-9.]{5,64}", sop_class):
        return None
    return Print(path, sop_class, hashlib.sha256(shown).hexdigest() if len(shown) > 64 else "", steady)


def _steady(read: "Dataset") -> Iterator[int]:
    """Hashes of numbers and times, with their attribute; dates, text and UIDs change."""
    from pydicom.errors import BytesLengthException

    for tag in sorted(read.keys()):
        try:
            element = read[tag]
        except (*_UNREADABLE, BytesLengthException):
            continue  # one element in a wrong form says nothing of the others
        if element.VR == "SQ":
            for item in element.value or []:
                yield from _steady(item)
        elif element.VR in _STEADY and not element.tag.is_private and element.value not in (None, ""):
            yield hash((int(element.tag), str(element.value)))


def _matched(originals: list[Print], copies: list[Print]) -> Iterator[tuple[Print, Print]]:
    left, right = list(originals), list(copies)
    for by_pixels in (True, False):
        groups: dict[tuple[str, str], tuple[list[Print], list[Print]]] = defaultdict(lambda: ([], []))
        for side, prints in enumerate((left, right)):
            for one in prints:
                if one.pixels or not by_pixels:
                    groups[one.sop_class, one.pixels if by_pixels else ""][side].append(one)
        found = [pair for mine, theirs in groups.values() for pair in _closest(mine, theirs, by_pixels)]
        yield from found
        gone = {id(one) for pair in found for one in pair}
        left, right = ([one for one in prints if id(one) not in gone] for prints in (left, right))


def _closest(mine: Iterable[Print], theirs: list[Print], by_pixels: bool) -> Iterator[tuple[Print, Print]]:
    """Pairs of a group, the most alike first; without equal pixels they must be alike enough."""
    ranked = sorted(
        (
            (one.likeness(two), number, other, one, two)
            for number, one in enumerate(mine)
            for other, two in enumerate(theirs)
        ),
        key=lambda rank: (-rank[0], rank[1], rank[2]),
    )
    used: set[tuple[int, int]] = set()
    for likeness, number, other, one, two in ranked:
        if (0, number) in used or (1, other) in used or (likeness < _ENOUGH and not by_pixels):
            continue
        used |= {(0, number), (1, other)}
        yield one, two
