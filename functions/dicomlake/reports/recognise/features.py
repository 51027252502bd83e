"""Lines of tokens in, the features the trained models look at out. Called by `recogniser.py` and the training script, which must see the same.

A feature is a text, and for a trained model its number. What depends on a word alone is made once per word and place of the window, so that a
document of 500 tokens takes a few milliseconds.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from dicomlake.reports.recognise.spans import Span
from dicomlake.reports.recognise.tokens import Token, gaps
from dicomlake.reports.recognise.writing import fold

_NEAR, _FAR = 3, 6
_PAD = ["\n"] * (_NEAR + 1)
# Classes of the lexicon that tell what stands near them.
_CUES = frozenset(
    "title degree name_word staff_word date_word id_word phone_word address_word hospital_word relation_word age_word".split()
)


@dataclass(frozen=True)
class Words:
    """What is known about words: what a word is for (a title, a label, a street), ordinary ones, eponyms, and the vocabulary of the languages.

    `is_medical` tells of a word of no list whether it is made like those of medicine.
    """

    lexicon: Mapping[str, tuple[str, ...]]
    ordinary: Collection[str]
    eponyms: Collection[str]
    vocabulary: Collection[str]
    both: Collection[str]
    is_medical: Callable[[str], bool]


class _Word(NamedTuple):
    folded: str
    shape: str
    classes: tuple[str, ...]
    cue: str


Feature = TypeVar("Feature", str, int)


def numbered(index: Mapping[str, int]) -> Callable[[list[str]], tuple[int, ...]]:
    """Features as the numbers of a model, without those it does not know."""
    return lambda row: tuple([index[feature] for feature in row if feature in index])


class FeatureMaker(Generic[Feature]):
    """Makes the features of documents; `coded` says how they are told: `tuple` as texts, `numbered` as numbers."""

    def __init__(self, words: Words, coded: Callable[[list[str]], tuple[Feature, ...]]) -> None:
        self._words = words
        self._coded: Callable[[list[str]], tuple[Feature, ...]] = coded
        self._word = lru_cache(maxsize=50_000)(self._made_word)
        self._own: Callable[[str], tuple[Feature, ...]] = lru_cache(maxsize=50_000)(self._made_own)
        self._around: Callable[[str, int], tuple[Feature, ...]] = lru_cache(maxsize=200_000)(self._made_around)

    def of(self, lines: list[list[Token]], marked: Iterable[Span] = ()) -> list[list[tuple[Feature, ...]]]:
        """One list of features per token of each line. `marked` is what the patterns found, which the models weigh like anything else."""
        seen = _Document(lines, marked)
        made: list[list[tuple[Feature, ...]]] = []
        before: list[Token] = []
        for number, line in enumerate(lines):
            following = lines[number + 1][:_NEAR] if number + 1 < len(lines) else []
            place = "first" if number < 3 else "last" if number >= len(lines) - 4 else "mid"
            made.append(self._line(line, before, following, seen, place))
            before = line[-_NEAR:]
        return made

    def _line(
        self, line: list[Token], before: list[Token], following: list[Token], seen: "_Document", place: str
    ) -> list[tuple[Feature, ...]]:
        texts = [*_PAD[len(before) :], *(t.text for t in before), "\n", *(t.text for t in line), "\n"]
        texts += [*(t.text for t in following), *_PAD[len(following) :]]
        words = [self._word(text) for text in texts]
        spaces, length = [*gaps(line), "\n"], len(line)
        ahead = _cues_ahead([word.cue for word in words[_NEAR + 2 : _NEAR + 2 + length]])
        field, fields = _leading_field(line)
        where = f"{place}|{'caps' if _is_in_capitals(line) else 'mixed'}"
        label, distance, cue, since = "", 0, "", 0
        coded, around, rows = self._coded, self._around, []
        for index, token in enumerate(line):
            at = index + _NEAR + 2
            word, left, right, left2, right2 = words[at], words[at - 1], words[at + 1], words[at - 2], words[at + 2]
            shapes = f"{left.shape}|{word.shape}"
            row = [
                f"2<{left.folded}|{word.folded}",
                f"2>{word.folded}|{right.folded}",
                f"2<<{left2.folded}|{left.folded}",
                f"2>>{right.folded}|{right2.folded}",
                f"s3={shapes}|{right.shape}",
                f"s4={left2.shape}|{shapes}|{right.shape}",
                f"g={spaces[index]}|{spaces[index + 1]}",
                f"gs={spaces[index]}|{shapes}",
                f"pl={where}|{word.shape}",
                f"f={field}" if index >= fields else "f=-",
            ]
            if index < 3:
                row.append(f"i={index}|{word.shape}")
            if index >= length - 2:
                row.append(f"e={length - index}|{word.shape}")
            if label:
                row += (f"lb={label}", f"ld={label}|{min(distance, 6)}")
            if cue:
                row.append(f"cb={cue}|{min(since, 5)}")
            if ahead[index]:
                row.append(f"ca={ahead[index]}")
            row += seen.features(token)
            rows.append(
                coded(row)
                + self._own(texts[at])
                + around(texts[at - 3], -3)
                + around(texts[at - 2], -2)
                + around(texts[at - 1], -1)
                + around(texts[at + 1], 1)
                + around(texts[at + 2], 2)
                + around(texts[at + 3], 3)
            )
            distance += 1
            since += 1
            if word.cue:
                cue, since = word.cue, 0
            if token.text in ":=#" and index:
                named = [t.text.lower() for t in line[max(0, index - 3) : index] if t.text[0].isalpha()]
                label, distance = " ".join(named[-2:]), 0
        return rows

    def _made_word(self, text: str) -> _Word:
        folded = fold(text)
        classes = self._classes(folded)
        return _Word(folded, _shape(text), classes, next((name for name in classes if name in _CUES), ""))

    def _classes(self, folded: str) -> tuple[str, ...]:
        words = self._words
        classes = list(words.lexicon.get(folded, ()))
        if folded in words.ordinary:
            classes.append("ordinary")
        if folded in words.eponyms:
            classes.append("eponym")
        if len(folded) > 2 and folded[0].isalpha():
            known = folded in words.vocabulary or folded in words.ordinary
            both, medical = folded in words.both, words.is_medical(folded)
            classes.append("word" if known else "both" if both else "medical" if medical else "strange")
        return tuple(classes)

    def _made_own(self, text: str) -> tuple[Feature, ...]:
        folded, shape, classes, _ = self._word(text)
        row = ["b", f"w={folded}", f"sh={shape}", f"ls={_long_shape(text)}", f"n={min(len(text), 12)}"]
        if text[0].isalpha():
            row += [f"p{n}={folded[:n]}" for n in (1, 2, 3, 4) if len(folded) > n]
            row += [f"x{n}={folded[-n:]}" for n in (1, 2, 3, 4, 5) if len(folded) > n]
        row += [f"c={name}|{shape}" for name in classes]
        return self._coded(row)

    def _made_around(self, text: str, step: int) -> tuple[Feature, ...]:
        folded, shape, classes, _ = self._word(text)
        row = [f"{step}w={folded}", f"{step}s={shape}"]
        if abs(step) == 1:
            row.append(f"{step}x={folded[-3:]}")
        row += [f"{step}c={name}|{shape}" for name in classes]
        return self._coded(row)


class _Document:
    """What a document says elsewhere about a word: written small, in which field; and what the patterns found."""

    def __init__(self, lines: list[list[Token]], marked: Iterable[Span]) -> None:
        self._marks: dict[int, str] = {}
        for span in marked:
            for place in range(span.start, span.end):
                self._marks.setdefault(place, f"{span.label}{'' if place > span.start else '!'}")
        self._small: set[str] = set()
        self._fields: dict[str, set[str]] = defaultdict(set)
        self._count: dict[str, int] = defaultdict(int)
        for line in lines:
            field, fields = _leading_field(line)
            for index, token in enumerate(line):
                text = token.text
                if text.islower():
                    self._small.add(text)
                elif len(text) > 2 and (text[0].isupper() or text[0].isdigit()):
                    small = text.lower()
                    self._count[small] += 1
                    if field and index >= fields:
                        self._fields[small].add(field)

    def features(self, token: Token) -> list[str]:
        text, marks, row = token.text, self._marks, []
        mark = marks.get(token.start)
        if mark is not None:
            last = token.end not in marks
            row = [f"m={mark}", f"m={mark}|{last}"]
        elif token.start - 1 in marks or token.start - 2 in marks:
            row.append("m<")
        if len(text) < 3 or text.islower():
            return row
        small = text.lower()
        if small in self._fields:
            row += [f"df={field}" for field in sorted(self._fields[small])[:4]]
        if small in self._small:
            row.append("ds")
        if self._count.get(small, 0) > 1:
            row.append("dn")
        return row


def _cues_ahead(cues: list[str]) -> list[str]:
    """For each token the nearest cue among the six that follow, with its distance."""
    ahead, cue, distance = [""] * len(cues), "", 0
    for index in range(len(cues) - 1, -1, -1):
        if cue and distance <= _FAR:
            ahead[index] = f"{cue}|{distance}"
        cue, distance = (cues[index], 1) if cues[index] else (cue, distance + 1)
    return ahead


def _is_in_capitals(line: list[Token]) -> bool:
    capitals = sum(t.text.isupper() and len(t.text) > 1 for t in line)
    return capitals * 2 > sum(t.text[0].isalpha() for t in line)


def _leading_field(line: list[Token]) -> tuple[str, int]:
    """The words before the colon a line begins with, and how many tokens they take; "" and 0 without one."""
    for index, token in enumerate(line[:8]):
        if token.text == ":" and index:
            return " ".join(t.text.lower() for t in line[:index]), index + 1
    return "", 0


def _shape(text: str) -> str:
    if text.isdigit():
        return f"9{min(len(text), 9)}"
    if text[0].isalpha():
        if len(text) == 1:
            return "X1" if text.isupper() else "x1"
        return "XX" if text.isupper() else "xx" if text.islower() else "Xx" if text[1:].islower() else "xX"
    return text[0]


def _long_shape(text: str) -> str:
    return "".join("X" if c.isupper() else "x" if c.isalpha() else "9" if c.isdigit() else c for c in text[:10])
