"""A raw instance in, what it says about people out: names, ids, places, dates. Called by `cleaner.py`, which takes them out of text.

Two steps, so that the objects of a series share the second one: `facts_of` gathers encoded values (cheap, per object), `Identities` makes
search forms of them (once per distinct set of facts).
"""

import datetime
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import permutations

from dicomlake.dicom.dictionary import dictionary
from dicomlake.dicom.elements import Element, Item
from dicomlake.dicom.read import RawInstance
from dicomlake.dicom.seams import KnownIdentity
from dicomlake.dicom.text import Charset, decoded_values
from dicomlake.rules.text import KnownRules, TextRules

# Kind, encoded value, character set.
Fact = tuple[str, bytes, Charset]

_CHARSET, _CONTENT, _CONCEPT, _TEXT_VALUE = 0x00080005, 0x0040A730, 0x0040A043, 0x0040A160
_CODE, _SCHEME = 0x00080100, 0x00080102
_NAME, _OWN_NAME, _DATE = "name", "own_name", "date"
_OWN_NAMES = ("PatientName", "OtherPatientNames", "PatientBirthName", "PatientMotherBirthName")
_ASCII = Charset()
_RUN = re.compile(r"[^\W_]+")
_SEPARATOR = r"[\W_]{0,3}"
_DAY = re.compile(r"([0-9]{4})[.-]?([0-9]{2})[.-]?([0-9]{2})")
_TRANSLITERATED = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa", "æ": "ae", "ñ": "n"}
# Latin letters that are no letter with an accent.
_UNDECOMPOSED = dict(zip("łŁøØđĐßæÆœŒı", "lLoOdDsaAoOi", strict=True))
# Scripts that put no space between words.
_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
# Small letters that are one with another: dotless i, final sigma.
_ALIKE = {"ı": "i", "ς": "σ"}
_APOSTROPHES = re.compile(r"[^\W\d_]+(?:['’´`][^\W\d_]+)+")
_GLUED = 6
_MAX_FACTS = 400
_PERSON = frozenset((b"PN", b"pn"))
_SMALL, _MOST_NOTHING = 320, 4096  # bytes of an encoded sequence; sequences known to tell nothing
_LONG_ID, _JOINED = 7, 5
_TYPED = 6  # digits from which on a number equal to an id is that id
_LAST, _SHORTEST_CUT = re.compile(r"[^\W\d_]+$"), 4
_INITIAL = re.compile(r"(?<![^\W_])[a-z]\.")


def fold(text: str) -> str:
    """Small letters without accents, one character for each: places in the folded text are places in the text."""
    return text.lower() if text.isascii() else "".join(map(_folded, text))


@lru_cache(maxsize=4096)
def _folded(char: str) -> str:
    char = _ALIKE.get(char, char)
    base = [c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c)]
    lower = base[0].lower() if len(base) == 1 else char.lower()
    return lower if len(lower) == 1 else char


def unaccented(text: str) -> str:
    """`text` with its capitals but without accents, one character for each."""
    return text if text.isascii() else "".join(map(_base, text))


@lru_cache(maxsize=4096)
def _base(char: str) -> str:
    base = [c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c)]
    return _UNDECOMPOSED.get(char) or (base[0] if len(base) == 1 else char)


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
                self._kind[tag] = _OWN_NAME if dictionary().keyword.get(tag) in _OWN_NAMES else _NAME
            elif vr in (b"DA", b"DT"):
                self._kind.setdefault(tag, _DATE)
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
                self._add(facts, kind_of.get(tag, _NAME), buffer[value:end], charset)

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
        if kind == _DATE:  # days only, so that the instances of a series share their facts
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


