"""The facts of an object in, their search forms out. Called by `cleaner.py` and `deidentify.py`, once per distinct set of facts."""

import datetime
import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import permutations

from dicomlake.dicom.facts import NAME, OWN_NAME, Fact
from dicomlake.dicom.folding import RUN, UNSPACED, fold
from dicomlake.dicom.guises import guises_of
from dicomlake.dicom.identities import GLUED, SHORTEST_CUT, TYPED, Form, Identities
from dicomlake.dicom.seams import KnownIdentity
from dicomlake.dicom.text import decoded_values
from dicomlake.rules.text import KnownRules, TextRules

_SEPARATOR = r"[\W_]{0,3}"
_DAY = re.compile(r"([0-9]{4})[.-]?([0-9]{2})[.-]?([0-9]{2})")
_TRANSLITERATED = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa", "æ": "ae", "ñ": "n"}
_APOSTROPHES = re.compile(r"[^\W\d_]+(?:['’´`][^\W\d_]+)+")
_LONG_ID, _JOINED = 6, 5


def identities_of(facts: frozenset[Fact], rules: TextRules) -> Identities:
    """The search forms of `facts`."""
    decoded = _decoded(facts)
    return _Maker(rules).made(decoded, _stated(decoded))


def known_of(facts: frozenset[Fact]) -> KnownIdentity:
    """The same facts as their object states them, without search forms."""
    return _stated(_decoded(facts))


def _stated(decoded: dict[str, list[str]]) -> KnownIdentity:
    vital = _days(decoded, "vital_dates")

    def of(*kinds: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(text for kind in kinds for text in decoded.get(kind, [])))

    return KnownIdentity(
        of(OWN_NAME, NAME),
        of("identifiers", "short_identifiers", "concepts"),
        of("places", "phrases", "addresses"),
        of("phones"),
        tuple(sorted(_days(decoded, "date") | vital)),
        tuple(sorted(vital)),
    )


def _decoded(facts: frozenset[Fact]) -> dict[str, list[str]]:
    """Texts by kind, in an order that does not hang on how the facts were found."""
    decoded: dict[str, list[str]] = {}
    for kind, value, charset in sorted(facts, key=lambda fact: fact[:2]):
        vr = b"PN" if kind in (NAME, OWN_NAME) else b"LO"
        texts = decoded_values(value, 0, vr, charset)
        decoded.setdefault(kind, []).extend(unicodedata.normalize("NFC", text) for text in texts if text)
    return decoded


def _days(decoded: dict[str, list[str]], kind: str) -> frozenset[datetime.date]:
    return frozenset(day for text in decoded.get(kind, []) for day in _day_of(text))


