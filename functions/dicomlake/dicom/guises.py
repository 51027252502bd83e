"""Words of known names in, their other forms in text out: declined, cut, in Latin letters, spelt out, encoded. Called by `identities.py`.

Text and words are folded (`identities.fold`): small letters without accents, one character for one. What a form is looked up by costs next to
nothing where it does not stand: the first letter of a word.
"""

import base64
import html.entities
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

Fold = Callable[[str], str]

_RUN = re.compile(r"[^\W\d_]+")
_SPELT = re.compile(r"(?<![^\W_])(?:[^\W\d_][ ._-]){3,30}[^\W\d_](?![^\W_])")
_BROKEN = re.compile(r"(?<![^\W_])[^\W\d_]{2,}-\s{0,2}\r?\n\s{0,4}[^\W\d_]{2,}")
_TILDE = re.compile(r"(?<![^\W_])([^\W\d_]{3,})~\d?")
_INITIAL = re.compile(r"\s[^\W\d_]\.")
_BASE64 = re.compile(r"(?<![\w+/=])[A-Za-z0-9+/]{8,}={0,2}(?![\w+/=])")
_STEM, _STEM_OTHER, _CUT, _SPELT_LETTERS = 5, 3, 7, 4
_CYRILLIC, _GREEK = re.compile("[\u0400-\u052f]"), re.compile("[\u0370-\u03ff]")
_ARABIC, _HIRAGANA, _KATAKANA = (
    re.compile("[\u0590-\u06ff]"),
    re.compile("[\u3041-\u3096]+"),
    re.compile("[\u30a1-\u30f6]+"),
)
# What words of names end in when a sentence bends them.
_ENDINGS_LATIN = tuple(
    (
        "a e i o u y s es a ow owi owie owa owej owna em emu ego iego iemu im iej ich ie ia om oj ou "
        "ov ova ove ovi ovou ovej ovy ovych ych ymi ami am ami ach "
        "in ina ine inou un nak nek nal nel hoz hez val vel ne t nt tol tol rol rol ban ben un en lle lta lla ssa sta se "
        "ov en ovom ovem em ak ek"
    ).split()
)
_ENDINGS_CYRILLIC = tuple(
    (
        "а я о е у ю и і ї ы ь й ом ем ём єм ой ей ою ею єю ий "
        "ый ая яя ым им ых их ам ям ами ями ах ях ого его ому ему ої ій ові еві єві"
    ).split()
)
_ENDINGS_GREEK = tuple("ος ου ο ε οι ων ους α ας ες η ης ηδες ιδη ακη υ ι".replace("ς", "σ").split())
_VOWELS = "aeiouyаеёиоуыэюяіїєйьъαεηιουω"
# Cyrillic and Greek letters, and how passports, German and English write them.
_LATIN = {
    "а": "a", "б": "b", "в": "v w f", "г": "g h", "ґ": "g", "д": "d", "е": "e ye ie je", "ё": "e yo jo io o", "є": "ye ie je e", "ж": "zh z j sh sch",
    "з": "z s", "и": "i y", "і": "i", "ї": "yi i ji", "й": "y i j", "к": "k c",
    "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s ss",
    "т": "t", "у": "u ou", "ф": "f ph", "х": "kh h ch x",
    "ц": "ts c tz z", "ч": "ch c tsch tch cz", "ш": "sh s sch ch sz", "щ": "shch sch sc schtsch",
    "ъ": "", "ы": "y i", "ь": "", "э": "e", "ю": "yu iu ju u", "я": "ya ia ja a",
    "α": "a", "β": "v b", "γ": "g gh y", "δ": "d dh", "ε": "e", "ζ": "z", "η": "i h e", "θ": "th", "ι": "i", "κ": "k c", "λ": "l", "μ": "m", "ν": "n",
    "ξ": "x ks", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "τ": "t", "υ": "y i u v f", "φ": "f ph", "χ": "ch h kh x", "ψ": "ps", "ω": "o",
}  # fmt: skip
_DIGRAPHS = {"ου": "ou u", "μπ": "b mp", "ντ": "d nt", "γκ": "g gk", "αι": "ai e", "ει": "ei i", "οι": "oi i"}
_CODECS = (
    ("utf-8", "latin-1"),
    ("utf-8", "cp1252"),
    ("cp1251", "latin-1"),
    ("cp1252", "cp1251"),
    ("koi8-r", "latin-1"),
    ("cp1253", "latin-1"),
)