@dataclass(frozen=True)
class Identities:
    """Search forms of the facts of an object. `repr` shows nothing."""

    parts: frozenset[str] = field(repr=False)
    strong: frozenset[str] = field(repr=False)
    telling: frozenset[str] = field(repr=False)
    common: frozenset[frozenset[str]] = field(repr=False)
    vocabulary: frozenset[str] = field(repr=False)
    names: tuple[re.Pattern[str], ...] = field(repr=False)
    glued: re.Pattern[str] | None = field(repr=False)
    values: re.Pattern[str] | None = field(repr=False)
    stated: frozenset[datetime.date] = field(repr=False)
    vital: frozenset[datetime.date] = field(repr=False)
    phrases: "dict[str, frozenset[str]]" = field(repr=False)
    known: KnownIdentity = field(repr=False)
    numbers: frozenset[bytes] = field(repr=False)

    def find(self, folded: str) -> Iterator[tuple[int, int]]:
        """Where a known value stands in folded text."""
        if self.values is not None:
            for found in self.values.finditer(folded):
                yield found.span()
        if self.glued is not None:
            yield from self._glued(folded, self.glued)
        for names in self.names:
            for found in names.finditer(folded):
                yield from self._name(folded, found)

    def _name(self, folded: str, found: re.Match[str]) -> Iterator[tuple[int, int]]:
        """A run of parts of names goes when two of them are written out or one says enough by itself."""
        words = {word for word in _RUN.findall(found[0]) if len(word) > 1 or not word.isascii()}
        strong = [word for word in words if word in self.strong]
        if not strong and _UNSPACED.search(found[0]):
            strong = [part for part in self.strong if part in found[0]]
        if words and _INITIAL.search(folded[: found.end() + 1], found.start()):
            strong = list(words)
        together = len(words) > 1 and (bool(words - self.vocabulary) or any(words <= name for name in self.common))
        if not strong and not together:
            return
        if len(words) == 1 and self._is_phrase(folded, next(iter(words)), found.end()):
            return
        yield found.span()

    def _glued(self, folded: str, glued: re.Pattern[str]) -> Iterator[tuple[int, int]]:
        """A long part of a name with digits or a letter or two beside it, as log-ins and names of files have them."""
        for found in glued.finditer(folded):
            start, end = found.span()
            beside = folded[start - 1 : start].isdigit() or folded[end : end + 1].isdigit()
            word = (found[0] != found[1] or beside) and found[0] not in self.vocabulary
            if word and not self._is_phrase(folded, found[1], end):
                yield start, end

    def cut_off(self, folded: str) -> tuple[int, int] | None:
        """Where the last word of a text that fills its attribute is the beginning of a known one."""
        found = _LAST.search(folded)
        if found is None or len(found[0]) < _SHORTEST_CUT:
            return None
        return found.span() if any(word.startswith(found[0]) for word in self.strong | self.telling) else None

    def _is_phrase(self, folded: str, word: str, end: int) -> bool:
        followers = self.phrases.get(word)
        following = _RUN.search(folded, end)
        return followers is not None and following is not None and following[0] in followers


def identities_of(facts: frozenset[Fact], rules: TextRules) -> Identities:
    """The search forms of `facts`."""
    return _Maker(rules).made(facts)


