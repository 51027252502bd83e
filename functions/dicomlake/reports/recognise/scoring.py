"""Lines of tokens in, what the features of each token say for each label of the trained models out. Called by `recogniser.py`.

The sum over the features of `features.py`, though most are never written out: what a word says is added up once per word and place of the
window, and pairs of words and shapes are looked up as numbers, a whole document at a time. The tests hold the sums to those of the texts.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from dicomlake.reports.recognise.crf import CrfModel, Numbers
from dicomlake.reports.recognise.features import FIRST, STEPS, FeatureMaker, Window
from dicomlake.reports.recognise.spans import Span
from dicomlake.reports.recognise.tokens import Token

_MOST_WORDS = 12_000  # that are remembered, with seven rows each
_ROWS = len(STEPS) + 1
Ints = NDArray[np.int64]
_WORD, _SHAPE = r"(\||[^|]+)", r"(X1|x1|XX|xx|Xx|xX|9\d|[\s\S])"
_GAP, _PLACE, _NUMBER = r"(\n|_| |)", r"(\w+\|\w+)", r"(\d)"
# The features that tie things together, and what each ties: words and shapes (steps from the token) or gaps, place and number.
_TIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (rf"2<{_WORD}\|{_WORD}", ("w-1", "w0")),
    (rf"2>{_WORD}\|{_WORD}", ("w0", "w1")),
    (rf"2<<{_WORD}\|{_WORD}", ("w-2", "w-1")),
    (rf"2>>{_WORD}\|{_WORD}", ("w1", "w2")),
    (rf"s3={_SHAPE}\|{_SHAPE}\|{_SHAPE}", ("s-1", "s0", "s1")),
    (rf"s4={_SHAPE}\|{_SHAPE}\|{_SHAPE}\|{_SHAPE}", ("s-2", "s-1", "s0", "s1")),
    (rf"g={_GAP}\|{_GAP}", ("gap", "next")),
    (rf"gs={_GAP}\|{_SHAPE}\|{_SHAPE}", ("gap", "s-1", "s0")),
    (rf"pl={_PLACE}\|{_SHAPE}", ("where", "s0")),
    (rf"i={_NUMBER}\|{_SHAPE}", ("start", "s0")),
    (rf"e={_NUMBER}\|{_SHAPE}", ("end", "s0")),
)
_KIND = {"w": "word", "s": "shape", "g": "gap", "n": "gap"}


@dataclass
class _Tie:
    """One kind of such features: the columns they tie, their keys in order, and the row of the weights of each."""

    columns: tuple[str, ...]
    keys: Ints
    rows: Ints


@dataclass
class _Remembered:
    """What the words seen so far say, seven rows each; `number` is the first of a word's."""

    weights: Numbers
    number: dict[str, int] = field(default_factory=dict, repr=False)


