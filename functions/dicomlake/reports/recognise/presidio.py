"""The recogniser of reports behind Presidio's `AnalyzerEngine`. Imported on first use by `scrub/`: Presidio takes seconds to import.

Our layers are Presidio recognisers beside those of its own that prove a number by its check digit. Pipelines are blank unless a spaCy model is
configured and installed; nothing is ever downloaded, neither a model nor a list of domains.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import spacy
from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NerModelConfiguration, NlpArtifacts, SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import (
    AuMedicareRecognizer,
    AuTfnRecognizer,
    FiPersonalIdentityCodeRecognizer,
    InAadhaarRecognizer,
    PlPeselRecognizer,
    SpacyRecognizer,
)
from spacy.tokens import Doc

from dicomlake.errors import ConfigError
from dicomlake.reports.recognise.known import KnownValues
from dicomlake.reports.recognise.recogniser import Recogniser, Setting
from dicomlake.reports.recognise.spans import Label, Span
from dicomlake.rules.recognition import load_recognition_rules

BLANK = "blank"
_LANGUAGES = ("en", "es", "fr", "de", "it", "pt")
_CHECKED = (
    PlPeselRecognizer,
    InAadhaarRecognizer,
    AuTfnRecognizer,
    AuMedicareRecognizer,
    FiPersonalIdentityCodeRecognizer,
)
_PROVEN = 0.9  # the score of a number whose check digit is right
_ENGINE_LABELS = {
    "PERSON": Label.NAME,
    "LOCATION": Label.LOCATION,
    "ORGANIZATION": Label.HOSPITAL,
    "DATE_TIME": Label.DATE,
}
_OURS = ("KnownValues", "ValidatedForms", "TrainedModels")


class AnalyzedRecogniser(Recogniser):
    """The layers of `Recogniser`, asked through Presidio. `nlp` is "blank" or `spacy:<model>`. Raises ConfigError for a model that is not there."""

    @classmethod
    def load(cls, root: Path | None = None, nlp: str = BLANK) -> "AnalyzedRecogniser":
        """From the rule files."""
        made = cls(load_recognition_rules(root), root)
        made._engine = _analyzer(_pipelines(nlp), nlp != BLANK)
        return made

    _engine: AnalyzerEngine

    def found(self, text: str, known: KnownValues, lang: str, setting: Setting) -> list[Span]:
        """What the layers and the engine find; spans may overlap.

        The engine gives one of several results on the same characters; which layer is believed there is ours to say, so that the layers'
        own findings are taken from the layers.
        """
        marks = self.marks(text)
        layers = [
            LayerRecognizer(_OURS[0], lang, lambda: self.known_spans(text, known)),
            LayerRecognizer(_OURS[1], lang, lambda: marks),
            LayerRecognizer(_OURS[2], lang, lambda: self.modelled(text, marks, lang, setting)),
        ]
        results = self._engine.analyze(text, lang, ad_hoc_recognizers=list(layers))
        return [*(span for layer in layers for span in layer.spans), *_spans(results)]


class LayerRecognizer(EntityRecognizer):
    """One of our layers as Presidio knows them, for one text. The entities are the labels of `spans.py`."""

    def __init__(self, name: str, language: str, find: Callable[[], Iterable[Span]]) -> None:
        self._find = find
        self._layer = name
        self.spans: list[Span] = []
        super().__init__([str(label) for label in Label], name=name, supported_language=language)

    def load(self) -> None:
        """Nothing to load."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """The spans as results; what Presidio has no field for stays in `spans`."""
        self.spans = list(self._find())
        return [
            RecognizerResult(
                str(span.label),
                span.start,
                span.end,
                span.score,
                recognition_metadata={
                    RecognizerResult.RECOGNIZER_NAME_KEY: self._layer,
                    RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
                },
            )
            for span in self.spans
        ]


class _NoEnhancer(ContextAwareEnhancer):
    """Context is the models' business; Presidio's own enhancer copies every result."""

    def __init__(self) -> None:
        super().__init__(0, 0, 0, 0)

    def enhance_using_context(
        self, text: str, raw_results: list[RecognizerResult], *_: object, **__: object
    ) -> list[RecognizerResult]:
        return raw_results


class _Pipelines(SpacyNlpEngine):
    """Pipelines that are there; the parent would download. Nobody reads the words of a blank one: it is not asked."""

    def load(self) -> None:
        """Nothing: `nlp` is set by who makes it."""

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """What a pipeline that has been configured says of a text, else nothing."""
        pipeline = self.nlp[language]  # type: ignore[index]  # as below
        if pipeline.pipe_names:
            return super().process_text(text, language)
        return NlpArtifacts([], Doc(pipeline.vocab), [], [], self, language)


def _pipelines(nlp: str) -> _Pipelines:
    engine = _Pipelines(
        ner_model_configuration=NerModelConfiguration(labels_to_ignore=["CARDINAL", "ORDINAL", "QUANTITY"])
    )
    # Nobody reads the words of a blank pipeline: one serves all languages. Those of a language cost seconds of start (the French one 2.5).
    pipelines = dict.fromkeys(_LANGUAGES, spacy.blank("xx"))
    if nlp != BLANK:
        kind, _, model = nlp.partition(":")
        if kind != "spacy" or not model or not spacy.util.is_package(model):
            raise ConfigError("the language model named is not installed; use blank or spacy:<an installed model>")
        loaded = spacy.load(model)
        if loaded.lang not in pipelines:
            raise ConfigError("the language model named is for none of the six languages")
        pipelines[loaded.lang] = loaded
    engine.nlp = pipelines  # type: ignore[assignment]  # Presidio says None, and puts a dictionary there
    return engine


def _analyzer(pipelines: _Pipelines, with_model: bool) -> AnalyzerEngine:
    registry = RecognizerRegistry(supported_languages=list(_LANGUAGES))
    for lang in _LANGUAGES:
        for kind in _CHECKED:
            registry.add_recognizer(kind(supported_language=lang))
        if with_model:
            registry.add_recognizer(SpacyRecognizer(supported_language=lang))
    return AnalyzerEngine(
        registry=registry,
        nlp_engine=pipelines,
        supported_languages=list(_LANGUAGES),
        context_aware_enhancer=_NoEnhancer(),
    )


def _spans(results: Iterable[RecognizerResult]) -> Iterator[Span]:
    """What the engine's own recognisers found."""
    for result in results:
        if result.entity_type in _ENGINE_LABELS and _of_engine(result):
            yield Span(result.start, result.end, _ENGINE_LABELS[result.entity_type], "engine", score=result.score)
        elif _of_engine(result) and result.score >= _PROVEN:
            yield Span(result.start, result.end, Label.ID, "pattern", score=result.score)


def _of_engine(result: RecognizerResult) -> bool:
    return (result.recognition_metadata or {}).get(RecognizerResult.RECOGNIZER_NAME_KEY) not in _OURS
