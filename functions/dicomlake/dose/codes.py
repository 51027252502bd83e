"""A code that `codes.yaml` does not know in, its meaning by the tables of pydicom out. Called by `report.py`.

pydicom knows some ten thousand SNOMED and DCM codes; its tables are read on first need, which for most reports never comes.
"""

import re
from collections.abc import Mapping
from functools import cache

from dicomlake.dose.content import Code

_WORD = re.compile(r"[^\W\d_]{4,}")


def meaning_elsewhere(code: Code) -> str | None:
    """What the code means; as it is written where that is a wording of it. None when nobody knows the code."""
    meanings, modern = _tables()
    key = (code.scheme, code.value)
    if code.scheme == "SRT" and code.value in modern:
        key = ("SCT", modern[code.value])
    known = meanings.get(key)
    if known is None:
        return None
    if _words(known) & _words(code.meaning):
        return code.meaning
    return re.sub(r" \([a-z ]+\)$", "", known)


def _words(text: str) -> set[str]:
    return {word[:5].casefold() for word in _WORD.findall(text)}


@cache
def _tables() -> tuple[Mapping[tuple[str, str], str], Mapping[str, str]]:
    from pydicom.sr._concepts_dict import concepts as untyped
    from pydicom.sr._snomed_dict import mapping

    concepts: Mapping[str, Mapping[str, Mapping[str, tuple[str, list[int]]]]] = untyped  # type: ignore[assignment]  # pydicom says object
    meanings = {
        (scheme, code): meaning
        for scheme in ("DCM", "SCT")
        for named in concepts[scheme].values()
        for code, (meaning, _) in named.items()
    }
    return meanings, mapping["SRT"]
