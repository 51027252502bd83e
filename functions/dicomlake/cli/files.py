"""Verbs on local files: `deidentify`, `explain`, `verify`. None needs a running platform."""

import json
import os
import sys
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import TextIO

import click

from dicomlake import settings as environment
from dicomlake.cli.keys import research_secret, site_option
from dicomlake.cli.output import emit_json, json_option, plain_errors, progress, show, table
from dicomlake.dicom.dictionary import load_pydicom
from dicomlake.errors import Code, ConfigError
from dicomlake.pipeline import local
from dicomlake.pipeline.assess import identity_of
from dicomlake.pipeline.services import processors
from dicomlake.rules import load_codes, load_profile

profile_option = click.option(
    "--profile", default=None, help="De-identification profile [default: $DICOMLAKE_PROFILE or research]."
)
key_option = click.option(
    "--key-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The research key: a file of 16 bytes or more [default: $DICOMLAKE_RESEARCH_KEY, else a key of your own made on first use].",
)


@click.command()
@click.argument("source", metavar="SRC", type=click.Path(path_type=Path))
@click.argument("destination", metavar="DST", type=click.Path(path_type=Path))
@site_option
@profile_option
@key_option
@click.option("--layout", type=click.Choice([str(layout) for layout in local.Layout]), default="mirror", show_default=True,
              help="mirror keeps relative paths, which may name patients; uid names files by pseudonyms.")  # fmt: skip
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    default=os.cpu_count() or 1,
    show_default="processors",
    help="Worker processes.",
)
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), help="Write a line of JSON per input to this file."
)
@click.option("--unlinked", type=click.Choice(["hold", "release"]), default="hold", show_default=True,
              help="A report of no study here that does not state its patient's name and id is held; release: it passes.")  # fmt: skip
@click.option("--pdf", "pdf_copy", type=click.Choice(environment.PDF_COPIES), default=None,
              help="Copies of PDFs: set anew from the clean text, or pictures of their pages with boxes burned in "
              "[default: $DICOMLAKE_PDF_COPY or rebuilt].")  # fmt: skip
