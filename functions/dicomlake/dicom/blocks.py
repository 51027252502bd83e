"""The private elements of one level in, their edits out: what the profile knows to be safe stays, with the creator of its block. Called by
`walk.py`.

Retain Safe Private Option (PS3.15 E.3.10). Blocks never reach beyond their group, and scanners write the same groups into slice after slice:
a whole group is known again by its bytes, and where it is new, each of its elements.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from dicomlake.dicom import encode
from dicomlake.dicom.edits import REMEMBERED, Edits
from dicomlake.dicom.elements import Element
from dicomlake.dicom.plan import Plan
from dicomlake.dicom.private import SafeElement, safe_elements
from dicomlake.dicom.text import Charset
from dicomlake.dicom.values import Made, Memory, Values
from dicomlake.rules import Action

# Bytes of private attributes that may be text after all.
_SUSPECT = frozenset(b"OB OW UN DS IS".split())
# Encoded groups up to this size are remembered.
_GROUP = 8192


@dataclass
class _Block:
    """A private block of a creator the profile knows: its element, what was made of the block's elements before, and whether any stays."""

    creator: Element
    memory: Memory = field(repr=False)
    shared: Memory = field(repr=False)
    keeps: bool = False


class Blocks:
    """Treats private elements into `edits`."""

    def __init__(self, buffer: bytes, plan: Plan, values: Values, edits: Edits) -> None:
        self._buffer = buffer
        self._plan = plan
        self._values = values
        self._edits = edits

    def level(self, elements: list[Element], explicit: bool, depth: int, charset: Charset) -> int:
        """Treat all private elements of a level; returns by how many bytes it grows."""
        growth, buffer, edits = 0, self._buffer, self._edits
        memory, shared = self._values.memory(explicit, depth, charset, b"")
        for group in _groups(elements):
            start, end = group[0][2], group[-1][4]
            # In an item that is out of order, something else may stand between.
            whole = end - start <= _GROUP and end - start == sum([one[4] - one[2] for one in group])
            encoded = buffer[start:end] if whole else b""
            made = self._met(encoded, memory, shared)
            if made is None:
                treat = partial(self._group, group, explicit, depth, charset)
                growth += edits.noted(treat, start, encoded, memory, shared).growth
            else:
                growth += edits.again(start, made)
        return growth

    def _group(self, elements: list[Element], explicit: bool, depth: int, charset: Charset) -> int:
        """The elements of one group; runs of those that go are removed as one."""
        buffer, edits, blocks = self._buffer, self._edits, dict[int, _Block]()
        growth, gone = 0, len(elements)
        first = last = elements[0][2]
        for one in elements:
            tag, _, start, value, end, _ = one
            number = tag & 0xFFFF
            block = blocks.get(number >> 8)
            if block is None:
                if 0x10 <= number < 0x100 and self._knows(tag >> 16, buffer[value:end]):
                    blocks[number] = _Block(one, *self._values.memory(explicit, depth, charset, buffer[value:end]))
                    continue
            else:
                encoded = buffer[start:end] if end - start <= REMEMBERED else b""
                made = self._met(encoded, block.memory, block.shared)
                if made is None:
                    treat = partial(self._safe, block.creator, one, explicit, depth, charset)
                    made = edits.noted(treat, start, encoded, block.memory, block.shared)
                elif made.edits:
                    edits.again(start, made)
                if made.growth != start - end:
                    block.keeps = True
                    growth, gone = growth + made.growth, gone - 1
                    continue
            if start != last:
                growth += edits.edit(first, last, b"")
                first = start
            last = end
        if last > first:
            growth += edits.edit(first, last, b"")
        for block in blocks.values():
            if block.keeps:
                gone -= 1
            else:
                growth += edits.edit(block.creator[2], block.creator[4], b"")
        edits.done += [Action.X] * gone
        return growth

    def _met(self, encoded: bytes, memory: Memory, shared: Memory) -> Made | None:
        """What was made of these bytes before."""
        made = shared.get(encoded)
        if made is None:
            made = memory.get(encoded)
            self._values.personal |= made is not None
        return made

    def _knows(self, group: int, creator: bytes) -> bool:
        safe = self._plan.profile.safe_private
        return safe is not None and (group, creator[:64].decode("latin-1").strip(" \0")) in safe.by_creator

    def _safe(self, creator: Element, one: Element, explicit: bool, depth: int, charset: Charset) -> int:
        """Treat an element of a block the profile knows; one that goes is only said to, by its size."""
        profile = self._plan.profile
        assert profile.safe_private is not None, "the creator is known"
        found = safe_elements((creator, one), self._buffer, profile.safe_private, self._plan.dated).get(one[0])
        return one[2] - one[4] if found is None else self._kept(one, found, explicit, depth, charset)

    def _kept(self, one: Element, safe: SafeElement, explicit: bool, depth: int, charset: Charset) -> int:
        """An element that stays: its value treated as what it is read as, its header as it was."""
        tag, vr, start, value, end, _ = one
        rule, old = safe.rule, self._buffer[value:end]
        if not old or tag & 0xFFFF < 0x1000 or (rule.action is Action.K and safe.vr not in _SUSPECT):
            return self._edits.even(one, explicit)
        if rule.action is Action.K:
            return self._edits.even(one, explicit) if self._values.names_nobody(old, safe.vr, charset) else start - end
        new = self._values.clean(rule, tag, safe.vr, old, depth, charset)
        if new == old:
            return 0
        self._edits.done.append(rule.action)
        return self._edits.edit(start, end, encode.element(tag, vr.upper(), new, explicit))


def _groups(elements: list[Element]) -> Iterator[list[Element]]:
    """The elements of each group together, whatever their order."""
    groups: dict[int, list[Element]] = {}
    for one in elements:
        groups.setdefault(one[0] >> 16, []).append(one)
    yield from groups.values()
