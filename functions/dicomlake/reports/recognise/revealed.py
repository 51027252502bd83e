"""Text in, the letters a reader sees in it out, with their places: what known values are looked for in. Called by `known.py`.

Invisible characters are gone, letters of other scripts that look like ours are ours, ligatures are written out, and a word parted at the
end of a line is whole.
"""

import re
import unicodedata
from functools import lru_cache

# Letters without a decomposition, and Greek and Cyrillic ones that look like Latin ones.
_LETTERS = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "ı": "i", "þ": "th", "ð": "d", "đ": "d", "ħ": "h"}
_LETTERS |= dict(zip("аеорсухіјѕкмтвнαοικντυρχ", "aeopcyxijskmtbhaoikvtupx", strict=True))
_SIGNS = dict(zip("’‘´`ʼ‐‑–", "'''''---", strict=True))
_WRITTEN_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "ő": "oe", "ű": "ue"})
_TWO_FOR_ONE = re.compile(r"(?<=[^\W\d_])(ae|oe|ue|aa)")
_LINE_END = re.compile(r"(?<=[^\W\d_])-[ \t]?\r?\n[ \t]*(?=[^\W\d_])")


class Revealed:
    """`text` is folded; `span` gives places in the text as it came."""

    def __init__(self, text: str, *, joined: bool = False) -> None:
        parted = {place for m in _LINE_END.finditer(text) for place in range(*m.span())} if joined else ()
        pairs = [(char, n) for n, c in enumerate(text) if n not in parted for char in seen(c)]
        self.text = "".join(char for char, _ in pairs)
        self._places = [place for _, place in pairs]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Start and end in the text as it came of characters of `text`."""
        return self._places[start], self._places[end - 1] + 1


def is_parted(text: str) -> bool:
    """Whether a word is parted at the end of a line."""
    return _LINE_END.search(text) is not None


@lru_cache(maxsize=8192)
def seen(char: str) -> str:
    """What a reader sees in a character: small letters without accents, or nothing."""
    if char.isascii():
        return char.lower()
    if char in _SIGNS:
        return _SIGNS[char]
    made = ""
    for one in unicodedata.normalize("NFKD", char).lower():
        if unicodedata.category(one) not in ("Mn", "Cf"):
            made += _LETTERS.get(one, one)
    return made


def revealed(text: str) -> str:
    """The text alone."""
    return "".join(map(seen, text))


def writings(name: str) -> set[str]:
    """A name with its umlauts as plain letters, and written out."""
    small = unicodedata.normalize("NFC", name).lower()
    return {revealed(small), revealed(small.translate(_WRITTEN_OUT))}


def with_umlauts(word: str) -> str:
    """A word whose umlauts are written out as it looks when they are not, folded ("mueller": "muller")."""
    return _TWO_FOR_ONE.sub(lambda two: two[0][0], word) if len(word) > 4 else word
