"""Text in, tokens with their places out, one list per line. Called by the features of the trained models."""

import re
from dataclasses import dataclass, field
from itertools import pairwise

_TOKEN = re.compile(r"\d+|[^\W\d_]+|[^\w\s]|_")
_LINE = re.compile(r"[^\n]+")
_MOST_TOKENS = 400  # of one line: a longer one is cut, so that time and memory of a sequence stay bounded


@dataclass(frozen=True, slots=True)
class Token:
    """A number, a word or a sign; `start` is its place in the text."""

    text: str = field(repr=False)
    start: int

    @property
    def end(self) -> int:
        """The place after it."""
        return self.start + len(self.text)


def lines_of(text: str) -> list[list[Token]]:
    """The tokens of each line that has any. A very long line is several."""
    lines = []
    for line in _LINE.finditer(text):
        tokens = [
            token
            for found in _TOKEN.finditer(text, line.start(), line.end())
            for token in _parted(found[0], found.start())
        ]
        lines += [tokens[cut : cut + _MOST_TOKENS] for cut in range(0, len(tokens), _MOST_TOKENS)]
    return lines


def _parted(word: str, start: int) -> list[Token]:
    """Words that lost the blank between them ("GarcíaServicio") apart; any other word as it is."""
    if len(word) < 4 or word.islower() or word.isupper() or word[1:].islower() or not word[0].isalpha():
        return [Token(word, start)]
    cuts = [0, *(n for n in range(1, len(word)) if word[n].isupper() and word[n - 1].islower()), len(word)]
    return [Token(word[one:two], start + one) for one, two in pairwise(cuts)]


def gap(before: Token, after: Token) -> str:
    """What stands between two tokens of a line: nothing, a blank, or more (a column)."""
    between = after.start - before.end
    return "" if between == 0 else " " if between == 1 else "_"


def gaps(line: list[Token]) -> list[str]:
    """For each token, what stands before it; a line begins with a newline."""
    return ["\n", *(gap(one, two) for one, two in pairwise(line))]
