"""A `RawInstance` and a profile in, a `CleanInstance` out. Called by `pipeline/` and the command line; nothing else builds a CleanInstance.

The walk collects edits (start, end, new bytes) over the encoded data set and never touches what stays: kept elements cost a look-up,
pixel data nothing at all. A sequence keeps its form: where its length is undefined it stays so, where it is defined it is recomputed.
PS3.15 Annex E; each element is treated by the rule of the profile, in every item at every level.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from operator import itemgetter
from struct import pack
from typing import NamedTuple

from dicomlake.dicom import encode
from dicomlake.dicom.cleaner import NO_NUMBER, NUMBER_VRS, cleaner_for, with_names
from dicomlake.dicom.dictionary import TEXT_VRS, keyword_of
from dicomlake.dicom.elements import PIXEL_DATA, UNDEFINED, Element, Item, corrupt
from dicomlake.dicom.filemeta import preamble_and_meta
from dicomlake.dicom.icc import without_text
from dicomlake.dicom.identities import identities_of
from dicomlake.dicom.plan import ICC_PROFILE, Plan, effective_vr, plan_for
from dicomlake.dicom.private import SafeElement, safe_elements
from dicomlake.dicom.read import RawInstance
from dicomlake.dicom.seams import CleanPixels, KnownIdentity, Recogniser
from dicomlake.dicom.slices import SliceReader, chunks
from dicomlake.dicom.surplus import without_surplus
from dicomlake.dicom.syntaxes import syntax_of
from dicomlake.dicom.text import Charset
from dicomlake.dicom.values import Made, Memory, Values, padded
from dicomlake.dicom.visual import VISUAL_FEATURES, visual_features
from dicomlake.pseudonyms import PatientIdentity, SiteKey
from dicomlake.rules import Action, Method, Profile, Rule
from dicomlake.rules.types import Place

Edit = tuple[int, int, bytes | memoryview]
Parts = tuple[bytes | memoryview, ...]
# Bytes of private attributes that may be text after all.
_SUSPECT = frozenset(b"OB OW UN DS IS".split())

_CLASS = 0x00080016
_PATIENT_NAME, _PATIENT_ID, _BITS = 0x00100010, 0x00100020, 0x00280100
_CHARSET, _CONTENT, _TEXT_VALUE = 0x00080005, 0x0040A730, 0x0040A160
# Offsets into fragments that a new picture does not have, and lengths of them.
_OFFSETS = (0x7FE00001, 0x7FE00002, 0x7FE00003)
_PLACE, _TAG = itemgetter(0, 1), itemgetter(0)
# Encoded elements up to this size are remembered with what was made of them.
_REMEMBERED = 320
_UNTOUCHED = Made(0, (), 0, ())
_WALKED = frozenset({Action.K, Action.U, Action.M, Action.C})


class Block(NamedTuple):
    """A private block of a creator the profile knows: its element, what was made of the block's elements before, and which stay."""

    creator: Element
    memory: Memory
    keeps: list[int]


@dataclass(frozen=True)
class CleanInstance:
    """A de-identified object: `slices` are its bytes in order, views into the original wherever nothing changed.

    All UIDs and the patient key are pseudonyms. `actions` counts elements by action (`D`, `Z`, `X`, `K`, `U`, `M`, `C`).
    `pixels` is the treated picture it was made with, None where the picture is the original's.
    """

    slices: tuple[bytes | memoryview, ...] = field(repr=False)
    patient_key: str
    study_uid: str
    series_uid: str
    sop_uid: str
    sop_class_uid: str
    transfer_syntax: str
    source_status: str
    profile: str
    rules_version: str
    key_version: str
    actions: Mapping[str, int]
    pixels: CleanPixels | None
    _digest8: Callable[[Iterable[bytes | memoryview]], str] = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return sum(map(len, self.slices))

    def open(self) -> SliceReader:
        """The file to read from, without joining it."""
        return SliceReader(self.slices)

    def chunks(self) -> Iterator[bytes | memoryview]:
        """The file in parts of bounded size, without joining it."""
        return chunks(self.slices)

    def to_bytes(self) -> bytes:
        """The whole file, joined in memory."""
        return self._joined

    @cached_property
    def _joined(self) -> bytes:
        return b"".join(self.slices)

    @cached_property
    def object_name(self) -> str:
        """`<patient>/<study>/<series>/<instance>-<8 hex>.dcm`; the digits are a keyed hash of the file, so that equal names mean equal bytes."""
        digest = self._digest8(self.chunks())
        return f"{self.patient_key}/{self.study_uid}/{self.series_uid}/{self.sop_uid}-{digest}.dcm"