class _Maker:
    def __init__(self, rules: TextRules) -> None:
        self._rules = rules
        self._known: KnownRules = rules.known
        self._parts: set[str] = set()
        self._strong: set[str] = set()
        self._common: set[frozenset[str]] = set()
        self._telling: set[str] = set()
        self._values: dict[str, str] = {}  # pattern -> its characters
        self._makers: set[str] = set()
        self._numbers: set[bytes] = set()
        self._ids: set[str] = set()
        self._written: dict[str, str] = {}

    def made(self, decoded: dict[str, list[str]], known: KnownIdentity) -> Identities:
        self._makers = {word for text in decoded.get("makers", []) for word in _words(text)}
        for text in decoded.get(NAME, []):
            self._name(text, False)
        for text in decoded.get(OWN_NAME, []):
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
            frozenset(
                part for part in self._strong if len(part) >= GLUED and part.isalpha() and not UNSPACED.search(part)
            ),
            self._unspaced(),
            frozenset(self._telling),
            frozenset(self._common),
            self._rules.vocabulary,
            tuple(Form(plain, pattern) for pattern, plain in self._values.items()),
            _days(decoded, "date"),
            _days(decoded, "vital_dates"),
            {
                head: followers
                for head, followers in self._rules.phrases.items()
                if {head, head.removesuffix("s")} & self._parts
            },
            known,
            frozenset(self._numbers),
            frozenset(self._ids),
            guises_of(
                ((written, word) for word, written in self._written.items()),
                frozenset(self._strong),
                self._rules.is_vocabulary,
                fold,
            ),
        )

    def _name(self, text: str, own: bool) -> None:
        nobody = any(word in self._known.placeholders for word in _words(text))
        for group in text.split("="):
            words = [
                word for word in RUN.findall(group) if not word.isdecimal() and fold(word) not in self._rules.titles
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
            self._written[word] = original

    def _joined(self, words: list[str]) -> None:
        """Parts written as one word, and names every part of which is a common word."""
        words = [word for word in words if len(word) > 1]
        if len(words) > 1 and all(map(self._rules.is_vocabulary, words)):
            self._common.add(frozenset(words))
        for one, two in permutations(words[:4], 2):
            if len(one) + len(two) >= 6 and one not in self._makers and two not in self._makers:
                self._parts.add(one + two)
                self._strong.add(one + two)
            if len(one) >= SHORTEST_CUT and one in self._strong:  # log-ins: a name with an initial at either side
                self._parts |= {one + two[0], two[0] + one}
                self._strong |= {one + two[0], two[0] + one}

    def _unspaced(self) -> Form | None:
        """Parts of names in scripts that do not part words."""
        either = _either(part for part in self._parts if UNSPACED.search(part))
        return Form("", rf"(?:{either})(?:[\W_]{{0,3}}(?:{either}))*+") if either else None

    def _identifier(self, text: str, own: bool) -> None:
        """An id however its parts are joined. With `own`, the patient's or study's: four digits count, and the digits of it alone."""
        words, fewest = _words(text), 4 if own else 5
        plain = "".join(words)
        if len(set(plain)) < 2 or all(map(self._rules.is_common, words)) or plain in self._makers:
            return
        if len(plain) < (fewest if plain.isdecimal() else 4 if plain.isascii() else 2):
            return
        self._ids.add(plain)
        parts = [part for word in words for part in re.findall(r"\d+|[^\W\d_]+", word)]
        if plain.isdecimal() and len(words) == 1:
            significant = plain.lstrip("0") if len(plain.lstrip("0")) >= fewest else plain
            between = r"[ ./_-]?" if len(significant) > _JOINED else r"[ -]?"
            form = between.join(significant) if len(significant) > _JOINED else significant  # 774-1902, 77.419.02
            form = "0*" + form if significant[0] != "0" else form
        else:
            inner = r"[\W_]?" if len(plain) > _JOINED else ""
            form = (r"[\W_]{0,2}" if len(plain) > _JOINED else "").join(inner.join(part) for part in parts)
        self._values[_bounded(form, plain)] = significant if plain.isdecimal() and len(words) == 1 else "".join(parts)
        if own:
            written = {form for part in parts if part.isdecimal() for form in (part, part.lstrip("0"))}
            self._numbers |= {form.encode() for form in written if len(form) >= TYPED}
            for part in parts:
                if part.isdecimal() and len(part) >= 5 and part != plain:
                    self._values[_bounded(part, part)] = part

    def _place(self, text: str, kind: str) -> None:
        pieces = re.split(r"[\r\n^;]+|,\s", text) if kind == "addresses" else [text]
        for piece in pieces:
            words = _words(piece)
            telling = [word for word in words if not self._rules.is_common(word) and not word.isdecimal()]
            plain = "".join(words)
            if not telling or len(plain) < (4 if plain.isascii() else 2):
                continue
            self._values[_bounded(_SEPARATOR.join(map(re.escape, words)), plain)] = plain
            for word in telling if kind != "phrases" else ():
                if len(word) >= (5 if word.isascii() else 2) and word not in self._makers:
                    self._values[_bounded(re.escape(word), word)] = word
                    self._telling.add(word)

    def _phone(self, text: str) -> None:
        digits = re.sub(r"\D", "", text)
        if "@" in text:
            self._values[re.escape(fold(text))] = "".join(_words(text))
        elif len(digits) < 6:
            self._identifier(text, False)
        else:
            tail = r"[\s().\-/]{0,3}".join(digits[-7:])  # with and without the codes of country and area
            self._values[r"(?<![\d.])[+(]?(?:\d[\d() ./-]{0,12}?)?" + tail + r"(?!\d)"] = digits[-7:]


def _words(text: str) -> list[str]:
    return RUN.findall(fold(text))


def _either(parts: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, parts), key=lambda form: (-len(form), form)))


def _bounded(form: str, plain: str) -> str:
    """A whole word or number; a long id also between letters, a number never within a longer one or behind a point."""
    if UNSPACED.search(plain):
        return form
    if plain.isdecimal():
        return (
            rf"(?<![^\W_])(?<!\d\.){form}(?![^\W_])(?!\.\d)"
            if len(plain) < _LONG_ID
            else rf"(?<!\d)(?<!\d\.){form}(?!\d)(?!\.\d)"
        )
    digits = sum(map(str.isdigit, plain))
    if digits and len(plain) > _LONG_ID:
        telling = digits >= _JOINED
        before = r"(?<!\d)" if plain[0].isdigit() else "" if telling else r"(?<![^\W\d_])"
        after = r"(?!\d)" if plain[-1].isdigit() else "" if telling else r"(?![^\W\d_])"
        return before + form + after
    return rf"(?<![^\W_]){form}(?![^\W_])"


def _day_of(text: str) -> Iterator[datetime.date]:
    found = _DAY.match(text)
    if found is not None:
        try:
            yield datetime.date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            return
