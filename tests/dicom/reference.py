"""The plain way to de-identify with pydicom, one converted element after the other. The walk over encoded bytes must come to the same."""

import re
from io import BytesIO
from typing import Any

import pydicom
from pydicom import Dataset, dcmread
from pydicom.datadict import dictionary_keyword, dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.filereader import read_dataset

from dicomlake.dicom import RawInstance
from dicomlake.dicom.cleaner import Cleaner
from dicomlake.dicom.folding import fold
from dicomlake.pseudonyms import SiteKey, is_standard_uid, shift_da, shift_dt
from dicomlake.rules import Action, Dummies, Method, Profile

CLEANED = ("CS", "LO", "LT", "SH", "ST", "UC", "UT")
WALKED = (Action.K, Action.U, Action.M, Action.C)
# PS3.5 6.2, and the colons of ACR-NEMA.
TIME = re.compile(r"([01]\d|2\d)([0-5]\d([0-6]\d(\.\d{1,6})?)?)?|[0-2]\d:[0-5]\d(:[0-6]\d(\.\d{1,6})?)?")
AGE = re.compile(r"(\d{1,3})([DWMY])")
NUMBER = re.compile(r"[0-9+\-.eE ]*")
CODES = (0x00080100, 0x00080102, 0x00080119)  # CodeValue, CodingSchemeDesignator, LongCodeValue
BYTES = {"US": 2, "SS": 2, "OW": 2, "UL": 4, "SL": 4, "FL": 4, "OF": 4, "AT": 4, "FD": 8, "OD": 8}


def read_original(raw: RawInstance) -> Dataset:
    """The original in little endian, as pydicom reads it."""
    return read_dataset(BytesIO(raw.buffer[raw.start :]), not raw.syntax.explicit, True)


def read_clean(data: bytes) -> Dataset:
    """A clean file, as pydicom reads it."""
    return dcmread(BytesIO(data))


