"""The encoded content tree of a structured report in, its known items out, in document order. Called by `report.py`.

One iterative pass over the walker's tree (PS3.3 C.17.3): no recursion, no objects of a library, and an item is what it holds, whatever its
ValueType claims. Names are resolved by code, and each distinct encoded code sequence once.
"""

from dataclasses import dataclass, field

from dicomlake.dicom.elements import Element, Item
from dicomlake.dicom.read import RawInstance
from dicomlake.dicom.text import Charset, decoded_values
from dicomlake.rules.dose import CodedValue, Concept, DoseRules, fold

_CHARSET = 0x00080005
_CODE_VALUES = (0x00080100, 0x00080119, 0x00080120)
_SCHEME, _MEANING, _EQUIVALENT = 0x00080102, 0x00080104, 0x00080121
_NAME, _CONTENT, _MEASURED, _CODE = 0x0040A043, 0x0040A730, 0x0040A300, 0x0040A168
_NUMERIC, _FLOATING, _UNITS, _QUALIFIER = 0x0040A30A, 0x0040A161, 0x004008EA, 0x0040A301
_TEXT, _DATETIME, _UID = 0x0040A160, 0x0040A120, 0x0040A124
_DATE, _TIME = 0x0040A121, 0x0040A122


@dataclass(frozen=True, slots=True)
class Code:
    """A coded entry as written: value, scheme in normal form ("" when absent), meaning; `others` are its stated equivalents."""

    value: str
    scheme: str
    meaning: str
    others: tuple["Code", ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """A number as written, and the code and meaning of its unit ("" when absent)."""

    text: str
    unit: str
    unit_meaning: str


@dataclass(slots=True)
class Node:
    """A content item: `concept` is None for a name nobody here knows, `private` one named under a scheme of somebody's own. `parent` is its
    place in the list, -1 for the root.
    """

    parent: int
    concept: Concept | None
    private: bool
    elements: dict[int, Element] = field(repr=False)
    charset: Charset = field(repr=False)


class Tree:
    """The items of a report, and how to read what they hold. A value is decoded when it is asked for."""

    def __init__(self, raw: RawInstance, rules: DoseRules) -> None:
        self._raw = raw
        self._buffer = raw.buffer
        self._rules = rules
        self._codes: dict[tuple[bytes, Charset], Code | None] = {}
        self._concepts: dict[tuple[bytes, Charset], tuple[Concept | None, bool]] = {}
        self.nodes = self._scan()

    def _scan(self) -> list[Node]:
        nodes: list[Node] = []
        waiting: list[tuple[int, list[Element], Charset]] = [(-1, self._raw.elements, self._raw.charset)]
        while waiting:
            parent, elements, charset = waiting.pop()
            found = {element[0]: element for element in elements}
            own = found.get(_CHARSET)
            if own is not None and parent >= 0:
                charset = Charset.of(self._buffer[own[3] : own[4]])
            number = len(nodes)
            concept, private = self._concept(found.get(_NAME), charset)
            nodes.append(Node(parent, concept, private, found, charset))
            content = found.get(_CONTENT)
            if content is not None and content[5]:
                waiting.extend((number, item[4], charset) for item in reversed(content[5]))
        return nodes

    def _concept(self, element: Element | None, charset: Charset) -> tuple[Concept | None, bool]:
        if element is None or not element[5]:
            return None, False
        key = (self._buffer[element[3] : element[4]], charset)
        if key not in self._concepts:
            code = self.code_of(element, charset)
            private = code is not None and code.scheme not in ("", "DCM", "SRT", "SCT") and not code.others
            self._concepts[key] = (self._known(code) if code else None), private
        return self._concepts[key]

    def _known(self, code: Code) -> Concept | None:
        """The concept of a code: by scheme and value; by value alone only where no scheme is stated, or a private one whose meaning agrees."""
        for one in (code, *code.others):
            found = self._rules.concepts.get((one.scheme, one.value.upper()))
            if found is not None:
                return found
        candidates = {
            id(found): found
            for scheme in ("DCM", "SRT", "SCT")
            if (found := self._rules.concepts.get((scheme, code.value.upper()))) is not None
        }
        if len(candidates) != 1:
            return None
        (only,) = candidates.values()
        agrees = fold(code.meaning) in only.meanings
        return only if agrees or not code.scheme or code.scheme in ("DCM", "SRT", "SCT") else None

    def code_of(self, element: Element, charset: Charset) -> Code | None:
        """The first coded entry of a code sequence."""
        items = element[5]
        if not items:
            return None
        key = (self._buffer[element[3] : element[4]], charset)
        if key not in self._codes:
            self._codes[key] = self._code(items[0], charset)
        return self._codes[key]

    def _code(self, item: Item, charset: Charset, depth: int = 0) -> Code | None:
        found = {element[0]: element for element in item[4]}
        value = next((text for tag in _CODE_VALUES if (text := self._first(found.get(tag), charset))), "")
        scheme = self._first(found.get(_SCHEME), charset)
        equivalents = found.get(_EQUIVALENT)
        others = () if depth or equivalents is None or not equivalents[5] else equivalents[5]
        codes = (self._code(other, charset, 1) for other in others)
        return Code(
            value,
            self._rules.schemes.get(scheme.upper(), scheme),
            self._first(found.get(_MEANING), charset),
            tuple(code for code in codes if code is not None),
        )

    def _first(self, element: Element | None, charset: Charset) -> str:
        """The first value of an element as trimmed text; "" when there is none."""
        if element is None or element[5] is not None or element[3] == element[4]:
            return ""
        values = decoded_values(self._buffer[element[3] : element[4]], element[0], element[1], charset)
        return values[0] if values else ""

    def numbers(self, node: Node) -> list[Measured]:
        """What a NUM item holds: one per measured value, none where it is empty or qualified as no number (CID 42)."""
        element = node.elements.get(_MEASURED)
        if element is None:
            text = self.text(node)
            return [Measured(text, "", "")] if text else []
        if not element[5] or _holds(node.elements.get(_QUALIFIER)):
            return []
        return [measured for item in element[5] if (measured := self._measured(item, node.charset)) is not None]

    def _measured(self, item: Item, charset: Charset) -> Measured | None:
        found = {element[0]: element for element in item[4]}
        numeric = found.get(_NUMERIC)
        text = self._whole(numeric, charset) or self._whole(found.get(_FLOATING), charset)
        if not text or _holds(found.get(_QUALIFIER)):
            return None
        units = found.get(_UNITS)
        unit = self.code_of(units, charset) if units is not None else None
        if unit is None:
            return Measured(text, "", "")
        return Measured(text, unit.value, unit.meaning)

    def _whole(self, element: Element | None, charset: Charset) -> str:
        if element is None or element[5] is not None or element[3] == element[4]:
            return ""
        values = decoded_values(self._buffer[element[3] : element[4]], element[0], element[1], charset)
        return "\\".join(values).strip("\\ ") if any(values) else ""

    def coded(self, node: Node) -> tuple[Code, CodedValue | None] | None:
        """What a CODE item holds, and the value of its kind it is known as."""
        element = node.elements.get(_CODE)
        code = self.code_of(element, node.charset) if element is not None else None
        if code is None or node.concept is None:
            return None
        known = self._rules.values[node.concept.values]
        for one in (code, *code.others):
            for scheme in (one.scheme,) if one.scheme else ("DCM", "SRT", "SCT"):
                value = known.get((scheme, one.value.upper()))
                if value is not None:
                    return code, value
        same = [
            value for scheme in ("DCM", "SRT", "SCT") if (value := known.get((scheme, code.value.upper()))) is not None
        ]
        if same and (code.scheme in ("DCM", "SRT", "SCT") or fold(code.meaning) in same[0].wordings):
            return code, same[0]
        return code, None

    def text(self, node: Node) -> str:
        """The text, UID or date and time an item holds, trimmed; "" when none."""
        for tag in (_TEXT, _UID, _DATETIME):
            text = self._first(node.elements.get(tag), node.charset)
            if text:
                return text
        day = self._first(node.elements.get(_DATE), node.charset)
        return day + self._first(node.elements.get(_TIME), node.charset) if day else ""

    def text_or_meaning(self, node: Node) -> str:
        """The text of an item, or the meaning of its code where somebody coded it."""
        element = node.elements.get(_CODE)
        code = self.code_of(element, node.charset) if element is not None else None
        return self.text(node) or (code.meaning if code else "")


def _holds(element: Element | None) -> bool:
    return element is not None and bool(element[5])
