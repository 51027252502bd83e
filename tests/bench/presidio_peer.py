"""Presidio with the recognisers it is shipped with, on blank spaCy pipelines: a model may not be downloaded. For the benchmark only."""

from collections.abc import Sequence

from dicomlake.reports.recognise import KnownValues

_LABELS = {
    "PERSON": "NAME",
    "DATE_TIME": "DATE",
    "EMAIL_ADDRESS": "EMAIL",
    "PHONE_NUMBER": "PHONE",
    "LOCATION": "LOCATION",
    "URL": "URL",
}


class PresidioPeer:
    """Finds what Presidio finds."""

    def __init__(self, languages: Sequence[str]) -> None:
        import spacy
        import tldextract
        from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
        from presidio_analyzer.nlp_engine import SpacyNlpEngine

        class Blank(SpacyNlpEngine):
            def load(self) -> None:
                self.nlp = {lang: spacy.blank(lang) for lang in languages}

        tldextract.extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)  # it would fetch a list
        engine = Blank()
        engine.load()
        registry = RecognizerRegistry(supported_languages=list(languages))
        registry.load_predefined_recognizers(languages=list(languages), nlp_engine=engine)
        self._engine = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=list(languages))

    def find(self, text: str, lang: str, _known: KnownValues) -> list[tuple[int, int, str]]:
        """Spans that do not overlap; the surest first."""
        taken: list[tuple[int, int, str]] = []
        for one in sorted(self._engine.analyze(text, lang), key=lambda result: -result.score):
            if all(one.end <= start or end <= one.start for start, end, _ in taken):
                taken.append((one.start, one.end, _LABELS.get(one.entity_type, "ID")))
        return taken
