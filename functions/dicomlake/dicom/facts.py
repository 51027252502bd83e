"""A raw instance in, the encoded values that say something about people out. Called by `deidentify.py`; `identities.py` makes search forms of them.

Cheap, per object: the objects of a series share their facts, and with them the search forms.
"""

from collections.abc import Iterable

from dicomlake.dicom.dictionary import dictionary
from dicomlake.dicom.elements import Element, Item
from dicomlake.dicom.read import RawInstance
from dicomlake.dicom.text import Charset
from dicomlake.rules.text import TextRules

# Kind, encoded value, character set.
Fact = tuple[str, bytes, Charset]

NAME, OWN_NAME, DATE = "name", "own_name", "date"
_CHARSET, _CONTENT, _CONCEPT, _TEXT_VALUE = 0x00080005, 0x0040A730, 0x0040A043, 0x0040A160
_CODE, _SCHEME = 0x00080100, 0x00080102
_OWN_NAMES = ("PatientName", "OtherPatientNames", "PatientBirthName", "PatientMotherBirthName")
_ASCII = Charset()
_MAX_FACTS = 400
_PERSON = frozenset((b"PN", b"pn"))
_SMALL, _MOST_NOTHING = 320, 4096  # bytes of an encoded sequence; sequences known to tell nothing


class Gatherer:
    """Which tags hold facts, by the rules; made once per set of rules."""

    def __init__(self, rules: TextRules) -> None:
        known, tags = rules.known, dictionary().tag
        self._rules = rules
        self._nothing: set[bytes] = set()
        self._concepts: dict[bytes, bool] = {}
        self._kind: dict[int, str] = {}
        for kind in ("identifiers", "places", "phrases", "addresses", "phones", "makers"):
            for keyword in getattr(known, kind):
                if keyword in tags:
                    self._kind[tags[keyword]] = kind
        self._kind |= {tags[keyword]: "short_identifiers" for keyword in known.short_identifiers if keyword in tags}
        self._kind |= {tags[keyword]: "vital_dates" for keyword in known.vital_dates if keyword in tags}
        for tag, vr in dictionary().vr.items():
            if vr == b"PN":
                self._kind[tag] = OWN_NAME if dictionary().keyword.get(tag) in _OWN_NAMES else NAME
            elif vr in (b"DA", b"DT"):
                self._kind.setdefault(tag, DATE)
        self._telling = frozenset({*self._kind, _CHARSET})

    def facts_of(self, raw: RawInstance, kept: frozenset[int]) -> frozenset[Fact]:
        """The facts of every level. `kept` are tags whose values a rule keeps on purpose: they identify, and are meant to."""
        facts: set[Fact] = set()
        self._level(raw.buffer, raw.elements, raw.charset, facts, kept)
        return frozenset(facts)

    def _level(
        self, buffer: bytes, elements: Iterable[Element], charset: Charset, facts: set[Fact], kept: frozenset[int]
    ) -> None:
        kind_of, telling = self._kind, self._telling
        # Most elements tell nothing: the filter runs without a step of Python's own for each.
        for tag, _, start, value, end, items in [e for e in elements if e[5] or e[0] in telling or e[1] in _PERSON]:
            if items:
                self._items(
                    buffer, tag, buffer[start:end] if end - start <= _SMALL else b"", items, charset, facts, kept
                )
            elif tag == _CHARSET:
                charset = Charset.of(buffer[value:end])
            elif value < end and tag not in kept and len(facts) < _MAX_FACTS:
                self._add(facts, kind_of.get(tag, NAME), buffer[value:end], charset)

    def _items(
        self,
        buffer: bytes,
        tag: int,
        encoded: bytes,
        items: "tuple[Item, ...]",
        charset: Charset,
        facts: set[Fact],
        kept: frozenset[int],
    ) -> None:
        """The items of one sequence. Small ones that tell nothing, as codes do, are known again by their bytes."""
        if encoded in self._nothing:
            return
        before = len(facts)
        for item in items:
            self._item(buffer, tag, item[4], charset, facts, kept)
        if encoded and tag != _CONTENT and before == len(facts) and not _told(buffer, items, self._telling):
            if len(self._nothing) >= _MOST_NOTHING:
                self._nothing.clear()
            self._nothing.add(encoded)

    def identifies(self, buffer: bytes, elements: list[Element]) -> bool:
        """Whether the concept name of a content item says that its text identifies; known again by its bytes."""
        for tag, _, start, _, end, items in elements:
            if tag == _CONCEPT and items:
                encoded = buffer[start:end]
                said = self._concepts.get(encoded)
                if said is None:
                    if len(self._concepts) >= _MOST_NOTHING:
                        self._concepts.clear()
                    said = self._concepts[encoded] = concept_of(buffer, elements) in self._rules.concepts
                return said
            if tag > _CONCEPT:
                break
        return False

    def _add(self, facts: set[Fact], kind: str, value: bytes, charset: Charset) -> None:
        if kind == DATE:  # days only, so that the instances of a series share their facts
            facts.update((kind, part[: 10 if b"." in part[:5] else 8], _ASCII) for part in value.split(b"\\"))
        else:
            facts.add((kind, value, _ASCII if value.isascii() and b"\x1b" not in value else charset))

    def _item(
        self, buffer: bytes, tag: int, elements: list[Element], charset: Charset, facts: set[Fact], kept: frozenset[int]
    ) -> None:
        if tag == _CONTENT and self.identifies(buffer, elements):
            for number, _, _, value, end, _ in elements:
                if number == _TEXT_VALUE and value < end:
                    facts.add(("concepts", buffer[value:end], charset))
        self._level(buffer, elements, charset, facts, kept)


def _told(buffer: bytes, items: "tuple[Item, ...]", telling: frozenset[int]) -> bool:
    """Whether any element of the items, or of those within, is one that tells."""
    for item in items:
        for tag, vr, _, _, _, inner in item[4]:
            if tag in telling or vr in _PERSON or (inner and _told(buffer, inner, telling)):
                return True
    return False


def concept_of(buffer: bytes, elements: list[Element]) -> tuple[str, str]:
    """Code and scheme of the concept name of a content item; empty text where it has none."""
    for tag, _, _, _, _, items in elements:
        if tag == _CONCEPT and items:
            code = {one[0]: buffer[one[3] : one[4]].strip(b" \0").decode("latin-1") for one in items[0][4][:4]}
            return code.get(_CODE, ""), code.get(_SCHEME, "")
        if tag > _CONCEPT:
            break
    return "", ""
