"""One encoded value and its rule in, the clean value out. Called by `deidentify.py` for each element that a rule touches.

A value that a rule cannot be carried out on (a malformed date) gets the rule's fallback; nothing here raises for the content of a value.
"""

import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import NamedTuple

from dicomlake.dicom.cleaner import CLEANED_VRS, NUMBER_VRS, Cleaner
from dicomlake.dicom.dictionary import TEXT_VRS, dictionary
from dicomlake.dicom.folding import fold
from dicomlake.dicom.text import Charset
from dicomlake.pseudonyms import SiteKey, is_standard_uid, shift_da, shift_dt
from dicomlake.rules import Action, Dummies, Method, Rule

_PADDING = b" \0\t\r\n"
# PS3.5 6.2: HHMMSS.FFFFFF in growing precision; ACR-NEMA wrote HH:MM:SS.
_TM = re.compile(
    rb"[0-2][0-9](?:[0-5][0-9](?:[0-6][0-9](?:\.[0-9]{1,6})?)?)?|[0-2][0-9]:[0-5][0-9](?::[0-6][0-9](?:\.[0-9]{1,6})?)?"
)
_AGE = re.compile(rb"([0-9]{1,3})([DWMY])")
_OLDEST_YEARS = 89


def padded(value: bytes, vr: bytes) -> bytes:
    """`value` with an even length (PS3.5 6.2): NUL after UIDs and bytes, a blank after text."""
    if not len(value) & 1:
        return value
    return value + (b" " if vr in TEXT_VRS and vr != b"UI" else b"\0")


class Made(NamedTuple):
    """What was made of an encoded element: by how many bytes it grew, the edits counted from its start, the elements within it, actions."""

    growth: int
    edits: tuple[tuple[int, int, bytes | memoryview], ...]
    seen: int
    done: tuple[Action, ...]


# Encoded element -> what was made of it.
Memory = dict[bytes, Made]
# By kind of place.
Memories = dict[Hashable, Memory]
_MOST_REMEMBERED = 4096


