"""The text of a report in, whom it says it is about out: a name and an id behind their labels. Called by `surroundings.py`.

For reports that come alone to a laptop: with both stated, the report's own header is what headers of pictures are elsewhere. With one of
them missing, or two different ids, it says nothing, and the report is held.
"""

import re
import unicodedata
from functools import cache
from pathlib import Path

from dicomlake.pipeline.linking import Link, person
from dicomlake.pseudonyms import IdentityRules
from dicomlake.reports.recognise import KnownValues
from dicomlake.rules.subject import load_subject_labels

_MAX_HEADER = 4000  # characters: what a report is about stands at its head
_START = r"(?:^|[\t|;]|[ ]{2,})[ ]*"
_AFTER = r"[ ]*(?:[:#=.][ :.]*\t?|\t)[ ]*"
_NAME = r"([^\d\t\n:;|]{3,60}?)[ ]*(?=$|\t|\n|;|\||[ ]{2,}|,?[ ]*\(|,?[ ]*\d)"
_ID = r"(?=[a-z/._-]{0,8}\d)([a-z0-9][\w/.-]{3,24})(?<![.-])"


def stated_link(text: str, rules: IdentityRules, root: Path | None = None) -> Link | None:
    """The patient a report states, with the values it states them by; None when it does not say both who and which id."""
    plain = _plain(text[:_MAX_HEADER])
    names, ids = _labels(root)
    name = names.search(plain)
    found = {match.group(1) for match in ids.finditer(plain)}
    if name is None or len(found) != 1 or len(name.group(1).split()) < 2:
        return None
    number = ids.search(plain)
    assert number is not None, "one was found above"
    patient = person(rules, text[number.start(1) : number.end(1)], None)
    if patient is None:
        return None
    known = KnownValues(
        names=(text[name.start(1) : name.end(1)].strip(" ,"),), ids=(text[number.start(1) : number.end(1)],)
    )
    return Link(None, patient, None, known)


@cache
def _labels(root: Path | None) -> tuple[re.Pattern[str], re.Pattern[str]]:
    labels = load_subject_labels(root)

    def compiled(words: tuple[str, ...], value: str) -> re.Pattern[str]:
        longest_first = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
        return re.compile(f"{_START}(?:{longest_first}){_AFTER}{value}", re.MULTILINE)

    return compiled(labels.name, _NAME), compiled(labels.id, _ID)


def _plain(text: str) -> str:
    """Small letters without accents, character for character, so that places are those of the text."""
    return "".join(unicodedata.normalize("NFD", c)[0].lower()[:1] or c for c in text)
