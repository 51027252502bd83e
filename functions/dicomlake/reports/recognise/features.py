"""Lines of tokens in, the features the trained models look at out. Called by `recogniser.py` and the training script, which must see the same.

A feature is a text. `scoring.py` adds up what a trained model says of them without writing most of them out.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from dicomlake.reports.recognise.spans import Span
from dicomlake.reports.recognise.tokens import Token, gaps
from dicomlake.reports.recognise.writing import fold

_NEAR, _FAR = 3, 6
STEPS = (-3, -2, -1, 1, 2, 3)
_PAD = ["\n"] * (_NEAR + 1)
# Classes of the lexicon that tell what stands near them.
_CUES = frozenset(
    "title degree name_word staff_word date_word id_word phone_word address_word hospital_word relation_word age_word".split()
)


@dataclass(frozen=True)
class Words:
    """What is known about words: what a word is for (a title, a label, a street), ordinary ones, eponyms, what makes a surname a term (`heads`),
    and the vocabulary of the languages.

    `is_medical` tells of a word of no list whether it is made like those of medicine.
    """

    lexicon: Mapping[str, tuple[str, ...]]
    ordinary: Collection[str]
    eponyms: Collection[str]
    heads: Collection[str]
    units: Collection[str]
    vocabulary: Collection[str]
    both: Collection[str]
    is_medical: Callable[[str], bool]


class _Word(NamedTuple):
    folded: str
    shape: str
    classes: tuple[str, ...]
    cue: str


@dataclass(frozen=True, slots=True)
class Window:
    """A line as the features see it: its words with `_NEAR` + 1 before and behind, what parts them, where it stands, and for each token what the
    line and the document say beyond the words beside it."""

    texts: list[str] = field(repr=False)
    gaps: list[str] = field(repr=False)
    where: str
    length: int
    contexts: list[list[str]] = field(repr=False)


FIRST = _NEAR + 2  # the place of a line's first token among the texts of its window


class FeatureMaker:
    """Makes the features of documents as texts."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self.word = lru_cache(maxsize=20_000)(self._made_word)

    def of(self, lines: list[list[Token]], marked: Iterable[Span] = ()) -> list[list[list[str]]]:
        """One list of features per token of each line. `marked` is what the patterns found, which the models weigh like anything else."""
        return [
            [
                [*context, *self._beside(window, place), *self.of_word(window.texts[place])]
                + [one for step in STEPS for one in self.of_neighbour(window.texts[place + step], step)]
                for place, context in enumerate(window.contexts, FIRST)
            ]
            for window in self.windows(lines, marked)
        ]

    def windows(self, lines: list[list[Token]], marked: Iterable[Span] = ()) -> Iterator[Window]:
        """The lines of a document."""
        seen = _Document(lines, marked)
        before: list[Token] = []
        for number, line in enumerate(lines):
            following = lines[number + 1][:_NEAR] if number + 1 < len(lines) else []
            place = "first" if number < 3 else "last" if number >= len(lines) - 4 else "mid"
            texts = [*_PAD[len(before) :], *(t.text for t in before), "\n", *(t.text for t in line), "\n"]
            texts += [*(t.text for t in following), *_PAD[len(following) :]]
            where = f"{place}|{'caps' if _is_in_capitals(line) else 'mixed'}"
            yield Window(texts, [*gaps(line), "\n"], where, len(line), self._contexts(line, texts, seen))
            before = line[-_NEAR:]

    def _contexts(self, line: list[Token], texts: list[str], seen: "_Document") -> list[list[str]]:
        cues = [self.word(text).cue for text in texts[FIRST : FIRST + len(line)]]
        ahead = _cues_ahead(cues)
        field, fields = _leading_field(line)
        named = f"f={field}"
        label, distance, cue, since = "", 0, "", 0
        rows = []
        for index, token in enumerate(line):
            row = [named if index >= fields else "f=-"]
            if label:
                row += (f"lb={label}", f"ld={label}|{min(distance, 6)}")
            if cue:
                row.append(f"cb={cue}|{min(since, 5)}")
            if ahead[index]:
                row.append(f"ca={ahead[index]}")
            rows.append(row + seen.features(token))
            distance += 1
            since += 1
            if cues[index]:
                cue, since = cues[index], 0
            if token.text in ":=#" and index:
                words = [t.text.lower() for t in line[max(0, index - 3) : index] if t.text[0].isalpha()]
                label, distance = " ".join(words[-2:]), 0
        return rows

    def _beside(self, window: Window, place: int) -> Iterator[str]:
        """How the words and shapes of a window stand together; `scoring.py` looks the same ones up as numbers."""
        left2, left, word, right, right2 = (self.word(window.texts[place + step]) for step in range(-2, 3))
        index = place - FIRST
        gap, shapes = window.gaps[index], f"{left.shape}|{word.shape}"
        yield f"2<{left.folded}|{word.folded}"
        yield f"2>{word.folded}|{right.folded}"
        yield f"2<<{left2.folded}|{left.folded}"
        yield f"2>>{right.folded}|{right2.folded}"
        yield f"s3={shapes}|{right.shape}"
        yield f"s4={left2.shape}|{shapes}|{right.shape}"
        yield f"g={gap}|{window.gaps[index + 1]}"
        yield f"gs={gap}|{shapes}"
        yield f"pl={window.where}|{word.shape}"
        if index < 3:
            yield f"i={index}|{word.shape}"
        if index >= window.length - 2:
            yield f"e={window.length - index}|{word.shape}"

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
        if folded in words.heads or folded.removesuffix("s") in words.heads:
            classes.append("head")
        if folded in words.units:
            classes.append("unit")
        if len(folded) > 2 and folded[0].isalpha():
            known = folded in words.vocabulary or folded in words.ordinary
            both, medical = folded in words.both, words.is_medical(folded)
            classes.append("word" if known else "both" if both else "medical" if medical else "strange")
            if known and medical:
                classes.append("trade")
        return tuple(classes)

    def of_word(self, text: str) -> list[str]:
        """What a word is by itself."""
        folded, shape, classes, _ = self.word(text)
        row = ["b", f"w={folded}", f"sh={shape}", f"ls={_long_shape(text)}", f"n={min(len(text), 12)}"]
        if text[0].isalpha():
            row += [f"p{n}={folded[:n]}" for n in (1, 2, 3, 4) if len(folded) > n]
            row += [f"x{n}={folded[-n:]}" for n in (1, 2, 3, 4, 5) if len(folded) > n]
        row += [f"c={name}|{shape}" for name in classes]
        return row

    def of_neighbour(self, text: str, step: int) -> list[str]:
        """What a word is to the one `step` before (positive) or behind it."""
        folded, shape, classes, _ = self.word(text)
        row = [f"{step}w={folded}", f"{step}s={shape}"]
        if abs(step) == 1:
            row.append(f"{step}x={folded[-3:]}")
        row += [f"{step}c={name}|{shape}" for name in classes]
        return row


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
