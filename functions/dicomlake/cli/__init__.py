"""The command line `dicomlake VERB`: a thin layer of verbs over `pipeline`, `lake` and `uploader`. A verb is imported when it is asked for.

Exit codes: 0 every input got an outcome, 1 some did not, 2 wrong use or the platform could not be reached.
"""

import sys
from importlib import import_module

import click

from dicomlake import __version__, safelog
from dicomlake.cli.output import no_stack_trace

# Verb -> module of this folder; the function has the verb's name.
VERBS = {
    "deidentify": "files",
    "explain": "files",
    "verify": "files",
    "scrub": "text",
    "translate": "text",
    "dose": "dose",
    "dose-report": "physics",
    "dose-export": "physics",
    "key": "keys",
    "pseudonym": "keys",
    "send": "platform",
    "query": "platform",
    "batches": "platform",
    "jobs": "platform",
    "quarantine": "platform",
    "replay": "platform",
    "sql": "platform",
}


class Verbs(click.Group):
    """A group that knows its verbs by name: what one needs is not loaded for another."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them, in order of name."""
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb, or None where there is none of this name."""
        if cmd_name not in VERBS:
            return None
        verb: click.Command = getattr(import_module(f"dicomlake.cli.{VERBS[cmd_name]}"), cmd_name.replace("-", "_"))
        return verb


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dicomlake")
def verbs() -> None:
    """De-identify medical imaging and keep it in a lake that clinics, researchers and physicists can query."""


def main() -> None:
    """Entry point of the console script."""
    sys.excepthook = no_stack_trace
    safelog.setup()
    verbs()