class Reference:
    """Applies a profile to a data set in place, for one patient."""

    def __init__(self, profile: Profile, key: SiteKey, patient_key: str, cleaner: Cleaner) -> None:
        self.profile, self.key, self.patient_key, self.cleaner = profile, key, patient_key, cleaner
        self.days = key.shift_days(patient_key, *profile.shift_days)

    def apply(self, one: Dataset, top: bool = True, place: Any = None) -> Dataset:
        place = str(one.get("SOPClassUID", "")) if top else place
        patient_id = str(one.get("PatientID", "")) if top else self.patient_id
        self.patient_id = patient_id
        private = self._safe_private(one)
        public = self._is_public(one)
        for tag in list(one.keys()):
            written = one.get_item(tag)
            filled = bool(written.value) if isinstance(written, RawDataElement) else False
            element = one[tag]
            if tag.is_private:
                if tag not in private:
                    del one[tag]
                elif not tag.is_private_creator and element.value:
                    self._private(element)
                continue
            stated = dictionary_VR(tag) if _known(tag) else ""
            rule = self.profile.rule_for(int(tag), stated, place)
            if rule.action is Action.X:
                del one[tag]
            elif element.VR == "SQ":
                self._sequence(one, element, rule.action)
            elif filled or element.value not in (None, "", b"", []):
                self._value(element, rule, top, public)
        if top:
            self._marks(one)
        return one

    @staticmethod
    def _stays(one: Dataset, tag: Any, listed: str) -> bool:
        """Whether a value listed as safe is what the list says it is."""
        written = one.get_item(tag)
        size = len(written.value or b"") if isinstance(written, RawDataElement) else 0
        element = one[tag]
        if element.VR in ("PN", "SQ") or (element.VR == "UN" and not listed):
            return False
        if listed in ("DS", "IS"):
            shown = [str(value) for value in (element.value if element.VM > 1 else [element.value])]
            return all(NUMBER.fullmatch(value) for value in shown)
        return size % BYTES.get(listed, 1) == 0

    def _told(self, element: DataElement) -> bool:
        """Whether a number is one the patient is known by."""
        if element.VR not in ("DS", "IS"):
            return False
        values = list(element.value) if element.VM > 1 else [element.value]
        return any(self.cleaner.text(str(one), known_only=True, recognise=False) != str(one) for one in values)

    def _private(self, element: DataElement) -> None:
        values = list(element.value) if element.VM > 1 else [element.value]
        if element.VR in CLEANED:
            self._text(element, "")
        elif element.VR == "UI":
            element.value = [uid if not uid or is_standard_uid(uid, "") else self.key.uid(uid) for uid in values]
        elif element.VR in ("DA", "DT", "TM"):
            moved = {"DA": shift_da, "DT": shift_dt}.get(str(element.VR), self._same_time)
            element.value = [moved(str(value), self.days) or "" if value else value for value in values]

    def _sequence(self, one: Dataset, element: DataElement, action: Action) -> None:
        if action in WALKED:
            for item in element.value:
                self.apply(item, False, int(element.tag))
        elif len(element.value):
            items = self.profile.dummies.items[int(element.tag)] if action is Action.D else ()
            element.value = [_constant(self.profile.dummies, item) for item in items]

    def _safe_private(self, one: Dataset) -> set[Any]:
        """Tags of private attributes that stay, and of the creators of their blocks."""
        kept: set[Any] = set()
        for tag in (
            tag
            for tag in map(pydicom.tag.Tag, one.keys())
            if tag.is_private and not tag.is_private_creator and tag.element > 0xFF
        ):
            creator = (tag.group << 16) + (tag.element >> 8)
            if creator in one and self.profile.safe_private is not None:
                row = self.profile.safe_private.find(str(one[creator].value), int(tag))
                if row is not None and self._stays(one, tag, row.vr) and not self._told(one[tag]):
                    kept |= {tag, pydicom.tag.Tag(creator)}
        return kept

    def _is_public(self, one: Dataset) -> bool:
        """Whether a level is a code of a scheme that everybody knows."""
        first = min(map(int, one.keys()), default=0)
        schemes = {scheme.decode("ascii") for scheme in self.cleaner.engine.public_schemes}
        return first in CODES and str(one.get("CodingSchemeDesignator", "")).strip(" \0") in schemes

    def _text(self, element: DataElement, fallback: str, public: bool = False) -> None:
        values = list(element.value) if element.VM > 1 else [element.value]
        only = public or element.keyword in self.profile.text.known_only
        recognise = element.VR != "CS"
        longest = {"CS": 16, "SH": 16, "LO": 64, "ST": 1024, "LT": 10240}.get(str(element.VR), 1 << 30)
        made = [self.cleaner.text(str(value), longest, known_only=only, recognise=recognise) for value in values]
        if made != [str(value) for value in values]:
            element.value = (made if len(made) > 1 else made[0]) if any(made) else fallback

    def _value(self, element: DataElement, rule: Any, top: bool, public: bool) -> None:
        values = list(element.value) if element.VM > 1 else [element.value]
        dummy = self.profile.dummies.by_vr[str(element.VR)[:2]].decode("ascii").strip()
        if rule.action is Action.Z:
            element.value = None if not isinstance(element.value, (str, bytes)) else type(element.value)()
        elif rule.action is Action.D and rule.method is Method.PATIENT_KEY:
            element.value = self.patient_key if top or element.value == self.patient_id else dummy
        elif rule.action is Action.D:
            binary = isinstance(element.value, bytes) or not isinstance(values[0], str)
            element.value = self.profile.dummies.by_vr[str(element.VR)[:2]] if binary and element.VR != "PN" else dummy
        elif rule.action is Action.U:
            keyword = dictionary_keyword(element.tag) if _known(element.tag) else ""
            element.value = [uid if not uid or is_standard_uid(uid, keyword) else self.key.uid(uid) for uid in values]
        elif rule.action is Action.M:
            fallback = dummy if rule.fallback is Action.D else ""
            moved = {"DA": shift_da, "DT": shift_dt}.get(str(element.VR), self._same_time)
            element.value = [moved(str(value), self.days) or fallback if value else value for value in values]
        elif element.VR in CLEANED and element.keyword not in self.profile.text.untouched:
            self._text(element, dummy if rule.fallback is Action.D else "", public)
        elif int(element.tag) in CODES and not public and element.VR in CLEANED:
            if self.cleaner.identities.is_code(fold("\\".join(map(str, values)))):
                element.value = dummy
        elif rule.method is Method.CAP_AGE and element.VR == "AS":
            age = AGE.fullmatch(str(element.value))
            old = age is not None and age[2] == "Y" and int(age[1]) > 89
            unknown = dummy if rule.fallback is Action.D else ""
            element.value = "090Y" if old else f"{int(age[1]):03}{age[2]}" if age else unknown

    @staticmethod
    def _same_time(value: str, days: int) -> str | None:
        return value if TIME.fullmatch(value) else None

    def _marks(self, one: Dataset) -> None:
        one.PatientName = one.PatientID = self.patient_key
        one.PatientIdentityRemoved = "YES"
        one.LongitudinalTemporalInformationModified = self.profile.temporal
        for keyword in ("DeidentificationMethod", "DeidentificationMethodCodeSequence", "RecognizableVisualFeatures"):
            if keyword in one:
                del one[keyword]


def _known(tag: Any) -> bool:
    try:
        return bool(dictionary_VR(tag))
    except KeyError:
        return False


def _constant(dummies: Dummies, elements: Any) -> Dataset:
    made = Dataset()
    for one in elements:
        if one.vr == "SQ":
            made.add_new(one.tag, "SQ", [_constant(dummies, item) for item in one.items])
        else:
            text = one.value.decode("ascii").strip() if one.vr.isalpha() and one.vr not in ("OB", "FL") else one.value
            made.add_new(one.tag, one.vr, [0.0] * (len(one.value) // 4) if one.vr == "FL" else text)
    return made


def differences(one: Dataset, two: Dataset, path: str = "") -> list[str]:
    """Where two data sets differ, by tag; empty values of any kind are the same."""
    found = [f"{path}{tag}: only in one" for tag in set(one.keys()) ^ set(two.keys())]
    for tag in set(one.keys()) & set(two.keys()):
        mine, other = one[tag], two[tag]
        if mine.VR == "SQ" and other.VR == "SQ":
            if len(mine.value or []) != len(other.value or []):
                found.append(f"{path}{tag}: number of items")
                continue
            for number, (left, right) in enumerate(zip(mine.value or [], other.value or [], strict=True)):
                found += differences(left, right, f"{path}{tag}[{number}].")
        elif _plain(mine.value) != _plain(other.value):
            found.append(f"{path}{tag} {mine.VR}: value")
    return found


def _plain(value: Any) -> Any:
    if value is None or value == "" or value == b"" or value == []:
        return ""
    if isinstance(value, bytes):
        return value.rstrip(b"\0 ")
    if isinstance(value, (str, int, float)):
        return str(value).strip(" \0")
    return [str(part).strip(" \0") for part in value] if hasattr(value, "__iter__") else str(value)
