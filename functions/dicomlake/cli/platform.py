"""Verbs that talk to a running platform, local or in the cloud: `send`, `query`, `batches`, `quarantine`, `replay`, `jobs`, `sql`."""

import getpass
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from dicomlake import settings as environment
from dicomlake.cli.output import emit_json, json_option, plain_errors, progress, show
from dicomlake.errors import Code, ConfigError
from dicomlake.pipeline import steward
from dicomlake.pipeline.jobs import waiting, work_off
from dicomlake.pipeline.services import Services
from dicomlake.rules import load_codes

site_option = click.option("--site", help="The site [default: the only one, when there is one].")


def platform_services() -> Services:
    """The services of the platform that the environment names. Raises ConfigError when it names none."""
    settings = environment.load()
    if not settings.prefix:
        raise ConfigError(
            "which platform? set the variables that `make up` prints (DICOMLAKE_PREFIX, DICOMLAKE_SITES, ...)"
        )
    return Services(settings)


def the_site(services: Services, site: str | None) -> str:
    """The site asked for, or the only one. Raises ConfigError."""
    sites = list(services.settings.sites.values())
    if site is None and len(sites) != 1:
        raise ConfigError(f"name the site with --site: one of {', '.join(sites) or 'none configured'}")
    chosen = site or sites[0]
    services.settings.landing_bucket(chosen)
    return chosen


def _actor() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such user, told in three ways
        return "unknown"


@click.command()
@click.argument("source", metavar="SRC", type=click.Path(path_type=Path, exists=True))
@site_option
@click.option("--batch", help="Name of the batch [default: the time, or that of the interrupted batch of this folder].")
@json_option
@plain_errors
def send(source: Path, site: str | None, batch: str | None, as_json: bool) -> None:
    """Send the folder, file or zip SRC as one batch, with a manifest of hashes. Run it again after an interruption: it goes on."""
    from dicomlake.uploader import send as upload

    services = platform_services()
    chosen = the_site(services, site)
    bucket = services.settings.landing_bucket(chosen)
    state = environment.user_state_dir(services.settings) / "sent"
    with progress(0, "B", "sending") as bar:

        def advance(done_files: int, total_files: int, done_bytes: int, total_bytes: int) -> None:
            bar.total, bar.unit_scale = total_bytes, True
            bar.set_postfix_str(f"{done_files}/{total_files} files", refresh=False)
            bar.update(done_bytes - bar.n)

        try:
            result = upload(source, bucket, services.storage, state, advance, batch=batch)
        except KeyboardInterrupt:
            raise ConfigError("interrupted: the same command goes on where this one stopped") from None
    if as_json:
        emit_json(result.as_dict())
    else:
        show(["batch", "sent", "already there", "skipped", "failed", "manifest kept in"],
             [(result.batch, result.sent, result.present, result.skipped, result.failed, str(result.manifest))], False)  # fmt: skip
        for path, reason in result.failures:
            click.echo(f"  not sent: {path} ({reason})", err=True)
        click.echo(f"What becomes of each file: dicomlake batches --site {chosen} --batch {result.batch}")
    if result.failed:
        sys.exit(1)


@click.command()
@click.argument("question", metavar="SQL|NAME")
@click.option("--max-rows", type=click.IntRange(1), default=1000, show_default=True, help="Stop after so many rows.")
@json_option
@plain_errors
def query(question: str, max_rows: int, as_json: bool) -> None:
    """Ask the lake: BigQuery SQL, or the name of one of the prepared questions (`dicomlake query list`)."""
    from dicomlake.lake import query as lake
    from dicomlake.lake.definitions import qualify, queries

    services = platform_services()
    if question == "list":
        show(["name", "question"], [(name, found.question) for name, found in queries().items()], as_json)
        return
    sql_text = qualify(lake.find(question).sql if question.isidentifier() else question, services.settings)
    lake.check(services.bigquery, sql_text)
    columns, rows = lake.run(services.bigquery, sql_text)
    show(columns, rows[:max_rows], as_json)
    if len(rows) > max_rows:
        click.echo(f"({len(rows) - max_rows} more rows; see --max-rows)", err=True)


@click.command()
@site_option
@click.option("--batch", help="One batch: what became of each of its files, by the name it was sent under.")
@json_option
@plain_errors
def batches(site: str | None, batch: str | None, as_json: bool) -> None:
    """Compare what was announced with what arrived, per batch: complete, partial, missing, unexpected, unverifiable ..."""
    services = platform_services()
    chosen = the_site(services, site)
    if batch is None:
        columns, rows = steward.batches(services, chosen)
        show(columns, rows, True) if as_json else show(*_without_noughts(columns, rows), False)
        return
    columns, rows = steward.files(services, chosen, batch)
    if not rows:
        raise ConfigError("nothing of this batch has arrived at this site (or not yet); see `dicomlake batches`")
    show(columns, rows, as_json)
    if not as_json:
        counts = Counter(str(row[1]) for row in rows)
        click.echo(
            f"{len(rows)} files: " + ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
        )


def _without_noughts(columns: list[str], rows: list[tuple[object, ...]]) -> tuple[list[str], list[tuple[object, ...]]]:
    """The columns in which anything stands."""
    kept = [i for i in range(len(columns)) if any(row[i] not in (None, 0) for row in rows)]
    return [columns[i] for i in kept], [tuple(row[i] for i in kept) for row in rows]


@click.group()
def quarantine() -> None:
    """Held objects: list, show, approve, delete, replay. Each decision leaves an audit row."""


