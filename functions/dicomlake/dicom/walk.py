"""The encoded data set of one instance in, the slices of its clean copy out. Called by `deidentify.py`.

The walk collects edits (start, end, new bytes) over the encoded data set and never touches what stays: kept elements cost a look-up,
pixel data nothing at all. A sequence keeps its form: where its length is undefined it stays so, where it is defined it is recomputed.
"""

from bisect import bisect_right
from collections.abc import Mapping
from functools import partial
from operator import itemgetter

from dicomlake.dicom import encode
from dicomlake.dicom.blocks import Blocks
from dicomlake.dicom.cleaner import NO_NUMBER, NUMBER_VRS
from dicomlake.dicom.dictionary import TEXT_VRS
from dicomlake.dicom.edits import REMEMBERED, UNTOUCHED, Edits
from dicomlake.dicom.elements import PIXEL_DATA, UNDEFINED, Element, Item, corrupt
from dicomlake.dicom.icc import without_text
from dicomlake.dicom.identities import TYPED
from dicomlake.dicom.plan import ICC_PROFILE, Plan, effective_vr
from dicomlake.dicom.read import RawInstance
from dicomlake.dicom.seams import CleanPixels
from dicomlake.dicom.syntaxes import syntax_of
from dicomlake.dicom.text import Charset
from dicomlake.dicom.values import Values, padded
from dicomlake.dicom.visual import VISUAL_FEATURES, visual_features
from dicomlake.rules import Action, Method, Rule
from dicomlake.rules.types import Place

Parts = tuple[bytes | memoryview, ...]

_CLASS = 0x00080016
_PATIENT_NAME, _PATIENT_ID, _BITS = 0x00100010, 0x00100020, 0x00280100
_CHARSET, _CONTENT, _TEXT_VALUE = 0x00080005, 0x0040A730, 0x0040A160
# Offsets into fragments that a new picture does not have, and lengths of them.
# CodeValue, CodingSchemeDesignator, LongCodeValue.
_CODES, _SCHEME = frozenset({0x00080100, 0x00080102, 0x00080119}), 0x00080102
_TEXT_OBJECTS = 0x00700008
_OFFSETS = (0x7FE00001, 0x7FE00002, 0x7FE00003)
_TAG = itemgetter(0)
_WALKED = frozenset({Action.K, Action.U, Action.M, Action.C})


