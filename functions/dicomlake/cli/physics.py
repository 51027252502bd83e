"""Verbs for the dose physicist: `dose-report`, `dose-export`."""

import datetime
from pathlib import Path

import click

from dicomlake.cli.output import json_option, plain_errors, show
from dicomlake.cli.platform import platform_services, site_option, the_site
from dicomlake.rules.words import LANGUAGES

KINDS = ("studies", "ct-events", "dose-bank-ct", "dose-bank-mg", "fhir")
FORMS = ("csv", "xlsx", "parquet")
month_option = click.option("--month", required=True, help="The month, as YYYY-MM.")


@click.command("dose-report")
@site_option
@month_option
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Language of the report.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Folder [default: this one]."
)
@json_option
@plain_errors
def dose_report(site: str | None, month: str, lang: str, out: Path, as_json: bool) -> None:
    """Write the hospital's dose report of one month: a web page and a PDF for print. It names nobody."""
    from dicomlake.pipeline import dose_report as reports

    services = platform_services()
    chosen = the_site(services, site)
    first = reports.month_of(month)
    data = reports.collect(services, chosen, first, datetime.datetime.now(datetime.UTC).date())
    html, pdf = reports.written(services, data, lang)
    out.mkdir(parents=True, exist_ok=True)
    page, print_out = (out / f"dose-report-{chosen}-{month}-{lang}.{kind}" for kind in ("html", "pdf"))
    page.write_text(html, "utf-8")
    print_out.write_bytes(pdf)
    show(["studies", "page", "print"], [(len(data.studies), str(page), str(print_out))], as_json)
    if not data.studies:
        months = ", ".join(f"{other:%Y-%m}" for other in data.others) or "none"
        click.echo(
            f"no dose object of {month} from {chosen}: the pages say what to do; months with dose: {months}", err=True
        )


@click.command("dose-export")
@site_option
@month_option
@click.option("--what", type=click.Choice(KINDS), default="studies", show_default=True, help="What to write.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    default="csv",
    show_default=True,
    help="Of tables; a FHIR bundle is JSON.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Folder [default: this one]."
)
@json_option
@plain_errors
def dose_export(site: str | None, month: str, what: str, form: str, out: Path, as_json: bool) -> None:
    """Write the dose of one month as a table, the Spanish patient dose bank's fields or a FHIR bundle. Patients are pseudonyms."""
    from dicomlake.pipeline import dose_export as exports
    from dicomlake.pipeline.dose_report import month_of

    services = platform_services()
    chosen = the_site(services, site)
    content, count = exports.export(services, chosen, month_of(month), what, form)
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"dose-{what}-{chosen}-{month}.{'json' if what == 'fhir' else form}"
    file.write_bytes(content)
    show(["rows", "file"], [(count, str(file))], as_json)
