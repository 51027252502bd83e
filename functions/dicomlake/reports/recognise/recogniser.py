"""All layers together: text and what is known in, spans that do not overlap out. Called by `scrub/` and, for header texts, by the pipeline."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path

from dicomlake.reports.recognise.clinical import Clinical
from dicomlake.reports.recognise.crf import CrfModel, Reading
from dicomlake.reports.recognise.dates import DateFinder
from dicomlake.reports.recognise.features import FeatureMaker, Words
from dicomlake.reports.recognise.known import NOTHING_KNOWN, KnownFinder, KnownValues
from dicomlake.reports.recognise.meddocan import LABELS
from dicomlake.reports.recognise.patterns import PatternFinder
from dicomlake.reports.recognise.propagate import propagated
from dicomlake.reports.recognise.reach import reached
from dicomlake.reports.recognise.scoring import Scorer
from dicomlake.reports.recognise.spans import SURE, Label, Span, united, widened
from dicomlake.reports.recognise.strangers import Strangers
from dicomlake.reports.recognise.tokens import Token, lines_of
from dicomlake.reports.recognise.weigh import Weigher
from dicomlake.reports.recognise.writing import fold, plain
from dicomlake.rules.models import load_models, load_weights
from dicomlake.rules.recognition import RecognitionRules, load_recognition_rules

# A disease, as German writes it: no Monsieur.
_MORBUS = re.compile(r"(?<![\w.])(?:M\.|Mb\.|Mbs\.|Morbus|Maladie de|Sdr\.|Syndrome? de)\s{1,2}$")
# A setting or a matrix behind a number that is complete without it.
_BEYOND_NUMBER = re.compile(
    r"\d{3}[-.\d]*\d{2}(\s\d{1,4}(?:[.,]\d{1,2})?\s?(?:kVp?|mAs?|mm|cm|ml|c?m?Gy|MBq|ms|HU|Hz))$|\d{3}[-.]\d{3}[-.]\d{4}(\s\d{3,4})$"
)
_OF_WORDS = frozenset((Label.NAME, Label.HOSPITAL, Label.LOCATION))
_PEOPLE = frozenset(("title", "name_word", "staff_word"))


class Setting(StrEnum):
    """How much is taken when in doubt: `strict` leaves as little as it can, `research` keeps what is probably clinical."""

    STRICT = "strict"
    RESEARCH = "research"


class Recogniser:
    """The rules, compiled, and the trained models, opened on first use. One instance serves many texts and threads."""

    def __init__(self, rules: RecognitionRules, root: Path | None = None) -> None:
        self.rules = rules
        self.clinical = Clinical(rules)
        self._root = root
        self._patterns = PatternFinder(rules.patterns, self.clinical)
        self._header_patterns = PatternFinder(tuple(one for one in rules.patterns if one.header), self.clinical)
        self.strangers = Strangers(rules, self.clinical)
        self._dates = DateFinder(rules.months, rules.date_words)
        self._months = tuple(tuple(map(fold, form)) for forms in rules.months.values() for form in forms)
        self._known = lru_cache(maxsize=64)(self._known_finder)
        self.words = Words(
            rules.lexicon,
            rules.ordinary,
            rules.clinical.eponyms,
            rules.clinical.heads,
            rules.clinical.units,
            rules.vocabulary,
            rules.both,
            self.clinical.is_medical,
        )

    @classmethod
    def load(cls, root: Path | None = None) -> "Recogniser":
        """From the rule files. Raises ConfigError."""
        return cls(load_recognition_rules(root), root)

    def spans(
        self, text: str, known: KnownValues = NOTHING_KNOWN, lang: str = "en", setting: Setting = Setting.STRICT
    ) -> list[Span]:
        """What identifies in a report, in order of place, no two overlapping."""
        found = self.found(text, known, lang, setting)
        if setting is Setting.RESEARCH:
            found = list(_probable(found))
        found = list(self.clinical.kept(text, found, lang))
        if setting is Setting.STRICT:
            found = list(
                self.clinical.kept(text, [widened(text, reached(text, span, self._is_no_part)) for span in found], lang)
            )
        again = self.clinical.kept(text, propagated(text, found, self.clinical), lang)
        found += [reached(text, span, self._is_no_part) for span in again] if setting is Setting.STRICT else again
        return united(text, [widened(text, span) for span in found] if setting is Setting.STRICT else found)

    def found(self, text: str, known: KnownValues, lang: str, setting: Setting) -> list[Span]:
        """What the layers find; spans may overlap."""
        marks = self.marks(text)
        return [*self.known_spans(text, known), *marks, *self.modelled(text, marks, lang, setting)]

    def header_spans(self, text: str, known: KnownValues = NOTHING_KNOWN) -> Iterable[tuple[int, int]]:
        """What identifies in the short text of a header attribute, where no sentence tells what a word is: known values and sure forms."""
        forms = (self._ended(text, span) for span in self._header_patterns.find(text))
        found = [*self.known_spans(text, known), *(span for span in forms if span.start < span.end)]
        found = [*self.clinical.kept(text, found), *self.strangers.find(text)]
        return [(span.start, span.end) for span in united(text, found)]

    def _ended(self, text: str, span: Span) -> Span:
        """A name that a form has found, up to where the examination goes on behind it; a place without what stands before and behind it."""
        if span.label not in _OF_WORDS:
            beyond = _BEYOND_NUMBER.search(text, span.start, span.end)
            return span if beyond is None else replace(span, end=beyond.start(beyond.lastindex or 0))
        names, shown = self.rules.words.names, plain(text)
        start, end = span.start, span.end
        if _MORBUS.search(text, 0, start) and self.clinical.is_eponym(fold(shown[start:end])):
            return replace(span, end=start)
        if span.label is Label.NAME and "^" in text[start:end]:
            start = names.begun(shown, start, end)
        elif span.label is Label.NAME:
            start, _ = names.within(shown, start, end)
            end = names.end(shown, start, end, True)
        elif span.label is Label.LOCATION:  # its numbers are its own
            end = names.ended(shown, start, end)
        else:
            start, end = names.within(shown, start, end)
            if "^" in shown[start:end] and any(map(names.is_trade, shown[start:end].split("^"))):  # DAILY^QC
                return replace(span, end=span.start)
        return replace(
            span,
            start=start,
            end=start if span.label is not Label.LOCATION and names.is_examination(shown[start:end]) else end,
        )

    def marks(self, text: str) -> list[Span]:
        """What dates and patterns find, the surer and longer first: the models are told of it."""
        found = [*self._dates.find(text), *self._patterns.find(text)]
        return sorted(found, key=lambda span: (-span.score, span.start - span.end, span.start))

    def known_spans(self, text: str, known: KnownValues) -> Iterator[Span]:
        """Where known values stand."""
        return self._known(known).find(text)

    def modelled(self, text: str, marks: list[Span], lang: str, setting: Setting) -> Iterator[Span]:
        """What the trained models find."""
        lines = lines_of(text)
        models = self.readings(lines, marks, lang)
        if setting is Setting.STRICT:
            tags = self._weigher.tags(text, lang, lines, models, marks)
        else:  # where the finer model has spoken, research has no need of the general one
            models = models[:1]
            tags = [reading.best for _, reading in models]
        for (model, reading), given in zip(models, tags, strict=True):
            yield from model.spans(lines, given, reading.something)

    def readings(self, lines: list[list[Token]], marks: list[Span], lang: str) -> list[tuple[CrfModel, Reading]]:
        """What the models say of each token: the general one last, before it the Spanish one for Spanish texts."""
        models, scorer = self._models
        read = [(model, model.read(lines, one)) for model, one in zip(models, scorer.scores(lines, marks), strict=True)]
        return read if lang == "es" else read[1:]

    @cached_property
    def _weigher(self) -> Weigher:
        return Weigher(load_weights(self._root), self.clinical, self.rules.lexicon)

    @cached_property
    def _models(self) -> tuple[tuple[CrfModel, CrfModel], Scorer]:
        given = load_models(self._root)
        spanish = CrfModel(given["spanish"].content, "fine", LABELS.__getitem__)
        general = CrfModel(given["general"].content, "model", Label)
        return (spanish, general), Scorer(FeatureMaker(self.words), (spanish, general))

    def _known_finder(self, known: KnownValues) -> KnownFinder:
        return KnownFinder(
            known, self._is_no_name, self.is_term, self._months, self.rules.words.phrases, self._names_people
        )

    def _names_people(self, folded_word: str) -> bool:
        """Whether a person stands behind a word: a title, a role, a word for a name."""
        return not _PEOPLE.isdisjoint(self.rules.lexicon.get(folded_word, ()))

    def _is_no_name(self, folded_word: str) -> bool:
        """Whether a word of a known name says little by itself."""
        return self.clinical.is_ordinary(folded_word) or self.clinical.is_anatomy(folded_word)

    def _is_no_part(self, folded_word: str) -> bool:
        """Whether a word beside a name is none of its parts: a term, unless people are called so."""
        return self.clinical.is_no_part(folded_word) or self.clinical.is_eponym(folded_word)

    def is_term(self, folded_word: str) -> bool:
        """Whether a word is one of the languages, or a surname that names diseases."""
        return self.clinical.is_word(folded_word) or folded_word in self.rules.clinical.eponyms


def _probable(found: list[Span]) -> Iterator[Span]:
    """Without forms that lack a proof (they only tell the models where to look), and without what reaches into a finding of the finer model."""
    fine = [span for span in found if span.layer == "fine"]
    for span in found:
        if span.layer == "pattern" and span.score < SURE:
            continue
        if span.layer in ("model", "pattern") and any(span.meets(other) for other in fine):
            continue
        yield span
