"""Original and copy as pydicom reads them in, a finding out: is each element what its rule makes of it? Called by `verify.py`."""

import datetime
import re
from collections.abc import Callable, Iterator, MutableSequence
from functools import cached_property
from typing import TYPE_CHECKING

from dicomlake.dicom.cleaner import CLEANED_VRS, NUMBER_VRS
from dicomlake.dicom.dictionary import TEXT_VRS
from dicomlake.dicom.elements import PIXEL_DATA
from dicomlake.dicom.known import fold
from dicomlake.dicom.marks import IDENTITY_REMOVED, METHOD, METHOD_CODES, TEMPORAL, stated_codes
from dicomlake.dicom.plan import Plan, effective_vr
from dicomlake.dicom.seams import CleanPixels
from dicomlake.dicom.text import Charset
from dicomlake.errors import Code, PermanentError
from dicomlake.pseudonyms import is_standard_uid
from dicomlake.rules import Action, Method, Rule, SafePrivate
from dicomlake.rules.types import Place

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_VISUAL = 0x00280302
_OWN = frozenset({IDENTITY_REMOVED, METHOD, METHOD_CODES, TEMPORAL, _VISUAL})
# PixelData, and what a new one makes wrong: offsets into fragments and their lengths.
_PICTURE = frozenset({PIXEL_DATA, 0x7FE00001, 0x7FE00002, 0x7FE00003})
_PADDING = b" \0\t\r\n"
_TEXT = {vr.decode("ascii") for vr in CLEANED_VRS}
_CHARSET, _CLASS = 0x00080005, 0x00080016
_DAY = re.compile(rb"([0-9]{4})\.?([0-9]{2})\.?([0-9]{2})")
_DATE_LIKE = re.compile(r"(?<!\d)(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{4}|\d{8})(?!\d)")
_WORDS = re.compile(r"[^\W\d_]+")
_SEARCHED = TEXT_VRS - {b"DA", b"DT", b"TM", b"DS", b"IS", b"UI", b"AS"}


def failed(slug: str) -> PermanentError:
    """The finding that the copy may not leave."""
    return PermanentError(Code.DEID_FAILED, slug)


