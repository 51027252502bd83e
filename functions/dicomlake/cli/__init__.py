"""The command line `dicomlake VERB`: a thin layer of verbs over `pipeline`, `lake` and `uploader`.

Exit codes: 0 every input got an outcome, 1 some did not, 2 wrong use or the platform could not be reached.
"""

import sys

import click

from dicomlake import __version__, safelog
from dicomlake.cli.dose import dose
from dicomlake.cli.files import deidentify, explain, verify
from dicomlake.cli.keys import key, pseudonym
from dicomlake.cli.output import no_stack_trace
from dicomlake.cli.physics import dose_export, dose_report
from dicomlake.cli.platform import batches, jobs, quarantine, query, replay, send, sql
from dicomlake.cli.text import scrub, translate


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dicomlake")
def verbs() -> None:
    """De-identify medical imaging and keep it in a lake that clinics, researchers and physicists can query."""


for verb in (
    deidentify,
    explain,
    verify,
    scrub,
    translate,
    dose,
    dose_report,
    dose_export,
    key,
    pseudonym,
    send,
    query,
    batches,
    quarantine,
    replay,
    jobs,
    sql,
):
    verbs.add_command(verb)


def main() -> None:
    """Entry point of the console script."""
    sys.excepthook = no_stack_trace
    safelog.setup()
    verbs()
