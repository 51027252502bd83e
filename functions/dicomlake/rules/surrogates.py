"""`deid_rules/text/surrogates.yaml` in, invented names and places per language out. Called by the scrubbing of reports."""

from collections.abc import Mapping
from pathlib import Path

from dicomlake.rules.paths import rules_dir
from dicomlake.rules.reader import Field, RuleFiles

_KINDS = ("given", "family", "towns", "hospitals")


def load_surrogates(root: Path | None = None) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Language to kind (given, family, towns, hospitals) to names. Raises ConfigError."""
    entries = RuleFiles(rules_dir(root)).open("text/surrogates.yaml").entries()
    return {
        lang: {kind: lists.unique(Field.text) for kind, lists in entry.mapping(_KINDS).items()}
        for lang, entry in entries.items()
    }
