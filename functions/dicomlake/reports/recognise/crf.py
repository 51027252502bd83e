"""A trained model and the scores of a text's features in, spans out. Called by `recogniser.py`; trained by `training/train.py`.

Labels are B-X, I-X and O over the tokens of a line (Ramshaw and Marcus 1995); the model is a linear-chain CRF as python-crfsuite writes it.
A report has a thousand features a line, nearly all of them of words seen before: `scoring.py` adds them up as rows of numbers, which is
several times faster than handing texts to the library's tagger. The tests hold both to the same answers.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from struct import unpack_from
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomlake.errors import ConfigError
from dicomlake.reports.recognise.spans import Label, Span
from dicomlake.reports.recognise.tokens import Token

_CQDB_HEADER = 24 + 256 * 8  # its own header and the places of 256 hash tables
_FEATURE = np.dtype([("kind", "<u4"), ("source", "<u4"), ("target", "<u4"), ("weight", "<f8")])
_FEATURES_HEADER = 12
_SURELY = 9.0  # the logarithm by which a token is outside, so that sequences are cut there
Numbers = NDArray[np.float32]


def attributes_of(content: bytes) -> dict[int, str]:
    """The features a model has a weight for, by their numbers. Raises ConfigError for a file that is no model of CRFsuite 0.12."""
    count, start = unpack_from("<24xI8xI", content)
    if content[:4] != b"lCRF":
        raise ConfigError("a trained model is of no form that is known; train it again")
    return dict(_table(content, count, start))


def labels_of(content: bytes) -> dict[int, str]:
    """The labels of a model by their numbers."""
    count, start = unpack_from("<20xI8xI", content)
    return dict(_table(content, count, start))


class CrfModel:
    """One model. `label_of` turns its labels into ours; `layer` is what its spans are of.

    `features` are those it has weights for, `weights` a row for each of them with a column for each label, `width` their number.
    """

    def __init__(self, content: bytes, layer: str, label_of: Callable[[str], Label]) -> None:
        labels, attributes, first = unpack_from("<20xIII", content)
        names = labels_of(content)
        self._outside = next(number for number, name in names.items() if name == "O")
        self._names = [names[number] for number in range(labels)]
        self.width = labels
        (features,) = unpack_from("<8xI", content, first)
        given = np.frombuffer(content, _FEATURE, features, first + _FEATURES_HEADER)
        state, step = given[given["kind"] == 0], given[given["kind"] == 1]
        numbered = attributes_of(content)
        self.features = [numbered[number] for number in range(attributes)]
        self.weights = np.zeros((attributes, labels), np.float32)
        self.weights[state["source"], state["target"]] = state["weight"]
        self._steps = np.zeros((labels, labels), np.float32)
        self._steps[step["source"], step["target"]] = step["weight"]
        self._gain = float(self._steps.max() - self._steps[self._outside, self._outside])
        self._layer = layer
        self._label_of = label_of

    def read(self, lines: list[list[Token]], scores: Numbers) -> "Reading":
        """What the model says of each token of all lines, one after the other, whose features have these scores."""
        return Reading(lambda: self._runs(scores, [len(line) for line in lines]), len(scores), self._outside)

    def label(self, tag: int) -> Label:
        """What a label of the model is of ours."""
        return self._label_of(self._names[tag][2:])

    def tag(self, name: str) -> int:
        """The number of a label of the model."""
        return self._names.index(name)

    def spans(self, lines: list[list[Token]], tags: Sequence[int], chances: Sequence[float]) -> Iterator[Span]:
        """Spans of each line that labels of its tokens make; the score is the least of the chances of their words."""
        place = 0
        for line in lines:
            end = place + len(line)
            yield from self._spans(line, [self._names[tag] for tag in tags[place:end]], chances[place:end])
            place = end

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

    def _spans(self, line: list[Token], tags: list[str], chances: Sequence[float]) -> Iterator[Span]:
        start = end = 0
        current, least = "", 1.0
        for token, tag, chance in zip(line, tags, chances, strict=True):
            kind = tag[2:]
            if current and (kind != current or tag[0] == "B"):
                yield self._span(start, end, current, least)
                current, least = "", 1.0
            if tag != "O":
                start, current = (start, current) if current else (token.start, kind)
                end, least = token.end, min(least, chance) if token.text[0].isalpha() else least
        if current:
            yield self._span(start, end, current, least)

    def _span(self, start: int, end: int, kind: str, score: float) -> Span:
        label = self._label_of(kind)
        return Span(start, end, label, self._layer, "" if kind == str(label) else kind, score)


class Reading:
    """What a model says of each token: the labels of the likeliest reading, the probability of being something, the likeliest label that is."""

    def __init__(self, made: "Callable[[], _Runs]", count: int, outside: int) -> None:
        self._made, self._count, self.outside = made, count, outside

    @cached_property
    def _runs(self) -> "_Runs":
        return self._made()

    @cached_property
    def best(self) -> list[int]:
        """The number of the label of each token."""
        return list(map(int, self._spread(lambda runs: runs.best, self.outside)))

    @cached_property
    def something(self) -> list[float]:
        """The probability that a token is not outside."""
        return list(map(float, self._spread(lambda runs: runs.something, 0.0)))

    @cached_property
    def likeliest(self) -> list[int]:
        """The likeliest label that is not outside, where there is any chance of one."""
        return list(map(int, self._spread(lambda runs: runs.likeliest, self.outside)))

    def _spread(self, of: "Callable[[_Runs], NDArray[Any]]", nothing: float) -> list[float]:
        flat = [nothing] * self._count
        if self._count and self._runs.runs:
            values = of(self._runs)
            for number, run in enumerate(self._runs.runs):
                flat[run.start : run.stop] = values[number, : len(run)].tolist()
        return flat


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
            score[:active] = ways.max(axis=2) + self._padded[:active, at]
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
