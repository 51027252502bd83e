"""How likely a word may be to identify somebody before the strict setting takes it. Called for each word the models let pass.

The safe-vocabulary rule: a word of the languages or of the trade needs a strong suspicion, a strange one with a capital within a sentence hardly
any. German nouns have capitals all the same, and dictated text has none.
"""

from dicomlake.reports.recognise.clinical import Clinical
from dicomlake.reports.recognise.tokens import Token
from dicomlake.reports.recognise.writing import fold

_NEVER = 1.0
_KNOWN_WORD, _NUMBER, _STRANGE, _STRANGE_NAME = 0.5, 0.3, 0.22, 0.06
_FEW_CAPITALS = 0.02


class Doubt:
    """For one text."""

    def __init__(self, text: str, lang: str, clinical: Clinical) -> None:
        letters = sum(map(str.isalpha, text)) or 1
        capitals = sum(map(str.isupper, text))
        self._has_case = _FEW_CAPITALS < capitals / letters < 1 - _FEW_CAPITALS
        self._nouns = lang == "de"
        self._clinical = clinical

    def of(self, line: list[Token], place: int) -> float:
        """The probability of being something from which on a word is taken; 1: never."""
        text = line[place].text
        if len(text) < 2 or not text[0].isalnum():
            return _NEVER
        if text[0].isdigit():
            return _NUMBER
        if self._clinical.is_word(fold(text)):
            return _KNOWN_WORD if text[0].isupper() or not self._has_case else _NEVER
        if not self._has_case:
            return _STRANGE
        if not text[0].isupper():
            return _NEVER
        within = place > 0 and line[place - 1].text not in ".!?"
        return _STRANGE_NAME if within and not self._nouns and not text.isupper() else _STRANGE
