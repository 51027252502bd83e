"""`dose/report_words.yaml` in, the words of one language out. Called by `dose/monthly`."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from dicomlake.rules.paths import rules_dir
from dicomlake.rules.reader import Field, RuleFiles

REPORT_WORDS = "dose/report_words.yaml"
LANGUAGES = ("en", "es")


def load_words(lang: str, root: Path | None = None) -> Mapping[str, str]:
    """Word by name in `lang`, one of LANGUAGES. Raises ConfigError where a word lacks a language or the languages fill in other names."""
    fields = RuleFiles(rules_dir(root)).open(REPORT_WORDS).entries()
    return MappingProxyType({name: _word(entry)[lang] for name, entry in fields.items()})


def _word(entry: Field) -> dict[str, str]:
    texts = {lang: field.text() for lang, field in entry.mapping(LANGUAGES).items()}
    if len({frozenset(re.findall(r"\{(\w+)\}", text)) for text in texts.values()}) != 1:
        entry.fail("the languages do not fill in the same names")
    return texts
