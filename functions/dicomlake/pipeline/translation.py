"""A released report in, its translations out: objects and rows of their own beside the scrubbed original. Called by `work.py` and `local.py`.

Nothing waits for an engine: the report is released first, and the task that translates it comes round again until an engine answers.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from dicomlake import safelog
from dicomlake.errors import TransientError
from dicomlake.lake import objects
from dicomlake.pipeline.arrival import Arrival, row_key
from dicomlake.pipeline.engines import LiveEngine, engine, laptop_endpoint
from dicomlake.pipeline.services import Services, read_secret
from dicomlake.pipeline.settle import delivery_key, insert_research, research_columns
from dicomlake.reports.clean import CleanReport, with_translation
from dicomlake.reports.rows import report_values
from dicomlake.reports.scrub import LANGUAGES
from dicomlake.reports.scrub.language import detected
from dicomlake.reports.translate import EngineDown, NoSuchPair, Translated, Translator
from dicomlake.rows import ResearchRow
from dicomlake.rules.glossary import load_glossary
from dicomlake.rules.recognition import load_recognition_rules
from dicomlake.settings import Settings


class Translation:
    """An engine with the glossary around it."""

    def __init__(self, live: LiveEngine, root: Path | None) -> None:
        self.engine = live
        self._root = root

    @cached_property
    def _translator(self) -> Translator:
        eponyms = load_recognition_rules(self._root).clinical.eponyms
        return Translator(self.engine, load_glossary(self._root), eponyms)

    def translated(self, text: str, source: str, target: str) -> Translated:
        """The text in another language. Raises EngineDown."""
        return self._translator.translate(text, source, target)

    def of_report(self, report: CleanReport, target: str) -> CleanReport:
        """The report in another language, labelled as machine-translated. Raises EngineDown."""
        made = self.translated(report.text, report.lang, target)
        return with_translation(report, made.text, target, self.engine.name)


@contextmanager
def translation_of(settings: Settings) -> Iterator[Translation]:
    """The engine of the settings, or one of our own on loopback while the block runs. Raises ConfigError."""
    if settings.translate_url or settings.translate_engine != "libretranslate":
        yield translation_for(settings)
        return
    with laptop_endpoint() as url:
        yield translation_for(replace(settings, translate_url=url))


def translation_for(settings: Settings) -> Translation:
    """The engine that the settings name, with the glossary around it. Raises ConfigError."""
    root = Path(settings.rules_dir) if settings.rules_dir else None
    return Translation(engine(settings, _key(settings)), root)


def translated_line(line: str, target: str, translation: Translation) -> dict[str, object]:
    """A line of JSON `{id, text[, lang]}` in, `{id, text, engine}` out, with an `error` for one that cannot be translated.

    Raises TransientError when no engine answers.
    """
    try:
        given = json.loads(line)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict) or not isinstance(given.get("text"), str):
        return {"id": None, "error": "not a JSON object with a text"}
    text, lang = given["text"], given.get("lang")
    source = lang if lang in LANGUAGES else detected(text)[0]
    try:
        made = translation.translated(text, source, target) if source != target else Translated(text, 0, 0)
    except NoSuchPair:
        said = f"no engine here translates {source} to {target} ({translation.engine.name}); the text is as it was"
        return {"id": given.get("id"), "text": text, "error": said}
    except EngineDown:
        raise TransientError("translation_unreachable") from None
    answer: dict[str, object] = {"id": given.get("id"), "text": made.text, "engine": translation.engine.name}
    counts = {"untranslated_sentences": made.kept, "untranslated_words": made.unknown}
    return answer | {name: count for name, count in counts.items() if count}


def _key(settings: Settings) -> str:
    return read_secret("TRANSLATE_KEY", settings.translate_key).decode().strip() if settings.translate_key else ""


def translate(services: Services, arrival: Arrival, report: CleanReport, turn: int, content_key: str) -> None:
    """Write the translations of a report. Raises TransientError when no engine answers: then it is done later."""
    settings = services.settings
    targets = [lang for lang in settings.translate_to if lang != report.lang]
    if not targets:
        return
    translation = translation_for(settings)
    for target in targets:
        try:
            made = translation.translated(report.text, report.lang, target)
        except NoSuchPair:  # no later try would find one
            safelog.event("no_translation", object_key=arrival.object_key)
            continue
        except EngineDown:
            raise TransientError("translation_unreachable") from None
        copy = with_translation(report, made.text, target, translation.engine.name)
        for file in copy.files:
            name = copy.object_name(file)
            objects.create(services.storage, settings.research_bucket, name, file.data, file.media_type)
        _load(services, arrival, copy, made, (delivery_key(services, arrival, turn), content_key, target))


def _load(
    services: Services, arrival: Arrival, copy: CleanReport, made: Translated, about: tuple[str, str, str]
) -> None:
    delivery, content, target = about
    table, name = "lake.reports", copy.object_name(copy.files[0])
    values = {
        **research_columns(services, arrival.site),
        **report_values(copy),
        "object": name,
        "text_object": copy.object_name(copy.files[-1]),
        "target_language": target,
        "translation": made.text,
        "engine": copy.engine,
        "untranslated_sentences": made.kept,
        "untranslated_words": made.unknown,
        "delivery_key": delivery,
        "content_key": content,
    }
    key = services.research(arrival.site)
    insert_research(services, [ResearchRow(table, row_key(key, table, delivery, target, name), values)])