class _Maker:
    def __init__(self, rules: TextRules) -> None:
        self._rules = rules
        self._known: KnownRules = rules.known
        self._parts: set[str] = set()
        self._strong: set[str] = set()
        self._common: set[frozenset[str]] = set()
        self._telling: set[str] = set()
        self._values: dict[str, None] = {}
        self._stated: set[datetime.date] = set()
        self._vital: set[datetime.date] = set()
        self._makers: set[str] = set()
        self._numbers: set[bytes] = set()

    def made(self, facts: frozenset[Fact]) -> Identities:
        decoded: dict[str, list[str]] = {}
        for kind, value, charset in sorted(facts, key=lambda fact: fact[:2]):
            vr = b"PN" if kind in (_NAME, _OWN_NAME) else b"LO"
            texts = decoded_values(value, 0, vr, charset)
            decoded.setdefault(kind, []).extend(unicodedata.normalize("NFC", text) for text in texts if text)
        self._makers = {word for text in decoded.get("makers", []) for word in _words(text)}
        for text in decoded.get("date", []):
            self._stated.update(_day_of(text))
        for text in decoded.get("vital_dates", []):
            self._vital.update(_day_of(text))
        for text in decoded.get(_NAME, []):
            self._name(text, False)
        for text in decoded.get(_OWN_NAME, []):
            self._name(text, True)
        for text in decoded.get("revealed", []):
            self._part(text, False)
        for kind in ("identifiers", "short_identifiers", "concepts"):
            for text in decoded.get(kind, []):
                self._identifier(text, kind == "short_identifiers")
        for kind in ("places", "phrases", "addresses"):
            for text in decoded.get(kind, []):
                self._place(text, kind)
        for text in decoded.get("phones", []):
            self._phone(text)
        return Identities(
            frozenset(self._parts),
            frozenset(self._strong),
            frozenset(self._telling),
            frozenset(self._common),
            self._rules.vocabulary,
            self._names_regex(),
            self._glued_regex(),
            re.compile("|".join(sorted(self._values, key=lambda form: (-len(form), form)))) if self._values else None,
            frozenset(self._stated),
            frozenset(self._vital),
            {head: followers for head, followers in self._rules.phrases.items() if head in self._parts},
            self._as_stated(decoded),
            frozenset(self._numbers),
        )

    def _as_stated(self, decoded: dict[str, list[str]]) -> KnownIdentity:
        def of(*kinds: str) -> tuple[str, ...]:
            return tuple(dict.fromkeys(text for kind in kinds for text in decoded.get(kind, [])))

        return KnownIdentity(
            of(_OWN_NAME, _NAME),
            of("identifiers", "short_identifiers", "concepts"),
            of("places", "phrases", "addresses"),
            of("phones"),
            tuple(sorted(self._stated | self._vital)),
            tuple(sorted(self._vital)),
        )

    def _name(self, text: str, own: bool) -> None:
        nobody = any(word in self._known.placeholders for word in _words(text))
        for group in text.split("="):
            words = [
                word for word in _RUN.findall(group) if not word.isdecimal() and fold(word) not in self._rules.titles
            ]
            if nobody:  # "HEAD^PHANTOM 3" is no person called Head
                words = [word for word in words if not self._rules.is_vocabulary(fold(word))]
            joined = [] if nobody else [re.sub(r"[\W_]", "", one) for one in _APOSTROPHES.findall(group)]
            for word in (*words, *joined):
                self._part(word, own and not nobody)
            if not nobody:
                self._joined([fold(word) for word in words])

    def _part(self, original: str, own: bool) -> None:
        """A part of a name. That of an operator may be the maker's, entered for him; the patient's own is his wherever it stands."""
        word = fold(original)
        if word in self._makers and not own:
            return
        written = fold("".join(_TRANSLITERATED.get(char, char) for char in original.lower()))
        self._parts |= {word, written}
        if len(word) >= (3 if word.isascii() else 2) and not self._rules.is_vocabulary(word):
            self._strong |= {word, written}
            self._parts.add(word[0])

    def _joined(self, words: list[str]) -> None:
        """Parts written as one word, and names every part of which is a common word."""
        words = [word for word in words if len(word) > 1]
        if len(words) > 1 and all(map(self._rules.is_vocabulary, words)):
            self._common.add(frozenset(words))
        for one, two in permutations(words[:4], 2):
            if len(one) + len(two) >= 6 and one not in self._makers and two not in self._makers:
                self._parts.add(one + two)
                self._strong.add(one + two)
            if len(one) >= _SHORTEST_CUT and one in self._strong:  # log-ins: a name with an initial at either side
                self._parts |= {one + two[0], two[0] + one}
                self._strong |= {one + two[0], two[0] + one}

    def _names_regex(self) -> tuple[re.Pattern[str], ...]:
        """One form for scripts that part words, one for those that do not. No part is tried twice at a place: time stays linear."""
        forms = []
        spaced = [part for part in self._parts if not _UNSPACED.search(part)]
        if any(len(part) > 1 for part in spaced):
            one = rf"(?:{_either(spaced)})(?![^\W_])"
            forms.append(re.compile(rf"(?<![^\W_]){one}(?:[\W_]{{1,3}}{one})*+"))
        unspaced = _either(part for part in self._parts if _UNSPACED.search(part))
        if unspaced:
            forms.append(re.compile(rf"(?:{unspaced})(?:[\W_]{{0,3}}(?:{unspaced}))*+"))
        return tuple(forms)

    def _glued_regex(self) -> re.Pattern[str] | None:
        long = [part for part in self._strong if len(part) >= _GLUED and part.isalpha() and not _UNSPACED.search(part)]
        if not long:
            return None
        return re.compile(rf"(?<![^\W\d_])[^\W\d_]{{0,2}}?({_either(long)})[^\W\d_]{{0,2}}(?![^\W\d_])")

    def _identifier(self, text: str, own: bool) -> None:
        """An id however its parts are joined. With `own`, the patient's or study's: four digits count, and the digits of it alone."""
        words, fewest = _words(text), 4 if own else 5
        plain = "".join(words)
        if len(set(plain)) < 2 or all(map(self._rules.is_common, words)) or plain in self._makers:
            return
        if len(plain) < (fewest if plain.isdecimal() else 4 if plain.isascii() else 2):
            return
        parts = [part for word in words for part in re.findall(r"\d+|[^\W\d_]+", word)]
        if plain.isdecimal() and len(words) == 1:
            significant = plain.lstrip("0")
            form = significant if len(significant) >= fewest else plain
            between = r"[ ./_-]?" if len(form) >= _LONG_ID else r"[ -]?"
            form = between.join(form) if len(form) > _JOINED else form  # 774-1902, 77.419.02
            form = "0*" + form if len(significant) >= fewest else form
        else:
            inner = r"[\W_]?" if len(plain) > _JOINED else ""
            form = (r"[\W_]{0,2}" if len(plain) > _JOINED else "").join(inner.join(part) for part in parts)
        self._values[_bounded(form, plain)] = None
        if own:
            self._numbers |= {
                form.encode()
                for part in parts
                if len(part) >= _TYPED
                for form in (part, part.lstrip("0"))
                if part.isdecimal()
            }
            for part in parts:
                if part.isdecimal() and len(part) >= 5 and part != plain:
                    self._values[_bounded(part, part)] = None

    def _place(self, text: str, kind: str) -> None:
        pieces = re.split(r"[\r\n^;]+|,\s", text) if kind == "addresses" else [text]
        for piece in pieces:
            words = _words(piece)
            telling = [word for word in words if not self._rules.is_common(word) and not word.isdecimal()]
            plain = "".join(words)
            if not telling or len(plain) < (4 if plain.isascii() else 2):
                continue
            self._values[_bounded(_SEPARATOR.join(map(re.escape, words)), plain)] = None
            for word in telling if kind != "phrases" else ():
                if len(word) >= (5 if word.isascii() else 2) and word not in self._makers:
                    self._values[_bounded(re.escape(word), word)] = None
                    self._telling.add(word)

    def _phone(self, text: str) -> None:
        digits = re.sub(r"\D", "", text)
        if "@" in text:
            self._values[re.escape(fold(text))] = None
        elif len(digits) < 6:
            self._identifier(text, False)
        else:
            tail = r"[\s().\-/]{0,3}".join(digits[-7:])  # with and without the codes of country and area
            self._values[r"(?<![\d.])[+(]?(?:\d[\d() ./-]{0,12}?)?" + tail + r"(?!\d)"] = None


def _words(text: str) -> list[str]:
    return _RUN.findall(fold(text))


def _either(parts: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, parts), key=lambda form: (-len(form), form)))


def _bounded(form: str, plain: str) -> str:
    """A whole word or number; a long id also beside letters, a number never within a longer one or behind a point."""
    if _UNSPACED.search(plain):
        return form
    if plain.isdecimal():
        return (
            rf"(?<![^\W_])(?<!\d\.){form}(?![^\W_])(?!\.\d)"
            if len(plain) < _LONG_ID
            else rf"(?<!\d)(?<!\d\.){form}(?!\d)(?!\.\d)"
        )
    if len(plain) >= _LONG_ID and any(c.isdigit() for c in plain):
        before = r"(?<!\d)" if plain[0].isdigit() else r"(?<![^\W\d_])"
        after = r"(?!\d)" if plain[-1].isdigit() else r"(?![^\W\d_])"
        return before + form + after
    return rf"(?<![^\W_]){form}(?![^\W_])"


def _day_of(text: str) -> Iterator[datetime.date]:
    found = _DAY.match(text)
    if found is not None:
        try:
            yield datetime.date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            return