class Walk:
    """One pass over the tree of one instance."""

    def __init__(self, raw: RawInstance, plan: Plan, values: Values, pixels: CleanPixels | None = None) -> None:
        self._raw = raw
        self._pixels = pixels
        self._buffer = raw.buffer
        self._plan = plan
        self._values = values
        self._edits = Edits(raw, values)
        self._blocks = Blocks(raw.buffer, plan, values, self._edits)

    @property
    def actions(self) -> Mapping[Action, int]:
        """Elements by action, all levels, sequences that were removed counted once."""
        return self._edits.actions

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
            for part in parts:
                self._edits.edit(start, start, part)
            self._edits.edit(start, stop, b"")
        return self._edits.slices()

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

    def _level(self, elements: list[Element], explicit: bool, depth: int, charset: Charset, place: Place) -> int:
        """Collect the edits of one level; returns by how many bytes it grows."""
        table, rule_of, growth, buffer, edits = (
            self._plan.table_at(place),
            self._plan.rule,
            0,
            self._buffer,
            self._edits,
        )
        values = self._values
        public = self._is_public(elements)
        drawn, proven = place == _TEXT_OBJECTS, self._plan.engine.proven_only
        memory, shared = values.memory(explicit, depth, charset, (place, public))
        edits.seen += len(elements)
        private: list[Element] = []
        for one in elements:
            tag, vr, start, value, end, items = one
            if tag & 0x10000:
                private.append(one)
                continue
            if drawn and tag in proven and not values.is_proven(buffer[value:end], vr, charset):
                edits.done.append(Action.D)
                growth += edits.edit(start, end, encode.element(tag, vr.upper(), values.constant(vr.upper()), explicit))
                continue
            known = table.get(tag)
            rule = known[1] if known is not None and known[0] == vr else rule_of(tag, vr, place)
            if rule is None and items is None:
                if vr in NUMBER_VRS and (NO_NUMBER.search(buffer, value, end) or self._is_known_number(value, end)):
                    growth += self._treat(one, rule_of(tag, vr, place), explicit, depth, charset)
                elif tag in _CODES and not public and values.names_known(buffer[value:end]):
                    edits.done.append(Action.D)
                    growth += edits.edit(
                        start, end, encode.element(tag, vr.upper(), values.constant(vr.upper()), explicit)
                    )
                elif (end - value) & 1:
                    growth += edits.even(one, explicit)
            elif end - start > REMEMBERED:
                growth += self._treated(one, rule, explicit, depth, charset, public)
            else:
                encoded = buffer[start:end]
                made = shared.get(encoded)
                if made is UNTOUCHED:
                    continue
                if made is None:
                    made = memory.get(encoded)
                    values.personal |= made is not None
                if made is None:
                    treat = partial(self._treated, one, rule, explicit, depth, charset, public)
                    growth += edits.noted(treat, start, encoded, memory, shared).growth
                elif made is not UNTOUCHED:
                    growth += edits.again(start, made)
        return growth + self._blocks.level(private, explicit, depth, charset) if private else growth

    def _is_known_number(self, value: int, end: int) -> bool:
        """Whether a number is one the patient or the study is known by; most are too short for that."""
        if end - value < TYPED:
            return False
        self._values.personal = True
        return self._buffer[value:end].strip(b" \0") in self._values.cleaner.identities.numbers

    def _is_public(self, elements: list[Element]) -> bool:
        """Whether a level is a code of a scheme that everybody knows: what such codes mean is said of nobody."""
        if not elements or elements[0][0] not in _CODES:
            return False
        schemes = self._plan.engine.public_schemes
        return any(one[0] == _SCHEME and self._buffer[one[3] : one[4]].strip(b" \0") in schemes for one in elements[:3])

    def _treated(
        self, one: Element, rule: Rule | None, explicit: bool, depth: int, charset: Charset, public: bool
    ) -> int:
        if rule is None:
            return self._sequence(one, explicit, depth, charset)
        return self._treat(one, rule, explicit, depth, charset, public)

    def _treat(
        self, one: Element, rule: Rule, explicit: bool, depth: int, charset: Charset, public: bool = False
    ) -> int:
        tag, vr, start, value, end, items = one
        if rule.action is Action.X:
            self._edits.done.append(Action.X)
            return self._edits.edit(start, end, b"")
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
            return self._edits.even(one, explicit)
        old = self._buffer[value:end]
        new = self._values.clean(rule, tag, written, old, depth, charset, public)
        if new == old:
            return self._edits.even(one, explicit)
        self._edits.done.append(rule.action)
        return self._edits.edit(start, end, encode.element(tag, written, new, explicit))

    def _switched(self, one: Element, rule: Rule, explicit: bool, depth: int, charset: Charset) -> int:
        """An element that stands in implicit VR among explicit ones is written as explicit; a sequence in that form is not worth the risk."""
        tag, vr, start, value, end, items = one
        written = vr.upper()
        if items is not None or written == b"SQ":
            raise corrupt("vr_missing")
        old = self._buffer[value:end]
        new = self._values.clean(rule, tag, written, old, depth, charset) if old else old
        if rule.action is not Action.K:
            self._edits.done.append(rule.action)
        return self._edits.edit(start, end, encode.element(tag, written, padded(new, written), explicit))

    def _colours(self, one: Element, explicit: bool) -> int:
        """A colour profile without its texts; one that cannot be read goes."""
        tag, vr, start, value, end, _ = one
        old = self._buffer[value:end]
        new = without_text(old)
        if new == old:
            return self._edits.even(one, explicit)
        self._edits.done.append(Action.X if new is None else Action.C)
        return self._edits.edit(
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
        self._edits.done.append(rule.action)
        return self._edits.edit(start, end, new)

    def _sequence(self, one: Element, explicit: bool, depth: int, charset: Charset) -> int:
        """Walk the items of a kept sequence and correct the lengths that say how long they are."""
        tag, vr, _, value, _, items = one
        if items is None:
            return 0
        inner = explicit and vr == b"SQ"
        growth = sum(self._item(item, inner, depth, charset, tag) for item in items)
        return self._edits.resized(value, growth)

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
        return self._edits.resized(content, growth + self._level(elements, explicit, depth + 1, charset, within))

    def _constant_text(self, one: Element, explicit: bool) -> int:
        """The text of a content item whose concept name says that it identifies (text/concepts.yaml)."""
        tag, vr, start, value, end, _ = one
        self._edits.seen += 1
        if value == end:
            return 0
        self._edits.done.append(Action.D)
        return self._edits.edit(start, end, encode.element(tag, vr.upper(), self._values.dummies.by_vr["UT"], explicit))