class Proof:
    """Compares level by level. `texts` gathers the decoded text of the copy, `codes` its codes, `days` by how much its dates were found
    to have moved.
    """

    def __init__(self, plan: Plan, patient_key: str, pixels: CleanPixels | None = None) -> None:
        self._plan = plan
        self._pixels = pixels
        self._picture = {} if pixels is None else pixels.encoded()
        self._own = _OWN | self._picture.keys() | (set() if pixels is None or pixels.data is None else _PICTURE)
        self._patient_key = patient_key.encode("ascii")
        self.texts: list[str] = []
        self.codes: list[str] = []
        self._original: Dataset | None = None
        self._charset = Charset()
        self._months = {name for form in plan.engine.rules.months for name in form}
        self.days: set[int] = set()
        self._checks: dict[Action, Callable[[Rule, int, bytes, bytes, bytes], None]] = {
            Action.K: self._kept,
            Action.U: self._uids,
            Action.M: self._dates,
            Action.Z: self._emptied,
            Action.C: self._cleaned,
            Action.D: self._dummy,
        }

    def compare(
        self, before: "Dataset", after: "Dataset", charset: Charset | None = None, depth: int = 0, place: Place = None
    ) -> None:
        """Hold one level against the rules, then the levels below it. Raises PermanentError(deid_failed)."""
        if not depth:
            self._original = before
            place = _pair(before, before, _CLASS)[0].strip(_PADDING).decode("latin-1")
        charset = charset or Charset()
        if _CHARSET in after:
            charset = Charset.of(_pair(after, after, _CHARSET)[0])
        for tag in map(int, after.keys()):
            if not depth and tag in self._own:
                continue
            self._element(before, after, tag, charset, depth, place)
        for tag in map(int, before.keys()):
            if tag & 0x10000 or tag in after or (not depth and tag in self._own):
                continue
            if self._rule(before, tag, place).action is not Action.X:
                raise failed("element_lost")
        if len(self.days) > 1:
            raise failed("dates_moved_differently")

    def check_marks(self, after: "Dataset") -> None:
        """The copy must say what was done, in codes."""
        cleaned = self._pixels is not None and self._pixels.cleaned
        wanted = [(code, scheme) for code, scheme, _ in stated_codes(self._plan.profile, cleaned)]
        stated = [(str(item.CodeValue), str(item.CodingSchemeDesignator)) for item in after[METHOD_CODES].value]
        if stated != wanted or str(after[IDENTITY_REMOVED].value) != "YES":
            raise failed("method_not_stated")
        if str(after[TEMPORAL].value) != self._plan.profile.temporal:
            raise failed("method_not_stated")

    def check_visual(self, after: "Dataset") -> None:
        """The copy must say whether it may show a face; a treated picture speaks for itself."""
        before = self._original
        if before is None or _VISUAL in self._picture:
            return
        rules = self._plan.profile.visual
        texts = [str(before.get(keyword) or "") for keyword in rules.keywords]
        texts += [str(item.get("CodeMeaning") or "") for item in before.get("AnatomicRegionSequence") or []]
        claim, part = (str(before.get(keyword) or "") for keyword in ("RecognizableVisualFeatures", rules.body_part))
        said = rules.stated(str(before.get("Modality") or ""), claim, part, map(fold, texts))
        if str(after.get("RecognizableVisualFeatures") or "") != (said if PIXEL_DATA in before else ""):
            raise failed("visual_features_not_stated")

    def check_picture(self, after: "Dataset") -> None:
        """A treated picture must stand in the copy byte for byte, and the header say of it what was said."""
        for tag, (_, value) in self._picture.items():
            if tag not in after or _pair(after, after, tag)[0].strip(_PADDING) != value.strip(_PADDING):
                raise failed("picture_not_stated")
        if self._pixels is not None and self._pixels.data is not None:
            new = _pair(after, after, PIXEL_DATA)[0] if PIXEL_DATA in after else b""
            size = len(self._pixels.data)
            stale = [tag for tag in map(int, after.keys()) if tag in _PICTURE - {PIXEL_DATA}]
            if stale or new[:size] != self._pixels.data or len(new) > size + 1:
                raise failed("picture_not_replaced")

    def _rule(self, dataset: "Dataset", tag: int, place: Place) -> Rule:
        if tag & 0x10000 and self._plan.profile.safe_private is not None:
            return self._private_rule(self._plan.profile.safe_private, dataset, tag)
        return self._plan.rule(tag, _vr(dataset, tag), place)

    def _private_rule(self, safe: SafePrivate, dataset: "Dataset", tag: int) -> Rule:
        """What may have become of a private element: X unless its own block's creator, in this very item, makes it safe."""
        removed = self._plan.private
        number = tag & 0xFFFF
        if number < 0x1000:
            names = {creator for creator, group, _ in safe.rows if group == tag >> 16}
            return Rule(tag, "", Action.K, "") if _creator(dataset, tag) in names else removed
        row = safe.find(_creator(dataset, tag >> 16 << 16 | number >> 8), tag)
        if row is None:
            return removed
        stated = _vr(dataset, tag).decode("ascii")
        vrs = {vr for vr in (stated, row.vr) if vr not in ("", "UN")}
        if vrs & {"PN", "SQ", "AE", "AS", "UR"}:
            return removed
        action = Action.U if "UI" in vrs else self._plan.dated if vrs & {"DA", "DT", "TM"} else Action.K
        return Rule(tag, "", Action.C if action is Action.K and vrs & _TEXT else action, row.source)

    def _element(
        self, before: "Dataset", after: "Dataset", tag: int, charset: Charset, depth: int, place: Place
    ) -> None:
        if tag not in before:
            if depth or self._rule(after, tag, place).method is not Method.PATIENT_KEY:
                raise failed("element_appeared")
            return
        rule, vr, self._charset = self._rule(before, tag, place), effective_vr(tag, _vr(before, tag)), charset
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
            (self.codes if tag in self._plan.untouched else self.texts).append(charset.decode(new, vr))

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
            self.compare(original, item, charset, depth + 1, tag)

    def _kept(self, rule: Rule, tag: int, vr: bytes, old: bytes, new: bytes) -> None:
        if rule.method is Method.CAP_AGE:
            if new and (not re.fullmatch(rb"[0-9]{3}[DWMY]", new) or (new[3:] == b"Y" and int(new[:3]) > 90)):
                raise failed("age_not_capped")
        elif new != old and new.strip(_PADDING) != old.strip(_PADDING):
            if tag not in self._plan.untouched and vr in CLEANED_VRS:
                self._cleaned(rule, tag, vr, old, new)
            elif vr not in NUMBER_VRS or new.strip(_PADDING) or not re.search(rb"[^0-9+\-.eE \\\0]", old):
                raise failed("kept_value_changed")

    def _cleaned(self, rule: Rule, tag: int, vr: bytes, old: bytes, new: bytes) -> None:
        """Words may be missing, never be new but for the months of moved dates; a true date of the object may not stand where it stood."""
        if new.strip(_PADDING) in (b"", self._constant(vr)):
            return
        before, after = self._charset.decode(old, vr), self._charset.decode(new, vr)
        if before != after:
            added = set(_WORDS.findall(after.lower())) - set(_WORDS.findall(before.lower())) - self._months
            if any(word not in before.lower() for word in added):
                raise failed("text_invented")
        shown = set(_DATE_LIKE.findall(after)) & set(_DATE_LIKE.findall(before))
        if shown and shown & self._true_days:
            raise failed("date_not_moved_in_text")

    @cached_property
    def _true_days(self) -> set[str]:
        """The dates that no text may still show; none where the profile keeps true dates."""
        if self._original is None or self._plan.profile.temporal == "UNMODIFIED":
            return set()
        return set(_notations(self._original))

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


