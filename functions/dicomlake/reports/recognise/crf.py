"""A trained model and a text's features in, spans out. Called by `recogniser.py`; trained by `training/train.py`.

Labels are B-X, I-X and O over the tokens of a line (Ramshaw and Marcus 1995); the model is a linear-chain CRF as python-crfsuite writes it.
A report has a thousand features a line, nearly all of them of words seen before: what a word adds is looked up as rows of numbers, which is
several times faster than handing texts to the library's tagger. The tests hold both to the same answers.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from struct import unpack_from

import numpy as np
from numpy.typing import NDArray

from dicomlake.errors import ConfigError
from dicomlake.reports.recognise.spans import Label, Span
from dicomlake.reports.recognise.tokens import Token

_CQDB_HEADER = 24 + 256 * 8  # its own header and the places of 256 hash tables
_FEATURE = np.dtype([("kind", "<u4"), ("source", "<u4"), ("target", "<u4"), ("weight", "<f8")])
_FEATURES_HEADER = 12
_SURELY = 9.0  # the logarithm by which a token is outside, so that sequences are cut there
Ids = Sequence[Sequence[Sequence[int]]]
Numbers = NDArray[np.float32]


def attributes_of(content: bytes) -> dict[int, str]:
    """The features a model has a weight for, by their numbers. Raises ConfigError for a file that is no model of CRFsuite 0.12."""
    count, start = unpack_from("<24xI8xI", content)
    if content[:4] != b"lCRF":
        raise ConfigError("a trained model is of no form that is known; train it again")
    return dict(_table(content, count, start))


class CrfModel:
    """One model. `index` numbers the features of all models in use; `label_of` turns its labels into ours; `layer` is what its spans are of."""

    def __init__(self, content: bytes, layer: str, label_of: Callable[[str], Label], index: Mapping[str, int]) -> None:
        labels, attributes, first, start = unpack_from("<20xIIII", content)
        names = dict(_table(content, labels, start))
        self._outside = next(number for number, name in names.items() if name == "O")
        self._names = [names[number] for number in range(labels)]
        (features,) = unpack_from("<8xI", content, first)
        given = np.frombuffer(content, _FEATURE, features, first + _FEATURES_HEADER)
        state, step = given[given["kind"] == 0], given[given["kind"] == 1]
        rows = np.zeros(attributes, np.int64)
        for number, name in attributes_of(content).items():
            rows[number] = index[name]
        self._weights = np.zeros((len(index), labels), np.float32)
        self._weights[rows[state["source"]], state["target"]] = state["weight"]
        self._steps = np.zeros((labels, labels), np.float32)
        self._steps[step["source"], step["target"]] = step["weight"]
        self._gain = float(self._steps.max() - self._steps[self._outside, self._outside])
        self._layer = layer
        self._label_of = label_of

    def find(
        self,
        lines: list[list[Token]],
        ids: Ids,
        doubt: Callable[[list[Token], int], float] | None = None,
        least: float = 0.0,
    ) -> Iterator[Span]:
        """Spans of each line. With `doubt`, also words that are nothing by the likeliest reading, though something with a higher probability.

        Words that are something with a probability below `least` are nothing.
        """
        rows = [row for line in ids for row in line]
        if not rows:
            return
        runs = self._runs(self._scores(rows), [len(line) for line in lines])
        tags = [self._outside] * len(rows)
        for number, run in enumerate(runs.runs):
            best = runs.best[number, : len(run)]
            if least:
                best = np.where(runs.something[number, : len(run)] < least, self._outside, best)
            tags[run.start : run.stop] = best.tolist()
        if doubt is not None:
            self._doubt(lines, tags, runs, doubt)
        place = 0
        for line in lines:
            yield from self._spans(line, [self._names[tag] for tag in tags[place : place + len(line)]])
            place += len(line)

    def _scores(self, rows: list[Sequence[int]]) -> Numbers:
        """What the features of each token say for each label."""
        counts = np.fromiter(map(len, rows), np.int64, len(rows))
        flat = np.fromiter(chain.from_iterable(rows), np.int64, int(counts.sum()))
        starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
        return np.add.reduceat(self._weights[flat], starts, axis=0)

    def _runs(self, scores: Numbers, lengths: list[int]) -> "_Runs":
        others = scores.copy()
        others[:, self._outside] = -np.inf
        unsure = others.max(axis=1) - scores[:, self._outside] + self._gain > -_SURELY
        runs: list[range] = []
        bounds: list[tuple[bool, bool]] = []
        place = 0
        for length in lengths:
            edges = np.flatnonzero(np.diff(np.concatenate(([0], unsure[place : place + length], [0])))).tolist()
            for start, end in zip(edges[::2], edges[1::2], strict=True):
                runs.append(range(place + start, place + end))
                bounds.append((start > 0, end < length))
            place += length
        order = sorted(range(len(runs)), key=lambda n: -len(runs[n]))
        return _Runs(scores, self._steps, self._outside, [runs[n] for n in order], [bounds[n] for n in order])

    def _doubt(
        self, lines: list[list[Token]], tags: list[int], runs: "_Runs", doubt: Callable[[list[Token], int], float]
    ) -> None:
        places = [(line, place) for line in lines for place in range(len(line))]
        for number, run in enumerate(runs.runs):
            for at, token in enumerate(run):
                if tags[token] != self._outside or runs.something[number, at] < _LEAST:
                    continue
                most = doubt(*places[token])
                if most < 1 and runs.something[number, at] >= most:
                    tags[token] = int(runs.likeliest[number, at])

    def _spans(self, line: list[Token], tags: list[str]) -> Iterator[Span]:
        start = end = 0
        current = ""
        for token, tag in zip(line, tags, strict=True):
            kind = tag[2:]
            if current and (kind != current or tag[0] == "B"):
                yield self._span(start, end, current)
                current = ""
            if tag != "O":
                start, current = (start, current) if current else (token.start, kind)
                end = token.end
        if current:
            yield self._span(start, end, current)

    def _span(self, start: int, end: int, kind: str) -> Span:
        label = self._label_of(kind)
        return Span(start, end, label, self._layer, "" if kind == str(label) else kind, 0.7)


_LEAST = 0.01  # a doubt smaller than this is none


class _Runs:
    """Stretches of tokens that may be something, the longest first, each beside tokens that are surely nothing. `bounds`: whether there is such a
    token before and after it. Results are arrays (stretch, token)."""

    def __init__(
        self, scores: Numbers, steps: Numbers, outside: int, runs: list[range], bounds: list[tuple[bool, bool]]
    ) -> None:
        self.runs = runs
        self._steps = steps
        self._outside = outside
        self._longest = len(runs[0]) if runs else 0
        self._padded = np.zeros((len(runs), self._longest, len(steps)), np.float32)
        for number, (run, (before, after)) in enumerate(zip(runs, bounds, strict=True)):
            self._padded[number, : len(run)] = scores[run.start : run.stop]
            if before:
                self._padded[number, 0] += steps[outside]
            if after:
                self._padded[number, len(run) - 1] += steps[:, outside]
        lengths = [len(run) for run in runs]
        self._active = [sum(length > at for length in lengths) for at in range(self._longest)]
        self._lengths = np.array(lengths, np.int64)

    @cached_property
    def best(self) -> NDArray[np.int64]:
        """The labels of the likeliest reading (Viterbi)."""
        count, longest = len(self.runs), self._longest
        best = np.zeros((count, longest), np.int64)
        back = np.zeros((longest, count, len(self._steps)), np.int16)
        into = np.ascontiguousarray(self._steps.T)
        score = self._padded[:, 0].copy() if longest else self._padded.reshape(0, len(self._steps))
        for at in range(1, longest):
            active = self._active[at]
            ways = score[:active, None, :] + into[None]
            chosen = ways.argmax(axis=2)
            back[at, :active] = chosen
            score[:active] = np.take_along_axis(ways, chosen[:, :, None], 2)[:, :, 0] + self._padded[:active, at]
        if longest:
            label = score.argmax(axis=1)
            every = np.arange(count)
            for at in range(longest - 1, -1, -1):
                active = self._active[at]
                best[:active, at] = label[:active]
                if at:
                    label[:active] = back[at, every[:active], label[:active]]
        return best

    @cached_property
    def _marginals(self) -> Numbers:
        """The probability of each label (forward and backward)."""
        each = np.exp(self._padded - self._padded.max(axis=2, keepdims=True, initial=-np.inf))
        steps = np.exp(self._steps)
        ahead = each.copy()
        for at in range(1, self._longest):
            active = self._active[at]
            ahead[:active, at] *= ahead[:active, at - 1] @ steps
            ahead[:active, at] /= ahead[:active, at].sum(axis=1, keepdims=True)
        behind = np.ones_like(each)
        for at in range(self._longest - 2, -1, -1):
            active = self._active[at + 1]
            behind[:active, at] = (each[:active, at + 1] * behind[:active, at + 1]) @ steps.T
            behind[:active, at] /= behind[:active, at].sum(axis=1, keepdims=True)
        both = ahead * behind
        return np.asarray(both / np.maximum(both.sum(axis=2, keepdims=True), 1e-30), np.float32)

    @cached_property
    def something(self) -> Numbers:
        """The probability that a token is not outside."""
        return np.asarray(1 - self._marginals[:, :, self._outside], np.float32)

    @cached_property
    def likeliest(self) -> NDArray[np.int64]:
        """The likeliest label that is not outside."""
        others = self._marginals.copy()
        others[:, :, self._outside] = -1
        return np.asarray(others.argmax(axis=2), np.int64)


def _table(content: bytes, count: int, start: int) -> Iterator[tuple[int, str]]:
    """Number and text of each entry of a table of names (CRFsuite's cqdb.c). The library tells them only as a dump for people."""
    if content[start : start + 4] != b"CQDB":
        raise ConfigError("a trained model is of no form that is known; train it again")
    place = start + _CQDB_HEADER
    for _ in range(count):
        number, length = unpack_from("<II", content, place)
        place += 8 + length
        yield number, content[place - length : place - 1].decode("utf-8")
