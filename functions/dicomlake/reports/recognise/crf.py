"""A trained model and a text's features in, spans out. Called by `recogniser.py`; trained by `training/train.py`.

Labels are B-X, I-X and O over the tokens of a line (Ramshaw and Marcus 1995); the model is a linear-chain CRF of python-crfsuite.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from struct import unpack_from

from dicomlake.errors import ConfigError
from dicomlake.reports.recognise.spans import Label, Span
from dicomlake.reports.recognise.tokens import Token

_CQDB_HEADER = 24 + 256 * 8  # its own header and the places of 256 hash tables
Features = Sequence[Sequence[Sequence[str]]]


class CrfModel:
    """One model. `label_of` turns its labels into ours; `layer` is what its spans are told to be of."""

    def __init__(self, content: bytes, layer: str, label_of: Callable[[str], Label]) -> None:
        import pycrfsuite

        self._content = content  # the tagger reads in it for as long as it lives
        self._tagger = pycrfsuite.Tagger()
        self._tagger.open_inmemory(content)
        self._labels = sorted(label for label in self._tagger.labels() if label != "O")
        self._lock = threading.Lock()  # a tagger holds one sequence at a time
        self._layer = layer
        self._label_of = label_of

    @cached_property
    def attributes(self) -> frozenset[str]:
        """The features the model has a weight for."""
        return frozenset(_attributes(self._content))

    def find(
        self, lines: list[list[Token]], features: Features, doubt: Callable[[list[Token], int], float] | None = None
    ) -> Iterator[Span]:
        """Spans of each line. With `doubt`, also words that are nothing by the likeliest reading, though something with a higher probability."""
        for line, rows in zip(lines, features, strict=True):
            with self._lock:
                self._tagger.set(rows)
                tags = self._tagger.tag()
                if doubt is not None:
                    tags = [self._doubted(tag, place, doubt(line, place)) for place, tag in enumerate(tags)]
            yield from self._spans(line, tags)

    def _doubted(self, tag: str, place: int, most: float) -> str:
        if tag != "O" or most >= 1 or self._tagger.marginal("O", place) > 1 - most:
            return tag
        likely: str = max(self._labels, key=lambda label: self._tagger.marginal(label, place))
        return likely

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


def _attributes(content: bytes) -> Iterator[str]:
    """The names of the attributes in a model file of CRFsuite 0.12 (crf1d_model.c, cqdb.c): a header, and at its offset a table of names.

    The library tells them only as a dump for people, which breaks at names with a new line in them.
    """
    count, start = unpack_from("<24xI8xI", content)
    if content[:4] != b"lCRF" or content[start : start + 4] != b"CQDB":
        raise ConfigError("a trained model is of no form that is known; train it again")
    place = start + _CQDB_HEADER
    for _ in range(count):
        _, length = unpack_from("<II", content, place)
        place += 8 + length
        yield content[place - length : place - 1].decode("utf-8")