def deidentify(
    raw: RawInstance,
    profile: Profile,
    key: SiteKey,
    patient: PatientIdentity,
    recognise: Recogniser | None = None,
    pixels: CleanPixels | None = None,
) -> CleanInstance:
    """Treat each element by its rule. Same input, profile and key: same bytes. Raises PermanentError(corrupt) for what cannot be followed.

    `recognise` finds what identifies in text beyond what the object itself tells; without it, known values and common forms go. `pixels`
    is the picture as the pixel room has treated it, with what the header must say about it; without it the picture stays as it is, but for
    bytes in its value that are no picture (`surplus.py`).
    """
    pixels = without_surplus(raw, pixels)
    values = values_for(raw, profile, key, patient, recognise)
    walk = Walk(raw, plan_for(profile), values, pixels)
    slices = walk.run()
    if values.revealed:  # who is named in one text goes from every other
        values = values_for(raw, profile, key, patient, recognise, frozenset(values.revealed))
        walk = Walk(raw, plan_for(profile), values, pixels)
        slices = walk.run()
    sop_class, study, series, sop = (
        values.uid(_value(raw, tag), keyword_of(tag)) for tag in (0x00080016, 0x0020000D, 0x0020000E, 0x00080018)
    )
    syntax = raw.syntax.written_as if pixels is None else pixels.written_in(raw.syntax.explicit, raw.syntax.written_as)
    return CleanInstance(
        slices=(preamble_and_meta(sop_class, sop, syntax), *slices),
        patient_key=values.patient_key,
        study_uid=study.decode("ascii"),
        series_uid=series.decode("ascii"),
        sop_uid=sop.decode("ascii"),
        sop_class_uid=sop_class.decode("ascii"),
        transfer_syntax=syntax,
        source_status=raw.status,
        profile=profile.name,
        rules_version=profile.version,
        key_version=key.version,
        actions={str(action): count for action, count in sorted(walk.actions.items())},
        pixels=pixels,
        _digest8=key.digest8_of,
    )


def values_for(
    raw: RawInstance,
    profile: Profile,
    key: SiteKey,
    patient: PatientIdentity,
    recognise: Recogniser | None = None,
    revealed: frozenset[str] = frozenset(),
) -> Values:
    """The maker of clean values for this instance; `revealed` are words of names its texts gave away."""
    plan = plan_for(profile)
    patient_key = key.patient(patient)
    shortest, longest = profile.shift_days
    days = key.shift_days(patient_key, shortest, longest) if longest else 0
    facts = with_names(plan.engine.gatherer.facts_of(raw, plan.kept), revealed)
    cleaner = cleaner_for(plan.engine, facts, key, days, recognise)
    return Values(key, profile.dummies, patient_key, _value(raw, _PATIENT_ID).strip(b" \0"), days, cleaner)


def known_identity(raw: RawInstance, profile: Profile) -> KnownIdentity:
    """What `raw` is known to identify people with, but what a rule keeps on purpose."""
    plan = plan_for(profile)
    return identities_of(plan.engine.gatherer.facts_of(raw, plan.kept), plan.engine.rules).known


def _value(raw: RawInstance, tag: int) -> bytes:
    return raw.value(tag) or b""


