"""An original and anybody's de-identified copy of it in, required actions and passed ones by category out. Called by `pipeline/compare.py`.

Reads both with pydicom and takes from the rules only what each attribute is for; nothing of the walk is used, so that any tool's output can
be scored, ours too. Categories are those in which de-identified sets are judged (MIDI-B): text counts by the share of words handled.
"""

import re
import struct
import warnings
import zlib
from collections import Counter, defaultdict
from collections.abc import MutableSequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING

from dicomlake.dicom.dictionary import TEXT_VRS, keyword_of
from dicomlake.dicom.elements import PIXEL_DATA
from dicomlake.dicom.known import Known, fold, known_values
from dicomlake.dicom.plan import Plan, effective_vr
from dicomlake.dicom.read import read_raw
from dicomlake.errors import PermanentError
from dicomlake.pseudonyms import is_standard_uid
from dicomlake.rules import Action, Rule
from dicomlake.rules.types import Place

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

CATEGORIES = (
    "tag_retained", "text_notnull", "text_retained", "text_removed", "date_shifted", "uid_changed", "uid_consistent",
    "patid_consistent", "pixels_retained",
)  # fmt: skip
_PATIENT_ID = 0x00100020
_MARKS = frozenset({0x00080005, 0x00120062, 0x00120063, 0x00120064, 0x00280301, 0x00280302, 0x00280303})
_DAY = re.compile(r"[0-9]{8}")
_WORD = re.compile(r"[^\s,;^]+")
_PROSE = TEXT_VRS - {b"DA", b"DT", b"TM", b"DS", b"IS", b"UI", b"AS", b"PN", b"AE"}
_STOPPED = (
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


@dataclass
class Scorecard:
    """What was counted. `failures` counts (category, keyword); no value is kept but in the maps, which `consistency` empties."""

    passed: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    total: Counter[str] = field(default_factory=Counter)
    failures: Counter[tuple[str, str]] = field(default_factory=Counter)
    pairs: int = 0
    _uids: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set), repr=False)
    _patients: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set), repr=False)
    _days: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter), repr=False)

    def add(self, category: str, tag: int, share: float) -> None:
        """Count one action, `share` of which was done (0 to 1)."""
        self.total[category] += 1
        self.passed[category] += share
        if share < 1:
            self.failures[category, keyword_of(tag)] += 1

    def score(self) -> float:
        """Passed actions of all actions."""
        return sum(self.passed.values()) / max(1, sum(self.total.values()))

    def compare(self, before: bytes, after: bytes, plan: Plan) -> bool:
        """Score one pair; False when a reader could not follow one of the two."""
        from pydicom import dcmread
        from pydicom.errors import BytesLengthException, InvalidDicomError

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                known = known_values(read_raw(before), plan.rule, plan.engine.rules.common)
                one, two = dcmread(BytesIO(before), force=True), dcmread(BytesIO(after), force=True)
                patient = str(one.get("PatientID", "")).strip()
                _Pair(self, plan, known, patient).level(one, two, str(one.get("SOPClassUID", "")))
            except (*_STOPPED, BytesLengthException, InvalidDicomError, PermanentError):
                return False
        self.pairs += 1
        self._patients[patient].add(str(two.get("PatientID", "")).strip())
        return True

    def consistency(self) -> None:
        """Count what only the whole set shows: one UID is one UID everywhere, one patient one patient, one shift per patient."""
        taken = Counter(new for images in self._uids.values() for new in images)
        for images in self._uids.values():
            self.add("uid_consistent", 0x00080018, float(len(images) == 1 and taken[next(iter(images))] == 1))
        owners = Counter(new for images in self._patients.values() for new in images)
        for patient, images in self._patients.items():
            same = len(images) == 1 and owners[next(iter(images))] == 1 and images != {patient}
            self.add("patid_consistent", _PATIENT_ID, float(same))
        for shifts in self._days.values():
            usual, _ = shifts.most_common(1)[0]
            for days, count in shifts.items():
                for _ in range(count):
                    self.add("date_shifted", 0x00080020, float(days == usual and days != 0))
        self._uids.clear()
        self._patients.clear()
        self._days.clear()

    def moved(self, patient: str, days: int) -> None:
        """Note by how many days a date of a patient moved."""
        self._days[patient][days] += 1

    def mapped(self, old: str, new: str) -> None:
        """Note what stands for a UID."""
        self._uids[old].add(new)