@quarantine.command("list")
@site_option
@click.option("--code", type=click.Choice([str(code) for code in Code]), help="Only objects held for this reason.")
@json_option
@plain_errors
def list_held(site: str | None, code: str | None, as_json: bool) -> None:
    """List held objects with the reason and the next step."""
    services = platform_services()
    columns, rows = steward.held(services, the_site(services, site), code)
    show(columns, rows, as_json)
    if rows and not as_json:
        counts = Counter(str(row[2]) for row in rows)
        click.echo(f"{len(rows)} held: " + ", ".join(f"{count} {reason}" for reason, count in counts.most_common()))


@quarantine.command("show")
@click.argument("object_key")
@site_option
@click.option(
    "--save",
    type=click.Path(path_type=Path, file_okay=False),
    help="Save the held original to this folder, to look at it; a picture as PNG too, with what was found in it framed.",
)
@json_option
@plain_errors
def show_held(object_key: str, site: str | None, save: Path | None, as_json: bool) -> None:
    """Show why an object is held, what to do next and where its original lies (identified side: this names the file)."""
    services = platform_services()
    notes = steward.find(services, the_site(services, site), object_key, _actor())
    saved = [(note, steward.save(services, note, save)) for note in notes] if save else []
    pictures = [steward.preview(services, note, file) for note, file in saved]
    if as_json:
        emit_json([asdict(note) for note in notes])
        return
    texts = load_codes()
    for note in notes:
        show(["field", "value"], list(asdict(note).items()), False)
        click.echo(f"{texts[Code(note.code)].user_text}. Next: {texts[Code(note.code)].next_step}.")
    for file in (*(file for _, file in saved), *filter(None, pictures)):
        click.echo(f"saved {file}")


def _box(text: str) -> tuple[int, int, int, int]:
    parts = text.split(",")
    if len(parts) != 4 or not all(part.strip().isdecimal() for part in parts):
        raise ConfigError("--mask must be left,top,right,bottom in pixels of the picture, such as 0,0,640,40")
    left, top, right, bottom = (int(part) for part in parts)
    if left >= right or top >= bottom:
        raise ConfigError("--mask: right must be more than left, and bottom more than top")
    return left, top, right, bottom


def _decision(name: str, help_text: str) -> click.Command:
    @click.argument("object_key")
    @site_option
    @click.option("--actor", default=_actor, show_default="you", help="Who decides; kept in the audit.")
    @click.option("--yes", is_flag=True, help="Do not ask before something is deleted.")
    @click.option(
        "--mask",
        "masks",
        multiple=True,
        metavar="L,T,R,B",
        help="Approved picture: paint over this box (pixels) as well. May be repeated.",
    )
    @json_option
    @plain_errors
    def verb(object_key: str, site: str | None, actor: str, yes: bool, masks: tuple[str, ...], as_json: bool) -> None:
        services = platform_services()
        if name == "delete" and not yes:
            click.confirm("The held object and its original go for good. Delete?", abort=True, err=True)
        notes = steward.decide(services, the_site(services, site), object_key, name, actor, tuple(map(_box, masks)))
        show(
            ["object", "generation", "code", "decision"],
            [(n.object_key, n.generation, n.code, name) for n in notes],
            as_json,
        )
        if name != "delete" and not as_json:
            click.echo("It is judged again within seconds; `dicomlake batches --batch ...` shows the outcome.")

    return click.command(name, help=help_text)(verb)


quarantine.add_command(
    _decision("approve", "Release an object held for review: the reviewer found nothing that identifies.")
)
quarantine.add_command(_decision("delete", "Delete a held object and its original for good."))
quarantine.add_command(_decision("replay", "Judge a held object again, after a fix or a change of rules."))


@click.command()
@site_option
@click.option("--batch", help="Every object of this batch.")
@click.option("--code", type=click.Choice([str(code) for code in Code]), help="Every object held for this reason.")
@click.option("--actor", default=_actor, show_default="you", help="Who asks; kept in the audit.")
@json_option
@plain_errors
def replay(site: str | None, batch: str | None, code: str | None, actor: str, as_json: bool) -> None:
    """Send objects through the platform once more, from their originals in the landing bucket."""
    if (batch is None) == (code is None):
        raise ConfigError("name either --batch or --code")
    services = platform_services()
    count = steward.replay(services, the_site(services, site), batch, code, actor)
    if count == 0:
        raise ConfigError("nothing to replay: no object of this batch has arrived, or none is held for this reason")
    show(["replayed"], [(count,)], as_json)


@click.command()
@json_option
@plain_errors
def jobs(as_json: bool) -> None:
    """Work off the pictures that are too long for a function: what a scheduled job runs."""
    services = Services(platform_services().settings, bounded=False)
    names = waiting(services)
    done = 0
    with progress(len(names), "picture", "working off") as bar:
        for name in names:
            done += work_off(services, name)
            bar.update(1)
    show(["waited", "done"], [(len(names), done)], as_json)
    if done < len(names):
        raise ConfigError("some could not be worked off, since the platform was busy: run the same command again")


@click.group()
def sql() -> None:
    """The lake's tables and views."""


@sql.command()
@json_option
@plain_errors
def apply(as_json: bool) -> None:
    """Create what is missing: datasets, tables, views. Run it again at will."""
    from dicomlake.lake import schema

    services = platform_services()
    made = schema.apply(services.bigquery, services.settings)
    show(["done"], [(line,) for line in made] or [("nothing: all of it is there",)], as_json)