@click.option(
    "--translate-to",
    type=click.Choice(environment.LANGUAGES),
    help="Write a translation beside each report: by the engine of DICOMLAKE_TRANSLATE_URL, else by Apertium on this machine.",
)
@click.option(
    "--maps",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write lists of old and new UIDs and patient keys into this folder. They name patients: keep them on the identified side.",
)
@click.option(
    "--preview",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write a PNG before and after for each picture that was looked at into this folder. Identified side.",
)
@json_option
@plain_errors
def deidentify(
    source: Path,
    destination: Path,
    site: str,
    profile: str | None,
    key_file: Path | None,
    layout: str,
    jobs: int,
    report: Path | None,
    maps: Path | None,
    unlinked: str,
    pdf_copy: str | None,
    translate_to: str | None,
    preview: Path | None,
    as_json: bool,
) -> None:
    """De-identify the file or folder SRC into the folder DST.

    Every input gets an outcome. Held files are not written: the originals stay where they are, and the report says why.
    """
    order = replace(_order(source, destination, site, profile, key_file, local.Layout(layout)), maps=maps)
    order = replace(order, preview=preview, threads=max(1, processors() // jobs))
    order = replace(order, pdf_copy=pdf_copy or environment.load().pdf_copy)
    files = local.inputs(order)
    if report and not report.parent.is_dir():  # said now, and not when all the work is done
        raise ConfigError("the folder of the report does not exist")
    load_pydicom(alone=True)
    counts: Counter[tuple[str, str]] = Counter()
    lines = []
    with (
        _translating(translate_to) as url,
        _report_file(report) as written,
        progress(len(files), "file", "de-identifying") as bar,
    ):
        order = replace(order, unlinked=unlinked == "release", translate_to=translate_to or "", translate_url=url)
        for line in local.run(order, files, min(jobs, max(1, len(files)))):
            counts[line.outcome, line.code or ""] += 1
            lines.append(asdict(line))
            if written:  # as outcomes come, so that an interrupted run says what it has done
                written.write(json.dumps(lines[-1], ensure_ascii=False) + "\n")
                written.flush()
            bar.update()
    skipped = local.left_out(order)
    if skipped:
        click.echo(f"{skipped} links or special files were left out: they are not followed", err=True)
    _summary(counts, len(files), lines if as_json else None)
    if not (as_json or report) and any(outcome == "quarantined" for outcome, _ in counts):
        click.echo("Held files were not written. Which they are, and why: run again with `--report FILE`.")
    if any(code == Code.INTERNAL_ERROR for _, code in counts):
        sys.exit(1)


def _report_file(report: Path | None) -> AbstractContextManager[TextIO | None]:
    return report.open("w", encoding="utf-8") if report else nullcontext()


def _translating(target: str | None) -> AbstractContextManager[str]:
    """The URL of a translation engine while the block runs; empty when none is asked for, or the settings name another kind of engine."""
    settings = environment.load()
    if not target or settings.translate_url or settings.translate_engine != "libretranslate":
        return nullcontext(settings.translate_url)
    from dicomlake.pipeline.engines import laptop_endpoint

    return laptop_endpoint()


def _order(
    source: Path, destination: Path, site: str, profile: str | None, key_file: Path | None, layout: local.Layout
) -> local.Order:
    settings = environment.load()
    root = Path(settings.rules_dir) if settings.rules_dir else None
    secret = research_secret(settings, key_file)
    return local.Order(source, destination, site, profile or settings.profile, secret, layout, root, settings.max_bytes)


def _summary(counts: Counter[tuple[str, str]], total: int, lines: list[dict[str, object]] | None) -> None:
    if lines is not None:
        emit_json(lines)
        return
    texts = load_codes()
    table(
        ["outcome", "code", "files", "what it means", "what to do next"],
        [
            (outcome, code, n, *((texts[Code(code)].user_text, texts[Code(code)].next_step) if code else ("", "")))
            for (outcome, code), n in sorted(counts.items())
        ],
    )
    click.echo(f"{total} files received, each with an outcome.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@site_option
@profile_option
@key_option
@json_option
@plain_errors
def explain(file: Path, site: str, profile: str | None, key_file: Path | None, as_json: bool) -> None:
    """Say what would happen to each element of FILE, and which rule says so. Values are not shown."""
    from dicomlake.dicom import explain as explain_instance
    from dicomlake.dicom import read_raw

    order = _order(file, file.parent, site, profile, key_file, local.Layout.MIRROR)
    tools = local.make_tools(order)
    raw = read_raw(file.read_bytes())
    plans = explain_instance(raw, tools.profile, tools.key, identity_of(raw, tools.identity))
    columns = ["element", "keyword", "VR", "action", "rule", "what happens"]
    show(columns, [(p.path, p.keyword, p.vr, p.action, p.source, p.effect) for p in plans], as_json)


@click.command()
@click.argument("source", metavar="SRC", type=click.Path(path_type=Path))
@click.argument("copies", metavar="DST", type=click.Path(path_type=Path))
@profile_option
@json_option
@plain_errors
def verify(source: Path, copies: Path, profile: str | None, as_json: bool) -> None:
    """Score DST, any tool's de-identified copies of SRC, by the categories such sets are judged in.

    Files are matched by content, not by name. What must stay and go is what the profile says; values are not shown.
    """
    from dicomlake.dicom.scorecard import CATEGORIES
    from dicomlake.pipeline.compare import compare_folders

    settings = environment.load()
    root = Path(settings.rules_dir) if settings.rules_dir else None
    found = compare_folders(source, copies, load_profile(profile or settings.profile, root))
    card = found.card
    rows = [(name, round(card.passed[name], 2), card.total[name]) for name in CATEGORIES]
    failures = [(category, keyword, count) for (category, keyword), count in card.failures.most_common(20)]
    if as_json:
        emit_json(
            {
                "score": card.score(),
                "files": {name: getattr(found, name) for name in ("matched", "missing", "unexplained", "unreadable")},
                "categories": {name: {"passed": passed, "actions": total} for name, passed, total in rows},
                "refused": [
                    {"in": side, "code": code, "files": n} for (side, code), n in sorted(found.refused.items())
                ],
                "failures": [{"category": c, "keyword": k, "actions": n} for c, k, n in failures],
            }
        )
        return
    table(
        ["category", "passed", "actions", "%"],
        [(*row, f"{100 * row[1] / row[2]:.2f}" if row[2] else "") for row in rows],
    )
    click.echo(f"score {100 * card.score():.2f} % of {sum(card.total.values())} actions")
    click.echo(
        f"{found.matched} files matched by content, {found.missing} without a copy, {found.unexplained} copies without an original, "
        f"{found.unreadable} could not be read"
    )
    if found.refused:
        texts = load_codes()
        rows_of = sorted(found.refused.items())
        table(
            ["not scored", "code", "files", "what it means"], [(s, c, n, texts[c].user_text) for (s, c), n in rows_of]
        )
    if failures:
        table(["failed", "in", "actions"], failures)