@dataclass(frozen=True)
class Guises:
    """Forms of one set of names. `repr` shows nothing."""

    stems: dict[str, frozenset[str]] = field(repr=False)
    cut: frozenset[str] = field(repr=False)
    latin: re.Pattern[str] | None = field(repr=False)
    encoded: re.Pattern[str] | None = field(repr=False)
    joined: re.Pattern[str] | None = field(repr=False)
    strong: frozenset[str] = field(repr=False)
    is_word: Callable[[str], bool] = field(repr=False)

    def find(self, folded: str) -> Iterator[tuple[int, int]]:
        """Where one stands in folded text."""
        for run in _RUN.finditer(folded):
            if (run[0] in self.cut or self._is_bent(run[0])) and not self.is_word(run[0]):
                initial = _INITIAL.match(folded, run.end())
                yield run.start(), initial.end() if initial is not None else run.end()
        if self.latin is not None:
            yield from (found.span() for found in self.latin.finditer(folded))
        if self.encoded is not None:
            yield from (found.span() for found in self.encoded.finditer(folded))
        if self.joined is not None and not folded.isascii():
            yield from (found.span() for found in self.joined.finditer(folded))
        for found in (*_SPELT.finditer(folded), *(_BROKEN.finditer(folded) if "\n" in folded else ())):
            letters = re.sub(r"[^\w]|_", "", found[0])
            if len(letters) >= _SPELT_LETTERS and letters in self.strong:
                yield found.span()
        if "~" in folded:  # DOS and machines cut words so
            for found in _TILDE.finditer(folded):
                if any(word.startswith(found[1]) for word in self.strong):
                    yield found.span()

    def _is_bent(self, word: str) -> bool:
        """Whether a word is a stem with an ending of its script."""
        for end in range(len(word), _STEM_OTHER - 1, -1):
            endings = self.stems.get(word[:end])
            if endings is not None and (end == len(word) or word[end:] in endings):
                return True
        return False

    def find_base64(self, text: str, is_known: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
        """Where a word of `text` (as it stands) is base64 of a text that `is_known`."""
        for found in _BASE64.finditer(text):
            if len(found[0]) % 4 or found[0].isdecimal() or found[0].islower():
                continue
            try:
                said = base64.b64decode(found[0], validate=True).decode("utf-8")
            except ValueError:
                continue
            if said.isprintable() and is_known(said):
                yield found.span()


def guises_of(
    words: Iterable[tuple[str, str]], strong: frozenset[str], is_word: Callable[[str], bool], fold: Fold
) -> Guises:
    """The forms of words of names, each as it was written and folded; `is_word` tells what is none even where it looks like one."""
    stems: dict[str, frozenset[str]] = {}
    cut: set[str] = set()
    latin: set[str] = set()
    encoded: set[str] = set()
    joined: set[str] = set()
    for written, word in words:
        stems.update((stem, endings) for stem, endings in _declined(word, fold))
        cut.update(
            word[:end] for end in range(max(_STEM, len(word) - 3), len(word)) if len(word) >= _CUT and word.isalpha()
        )
        if not written.isascii():
            latin.update(_latin(written.lower(), word))
            encoded.update(_encoded(written, fold))
            joined.update(_joined(word))
    return Guises(
        stems,
        frozenset(cut),
        re.compile(rf"(?<![^\W_])(?:{_either(latin)})(?![^\W\d_])") if latin else None,
        re.compile(rf"(?:{_either(encoded)})") if encoded else None,
        re.compile(rf"(?:{_either(joined)})") if joined else None,
        strong,
        is_word,
    )


def _either(forms: Iterable[str]) -> str:
    return "|".join(sorted(forms, key=lambda form: (-len(form), form)))


def _declined(word: str, fold: Fold) -> Iterator[tuple[str, frozenset[str]]]:
    """The stems of a word and what they may end in, which hangs on its script."""
    if not word.isalpha():
        return
    cyrillic, greek = _CYRILLIC.search(word) is not None, _GREEK.search(word) is not None
    if not (word.isascii() or cyrillic or greek):
        return
    endings = _folded(_ENDINGS_CYRILLIC if cyrillic else _ENDINGS_GREEK if greek else _ENDINGS_LATIN, fold)
    fewest = _STEM if word.isascii() else _STEM_OTHER
    yield from ((stem, endings) for stem in _stems(word, greek) if len(stem) >= fewest)


@lru_cache(maxsize=8)
def _folded(endings: tuple[str, ...], fold: Fold) -> frozenset[str]:
    return frozenset(map(fold, endings))


def _stems(word: str, greek: bool) -> set[str]:
    plain = word.rstrip("σ") if greek else word
    stems = {word, plain.rstrip(_VOWELS) if plain[-1:] in _VOWELS else plain}
    if word.endswith("nen"):  # Finnish: Virtanen, Virtasen
        stems.add(word[:-3] + "s")
    if len(word) > 4 and word[-2] in _VOWELS and word[-1] not in _VOWELS and not word.endswith("s"):  # Pavel, Pavla
        stems.add(word[:-2] + word[-1])
    return stems


def _latin(word: str, folded: str) -> Iterator[str]:
    """The form of a Cyrillic or Greek word in Latin letters; Greek ones without their accents."""
    word = folded if _GREEK.search(word) else word
    if not word.isalpha() or not all(char in _LATIN for char in word) or len(word) < _STEM_OTHER:
        return
    choices, at = [], 0
    while at < len(word):
        pair = _DIGRAPHS.get(word[at : at + 2])
        choices.append((pair if pair is not None else _LATIN[word[at]]).split(" "))
        at += 2 if pair is not None else 1
    if choices[-1] == ["y", "i", "j"]:  # Горький: Gorky
        choices[-1].append("")
    form = "".join(choice[0] if len(choice) == 1 else f"(?:{_either(choice)})" for choice in choices)
    yield form + f"(?:{_either(set(_ENDINGS_LATIN))})?"


def _encoded(word: str, fold: Fold) -> Iterator[str]:
    """The word as it looks where its encoding was mistaken or its letters are escaped; at least four letters, else it is too little."""
    if len(word) < _SPELT_LETTERS and not _CYRILLIC.search(word):
        return
    yield (
        "".join(re.escape(fold(char)) if char.isascii() else f"(?:{_either(_escapes(char, fold))})" for char in word)
        + r"(?![^\W\d_])"
    )
    for wrote, read in _CODECS:
        try:
            looks = word.encode(wrote).decode(read, "replace")
        except UnicodeEncodeError:
            continue
        if looks != word and len(looks) >= _SPELT_LETTERS:
            yield re.escape(fold(looks)).replace("\ufffd", ".")


def _escapes(char: str, fold: Fold) -> set[str]:
    octets, number = char.encode("utf-8"), ord(char)
    name = html.entities.codepoint2name.get(number, "")
    plain = [
        fold(char), f"&#{number};", f"&#x{number:x};", "".join(f"%{one:02X}" for one in octets), "".join(f"={one:02X}" for one in octets),
        rf"\u{number:04x}", rf"\x{number:02x}", f"_x{number:04x}_", "?", "??", "\ufffd", f"u{number:04x}",
    ]  # fmt: skip
    if number < 256:
        plain += [f"%{number:02X}", f"={number:02X}"]
    if name:
        plain.append(f"&{name};")
    moji = octets.decode("latin-1"), octets.decode("cp1252", "replace")
    return {
        re.escape(fold(form)).replace("\ufffd", ".") if form in moji else re.escape(fold(form))
        for form in (*plain, *moji)
    }


def _joined(word: str) -> Iterator[str]:
    """Words of scripts in which an article grows on, and kana in their other writing."""
    if _ARABIC.search(word) and len(word) > 2:
        yield rf"(?<![^\W_])[\u0600-\u06ff]{{0,3}}{re.escape(word.removeprefix('ال'))}(?![^\W_])"
    if _HIRAGANA.fullmatch(word) and len(word) > 1:
        yield "".join(chr(ord(char) + 0x60) for char in word)
    if _KATAKANA.fullmatch(word) and len(word) > 1:
        yield "".join(chr(ord(char) - 0x60) for char in word)
