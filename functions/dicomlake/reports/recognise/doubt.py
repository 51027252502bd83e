"""What the strict setting takes though the models let it pass: the safe-vocabulary rule. Called by `recogniser.py` for each word they pass.

A word of the languages or of the trade needs a strong suspicion. A strange one with a capital within a sentence is a name unless something
clinical stands beside it: so a name nobody has seen before, in a layout nobody has seen before, is found. German nouns have capitals all the
same, and dictated text has none: there the models must have some suspicion at least.
"""

import re
from collections.abc import Iterator

from dicomlake.reports.recognise.clinical import Clinical
from dicomlake.reports.recognise.known import PARTICLES, TITLES
from dicomlake.reports.recognise.spans import Label, Span
from dicomlake.reports.recognise.tokens import Token
from dicomlake.reports.recognise.writing import fold, has_case

_NEVER = 1.0
_KNOWN_WORD, _NUMBER, _STRANGE, _STRANGE_NAME = 0.5, 0.3, 0.2, 0.05
_SHORTEST, _SHORTEST_WITHOUT_CASE = 3, 5
_ENDS = frozenset(".!?•*")  # what a sentence begins after
_GLUED = frozenset(("Mc", "Mac", "De", "Di", "Le", "La", "Van", "Von", "Fitz"))
_TRADE = frozenset("®™")
_FUGUE = ("s", "es", "n", "en", "e", "er", "")
# What German surnames end in as compounds do.
_NAMELY = re.compile(
    r"(?:mann|stein|berg|berger|bach|bacher|baum|feld|felder|hofer|maier|meier|meyer|wald|schmidt|ow|ski|thal|haus|hauser)$"
)


class Doubt:
    """For one text."""

    def __init__(self, text: str, lang: str, clinical: Clinical) -> None:
        self._has_case = has_case(text)
        self._nouns = lang == "de"
        self._clinical = clinical

    def of(self, line: list[Token], place: int) -> float:
        """The probability of being something from which on a word is taken; 1: never."""
        text = line[place].text
        if len(text) < 2 or not text[0].isalnum():
            return _NEVER
        if text[0].isdigit():
            return _NUMBER
        if self._is_known(fold(text)):
            return _KNOWN_WORD if text[0].isupper() or not self._has_case else _NEVER
        if not self._has_case:
            return _STRANGE
        if not text[0].isupper():
            return _NEVER
        return _STRANGE if _is_first(line, place) or text.isupper() else _STRANGE_NAME

    def strange(self, line: list[Token]) -> Iterator[Span]:
        """Words that are names by what they are not, whatever the models say."""
        cased = self._has_case and not _is_in_capitals(line)
        if not cased and self._nouns:
            return
        strange = [self._is_strange(line, place, cased) for place in range(len(line))]
        for place, token in enumerate(line):
            if strange[place] and (
                not self._nouns or any(strange[max(0, place - 1) : place]) or any(strange[place + 1 : place + 2])
            ):
                yield Span(token.start, token.end, Label.NAME, "strange", score=0.5)

    def _is_strange(self, line: list[Token], place: int, cased: bool) -> bool:
        text = line[place].text
        if len(text) < (_SHORTEST if cased else _SHORTEST_WITHOUT_CASE) or not text.isalpha():
            return False
        if _is_glued(line, place):
            return False
        if cased and (not text[0].isupper() or not text[1:].islower() or _is_first(line, place)):
            return False
        folded = fold(text)
        if self._is_known(folded) or folded in TITLES or folded in PARTICLES or self._is_morbus(line, place):
            return False
        after = line[place + 1] if place + 1 < len(line) else None
        if after is not None and (
            after.text in _TRADE or (after.text.isdigit() and after.start - line[place].end == 1)
        ):
            return False
        return not any(self._is_known(fold(word)) for word in self._joined(line, place))

    def _is_morbus(self, line: list[Token], place: int) -> bool:
        """Whether a disease is abbreviated, as in "M. Crohn"; in other languages than German that is a person."""
        before = [token.text for token in line[max(0, place - 2) : place]]
        return self._nouns and before == ["M", "."] and self._clinical.is_eponym(fold(line[place].text))

    def _joined(self, line: list[Token], place: int) -> Iterator[str]:
        """The words a hyphen ties to one."""
        for step in (-1, 1):
            at = place
            while 0 <= at + 2 * step < len(line) and line[at + step].text == "-":
                at += 2 * step
                if line[at].text.isalpha() and len(line[at].text) > _SHORTEST:
                    yield line[at].text

    def _is_known(self, folded: str) -> bool:
        """Whether a word, or what it is the plural of, is one of the languages or of the trade."""
        clinical = self._clinical
        if clinical.is_eponym(folded):
            return False
        if clinical.is_word(folded) or clinical.is_both(folded) or clinical.is_medical(folded):
            return True
        if folded.endswith("s") and clinical.is_word(folded[:-1]):
            return True
        return self._nouns and self._is_compound(folded)

    def _is_compound(self, folded: str) -> bool:
        """Whether a German word is made of two others."""
        if len(folded) < 8 or _NAMELY.search(folded):
            return False
        for cut in range(4, len(folded) - 3):
            if self._clinical.is_word(folded[cut:]) and any(
                folded[:cut].endswith(joint)
                and len(folded[:cut]) - len(joint) > 2
                and self._clinical.is_word(folded[: cut - len(joint)])
                for joint in _FUGUE
            ):
                return True
        return False


def _is_first(line: list[Token], place: int) -> bool:
    """Whether a sentence begins with a word; a point behind an initial or a title ends none."""
    if place == 0 or line[place - 1].text not in _ENDS:
        return place == 0
    before = line[place - 2].text if place > 1 else ""
    return not (
        line[place - 1].text == "." and (len(before) == 1 or fold(before) in TITLES or fold(before) in PARTICLES)
    )


def _is_glued(line: list[Token], place: int) -> bool:
    """Whether a token is a part of a longer word ("DaTscan"), but for those that begin with a particle ("McAnespie")."""
    if place + 1 < len(line) and line[place + 1].text[0].isalpha() and line[place + 1].start == line[place].end:
        return True
    before = line[place - 1] if place else None
    return (
        before is not None
        and before.text[0].isalpha()
        and before.end == line[place].start
        and before.text not in _GLUED
    )


def _is_in_capitals(line: list[Token]) -> bool:
    words = [token.text for token in line if len(token.text) > 2 and token.text.isalpha()]
    return sum(map(str.isupper, words)) * 3 > 2 * len(words)