@dataclass
class Values:
    """Makes the clean values of one instance. `patient_key` and `days` are the patient's, `revealed` the words of people whom a text of it
    gave away; `personal` is set by whatever hangs on whose object it is. `shared` are the memories of `memory` for what does not.
    """

    key: SiteKey = field(repr=False)
    dummies: Dummies = field(repr=False)
    patient_key: str
    patient_id: bytes = field(repr=False)
    days: int = field(repr=False)
    cleaner: Cleaner = field(repr=False)
    shared: Memories = field(default_factory=dict, repr=False)
    revealed: set[str] = field(default_factory=set, repr=False)
    personal: bool = False
    _places: dict[Hashable, tuple[Memory, Memory]] = field(default_factory=dict, repr=False)

    @property
    def uids(self) -> dict[tuple[bytes, str], bytes]:
        """Pseudonyms made before: the objects of a series share most of theirs."""
        return self.cleaner.uids

    def clean(
        self, rule: Rule, tag: int, vr: bytes, old: bytes, depth: int, charset: Charset, public: bool = False
    ) -> bytes:
        """The value that replaces `old` (not empty) under `rule`, any action but X; `vr` is what it is written in, `public` as in `cleaner.py`."""
        action = rule.action
        if action is Action.U or action is Action.M:
            self.personal = True
        if action is Action.U:
            return self._uids(tag, old)
        if action is Action.M:
            return self._dates(rule, vr, old)
        if action is Action.D:
            return self._dummy(rule, tag, vr, old, depth)
        if action is Action.K:
            if rule.method is Method.CAP_AGE:
                return self._age(rule, vr, old)
            return self._text(rule, tag, vr, old, charset, public) if vr in CLEANED_VRS or vr in NUMBER_VRS else old
        return b"" if action is Action.Z else self._text(rule, tag, vr, old, charset, public)

    def memory(self, explicit: bool, depth: int, charset: Charset, place: Hashable) -> tuple[Memory, Memory]:
        """What was made of elements at the same kind of place (in the same private block) before: of the same patient's, and of anybody's."""
        kind = explicit, depth > 0, charset.codecs, place
        found = self._places.get(kind)
        if found is None:
            own = self.cleaner.memories.setdefault((self.patient_key, *kind), {})
            found = self._places[kind] = own, self.shared.setdefault(kind, {})
            for memory in found:
                if len(memory) > _MOST_REMEMBERED:
                    memory.clear()
        return found

    def names_nobody(self, value: bytes, vr: bytes, charset: Charset) -> bool:
        """Whether bytes that no VR calls text are none, or text in which nothing identifies; numbers written out are no known ones."""
        self.personal = True
        if vr in NUMBER_VRS:
            return self.cleaner.clean(value, 0, vr, charset) == value
        return not value.strip(b"\0 ").isascii() or self.cleaner.clean(value, 0, b"LT", charset) == value

    def names_known(self, code: bytes) -> bool:
        """Whether a code, or the name of a scheme of codes, holds what the object is known by."""
        self.personal = True
        return self.cleaner.identities.is_code(fold(code.decode("latin-1")))

    def is_proven(self, text: bytes, vr: bytes, charset: Charset) -> bool:
        """Whether a text that people wrote into a picture is left with nothing but words once it is cleaned."""
        self.personal = True
        return self.cleaner.is_proven(charset.decode(text, vr))

    def constant(self, vr: bytes) -> bytes:
        """What stands for a value that must not be empty."""
        return self._constant(vr)

    def uid(self, uid: bytes, keyword: str) -> bytes:
        """The UID that stands for `uid` in an attribute of this keyword: itself if the standard's own, else its pseudonym."""
        plain = uid.strip(_PADDING)
        known = self.uids.get((plain, keyword))
        if known is None:
            text = plain.decode("latin-1")
            known = plain if not plain or is_standard_uid(text, keyword) else self.key.uid(text).encode("ascii")
            if len(self.uids) > _MOST_REMEMBERED:
                self.uids.clear()
            self.uids[plain, keyword] = known
        return known

    def _text(self, rule: Rule, tag: int, vr: bytes, old: bytes, charset: Charset, public: bool) -> bytes:
        if vr not in TEXT_VRS:
            return self._fallback(rule, vr)
        self.personal = True
        new = self.cleaner.clean(old, tag, vr, charset, public)
        if new == old:
            return old
        self.revealed |= self.cleaner.names_in.get(old, frozenset())
        if new is None or vr in NUMBER_VRS or not new.strip(b" \\\0"):
            return self._fallback(rule, vr)
        return padded(new, vr)

    def _uids(self, tag: int, old: bytes) -> bytes:
        keyword = dictionary().keyword.get(tag, "")
        return padded(b"\\".join(self.uid(part, keyword) for part in old.split(b"\\")), b"UI")

    def _dates(self, rule: Rule, vr: bytes, old: bytes) -> bytes:
        new = b"\\".join(self._date(rule, vr, part.strip(_PADDING)) for part in old.split(b"\\"))
        return padded(new, vr)

    def _date(self, rule: Rule, vr: bytes, part: bytes) -> bytes:
        if not part:
            return b""
        if vr == b"TM":
            return part if _TM.fullmatch(part) else self._fallback(rule, vr).strip()
        text = part.decode("latin-1")
        shifted = shift_da(text, self.days) if vr == b"DA" else shift_dt(text, self.days) if vr == b"DT" else None
        return self._fallback(rule, vr).strip() if shifted is None else shifted.encode("ascii")

    def _dummy(self, rule: Rule, tag: int, vr: bytes, old: bytes, depth: int) -> bytes:
        if rule.method is Method.PATIENT_KEY:
            self.personal = True
            # Below the top level only the same patient's id may become his key: another one's is just removed.
            same = not depth or vr == b"PN" or old.strip(_PADDING) == self.patient_id
            return padded(self.patient_key.encode("ascii"), vr) if same else self.dummies.by_vr[vr.decode("ascii")]
        if rule.method is Method.FIXED:
            return padded(rule.value.encode("ascii"), vr)
        return self._constant(vr)

    def _fallback(self, rule: Rule, vr: bytes) -> bytes:
        return self._constant(vr) if rule.fallback is Action.D else b""

    def _constant(self, vr: bytes) -> bytes:
        return self.dummies.by_vr.get(vr.decode("ascii"), b"")

    def _age(self, rule: Rule, vr: bytes, old: bytes) -> bytes:
        """An age of 90 years and more is one group; what is no age is not kept."""
        match = _AGE.fullmatch(old.strip(_PADDING))
        if match is None:
            return self._fallback(rule, vr)
        if match[2] == b"Y" and int(match[1]) > _OLDEST_YEARS:
            return b"090Y"
        return match[1].rjust(3, b"0") + match[2]
