"""Original and copy as pydicom reads them in, a finding out: is each element what its rule makes of it? Called by `verify.py`."""

import datetime
import re
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from dicomlake.dicom.as_read import Level, pair
from dicomlake.dicom.cleaner import CLEANED_VRS, NUMBER_VRS
from dicomlake.dicom.dictionary import TEXT_VRS
from dicomlake.dicom.elements import PIXEL_DATA
from dicomlake.dicom.known import fold
from dicomlake.dicom.marks import IDENTITY_REMOVED, METHOD, METHOD_CODES, TEMPORAL, stated_codes
from dicomlake.dicom.plan import ICC_PROFILE, Plan, effective_vr
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
_DATE_LIKE = re.compile(
    r"(?<!\d)(?<!\d\.)(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{4}|\d{8})(?!\d|\.\d)"
)
_WORDS = re.compile(r"[^\W\d_]+")
# What a recogniser may put in the place of what it found.
_PLACEHOLDER = re.compile(r"\[[A-Z]{2,12}(?:-\d{5})?\]")
_NO_NUMBER = re.compile(rb"[^0-9+\-.eE \\\0]")
_CODES = frozenset({0x00080100, 0x00080102, 0x00080119})  # CodeValue, CodingSchemeDesignator, LongCodeValue
_IDS = (0x00100020, 0x00101000, 0x00080050)  # PatientID, OtherPatientIDs, AccessionNumber
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
        self._original: Level | None = None
        self._charset = Charset()
        self._months = plan.months
        self.days: set[int] = set()
        self._checks: dict[Action, Callable[[Rule, int, bytes, bytes, bytes], None]] = {
            Action.K: self._kept,
            Action.U: self._uids,
            Action.M: self._dates,
            Action.Z: self._emptied,
            Action.C: self._cleaned,
            Action.D: self._dummy,
        }

    def compare(self, before: "Dataset", after: "Dataset") -> None:
        """Hold two objects against the rules. Raises PermanentError(deid_failed)."""
        self._original = Level(before)
        place = self._original.value(_CLASS).strip(_PADDING).decode("latin-1")
        self._level(self._original, Level(after), Charset(), 0, place)

    def _level(self, before: Level, after: Level, charset: Charset, depth: int, place: Place) -> None:
        """One level, then those below it."""
        if _CHARSET in after.found:
            charset = Charset.of(after.value(_CHARSET))
        for tag in after.found:
            if not depth and tag in self._own:
                continue
            self._element(before, after, tag, charset, depth, place)
        for tag in before.found:
            if tag & 0x10000 or tag in after.found or (not depth and tag in self._own):
                continue
            if (
                self._rule(before, tag, place).action is not Action.X and tag != ICC_PROFILE
            ):  # one that no reader reads goes
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
        if self._original is None or _VISUAL in self._picture:
            return
        before = self._original.dataset
        rules = self._plan.profile.visual
        texts = [str(before.get(keyword) or "") for keyword in rules.keywords]
        texts += [str(item.get("CodeMeaning") or "") for item in before.get("AnatomicRegionSequence") or []]
        claim, part = (str(before.get(keyword) or "") for keyword in ("RecognizableVisualFeatures", rules.body_part))
        said = rules.stated(str(before.get("Modality") or ""), claim, part, map(fold, texts))
        if str(after.get("RecognizableVisualFeatures") or "") != (said if PIXEL_DATA in before else ""):
            raise failed("visual_features_not_stated")

    def check_picture(self, copy: "Dataset") -> None:
        """A treated picture must stand in the copy byte for byte, and the header say of it what was said."""
        after = Level(copy)
        for tag, (_, value) in self._picture.items():
            if tag not in after.found or after.value(tag).strip(_PADDING) != value.strip(_PADDING):
                raise failed("picture_not_stated")
        if self._pixels is not None and self._pixels.data is not None:
            new = after.value(PIXEL_DATA)
            size = len(self._pixels.data)
            stale = [tag for tag in after.found if tag in _PICTURE - {PIXEL_DATA}]
            if stale or new[:size] != self._pixels.data or len(new) > size + 1:
                raise failed("picture_not_replaced")

    def _rule(self, level: Level, tag: int, place: Place) -> Rule:
        if tag & 0x10000 and self._plan.profile.safe_private is not None:
            return self._private_rule(self._plan.profile.safe_private, level, tag)
        return self._plan.rule(tag, level.vr(tag), place)

    def _private_rule(self, safe: SafePrivate, level: Level, tag: int) -> Rule:
        """What may have become of a private element: X unless its own block's creator, in this very item, makes it safe."""
        removed = self._plan.private
        number = tag & 0xFFFF
        if number < 0x1000:
            names = {creator for creator, group, _ in safe.rows if group == tag >> 16}
            return Rule(tag, "", Action.K, "") if level.creator(tag) in names else removed
        row = safe.find(level.creator(tag >> 16 << 16 | number >> 8), tag)
        if row is None:
            return removed
        stated = level.vr(tag).decode("ascii")
        vrs = {vr for vr in (stated, row.vr) if vr not in ("", "UN")}
        if vrs & {"PN", "SQ", "AE", "AS", "UR"}:
            return removed
        action = Action.U if "UI" in vrs else self._plan.dated if vrs & {"DA", "DT", "TM"} else Action.K
        return Rule(tag, "", Action.C if action is Action.K and vrs & _TEXT else action, row.source)

    def _element(self, before: Level, after: Level, tag: int, charset: Charset, depth: int, place: Place) -> None:
        if tag not in before.found:
            if depth or self._rule(after, tag, place).method is not Method.PATIENT_KEY:
                raise failed("element_appeared")
            return
        rule, vr, self._charset = self._rule(before, tag, place), effective_vr(tag, before.vr(tag)), charset
        if rule.action is Action.X:
            raise failed("private_left" if tag & 0x10000 else "element_left")
        if vr == b"SQ" or after.vr(tag) == b"SQ":
            self._sequence(rule, before, after, tag, charset, depth)
            return
        old, new = pair(before, after, tag)
        if old.strip(_PADDING):
            self._checks[rule.action](rule, tag, vr, old, new)
        elif new.strip(_PADDING) and rule.method is not Method.PATIENT_KEY:
            raise failed("value_appeared")
        if vr in _SEARCHED:
            (self.codes if tag in self._plan.untouched else self.texts).append(charset.decode(new, vr))

    def _sequence(self, rule: Rule, before: Level, after: Level, tag: int, charset: Charset, depth: int) -> None:
        items = after.items(tag)
        if rule.action is Action.Z and len(items):
            raise failed("sequence_not_emptied")
        if rule.action in (Action.Z, Action.D):
            if len(items) > len(self._plan.profile.dummies.items.get(tag, ())):
                raise failed("sequence_not_replaced")
            return
        originals = before.items(tag)
        if len(items) != len(originals):
            raise failed("items_lost")
        for original, item in zip(originals, items, strict=True):
            self._level(Level(original), Level(item), charset, depth + 1, tag)

    def _kept(self, rule: Rule, tag: int, vr: bytes, old: bytes, new: bytes) -> None:
        if rule.method is Method.CAP_AGE:
            if new and (not re.fullmatch(rb"[0-9]{3}[DWMY]", new) or (new[3:] == b"Y" and int(new[:3]) > 90)):
                raise failed("age_not_capped")
        elif tag == ICC_PROFILE:
            if len(new) - len(old) not in (0, 1) or any(
                a != b and b not in (0, 1, 12) for a, b in zip(old, new, strict=False)
            ):
                raise failed("kept_value_changed")
        elif new != old and new.strip(_PADDING) != old.strip(_PADDING):
            if tag in _CODES and new.strip(_PADDING) == self._constant(vr):
                return  # a code that names somebody; that a copy lost a code is no leak
            if tag not in self._plan.untouched and vr in CLEANED_VRS:
                self._cleaned(rule, tag, vr, old, new)
            elif vr not in NUMBER_VRS or new.strip(_PADDING) or not (_NO_NUMBER.search(old) or self._is_id(old)):
                raise failed("kept_value_changed")

    def _is_id(self, number: bytes) -> bool:
        """Whether a number stands in an id of the original."""
        if self._original is None or len(number.strip(_PADDING)) < 6:
            return False
        ids = (self._original.value(tag) for tag in _IDS if tag in self._original.found)
        return any(number.strip(_PADDING) in one for one in ids)

    def _cleaned(self, rule: Rule, tag: int, vr: bytes, old: bytes, new: bytes) -> None:
        """Words may be missing or have a placeholder instead, never be new but for the months of moved dates; a true date of the object may
        not stand where it stood.
        """
        if new.strip(_PADDING) in (b"", self._constant(vr)):
            return
        before, after = self._charset.decode(old, vr), self._charset.decode(new, vr)
        if before != after:
            added = (
                set(_WORDS.findall(_PLACEHOLDER.sub(" ", after).lower()))
                - set(_WORDS.findall(before.lower()))
                - self._months
            )
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
        return set(self._original.days())

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