def _creator(dataset: "Dataset", tag: int) -> str:
    """The creator element of a block, as the file has it."""
    item = dataset.get_item(tag, keep_deferred=True) if tag in dataset else None
    value = b"" if item is None or item.value is None else item.value
    return value.decode("latin-1").strip(" \0") if isinstance(value, bytes) else str(value).strip(" \0")


def _notations(dataset: "Dataset") -> Iterator[str]:
    """The true dates of an object, nested ones too, in the notations people write."""
    for tag in map(int, dataset.keys()):
        vr = _vr(dataset, tag)
        if vr == b"SQ":
            for item in dataset[tag].value or []:
                yield from _notations(item)
        elif vr in (b"DA", b"DT"):
            for part in _pair(dataset, dataset, tag)[0].split(b"\\"):
                found = _DAY.match(part)
                if found is not None:
                    year, month, day = (group.decode() for group in found.groups())
                    for sep in ("-", ".", "/"):
                        yield from (f"{year}{sep}{month}{sep}{day}", f"{day}{sep}{month}{sep}{year}")
                        yield f"{month}{sep}{day}{sep}{year}"
                    yield f"{year}{month}{day}"


def _vr(dataset: "Dataset", tag: int) -> bytes:
    """The VR in the header, the dictionary's where the encoding has none."""
    from pydicom.datadict import dictionary_VR

    vr = dataset.get_item(tag, keep_deferred=True).VR
    if vr is None:
        try:
            vr = dictionary_VR(tag)[:2]
        except KeyError:
            vr = "UN"
    return str(vr)[:2].encode("ascii", "replace")


def _pair(before: "Dataset", after: "Dataset", tag: int) -> tuple[bytes, bytes]:
    """The encoded values of both, as the files have them."""
    old, new = (dataset.get_item(tag, keep_deferred=True) for dataset in (before, after))
    one, two = (b"" if item is None or item.value is None else item.value for item in (old, new))
    if isinstance(one, bytes) and isinstance(two, bytes):
        return one, two
    # pydicom converts a few elements while it reads, since others depend on them: then both are compared as it understands them.
    return _text(before[tag].value), _text(after[tag].value)


def _text(value: object) -> bytes:
    parts = value if isinstance(value, MutableSequence) else [] if value is None else [value]
    return "\\".join(map(str, parts)).encode("latin-1", "replace")