class Walk:
    """One pass over the tree of one instance."""

    def __init__(self, raw: RawInstance, plan: Plan, values: Values, pixels: CleanPixels | None = None) -> None:
        self._raw = raw
        self._pixels = pixels
        self._buffer = raw.buffer
        self._plan = plan
        self._values = values
        self._edits: list[Edit] = []
        self._seen = 0
        self._touched: Counter[Action] = Counter()

    @property
    def actions(self) -> Mapping[Action, int]:
        """Elements by action, all levels, sequences that were removed counted once."""
        kept = self._seen - sum(self._touched.values())
        return {**self._touched, Action.K: kept}

    def run(self) -> list[bytes | memoryview]:
        """The slices of the clean data set."""
        explicit, elements = self._raw.syntax.explicit, self._raw.elements
        own = self._own(explicit) | self._visual(explicit) | self._picture(explicit)
        sop_class = (self._raw.value(_CLASS) or b"").strip(b" \0").decode("latin-1")
        self._level([one for one in elements if one[0] not in own], explicit, 0, self._raw.charset, sop_class)
        for tag, parts in sorted(own.items()):
            place = bisect_right(elements, tag, key=_TAG)
            start = stop = elements[place][2] if place < len(elements) else elements[-1][4]
            if place and elements[place - 1][0] == tag:
                start, stop = elements[place - 1][2], elements[place - 1][4]
            self._edits.extend((start, start, part) for part in parts)
            self._edits.append((start, stop, b""))
        return self._assembled()

    def _visual(self, explicit: bool) -> dict[int, Parts]:
        """Whether a face may be rebuilt from the picture, as far as the object tells."""
        said = visual_features(self._raw, self._plan.profile.visual).encode("ascii")
        if not said:
            return {VISUAL_FEATURES: ()} if VISUAL_FEATURES in self._raw.index else {}
        return {VISUAL_FEATURES: (encode.element(VISUAL_FEATURES, b"CS", padded(said, b"CS"), explicit),)}

    def _picture(self, explicit: bool) -> dict[int, Parts]:
        """What a treated picture puts in place of the original's elements."""
        pixels, raw = self._pixels, self._raw
        if pixels is None:
            return {}
        encoded = pixels.encoded()
        made: dict[int, Parts] = {tag: (encode.element(tag, *one, explicit),) for tag, one in encoded.items()}
        if pixels.data is None:
            return made
        bits = int.from_bytes(encoded[_BITS][1], "little") if _BITS in encoded else raw.number("BitsAllocated") or 16
        fragments = syntax_of(pixels.written_in(explicit, raw.syntax.written_as)).encapsulated
        vr, size = b"OB" if fragments or bits <= 8 else b"OW", len(pixels.data)
        head = encode.header(PIXEL_DATA, vr, UNDEFINED if fragments else size + (size & 1), explicit)
        made[PIXEL_DATA] = (head, pixels.data, encode.SEQUENCE_END if fragments else b"\0" * (size & 1))
        return made | {tag: () for tag in _OFFSETS if tag in raw.index}

    def _own(self, explicit: bool) -> dict[int, Parts]:
        """Top-level elements that are written whatever the input has: what was done, and who the patient is now."""
        cleaned = self._pixels is not None and self._pixels.cleaned
        own: dict[int, Parts] = {tag: (one,) for tag, one in self._plan.marks[explicit, cleaned].items()}
        for tag, vr in ((_PATIENT_NAME, b"PN"), (_PATIENT_ID, b"LO")):
            rule = self._plan.table[tag][1]
            if rule is not None and rule.method is Method.PATIENT_KEY:
                own[tag] = (encode.element(tag, vr, padded(self._values.patient_key.encode("ascii"), vr), explicit),)
        return own

    def _assembled(self) -> list[bytes | memoryview]:
        view, slices = memoryview(self._buffer), list[bytes | memoryview]()
        pos, end = self._raw.start, self._raw.elements[-1][4]
        for start, stop, new in sorted(self._edits, key=_PLACE):
            if start > pos:
                slices.append(view[pos:start])
            if new:
                slices.append(new)
            pos = max(pos, stop)  # a run of removals may reach beyond an insertion within it
        if pos < end:
            slices.append(view[pos:end])
        return slices

    def _level(self, elements: list[Element], explicit: bool, depth: int, charset: Charset, place: Place) -> int:
        """Collect the edits of one level; returns by how many bytes it grows."""
        table, rule_of, growth, buffer = self._plan.table_at(place), self._plan.rule, 0, self._buffer
        memory = self._values.memory(explicit, depth, charset, place)
        self._seen += len(elements)
        private: list[Element] = []
        for one in elements:
            tag, vr, start, value, end, items = one
            if tag & 0x10000:
                private.append(one)
                continue
            known = table.get(tag)
            rule = known[1] if known is not None and known[0] == vr else rule_of(tag, vr, place)
            if rule is None and items is None:
                if vr in NUMBER_VRS and (NO_NUMBER.search(buffer, value, end) or self._is_known_number(value, end)):
                    growth += self._treat(one, rule_of(tag, vr, place), explicit, depth, charset)
                elif (end - value) & 1:
                    growth += self._even(one, explicit)
            elif end - start > _REMEMBERED:
                growth += self._treated(one, rule, explicit, depth, charset)
            else:
                encoded = buffer[start:end]
                made = memory.get(encoded)
                if made is None:
                    made = self._noted(
                        partial(self._treated, one, rule, explicit, depth, charset), start, memory, encoded
                    )
                    growth += made.growth
                elif made is not _UNTOUCHED:
                    growth += self._again(start, made)
        return growth + self._privates(private, explicit, depth, charset) if private else growth

    def _privates(self, elements: list[Element], explicit: bool, depth: int, charset: Charset) -> int:
        """The private elements of one level: what the profile knows to be safe stays, with the creator of its block; runs of others go as one."""
        buffer, blocks, growth, gone = self._buffer, dict[int, Block](), 0, len(elements)
        first = last = elements[0][2]
        for one in elements:
            tag, _, start, value, end, _ = one
            block = blocks.get(tag & 0xFFFF0000 | (tag & 0xFFFF) >> 8)
            if block is None:
                if 0x10 <= tag & 0xFFFF < 0x100 and self._knows(tag >> 16, buffer[value:end]):
                    memory = self._values.memory(explicit, depth, charset, buffer[value:end])
                    blocks[tag] = Block(one, memory, [])
                    continue
            else:
                grown = self._in_block(one, block, explicit, depth, charset)
                if grown != start - end:
                    growth, gone = growth + grown, gone - 1
                    continue
            if start != last:
                growth += self._edit(first, last, b"")
                first = start
            last = end
        if last > first:
            growth += self._edit(first, last, b"")
        for creator, _, keeps in blocks.values():
            if keeps:
                gone -= 1
            else:
                growth += self._edit(creator[2], creator[4], b"")
        self._touched[Action.X] += gone
        return growth

    def _in_block(self, one: Element, block: Block, explicit: bool, depth: int, charset: Charset) -> int:
        """Treat a private element of a block the profile knows; one that goes is only said to, by its size."""
        _, _, start, _, end, _ = one
        encoded = self._buffer[start:end] if end - start <= _REMEMBERED else b""
        made = block.memory.get(encoded)
        if made is None:
            treat = partial(self._safe, block.creator, one, explicit, depth, charset)
            made = self._noted(treat, start, block.memory, encoded)
        elif made.edits:
            self._again(start, made)
        if made.growth != start - end:
            block.keeps.append(one[0])
        return made.growth

    def _knows(self, group: int, creator: bytes) -> bool:
        safe = self._plan.profile.safe_private
        return safe is not None and (group, creator[:64].decode("latin-1").strip(" \0")) in safe.by_creator

    def _safe(self, creator: Element, one: Element, explicit: bool, depth: int, charset: Charset) -> int:
        """The same for one not met before."""
        profile = self._plan.profile
        assert profile.safe_private is not None, "the creator is known"
        found = safe_elements((creator, one), self._buffer, profile.safe_private, self._plan.dated).get(one[0])
        return one[2] - one[4] if found is None else self._private(one, found, explicit, depth, charset)

    def _is_known_number(self, value: int, end: int) -> bool:
        """Whether a number is one the patient or the study is known by."""
        return self._buffer[value:end].strip(b" \0") in self._values.cleaner.identities.numbers

    def _treated(self, one: Element, rule: Rule | None, explicit: bool, depth: int, charset: Charset) -> int:
        if rule is None:
            return self._sequence(one, explicit, depth, charset)
        return self._treat(one, rule, explicit, depth, charset)

    def _noted(self, treat: Callable[[], int], start: int, memory: Memory, encoded: bytes) -> Made:
        """Treat a small element, and remember what was made of its bytes: the objects of a series and the items of a report repeat them."""
        before, seen, touched, told = len(self._edits), self._seen, self._touched.copy(), len(self._values.revealed)
        growth = treat()
        edits = tuple((a - start, b - start, new) for a, b, new in self._edits[before:])
        more = tuple((action, n - touched[action]) for action, n in self._touched.items() if n != touched[action])
        made = Made(growth, edits, self._seen - seen, more)
        made = made if edits or made.seen or growth else _UNTOUCHED
        if encoded and told == len(self._values.revealed):
            memory[encoded] = made
        return made

    def _again(self, start: int, made: Made) -> int:
        """The same for bytes met before."""
        self._edits.extend((start + a, start + b, new) for a, b, new in made.edits)
        self._seen += made.seen
        for action, number in made.touched:
            self._touched[action] += number
        return made.growth

    def _private(self, one: Element, safe: SafeElement, explicit: bool, depth: int, charset: Charset) -> int:
        """A private element that stays: its value treated as what it is read as, its header as it was."""
        tag, vr, start, value, end, _ = one
        rule, old = safe.rule, self._buffer[value:end]
        if not old or tag & 0xFFFF < 0x1000 or (rule.action is Action.K and safe.vr not in _SUSPECT):
            return self._even(one, explicit) if len(old) & 1 else 0
        if rule.action is Action.K:
            if self._values.names_nobody(old, safe.vr, charset):
                return self._even(one, explicit) if len(old) & 1 else 0
            return start - end  # it goes with its neighbours
        new = self._values.clean(rule, tag, safe.vr, old, depth, charset)
        if new == old:
            return 0
        self._touched[rule.action] += 1
        return self._edit(start, end, encode.element(tag, vr.upper(), new, explicit))

    def _treat(self, one: Element, rule: Rule, explicit: bool, depth: int, charset: Charset) -> int:
        tag, vr, start, value, end, items = one
        if rule.action is Action.X:
            self._touched[Action.X] += 1
            return self._edit(start, end, b"")
        if vr.islower():
            return self._switched(one, rule, explicit, depth, charset)
        if items is not None and rule.action in _WALKED:
            return self._sequence(one, explicit, depth, charset)
        if value == end or items == ():
            return 0
        written = effective_vr(tag, vr)
        if items is not None or written == b"SQ":
            return self._replaced_sequence(one, rule, explicit)
        if tag == ICC_PROFILE:
            return self._colours(one, explicit)
        if rule.action is Action.K and written not in TEXT_VRS:  # pixel data among them: not even looked at
            return self._even(one, explicit) if (end - value) & 1 else 0
        old = self._buffer[value:end]
        new = self._values.clean(rule, tag, written, old, depth, charset)
        if new == old:
            return self._even(one, explicit) if (end - value) & 1 else 0
        self._touched[rule.action] += 1
        return self._edit(start, end, encode.element(tag, written, new, explicit))

    def _switched(self, one: Element, rule: Rule, explicit: bool, depth: int, charset: Charset) -> int:
        """An element that stands in implicit VR among explicit ones is written as explicit; a sequence in that form is not worth the risk."""
        tag, vr, start, value, end, items = one
        written = vr.upper()
        if items is not None or written == b"SQ":
            raise corrupt("vr_missing")
        old = self._buffer[value:end]
        new = self._values.clean(rule, tag, written, old, depth, charset) if old else old
        self._touched[rule.action] += rule.action is not Action.K
        return self._edit(start, end, encode.element(tag, written, padded(new, written), explicit))

    def _colours(self, one: Element, explicit: bool) -> int:
        """A colour profile without its texts; one that cannot be read goes."""
        tag, vr, start, value, end, _ = one
        old = self._buffer[value:end]
        new = without_text(old)
        if new == old:
            return self._even(one, explicit) if (end - value) & 1 else 0
        self._touched[Action.X if new is None else Action.C] += 1
        return self._edit(
            start, end, b"" if new is None else encode.element(tag, vr.upper(), padded(new, vr), explicit)
        )

    def _replaced_sequence(self, one: Element, rule: Rule, explicit: bool) -> int:
        tag, vr, start, _, end, _ = one
        if rule.action in _WALKED:
            raise corrupt("sequence_without_items")  # a sequence by the dictionary, some other VR in the file
        items = self._plan.profile.dummies.items.get(tag, ()) if rule.action is Action.D else ()
        written = effective_vr(tag, vr)
        if written == b"SQ":
            new = encode.sequence(tag, (encode.constant(item, explicit) for item in items), explicit)
        else:
            new = encode.element(tag, written, self._values.dummies.by_vr.get(written.decode(), b""), explicit)
        self._touched[rule.action] += 1
        return self._edit(start, end, new)

    def _sequence(self, one: Element, explicit: bool, depth: int, charset: Charset) -> int:
        """Walk the items of a kept sequence and correct the lengths that say how long they are."""
        tag, vr, _, value, _, items = one
        if items is None:
            return 0
        inner = explicit and vr == b"SQ"
        growth = sum(self._item(item, inner, depth, charset, tag) for item in items)
        return self._resized(value, growth)

    def _item(self, item: Item, explicit: bool, depth: int, charset: Charset, within: int) -> int:
        _, content, _, _, elements = item
        growth = 0
        if elements and elements[0][0] <= _CHARSET:
            for tag, _, _, value, end, _ in elements:
                if tag == _CHARSET:
                    charset = Charset.of(self._buffer[value:end])
                if tag >= _CHARSET:
                    break
        if within == _CONTENT and self._plan.engine.gatherer.identifies(self._buffer, elements):
            said, elements = (
                [one for one in elements if one[0] == _TEXT_VALUE],
                [one for one in elements if one[0] != _TEXT_VALUE],
            )
            growth = sum(self._constant_text(one, explicit) for one in said)
        return self._resized(content, growth + self._level(elements, explicit, depth + 1, charset, within))

    def _constant_text(self, one: Element, explicit: bool) -> int:
        """The text of a content item whose concept name says that it identifies (text/concepts.yaml)."""
        tag, vr, start, value, end, _ = one
        self._seen += 1
        if value == end:
            return 0
        self._touched[Action.D] += 1
        return self._edit(start, end, encode.element(tag, vr.upper(), self._values.dummies.by_vr["UT"], explicit))

    def _resized(self, value: int, growth: int) -> int:
        """Correct the 32-bit length before `value`, unless it is undefined."""
        if growth:
            length = int.from_bytes(self._buffer[value - 4 : value], "little")
            if length != UNDEFINED:
                self._edits.append((value - 4, value, pack("<I", length + growth)))
        return growth

    def _even(self, one: Element, explicit: bool) -> int:
        """Pad a kept value of odd length (against PS3.5 7.1.1) where it stands, so that pixel data are not copied for it."""
        tag, vr, start, value, end, _ = one
        vr = vr.upper()
        if int.from_bytes(self._buffer[value - 4 : value], "little") == UNDEFINED:
            raise corrupt("fragments_odd")
        self._edit(start, value, encode.header(tag, vr, end - value + 1, explicit))
        self._edit(end, end, padded(b"\0", vr)[1:])
        return 1

    def _edit(self, start: int, end: int, new: bytes) -> int:
        self._edits.append((start, end, new))
        return len(new) - (end - start)
