"""Text in, the form in which values and texts are compared out: small letters without accents, one character for each. Called by all of the search.

Places in folded text are places in the text.
"""

import re
import unicodedata
from functools import lru_cache

# Latin letters that are no letter with an accent.
_UNDECOMPOSED = dict(zip("łŁøØđĐßæÆœŒı", "lLoOdDsaAoOi", strict=True))
# Small letters that are one with another: dotless i, final sigma.
_ALIKE = {"ı": "i", "ς": "σ"}
# Scripts that put no space between words.
UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
RUN = re.compile(r"[^\W_]+")


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
