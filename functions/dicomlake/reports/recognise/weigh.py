"""What the models say of the words of a text in, which of them name somebody out. Called by `recogniser.py`.

One decision for every word that could be a name, a place or a term: the evidence of `company.py`, weighed (`deid_rules/text/weights.yaml`,
fitted by `training/weigh.py`: logistic regression) and held against what a mistake costs. A leak costs most, so `strict` takes a word that is
probably none; a term taken for a name is lost to science, so it takes none that very probably is one.
"""

import math
from collections.abc import Mapping, Sequence

from dicomlake.reports.recognise.clinical import Clinical
from dicomlake.reports.recognise.company import Company
from dicomlake.reports.recognise.crf import CrfModel, Reading
from dicomlake.reports.recognise.spans import Label, Span
from dicomlake.reports.recognise.tokens import Token
from dicomlake.rules.models import Weights

_WORDLY = frozenset((Label.NAME, Label.LOCATION, Label.HOSPITAL, Label.OTHER, Label.PROFESSION))
_STRANGE = frozenset(("strange", "eponym"))
_UNKNOWN = _STRANGE | {"medical"}
_WORTH_A_LOOK = 0.01  # probability
_NUMBER = 0.3  # the probability from which on a number, or a word of the language, is something
# The same for a word with a capital whose company has the chance `_WORD`; at the start of a sentence, and in German, a capital says little.
_HINT, _LITTLE, _GERMAN, _WORD = 0.02, 0.03, 0.2, 0.12
_LABEL = 0.6  # the chance from which on a word of the language is a name in the cell of a table, where labels stand
_SHORTEST = 3


class Weigher:
    """The weights, and the words they speak of."""

    def __init__(self, weights: Weights, clinical: Clinical, lexicon: Mapping[str, tuple[str, ...]]) -> None:
        self._weights, self._clinical, self._lexicon = weights, clinical, lexicon

    def tags(
        self,
        text: str,
        lang: str,
        lines: Sequence[Sequence[Token]],
        models: Sequence[tuple[CrfModel, Reading]],
        marks: Sequence[Span],
    ) -> list[list[int]]:
        """The labels of all tokens by each model; the last model is the one whose findings can be overruled."""
        tags = [list(reading.best) for _, reading in models]
        company = self.company(text, lang, lines, [reading.something for _, reading in models], marks)
        model, reading = models[-1]
        for place, token in enumerate(company.tokens):
            found = tags[-1][place] != reading.outside
            if token.text[0].isdigit():
                if not found and max(r.something[place] for _, r in models) >= _NUMBER:
                    tags[-1][place] = reading.likeliest[place]
            elif self.is_open(company, place, models):
                chance = self.chance(company, place)
                kind = company.kind(place)
                names = chance >= (_LABEL if kind == "word" and company.is_cell(place) else self._weights.least[kind])
                if names and not found and self._is_seen(company, place, models, chance):
                    tags[-1][place] = _named(model, reading, place)
                elif found and not names:
                    tags[-1][place] = reading.outside
        return tags

    def company(
        self,
        text: str,
        lang: str,
        lines: Sequence[Sequence[Token]],
        chances: Sequence[Sequence[float]],
        marks: Sequence[Span],
    ) -> Company:
        """The evidence of a text."""
        return Company(text, lang, lines, chances, marks, self._clinical, self._lexicon)

    def is_open(self, company: Company, place: int, models: Sequence[tuple[CrfModel, Reading]]) -> bool:
        """Whether a word is to be weighed: one that could name a person or a place."""
        text = company.tokens[place].text
        if len(text) < 2 or not text[0].isalpha() or company.is_label(place):
            return False
        likely = False
        for model, reading in models:
            if reading.something[place] >= _WORTH_A_LOOK:
                if model.label(reading.likeliest[place]) not in _WORDLY:
                    return False
                likely = True
        if likely:
            return text[0].isupper() or not company.cased or models[-1][1].best[place] != models[-1][1].outside
        return text[0].isupper() and len(text) >= _SHORTEST and company.kind(place) in _STRANGE

    def _is_seen(self, company: Company, place: int, models: Sequence[tuple[CrfModel, Reading]], chance: float) -> bool:
        """Whether a word may be taken: one of the language is no name by its company alone, a model must see something in it."""
        seen = max(reading.something[place] for _, reading in models)
        if company.is_short_form(place):
            return False
        if company.kind(place) in _UNKNOWN or seen >= _NUMBER:
            return True
        if not company.tokens[place].text[0].isupper() or company.is_cell(place):
            return False
        least = _GERMAN if company.lang == "de" else _LITTLE if company.begins(place) else _HINT
        return chance >= _WORD and seen >= least

    def chance(self, company: Company, place: int) -> float:
        """The probability that a word names somebody or some place."""
        of = self._weights.of
        total = sum(of.get(name, 0.0) * strength for name, strength in company.evidence(place))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def _named(model: CrfModel, reading: Reading, place: int) -> int:
    """The label of a word that is taken: the likeliest one of the model, a name where it sees none."""
    tag = reading.likeliest[place]
    return tag if tag != reading.outside else model.tag(f"B-{Label.NAME}")
