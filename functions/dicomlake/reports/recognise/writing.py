"""Text in, the same text in the form that rules compare: one character for one, so that places stay. Called by every layer."""

import unicodedata
from functools import lru_cache

# What stands in for a plain character in documents made by word processors and PDF writers.
_SAME = {ord("’"): "'", ord("‘"): "'", ord("´"): "'", ord("`"): "'", ord("ʼ"): "'", ord("‐"): "-", ord("‑"): "-", ord("–"): "-", ord("\u00a0"): " ",
         ord("\u202f"): " ", ord("\u2009"): " ", ord("\u2007"): " ", ord("＠"): "@", ord("：")  : ":"}  # fmt: skip


def plain(text: str) -> str:
    """Without accents, case kept; blanks, dashes and apostrophes in their plain form."""
    if text.isascii():
        return text
    return "".join(map(_plain, text.translate(_SAME)))


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    if char.isascii():
        return char
    base = [c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c)]
    return base[0] if len(base) == 1 else char


def fold(text: str) -> str:
    """The same in small letters; a letter whose small form is two characters stays as it is."""
    text = plain(text)
    return text.lower() if text.isascii() else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