class _Pair:
    def __init__(self, card: Scorecard, plan: Plan, known: Known, patient: str) -> None:
        self._card, self._plan, self._known, self._patient = card, plan, known, patient
        self._months = {fold(name) for form in plan.engine.rules.months for name in form}

    def level(self, before: "Dataset", after: "Dataset | None", place: Place) -> None:
        for element in before:
            tag = int(element.tag)
            if tag in _MARKS or tag & 0xFFFF == 0:
                continue
            vr = element.VR[:2].encode("ascii")
            rule = self._plan.rule(tag, vr, place)
            other = after[tag] if after is not None and tag in after else None
            if tag == PIXEL_DATA:
                same = other is not None and _little(before, element.value) == _little(after, other.value)
                self._card.add("pixels_retained", tag, float(same))
            elif vr == b"SQ":
                self._sequence(rule, tag, element.value or [], None if other is None else other.value or [])
            elif rule.action is not Action.X and not tag & 0x10000:
                self._card.add("tag_retained", tag, float(other is not None))
                self._value(rule, tag, effective_vr(tag, vr), element.value, None if other is None else other.value)
            elif not self._safe(before, tag):
                self._removed(tag, _texts(element.value), [] if other is None else _texts(other.value))

    def _safe(self, dataset: "Dataset", tag: int) -> bool:
        """Whether a private attribute may stay, so that neither staying nor going is a fault."""
        safe = self._plan.profile.safe_private
        if safe is None or not tag & 0x10000:
            return False
        creator = tag if tag & 0xFFFF < 0x1000 else tag & 0xFFFF0000 | (tag & 0xFFFF) >> 8
        name = str(dataset[creator].value) if creator in dataset else ""
        return (tag >> 16, name) in safe.creators if creator == tag else safe.find(name, tag) is not None

    def _sequence(self, rule: Rule, tag: int, items: "list[Dataset]", others: "list[Dataset] | None") -> None:
        if rule.action in (Action.X, Action.Z, Action.D) or tag & 0x10000:
            return
        self._card.add("tag_retained", tag, float(others is not None))
        for number, item in enumerate(items):
            self.level(item, others[number] if others is not None and number < len(others) else None, tag)

    def _value(self, rule: Rule, tag: int, vr: bytes, value: object, other: object) -> None:
        old, new = _texts(value), _texts(other)
        if not any(old):
            return
        if vr == b"UI":
            self._uids(tag, old, new)
        elif rule.action is Action.M and vr in (b"DA", b"DT"):
            self._dates(tag, old, new)
        elif rule.action in (Action.Z, Action.D):
            self._removed(tag, old, new)
            if rule.action is Action.D:
                self._card.add("text_notnull", tag, float(any(new)))
        elif vr in _PROSE:
            self._prose(tag, old, new)
        elif rule.action is Action.K and vr in TEXT_VRS and vr != b"AS":
            self._card.add("text_retained", tag, float(old == new))

    def _uids(self, tag: int, old: list[str], new: list[str]) -> None:
        for one, other in zip(old, new if len(new) == len(old) else [""] * len(old), strict=True):
            if one and is_standard_uid(one, keyword_of(tag)):
                self._card.add("text_retained", tag, float(one == other))
            elif one:
                self._card.add("uid_changed", tag, float(bool(other) and one != other))
                self._card.mapped(one, other)

    def _dates(self, tag: int, old: list[str], new: list[str]) -> None:
        for one, other in zip(old, new if len(new) == len(old) else [""] * len(old), strict=True):
            days = _ordinal(one), _ordinal(other)
            if days[0] is not None and days[1] is not None:
                self._card.moved(self._patient, days[1] - days[0])
            elif days[0] is not None:
                self._card.add("date_shifted", tag, 0.0)

    def _removed(self, tag: int, old: list[str], new: list[str]) -> None:
        """The value of an attribute that goes must not be there any more, as a whole or within a longer one."""
        told = [text for text in old if len(text) > 1 and text != "REMOVED"]
        for text in told:
            self._card.add("text_removed", tag, float(not any(text in other for other in new)))

    def _prose(self, tag: int, old: list[str], new: list[str]) -> None:
        kept = Counter(word for text in new for word in _WORD.findall(text))
        telling = harmless = shown = lost = 0
        for text in old:
            folded = fold(text)
            known = {
                part
                for value in self._known.words + self._known.numbers
                if value in folded
                for part in value.split(" ")
            }
            for word in _WORD.findall(text):
                plain = fold(word).strip(".:()'\"")
                if self._known.found_in(plain):
                    telling, shown = telling + 1, shown + (word in kept)
                elif plain not in known and plain not in self._months and plain.isalpha() and len(plain) > 1:
                    harmless, lost = harmless + 1, lost + (word not in kept)  # not numbers: dates may have moved
        if telling:
            self._card.add("text_removed", tag, 1 - shown / telling)
        if harmless:
            self._card.add("text_retained", tag, 1 - lost / harmless)


def _little(dataset: "Dataset | None", value: bytes) -> bytes:
    """Pixel data as little endian has them; big endian ones are swapped by their words."""
    size = int(dataset.get("BitsAllocated") or 8) // 8 if dataset is not None else 1
    if dataset is None or dataset.original_encoding[1] is not False or size < 2 or len(value) % size:
        return value
    return b"".join(value[at : at + size][::-1] for at in range(0, len(value), size))


def _texts(value: object) -> list[str]:
    """The values of an element as text."""
    if value is None or isinstance(value, bytes):
        return []
    parts = value if isinstance(value, MutableSequence) else [value]
    return [str(part).strip(" \0") for part in parts]


def _ordinal(text: str) -> int | None:
    import datetime

    found = _DAY.match(text.replace(".", "").replace("-", "")[:8])
    try:
        return None if found is None else datetime.datetime.strptime(found[0], "%Y%m%d").toordinal()
    except ValueError:
        return None
