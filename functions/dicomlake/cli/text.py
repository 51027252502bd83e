"""The verbs `scrub` and `translate` on lines of JSON. They need no running platform."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from dicomlake import settings as environment
from dicomlake.cli.files import key_option, profile_option
from dicomlake.cli.keys import research_secret, site_option
from dicomlake.cli.output import emit_json, json_option, plain_errors, progress
from dicomlake.errors import ConfigError
from dicomlake.pipeline.services import identity_rules
from dicomlake.pipeline.texts import LANGUAGES, Labels, TextLine, TextScrubber
from dicomlake.pipeline.translation import translated_line, translation_of
from dicomlake.pseudonyms import Domain, DomainKey
from dicomlake.reports.scrub import Scrubber
from dicomlake.rules import load_profile, load_site


@click.command()
@click.argument("source", metavar="IN.jsonl", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("destination", metavar="OUT.jsonl", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--lang", type=click.Choice(["auto", *LANGUAGES]), default="auto", show_default=True,
              help="Language of lines that do not name theirs; auto finds it.")  # fmt: skip
@click.option("--setting", type=click.Choice(["strict", "research"]), default="strict", show_default=True,
              help="strict takes whatever may identify; research keeps what is probably clinical.")  # fmt: skip
@click.option("--labels", type=click.Choice([str(labels) for labels in Labels]), default="plain", show_default=True,
              help="plain: NAME, DATE, ID ...; meddocan: the 22 types of the MEDDOCAN corpus.")  # fmt: skip
@click.option("--surrogates", is_flag=True, help="Write invented names and places instead of placeholders.")
@site_option
@profile_option
@key_option
@json_option
@plain_errors
def scrub(
    source: Path,
    destination: Path,
    lang: str,
    setting: str,
    labels: str,
    surrogates: bool,
    site: str,
    profile: str | None,
    key_file: Path | None,
    as_json: bool,
) -> None:
    """Take what identifies people out of texts.

    Each line {id, text[, lang][, known: {names, ids, dates, ...}]} becomes {id, text, spans, lang}; spans are [start, end, label] in the
    text as it came, end exclusive. A line that is no such JSON becomes {id: null, error}.
    """
    settings = environment.load()
    root = Path(settings.rules_dir) if settings.rules_dir else None
    key = DomainKey.from_secret(research_secret(settings, key_file), Domain.RESEARCH).site(site)
    shift = load_profile(profile or settings.profile, root).shift_days
    identity = identity_rules(load_site(site, root))
    scrubber = TextScrubber(Scrubber.load(root, settings.text_model), key, identity, shift, surrogates)
    if destination.resolve() == source.resolve():
        raise ConfigError("OUT.jsonl is IN.jsonl: the originals would be lost")
    lines = wrong = 0
    with (
        progress(source.stat().st_size, "B", "scrubbing") as bar,
        source.open(encoding="utf-8-sig", errors="surrogateescape") as inputs,
        destination.open("w", encoding="utf-8") as output,
    ):
        for line in _lines(inputs):
            given = TextLine.of(line, None if lang == "auto" else lang)
            made: dict[str, object] = {"id": None, "error": "not a JSON object with a text"}
            if given is not None:
                made = scrubber.scrubbed(given, setting, Labels(labels))
            output.write(json.dumps(made, ensure_ascii=True) + "\n")
            lines, wrong = lines + 1, wrong + (given is None)
            bar.update(len(line))
    if as_json:
        emit_json({"lines": lines, "unreadable": wrong})
    else:
        click.echo(f"{lines} texts, {wrong} lines without a text")
    if wrong:
        sys.exit(1)


@click.command()
@click.argument("source", metavar="IN.jsonl", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("destination", metavar="OUT.jsonl", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--to", "target", type=click.Choice(LANGUAGES), required=True, help="Language to translate to.")
@json_option
@plain_errors
def translate(source: Path, destination: Path, target: str, as_json: bool) -> None:
    """Translate texts that have been scrubbed.

    Each line {id, text[, lang]} becomes {id, text, engine}. Placeholders, numbers, units and names of signs and diseases come back as they
    were; a sentence that does not stays in its own language behind a mark, a word that the engine does not know between marks. The engine is
    the one DICOMLAKE_TRANSLATE_URL names, else Apertium on this machine. A line of a pair that it does not have gets an `error`.
    """
    settings = environment.load()
    if destination.resolve() == source.resolve():
        raise ConfigError("OUT.jsonl is IN.jsonl: the originals would be lost")
    lines = wrong = kept = 0
    with (
        translation_of(settings) as translation,
        progress(source.stat().st_size, "B", "translating") as bar,
        source.open(encoding="utf-8-sig", errors="surrogateescape") as inputs,
        destination.open("w", encoding="utf-8") as output,
    ):
        for line in _lines(inputs):
            made = translated_line(line, target, translation)
            output.write(json.dumps(made, ensure_ascii=True) + "\n")
            lines, wrong = lines + 1, wrong + ("error" in made)
            kept += int(str(made.get("untranslated_sentences", 0)))
            bar.update(len(line))
    if as_json:
        emit_json({"lines": lines, "not_translated": wrong, "untranslated_sentences": kept})
    else:
        click.echo(
            f"{lines} texts, {wrong} lines not translated (see their `error`), {kept} sentences kept in their own language"
        )
    if wrong:
        sys.exit(1)


def _lines(inputs: Iterator[str]) -> Iterator[str]:
    return (line for line in inputs if line.strip())
