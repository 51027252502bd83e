"""Original and copy as pydicom reads them in, a finding out: is each element what its rule makes of it? Called by `verify.py`."""

import datetime
import re
from collections.abc import Callable, MutableSequence
from typing import TYPE_CHECKING

from dicomlake.dicom.dictionary import TEXT_VRS
from dicomlake.dicom.marks import IDENTITY_REMOVED, METHOD, METHOD_CODES, TEMPORAL
from dicomlake.dicom.plan import Plan, effective_vr
from dicomlake.dicom.text import Charset
from dicomlake.errors import Code, PermanentError
from dicomlake.pseudonyms import is_standard_uid
from dicomlake.rules import Action, Method, Rule

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_OWN = frozenset({IDENTITY_REMOVED, METHOD, METHOD_CODES, TEMPORAL})
_PADDING = b" \0\t\r\n"
_CHARSET = 0x00080005
_DAY = re.compile(rb"([0-9]{4})\.?([0-9]{2})\.?([0-9]{2})")
_SEARCHED = TEXT_VRS - {b"DA", b"DT", b"TM", b"DS", b"IS", b"UI", b"AS"}


def failed(slug: str) -> PermanentError:
    """The finding that the copy may not leave."""
    return PermanentError(Code.DEID_FAILED, slug)


