"""What is written instead of what in one data set, collected as the walk goes; the slices of the clean data set out. Called by `walk.py` and
`blocks.py`.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from operator import itemgetter
from struct import pack

from dicomlake.dicom import encode
from dicomlake.dicom.elements import UNDEFINED, Element, corrupt
from dicomlake.dicom.read import RawInstance
from dicomlake.dicom.values import Made, Memory, Values, padded
from dicomlake.rules import Action

# Encoded elements up to this size are remembered with what was made of them.
REMEMBERED = 320
UNTOUCHED = Made(0, (), 0, ())
_PLACE = itemgetter(0, 1)


class Edits:
    """Edits (start, end, new bytes) over the buffer of `raw`; `seen` elements, of which `done` lists the actions that changed one."""

    def __init__(self, raw: RawInstance, values: Values) -> None:
        self._raw = raw
        self._buffer = raw.buffer
        self._values = values
        self._edits: list[tuple[int, int, bytes | memoryview]] = []
        self.seen = 0
        self.done: list[Action] = []

    @property
    def actions(self) -> Mapping[Action, int]:
        """Elements by action, all levels, sequences that were removed counted once."""
        changed = Counter(self.done)
        return {**changed, Action.K: self.seen - changed.total()}

    def edit(self, start: int, end: int, new: bytes | memoryview) -> int:
        """Write `new` instead of the bytes from `start` to `end`; returns by how many bytes that grows."""
        self._edits.append((start, end, new))
        return len(new) - (end - start)

    def resized(self, value: int, growth: int) -> int:
        """Correct the 32-bit length before `value`, unless it is undefined."""
        if growth:
            length = int.from_bytes(self._buffer[value - 4 : value], "little")
            if length != UNDEFINED:
                self._edits.append((value - 4, value, pack("<I", length + growth)))
        return growth

    def even(self, one: Element, explicit: bool) -> int:
        """Pad a kept value of odd length (against PS3.5 7.1.1) where it stands, so that pixel data are not copied for it."""
        tag, vr, start, value, end, _ = one
        if not (end - value) & 1:
            return 0
        vr = vr.upper()
        if int.from_bytes(self._buffer[value - 4 : value], "little") == UNDEFINED:
            raise corrupt("fragments_odd")
        self.edit(start, value, encode.header(tag, vr, end - value + 1, explicit))
        self.edit(end, end, padded(b"\0", vr)[1:])
        return 1

    def noted(self, treat: Callable[[], int], start: int, encoded: bytes, memory: Memory, shared: Memory) -> Made:
        """Treat an element, and remember what was made of its bytes: the objects of a series and the items of a report repeat them.

        What hangs on nobody in particular goes into `shared`, from which the objects of other patients know it.
        """
        values, edits, done = self._values, len(self._edits), len(self.done)
        seen, told, personal = self.seen, len(values.revealed), values.personal
        values.personal = False
        growth = treat()
        again = tuple((a - start, b - start, new) for a, b, new in self._edits[edits:])
        made = Made(growth, again, self.seen - seen, tuple(self.done[done:]))
        if not (again or made.seen or growth):
            made = UNTOUCHED
        if encoded and told == len(values.revealed):
            (memory if values.personal else shared)[encoded] = made
        values.personal |= personal
        return made

    def again(self, start: int, made: Made) -> int:
        """The same for bytes met before."""
        for a, b, new in made.edits:
            self._edits.append((start + a, start + b, new))
        self.seen += made.seen
        self.done += made.done
        return made.growth

    def slices(self) -> list[bytes | memoryview]:
        """The clean data set in parts, views into the original wherever nothing changed."""
        view, slices = memoryview(self._buffer), list[bytes | memoryview]()
        pos, end = self._raw.start, self._raw.elements[-1][4]
        for start, stop, new in sorted(self._edits, key=_PLACE):
            if start > pos:
                slices.append(view[pos:start])
            if new:
                slices.append(new)
            if stop > pos:  # a run of removals may reach beyond an insertion within it
                pos = stop
        if pos < end:
            slices.append(view[pos:end])
        return slices
