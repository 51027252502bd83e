"""Text in, the same text in the form that rules compare: one character for one, so that places stay. Called by every layer."""

import re
import unicodedata

# What stands in for a plain character in documents made by word processors and PDF writers.
_SAME = dict(zip("’‘´`ʼ‐‑–\u00a0\u202f\u2009\u2007＠：ÞþÐðĐđŁłØøı", "'''''---    @:TtDdDdLlOoi", strict=True))


class _Plain(dict[int, str]):
    """A table for `str.translate` that fills itself."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        base = [c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c)]
        made = _SAME.get(char) or (base[0] if len(base) == 1 and not char.isascii() else char)
        if len(self) < _MOST:
            self[code] = made
        return made


_MOST = 8192
# The share of capitals up to which a text is taken for one without: dictated text has a few.
_FEW_CAPITALS, _HARDLY_ANY = 0.01, 0.035
_SENTENCES = re.compile(r"[.!?]\s+[^\W\d_a-z]")
_TABLE = _Plain()


def plain(text: str) -> str:
    """Without accents, case kept; blanks, dashes and apostrophes in their plain form."""
    return text.translate(_TABLE)


def fold(text: str) -> str:
    """The same in small letters; a letter whose small form is two characters stays as it is."""
    text = plain(text)
    small = text.lower()
    return small if len(small) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def has_case(text: str) -> bool:
    """Whether capitals tell something in a text: it is neither all in capitals nor all in small letters."""
    letters, capitals = sum(map(str.isalpha, text)) or 1, sum(map(str.isupper, text))
    few = _FEW_CAPITALS if len(_SENTENCES.findall(text)) > 1 else _HARDLY_ANY
    return few < capitals / letters < 1 - _FEW_CAPITALS
