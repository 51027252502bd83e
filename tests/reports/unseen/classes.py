"""Writes short texts full of identities and terms, each of a class that has a figure of its own: words as names, towns, plates, parts of dates, devices."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from tests.reports.unseen.writer import FOLDER, LANGUAGES

_PIECE = re.compile(r"\[\[(.*?)\]\]|\{(\w+)(!u?)?\}")
_SLOT = re.compile(r"\{(\w+)\}")
# The label of each class that identifies; a class with none here is a term and must stay.
LABELS = dict.fromkeys(("gword", "lword", "given", "last"), "NAME")
LABELS |= dict.fromkeys(("town", "tword", "street"), "LOCATION")
LABELS |= dict.fromkeys(("month", "nth", "six"), "DATE") | dict.fromkeys(("id", "plate", "uid", "cf", "nir"), "ID")
LABELS |= {"phone": "PHONE", "ext": "PHONE", "age": "AGE"}
SEVERE = frozenset(
    ("gword", "lword", "given", "last", "six", "nth", "id", "plate", "uid", "cf", "nir", "phone", "ext", "age")
)


@dataclass(frozen=True)
class Classed:
    """A text; `planted` and `terms` are places with their class."""

    lang: str
    text: str
    planted: tuple[tuple[int, int, str], ...]
    terms: tuple[tuple[int, int, str], ...]
    known: dict[str, list[str]]


class ClassedWriter:
    """The same seed writes the same texts. `end`: with the halves of the lists kept for the end."""

    def __init__(self, seed: int, *, end: bool, collection: str = "fifth") -> None:
        self._chance, self._end = random.Random(seed), end
        self._shared, *own = (
            yaml.safe_load((FOLDER / collection / f"{name}.yaml").read_text(encoding="utf-8"))
            for name in ("all", *LANGUAGES)
        )
        self._own = dict(zip(LANGUAGES, own, strict=True))

    def texts(self, rounds: int) -> Iterator[Classed]:
        """Every template of every language, `rounds` times."""
        for lang in LANGUAGES:
            for template in self._own[lang]["templates"] * rounds:
                yield self._text(lang, template)

    def _text(self, lang: str, template: str) -> Classed:
        text, planted, terms, pos = "", [], [], 0
        known: dict[str, list[str]] = {"names": [], "ids": [], "birth": []}
        for piece in _PIECE.finditer(template):
            text += template[pos : piece.start()]
            if piece[2]:
                value = self._value(lang, piece[2])
                planted.append((len(text), len(text) + len(value), piece[2]))
                kind = {"NAME": "names", "ID": "ids"}.get(LABELS[piece[2]], "birth" if piece[2] == "six" else "")
                if (kind == "names" and len(known["names"]) < 2) or kind == "ids":
                    known[kind].append(value)
                text += {"!": value.lower(), "!u": value.upper()}.get(piece[3], value)
            else:
                slot = _SLOT.search(piece[1])
                assert slot is not None
                term = _SLOT.sub(lambda found: self._value(lang, found[1]), piece[1])
                terms.append((len(text), len(text) + len(term), slot[1]))
                text += term
            pos = piece.end()
        known["names"] = [" ".join(known["names"])] if known["names"] else []
        return Classed(lang, text + template[pos:], tuple(planted), tuple(terms), known)

    def _value(self, lang: str, kind: str) -> str:
        chance = self._chance
        values = self._own[lang].get(kind) or self._shared[kind]
        half = len(values) // 2
        value = chance.choice(values[half:] if self._end else values[:half])
        return re.sub("[#@]", lambda found: chance.choice("123456789" if found[0] == "#" else "BCDFGLMNPRSTVZ"), value)
