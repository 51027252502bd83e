"""A folded word in, what it has in common with the same term in other languages out. Called by `clinical.py` and `training/vocabulary.py`.

Medicine speaks Greek and Latin in six spellings: "psoriasis", "Psoríase", "psoriasi" have one stem, as have "hemostasis" and "Hämostase".
"""

import re

_SPELT = (
    (re.compile(r"^(?:ps|sh)"), "s"),
    (re.compile(r"^pn"), "n"),
    (re.compile(r"^es(?=[ptc])"), "s"),
    (re.compile(r"ch|qu|ck|k|z"), "c"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"[ao]e"), "e"),
    (re.compile(r"h"), ""),
    (re.compile(r"y|j"), "i"),
    (re.compile(r"m(?=[fn])"), "n"),
    (re.compile(r"ct(?!$)|pt(?!$)"), "t"),
    (re.compile(r"(.)\1"), r"\1"),
)
_CASE = re.compile(r"(?:(?:es|en|s|n|m)|(?:us|um|is|as|os|e|a|o|i|ia|ie|io|ii|u)(?:s|n)?)$")
_ADJECTIVE = re.compile(r"(?:ic|isc|ical|al|ar|ar[ie]|iv|ial|iel|el|ein|er)$")
_SHORTEST = 5


def stem(folded: str) -> str:
    """The stem of a word, "" for one that is too short to have one."""
    for form, spelt in _SPELT:
        folded = form.sub(spelt, folded)
    word = _CASE.sub("", folded, count=1)
    word = _ADJECTIVE.sub("", word, count=1)
    word = _CASE.sub("", word, count=1) if word[-1:] in "aeiou" else word
    return word if len(word) >= _SHORTEST else ""