class Scorer:
    """For all models at once; `parts` are the columns of each. One instance serves many threads."""

    def __init__(self, maker: FeatureMaker, models: Sequence[CrfModel]) -> None:
        self._maker = maker
        names = sorted({name for model in models for name in model.features})
        self._index: Mapping[str, int] = {name: number for number, name in enumerate(names)}
        self._none = len(names)
        self._weights = np.zeros((len(names) + 1, sum(model.width for model in models)), np.float32)
        self.parts, start = [], 0
        for model in models:
            rows = np.array([self._index[name] for name in model.features], np.int64)
            self.parts.append(slice(start, start + model.width))
            self._weights[rows, self.parts[-1]] = model.weights
            start += model.width
        self._codes: dict[str, dict[str, int]] = {
            kind: {} for kind in ("word", "shape", "gap", "where", "start", "end")
        }
        self._ties = [self._tie(pattern, columns, names) for pattern, columns in _TIES]
        self._lock = Lock()
        self._known = self._empty()

    def scores(self, lines: list[list[Token]], marked: Iterable[Span]) -> list[Numbers]:
        """One row per token of all lines, one array per model."""
        windows = list(self._maker.windows(lines, marked))
        if not windows:
            return [np.zeros((0, part.stop - part.start), np.float32) for part in self.parts]
        texts = list(chain.from_iterable(window.texts for window in windows))
        ends = np.cumsum([len(window.texts) for window in windows])
        places = np.concatenate(
            [
                np.arange(end - len(w.texts) + FIRST, end - len(w.texts) + FIRST + w.length)
                for w, end in zip(windows, ends, strict=True)
            ]
        )
        with self._lock:
            first = self._of_words(texts)
            known = self._known.weights
        rows = np.stack([first[places + step] + at for at, step in enumerate((0, *STEPS))], axis=1)
        total = known[rows].sum(axis=1)
        total += self._weights[self._of_ties(windows, texts, places)].sum(axis=1)
        total += self._of_contexts(windows)
        return [total[:, part] for part in self.parts]

    def _of_contexts(self, windows: list[Window]) -> Numbers:
        index, none = self._index, self._none
        numbers = [[index.get(name, none) for name in row] for window in windows for row in window.contexts]
        counts = np.fromiter(map(len, numbers), np.int64, len(numbers))
        flat = np.fromiter(chain.from_iterable(numbers), np.int64, int(counts.sum()))
        return np.add.reduceat(self._weights[flat], np.concatenate(([0], np.cumsum(counts)[:-1])), axis=0)

    def _of_words(self, texts: list[str]) -> Ints:
        """The number of the first row of each word; new words are added up."""
        if len(self._known.number) > _MOST_WORDS:
            self._known = self._empty()
        number = self._known.number
        fresh = [text for text in dict.fromkeys(texts) if text not in number]
        if fresh:
            start = len(number) * _ROWS
            need = start + len(fresh) * _ROWS
            if need > len(self._known.weights):
                grown = np.zeros((max(need, 2 * len(self._known.weights)), self._weights.shape[1]), np.float32)
                grown[:start] = self._known.weights[:start]
                self._known.weights = grown
            index, none, maker = self._index, self._none, self._maker
            lists = [
                [index.get(name, none) for name in names]
                for text in fresh
                for names in (maker.of_word(text), *(maker.of_neighbour(text, step) for step in STEPS))
            ]
            counts = np.fromiter(map(len, lists), np.int64, len(lists))
            flat = np.fromiter(chain.from_iterable(lists), np.int64, int(counts.sum()))
            self._known.weights[start:need] = np.add.reduceat(
                self._weights[flat], np.concatenate(([0], np.cumsum(counts)[:-1])), axis=0
            )
            for text in fresh:
                number[text] = start
                start += _ROWS
        return np.fromiter((number[text] for text in texts), np.int64, len(texts))

    def _of_ties(self, windows: list[Window], texts: list[str], places: Ints) -> Ints:
        """The rows of the weights of each token's ties; that of nothing where a model has none."""
        word = self._maker.word
        columns: dict[str, Ints] = {}
        words = [word(text) for text in texts]
        for short, said in (("w", [one.folded for one in words]), ("s", [one.shape for one in words])):
            codes = self._codes[_KIND[short]]
            coded = np.fromiter((codes.get(one, -1) for one in said), np.int64, len(texts))
            for step in range(-2, 3):
                columns[f"{short}{step}"] = coded[places + step]
        gap, where = self._codes["gap"], self._codes["where"]
        columns["gap"] = _column(gap.get(one, -1) for window in windows for one in window.gaps[:-1])
        columns["next"] = _column(gap.get(one, -1) for window in windows for one in window.gaps[1:])
        columns["where"] = np.repeat(
            [where.get(window.where, -1) for window in windows], [window.length for window in windows]
        )
        counted = np.concatenate([np.arange(window.length) for window in windows])
        left = np.concatenate([np.arange(window.length, 0, -1) for window in windows])
        columns["start"] = self._numbered("start", counted, range(3))
        columns["end"] = self._numbered("end", left, range(1, 3))
        return np.stack([self._rows(tie, columns) for tie in self._ties], axis=1)

    def _numbered(self, kind: str, values: Ints, of: range) -> Ints:
        coded = np.full(len(values), -1, np.int64)
        for one in of:
            coded[values == one] = self._codes[kind].get(str(one), -1)
        return coded

    def _rows(self, tie: _Tie, columns: Mapping[str, Ints]) -> Ints:
        keys = np.zeros(len(columns["gap"]), np.int64)
        missing = np.zeros(len(keys), bool)
        for name in tie.columns:
            keys = keys * self._size(name) + columns[name]
            missing |= columns[name] < 0
        at = np.minimum(np.searchsorted(tie.keys, keys), len(tie.keys) - 1)
        return (
            np.where((tie.keys[at] == keys) & ~missing, tie.rows[at], self._none)
            if len(tie.keys)
            else np.full(len(keys), self._none)
        )

    def _size(self, column: str) -> int:
        return 1 << 16 if column[0] == "w" and column != "where" else 1 << 9

    def _tie(self, pattern: str, columns: tuple[str, ...], names: list[str]) -> _Tie:
        form = re.compile(pattern)
        found = [(match, row) for row, name in enumerate(names) if (match := form.fullmatch(name))]
        keys = np.zeros(len(found), np.int64)
        for number, column in enumerate(columns, 1):
            codes = self._codes[column if column in self._codes else _KIND[column[0]]]
            coded = [codes.setdefault(match[number], len(codes)) for match, _ in found]
            keys = keys * self._size(column) + np.array(coded, np.int64)
        order = np.argsort(keys)
        return _Tie(columns, keys[order], np.array([row for _, row in found], np.int64)[order])

    def _empty(self) -> _Remembered:
        return _Remembered(np.zeros((4096, self._weights.shape[1]), np.float32))


def _column(values: Iterable[int]) -> Ints:
    return np.fromiter(values, np.int64)
