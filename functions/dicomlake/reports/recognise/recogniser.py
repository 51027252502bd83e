"""All layers together: text and what is known in, spans that do not overlap out. Called by `scrub/` and, for header texts, by the pipeline."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path

from dicomlake.reports.recognise.clinical import Clinical
from dicomlake.reports.recognise.crf import CrfModel, attributes_of
from dicomlake.reports.recognise.dates import DateFinder
from dicomlake.reports.recognise.doubt import Doubt
from dicomlake.reports.recognise.features import FeatureMaker, Words, numbered
from dicomlake.reports.recognise.known import NOTHING_KNOWN, KnownFinder, KnownValues
from dicomlake.reports.recognise.meddocan import LABELS
from dicomlake.reports.recognise.patterns import PatternFinder
from dicomlake.reports.recognise.propagate import propagated
from dicomlake.reports.recognise.reach import reached
from dicomlake.reports.recognise.spans import SURE, Label, Span, united, widened
from dicomlake.reports.recognise.tokens import lines_of
from dicomlake.reports.recognise.writing import fold, plain
from dicomlake.rules.models import load_models
from dicomlake.rules.recognition import RecognitionRules, load_recognition_rules

_BESIDE_THE_FINER = 0.9995


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
        self._dates = DateFinder(rules.months)
        self._months = tuple(tuple(map(fold, form)) for forms in rules.months.values() for form in forms)
        self._known = lru_cache(maxsize=64)(self._known_finder)
        self.words = Words(
            rules.lexicon,
            rules.ordinary,
            rules.clinical.eponyms,
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
            found = list(self.clinical.kept(text, [reached(text, span, self.is_term) for span in found], lang))
        again = self.clinical.kept(text, propagated(text, found, self.clinical), lang)
        found += [reached(text, span, self.is_term) for span in again] if setting is Setting.STRICT else again
        return united(text, [widened(text, span) for span in found] if setting is Setting.STRICT else found)

    def found(self, text: str, known: KnownValues, lang: str, setting: Setting) -> list[Span]:
        """What the layers find; spans may overlap."""
        marks = self.marks(text)
        return [*self.known_spans(text, known), *marks, *self.modelled(text, marks, lang, setting)]

    def header_spans(self, text: str, known: KnownValues = NOTHING_KNOWN) -> Iterable[tuple[int, int]]:
        """What identifies in the short text of a header attribute, where no sentence tells what a word is: known values and sure forms."""
        forms = (self._ended(text, span) for span in self._header_patterns.find(text))
        found = [*self.known_spans(text, known), *(span for span in forms if span.start < span.end)]
        return [(span.start, span.end) for span in united(text, self.clinical.kept(text, found))]

    def _ended(self, text: str, span: Span) -> Span:
        """A name that a form has found, up to where the examination goes on behind it."""
        if span.label is not Label.NAME or "^" in text[span.start : span.end]:
            return span
        return replace(span, end=self.rules.words.names.end(plain(text), span.start, span.end, True))

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
        fine, general, maker = self._models
        features = maker.of(lines, marks)
        doubt = Doubt(text, lang, self.clinical) if setting is Setting.STRICT else None
        if lang == "es":
            yield from fine.find(lines, features, doubt.of if doubt else None)
        # Where the finer model has spoken, research wants more than a suspicion of the general one.
        least = _BESIDE_THE_FINER if lang == "es" and doubt is None else 0.0
        yield from general.find(lines, features, doubt.of if doubt else None, least)
        if doubt is not None:
            yield from (span for line in lines for span in doubt.strange(line))

    @cached_property
    def _models(self) -> tuple[CrfModel, CrfModel, FeatureMaker[int]]:
        models = load_models(self._root)
        spanish, general = models["spanish"].content, models["general"].content
        names = {*attributes_of(spanish).values(), *attributes_of(general).values()}
        index = {name: number for number, name in enumerate(sorted(names))}
        return (
            CrfModel(spanish, "fine", LABELS.__getitem__, index),
            CrfModel(general, "model", Label, index),
            FeatureMaker(self.words, numbered(index)),
        )

    def _known_finder(self, known: KnownValues) -> KnownFinder:
        return KnownFinder(known, self._is_no_name, self.is_term, self._months, self.rules.words.phrases)

    def _is_no_name(self, folded_word: str) -> bool:
        """Whether a word of a known name says little by itself."""
        return self.clinical.is_ordinary(folded_word) or self.clinical.is_anatomy(folded_word)

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
