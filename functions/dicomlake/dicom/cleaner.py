"""An encoded text value in, the same text without what identifies out. Called by `values.py`; made by `cleaner_for`, once per set of known values.

What goes: values the object is known to identify people with, forms of text that identify anybody (`deid_rules/text/patterns.yaml`), and
what a recogniser passed in finds. Dates move with the patient, UIDs become their pseudonyms, everything else stays as it is.
PS3.15 E.3.5 Clean Descriptors, E.3.4 Clean Structured Content.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from dicomlake.dicom.dictionary import dictionary
from dicomlake.dicom.facts import Fact, Gatherer
from dicomlake.dicom.folding import fold, unaccented
from dicomlake.dicom.identities import Identities
from dicomlake.dicom.known_forms import identities_of
from dicomlake.dicom.seams import Recogniser
from dicomlake.dicom.text import SINGLE_VALUED, Charset
from dicomlake.dicom.textages import GROUP, old_ages
from dicomlake.dicom.textdates import DateMode, DateRules, MonthNames
from dicomlake.pseudonyms import SiteKey, is_standard_uid
from dicomlake.rules.text import TextRules

CLEANED_VRS = frozenset(b"CS LO LT SH ST UC UT".split())
NUMBER_VRS = frozenset((b"DS", b"IS"))
NO_NUMBER = re.compile(rb"[^0-9+\-.eE \\\0]")
# What writers put for numbers besides: commas, a unit behind, a word for none. Any other letter in one was typed by somebody.
_AS_NUMBER = re.compile(
    rb"[0-9+\-.,eE ]*(?:[mcu]?m|m?s|kVp?|mAs?|[mu]?Gy|[kM]?Bq|k?g|%|deg|nan|inf|n/a|none|null|unknown)?[ \0]*",
    re.IGNORECASE,
)
_UID = re.compile(r"(?<![\w.])[0-2](?:\.(?:0|[1-9]\d{0,38})){4,30}(?![\w]|\.\d)")
_LONGEST = {b"CS": 16, b"SH": 16, b"LO": 64, b"ST": 1024, b"LT": 10240}
_RECOGNISED_VRS = frozenset(b"LO LT SH ST UC UT".split())
_PADDING = " \0\t\r\n"
# What no reader sees: soft hyphen, zero-width spaces and joiners, marks of direction, word joiner, byte order mark.
_UNSEEN = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_EMPTY_BRACKETS = re.compile(r"\(\s*\)|\[\s*\]")
_MEMORY, _MEMORY_BYTES = 20_000, 256
_MOST_TOLD = 40


class Span(NamedTuple):
    """What is replaced; `new` is "" for what goes. A `whole` replacement stands for everything within it."""

    start: int
    end: int
    new: str
    whole: bool = False


class Engine:
    """What cleaning needs of the rules, compiled once per profile."""

    def __init__(self, rules: TextRules, mode: DateMode) -> None:
        self.rules = rules
        self.mode = mode
        self.gatherer = Gatherer(rules)
        self.months = MonthNames(tuple(tuple(map(fold, form)) for form in rules.months))
        labels = "|".join(re.escape(fold(label)) for label in sorted(rules.birth_labels, key=len, reverse=True))
        self.birth_label = re.compile(rf"(?<![^\W_])(?:{labels})\s{{0,2}}[:=(]?\s{{0,2}}$")
        cues = "|".join(sorted(map(re.escape, rules.date_cues), key=len, reverse=True))
        self.cue = re.compile(rf"(?<![^\W_])(?:{cues})\s{{0,2}}[:=(]?\s{{0,2}}$")
        tags = dictionary().tag
        self.known_only = frozenset(tags[keyword] for keyword in rules.known_only if keyword in tags)
        self.typed_codes = frozenset(tags[keyword] for keyword in rules.typed_codes if keyword in tags)
        self.proven_only = frozenset(tags[keyword] for keyword in rules.proven_only if keyword in tags)
        self.public_schemes = frozenset(scheme.encode("ascii") for scheme in rules.public_schemes)
        self._forms: dict[tuple[str, bool], tuple[tuple[int, int, bool], ...]] = {}

    def forms(self, plain: str, known_only: bool) -> tuple[tuple[int, int, bool], ...]:
        """Where a text without accents shows a form that identifies whoever it is about, and whether it is a sure one of a name. Remembered:
        descriptions are the same for many patients.
        """
        found = self._forms.get((plain, known_only))
        if found is None:
            patterns = self.rules.sure if known_only else self.rules.patterns
            found = tuple(
                (*span, one.sure and one.is_name) for one in patterns for span in one.spans(plain, self.rules)
            )
            if len(plain) <= _MEMORY_BYTES:
                if len(self._forms) >= _MEMORY:
                    self._forms.clear()
                self._forms[plain, known_only] = found
        return found


@dataclass
class Cleaner:
    """Cleans the text of the objects that share one set of known values. `repr` shows nothing of them.

    `names_in` tells, by encoded value, the words of people nobody else in the object names, which a form of text gave away.
    `uids` and `memories` are those of `values.py`.
    """

    engine: Engine = field(repr=False)
    identities: Identities = field(repr=False)
    dates: DateRules = field(repr=False)
    key: SiteKey = field(repr=False)
    recognise: Recogniser | None = field(repr=False, default=None)
    names_in: dict[bytes, frozenset[str]] = field(default_factory=dict, repr=False)
    uids: dict[tuple[bytes, str], bytes] = field(default_factory=dict, repr=False)
    memories: dict[Any, dict[bytes, Any]] = field(default_factory=dict, repr=False)
    _memory: dict[tuple[bytes, bytes, bool, bool, Charset], bytes | None] = field(default_factory=dict, repr=False)

    def clean(self, old: bytes, tag: int, vr: bytes, charset: Charset, public: bool = False) -> bytes | None:
        """The clean value, `old` itself when nothing identifies; None when it cannot be written in this character set. In a text that is `public`,
        as the meaning of a code of a known scheme is, only what the object itself tells can identify. A number that is none goes whole.
        """
        if vr in NUMBER_VRS and not all(map(_AS_NUMBER.fullmatch, old.split(b"\\"))):
            return b""
        known_only = public or vr in NUMBER_VRS or tag in self.engine.known_only
        recognise = vr in _RECOGNISED_VRS or tag in self.engine.typed_codes
        place = (old, vr, known_only, recognise, charset)
        if place in self._memory:
            return self._memory[place]
        new = self._cleaned(old, vr, charset, known_only, recognise)
        if len(old) <= _MEMORY_BYTES and len(self._memory) < _MEMORY:
            self._memory[place] = new
        return new

    def text(self, text: str, longest: int = 1 << 30, *, known_only: bool = False, recognise: bool = True) -> str:
        """The same for text that is not encoded."""
        plain = text if text.isascii() else unicodedata.normalize("NFC", text)
        if _UNSEEN.search(plain):
            seen = _UNSEEN.sub("", plain)
            new = self.text(seen, longest, known_only=known_only, recognise=recognise)
            return text if new == seen else new
        found = list(self._spans(plain, known_only, recognise))
        if not plain.isascii():
            found = [span._replace(end=_with_marks(plain, span.end)) for span in found]
        cut = self.identities.cut_off(fold(plain)) if len(plain) >= longest else None
        spans = _merged([*found, Span(*cut, "")] if cut else found)
        if not spans:
            return text
        new = _applied(plain, spans)
        if len(new) > max(longest, len(plain)):
            new = _applied(plain, [Span(span.start, span.end, "") for span in spans])
        return new

    def is_proven(self, text: str) -> bool:
        """Whether nothing but words of the languages and of the trade is left of a text once it is cleaned."""
        return self.engine.rules.names.is_said(unaccented(self.text(text)))

    def _cleaned(self, old: bytes, vr: bytes, charset: Charset, known_only: bool, recognise: bool) -> bytes | None:
        text = charset.decode(old, vr)
        parts = [text] if vr in SINGLE_VALUED else text.split("\\")
        longest = _LONGEST.get(vr, 1 << 30)
        made = [self.text(part, longest, known_only=known_only, recognise=recognise) for part in parts]
        if made == parts:
            return old
        told = frozenset(word for part in parts for word in self._told(part, known_only, recognise))
        if told:
            self.names_in[old] = told
        return charset.encode("\\".join(made), old)

    def _spans(self, text: str, known_only: bool, recognise: bool) -> Iterator[Span]:
        folded = fold(text)
        yield from (Span(start, end, "") for start, end in self.identities.find(folded))
        yield from (Span(start, end, "") for start, end in self.identities.find_encoded(text))
        dates = list(self.dates.find(folded, known_only))
        yield from (Span(s, e, new or "", bool(new)) for s, e, new in dates)
        yield from (Span(start, end, GROUP, True) for start, end in old_ages(folded))
        if text.count(".") > 3:
            yield from self._uids(text)
        for start, end, _ in self.engine.forms(unaccented(text), known_only):
            if not any(s <= start and end <= e for s, e, new in dates if new):  # a date that moved, no number
                yield Span(start, end, "")
        if recognise and not known_only and self.recognise is not None:
            for start, end, *instead in self.recognise(text.rstrip(_PADDING), self.identities.known):
                yield Span(start, end, instead[0] if instead else "")

    def _told(self, text: str, known_only: bool, recognise: bool) -> Iterator[str]:
        """The words of names that forms of text give away and that the object is not known by."""
        plain, rules = unaccented(text), self.engine.rules
        found = [(start, end) for start, end, name in self.engine.forms(plain, known_only) if name]
        if recognise and not known_only and self.recognise is not None:
            found += [(one[0], one[1]) for one in self.recognise(text.rstrip(_PADDING), self.identities.known)]
        for start, end in found:
            for word in rules.names.telling(plain[start:end]):
                if word not in self.identities.strong:
                    yield word

    def _uids(self, text: str) -> Iterator[Span]:
        for found in _UID.finditer(text):
            if len(found[0]) >= 12 and not is_standard_uid(found[0]):
                yield Span(*found.span(), self.key.uid(found[0]), True)


def _with_marks(text: str, end: int) -> int:
    """`end` behind the signs that belong to the letter before it, as the scripts of India have them."""
    while end < len(text) and unicodedata.category(text[end])[0] == "M":
        end += 1
    return end


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Spans that do not overlap. One written whole holds those within it; whatever else overlaps goes together, behind its first placeholder."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.start, -one.end, one.whole)):
        if span.start == span.end:
            continue
        last = merged[-1] if merged else None
        if last is None or span.start >= last.end:
            merged.append(span)
        elif last.whole and span.end <= last.end and (span.start, span.end) != (last.start, last.end):
            continue
        else:
            instead = next((one.new for one in (last, span) if one.new.startswith("[")), "")
            merged[-1] = Span(last.start, max(last.end, span.end), instead)
    return merged


def _applied(text: str, spans: list[Span]) -> str:
    out, pos = "", 0
    for span in spans:
        out += text[pos : span.start] + span.new
        pos = span.end
        if not span.new and (out.endswith((" ", "\n")) or not out):  # one blank of two, and none where a line begins
            pos += len(text) - pos - len(text[pos:].lstrip(" "))
        elif not span.new and out[-1].isalnum() and text[pos : pos + 1].isalnum():  # what stood apart makes no new word
            out += " "
    out += text[pos:]
    out = _EMPTY_BRACKETS.sub("", out).strip(_PADDING + ",;^=")
    return out if any(map(str.isalnum, out)) else ""


def with_names(facts: frozenset[Fact], words: Iterable[str]) -> frozenset[Fact]:
    """`facts` and words of names that texts gave away, which go wherever they stand in the object."""
    return facts.union(("revealed", word.encode("ascii"), Charset()) for word in sorted(words)[:_MOST_TOLD])


@lru_cache(maxsize=128)
def cleaner_for(
    engine: Engine, facts: frozenset[Fact], key: SiteKey, days: int, recognise: Recogniser | None
) -> Cleaner:
    """The cleaner for these facts; the last ones are kept, since the objects of a series share theirs."""
    identities = identities_of(facts, engine.rules)
    dates = DateRules(
        engine.mode, days, engine.months, engine.birth_label, identities.stated, identities.vital, engine.cue
    )
    return Cleaner(engine, identities, dates, key, recognise)
