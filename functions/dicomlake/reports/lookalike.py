"""Letters that a reader of pictures takes for one another: `shape(text)` is the same for all of them. Called by `clean.py` and `verify.py`.

"El ldrissi" read for a known "El Idrissi" is that name, and is put right before anything else looks at it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from dicomlake.reports.document import Document, Word
from dicomlake.reports.recognise import KnownValues
from dicomlake.reports.recognise.notation import PARTICLES, name_words
from dicomlake.reports.recognise.writing import fold

_LIKE = ("li1|!", "o0", "s5", "b8", "g9q", "ec")
_ALIKE = str.maketrans({char: group[0] for group in _LIKE for char in group})
_PAIRS = (("rn", "m"), ("vv", "w"), ("nn", "m"))
_SHORT = 4  # letters below which a word must begin with a capital
_TOKEN = re.compile(r"[^\W_]+(?:[|!][^\W_]+)*[|!]?|[|!][^\W_]+")
_LEAST_NAME, _LEAST_ID = 3, 6


def shape(text: str) -> str:
    """Small letters without accents, one letter for all that look like it; blanks and signs stay."""
    made = fold(text).translate(_ALIKE)
    for pair, one in _PAIRS:
        made = made.replace(pair, one)
    return made


def is_near(one: str, other: str) -> bool:
    """Whether two words differ in at most a quarter of their letters (Levenshtein), as a word and its reading do."""
    most = max(len(one), len(other)) // 4
    if abs(len(one) - len(other)) > most:
        return False
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
    return row[-1] <= most


def as_known(document: Document, known: KnownValues, is_word: Callable[[str], bool]) -> Document:
    """The document with words that look like a known name or number, and are no words of the language, written as it is known."""
    wanted = _shapes(known)
    changes = list(_numbers(document.text, known))
    for found in _TOKEN.finditer(document.text):
        right = wanted.get(shape(found[0]))
        folded = fold(found[0])
        small = len(folded) < _SHORT and not found[0][:1].isupper()
        if right is None or folded in right or is_word(folded) or small:
            continue
        if not any(start < found.end() and found.start() < end for start, end, _ in changes):
            changes.append((*found.span(), _cased(min(right), found[0])))
    return _changed(document, sorted(changes)) if changes else document


def _numbers(text: str, known: KnownValues) -> Iterator[tuple[int, int, str]]:
    """Where a known number stands with letters that look like its digits, or the other way round."""
    folded, taken = fold(text), list[tuple[int, int]]()
    for value in sorted(known.ids, key=len, reverse=True):
        compact = "".join(re.findall(r"[^\W_]+", fold(value)))
        if len(compact) < _LEAST_ID or not any(map(str.isdigit, compact)):
            continue
        form = r"[\s./-]{0,2}".join(next((f"[{group}]" for group in _LIKE if char in group), char) for char in compact)
        for found in re.finditer(rf"(?<![^\W_]){form}(?![^\W_])", folded):
            written = "".join(re.findall(r"[^\W_]+", found[0]))
            apart = not any(start < found.end() and found.start() < end for start, end in taken)
            if written != compact and apart and any(map(str.isdigit, written)):
                yield (*found.span(), value)
                taken.append(found.span())


def _shapes(known: KnownValues) -> dict[str, set[str]]:
    words = {word for name in known.names for word in name_words(name)}
    words = {word for word in words if len(word) >= _LEAST_NAME and word not in PARTICLES}
    shapes: dict[str, set[str]] = {}
    for word in words:
        shapes.setdefault(shape(word), set()).add(word)
    return shapes


def _cased(right: str, written: str) -> str:
    letters = [c for c in written if c.isalpha()]
    if len(letters) > 1 and sum(map(str.isupper, letters)) > len(letters) // 2:
        return right.upper()
    return right.capitalize()


def _changed(document: Document, changes: list[tuple[int, int, str]]) -> Document:
    """The text with its changes, and every word at its new place."""
    parts, starts, pos, shift = [], [], 0, 0
    for start, end, new in changes:
        parts += [document.text[pos:start], new]
        shift += len(new) - (end - start)
        starts.append((end, shift))
        pos = end
    text = "".join([*parts, document.text[pos:]])
    words, at, moved = [], 0, 0
    for word in sorted(document.words, key=lambda one: one.start):
        while at < len(starts) and starts[at][0] <= word.start:
            moved = starts[at][1]
            at += 1
        inside = starts[at][1] if at < len(starts) and starts[at][0] <= word.end else moved
        words.append(Word(word.start + moved, word.end + inside, word.page, word.box))
    return replace(document, text=text, words=tuple(words))