class Proof:
    """Compares level by level. `texts` gathers the decoded text of the copy, `days` by how much its dates were found to have moved."""

    def __init__(self, plan: Plan, patient_key: str) -> None:
        self._plan = plan
        self._patient_key = patient_key.encode("ascii")
        self.texts: list[str] = []
        self.days: set[int] = set()
        self._checks: dict[Action, Callable[[Rule, int, bytes, bytes, bytes], None]] = {
            Action.K: self._kept,
            Action.U: self._uids,
            Action.M: self._dates,
            Action.Z: self._emptied,
            Action.C: self._emptied,
            Action.D: self._dummy,
        }

    def compare(self, before: "Dataset", after: "Dataset", charset: Charset | None = None, depth: int = 0) -> None:
        """Hold one level against the rules, then the levels below it. Raises PermanentError(deid_failed)."""
        charset = charset or Charset()
        if _CHARSET in after:
            charset = Charset.of(_pair(after, after, _CHARSET)[0])
        for tag in map(int, after.keys()):
            if not depth and tag in _OWN:
                continue
            self._element(before, after, tag, charset, depth)
        for tag in map(int, before.keys()):
            if tag not in after and self._rule(before, tag).action is not Action.X and (depth or tag not in _OWN):
                raise failed("element_lost")
        if len(self.days) > 1:
            raise failed("dates_moved_differently")

    def check_marks(self, after: "Dataset") -> None:
        """The copy must say what was done, in codes."""
        wanted = [(code, scheme) for code, scheme, _ in self._plan.profile.method_codes]
        stated = [(str(item.CodeValue), str(item.CodingSchemeDesignator)) for item in after[METHOD_CODES].value]
        if stated != wanted or str(after[IDENTITY_REMOVED].value) != "YES":
            raise failed("method_not_stated")
        if str(after[TEMPORAL].value) != self._plan.profile.temporal:
            raise failed("method_not_stated")

    def _rule(self, dataset: "Dataset", tag: int) -> Rule:
        return self._plan.rule(tag, _vr(dataset, tag))

    def _element(self, before: "Dataset", after: "Dataset", tag: int, charset: Charset, depth: int) -> None:
        if tag not in before:
            if depth or self._rule(after, tag).method is not Method.PATIENT_KEY:
                raise failed("element_appeared")
            return
        rule, vr = self._rule(before, tag), effective_vr(tag, _vr(before, tag))
        if rule.action is Action.X:
            raise failed("private_left" if tag & 0x10000 else "element_left")
        if vr == b"SQ" or _vr(after, tag) == b"SQ":
            self._sequence(rule, before, after, tag, charset, depth)
            return
        old, new = _pair(before, after, tag)
        if old.strip(_PADDING):
            self._checks[rule.action](rule, tag, vr, old, new)
        elif new.strip(_PADDING) and rule.method is not Method.PATIENT_KEY:
            raise failed("value_appeared")
        if vr in _SEARCHED:
            self.texts.append(charset.decode(new, vr))

    def _sequence(
        self, rule: Rule, before: "Dataset", after: "Dataset", tag: int, charset: Charset, depth: int
    ) -> None:
        items = after[tag].value or []
        if rule.action is Action.Z and len(items):
            raise failed("sequence_not_emptied")
        if rule.action in (Action.Z, Action.D):
            if len(items) > len(self._plan.profile.dummies.items.get(tag, ())):
                raise failed("sequence_not_replaced")
            return
        originals = before[tag].value or []
        if len(items) != len(originals):
            raise failed("items_lost")
        for original, item in zip(originals, items, strict=True):
            self.compare(original, item, charset, depth + 1)

    def _kept(self, rule: Rule, tag: int, vr: bytes, old: bytes, new: bytes) -> None:
        if rule.method is Method.CAP_AGE:
            if new and (not re.fullmatch(rb"[0-9]{3}[DWMY]", new) or (new[3:] == b"Y" and int(new[:3]) > 90)):
                raise failed("age_not_capped")
        elif new != old and new.strip(_PADDING) != old.strip(_PADDING):
            raise failed("kept_value_changed")

    def _uids(self, rule: Rule, tag: int, vr: bytes, old: bytes, new: bytes) -> None:
        originals = {part.strip(_PADDING) for part in old.split(b"\\")}
        for part in new.split(b"\\"):
            uid = part.strip(_PADDING)
            standard = is_standard_uid(uid.decode("latin-1"))
            if uid and not standard and (uid in originals or not uid.startswith(b"2.25.")):
                raise failed("uid_not_replaced")

    def _dates(self, rule: Rule, tag: int, vr: bytes, old: bytes, new: bytes) -> None:
        parts, originals = new.split(b"\\"), old.split(b"\\")
        if len(parts) != len(originals):
            raise failed("date_not_moved")
        fallback = {b"", self._constant(vr)}
        for part, original in zip(parts, originals, strict=True):
            part, original = part.strip(_PADDING), original.strip(_PADDING)
            if part in fallback:
                continue
            if vr == b"TM":
                if part != original or not re.fullmatch(rb"[0-9:.]{2,16}", part):
                    raise failed("time_changed")
            elif part == original:
                raise failed("date_not_moved")
            else:
                self._moved(original, part)

    def _moved(self, original: bytes, part: bytes) -> None:
        """Note by how many days a date moved; one without a day says nothing exact."""
        one, two = _DAY.match(original), _DAY.match(part)
        if one is not None and two is not None:
            days = [datetime.date(int(m[1]), int(m[2]), int(m[3])).toordinal() for m in (one, two)]
            self.days.add(days[1] - days[0])

    def _emptied(self, rule: Rule, tag: int, vr: bytes, old: bytes, new: bytes) -> None:
        allowed = {b""} if rule.action is Action.Z else {b"", self._constant(vr)}
        if new.strip(_PADDING) not in allowed:
            raise failed("value_not_emptied")

    def _dummy(self, rule: Rule, tag: int, vr: bytes, old: bytes, new: bytes) -> None:
        allowed = {self._constant(vr)}
        if rule.method is Method.PATIENT_KEY:
            allowed.add(self._patient_key)
        elif rule.method is Method.FIXED:
            allowed = {rule.value.encode("ascii").strip(_PADDING)}
        if new.strip(_PADDING) not in allowed:
            raise failed("value_not_replaced")

    def _constant(self, vr: bytes) -> bytes:
        return self._plan.profile.dummies.by_vr.get(vr.decode("ascii"), b"").strip(_PADDING)


def _vr(dataset: "Dataset", tag: int) -> bytes:
    """The VR in the header, the dictionary's where the encoding has none."""
    from pydicom.datadict import dictionary_VR

    vr = dataset.get_item(tag).VR
    if vr is None:
        try:
            vr = dictionary_VR(tag)[:2]
        except KeyError:
            vr = "UN"
    return str(vr)[:2].encode("ascii", "replace")


def _pair(before: "Dataset", after: "Dataset", tag: int) -> tuple[bytes, bytes]:
    """The encoded values of both, as the files have them."""
    old, new = (dataset.get_item(tag) for dataset in (before, after))
    one, two = (b"" if item is None or item.value is None else item.value for item in (old, new))
    if isinstance(one, bytes) and isinstance(two, bytes):
        return one, two
    # pydicom converts a few elements while it reads, since others depend on them: then both are compared as it understands them.
    return _text(before[tag].value), _text(after[tag].value)


def _text(value: object) -> bytes:
    parts = value if isinstance(value, MutableSequence) else [] if value is None else [value]
    return "\\".join(map(str, parts)).encode("latin-1", "replace")
