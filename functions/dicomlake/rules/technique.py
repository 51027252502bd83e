"""`text/technique.yaml` in, the words that headers are written with out. Called by `recognition.py` and `names.py`."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from dicomlake.rules.reader import RuleFiles

TECHNIQUE = "text/technique.yaml"


@dataclass(frozen=True)
class Technique:
    """Words without accents, in small letters: `words` are never a name, `surnames` name diseases and people, `short_names` people
    alone, `given_names` too, of more letters; German words of the trade end in `compounds`.
    """

    words: frozenset[str] = field(repr=False)
    surnames: frozenset[str] = field(repr=False)
    short_names: frozenset[str] = field(repr=False)
    given_names: frozenset[str] = field(repr=False)
    compounds: frozenset[str] = field(repr=False)


@lru_cache(maxsize=4)
def technique_of(root: Path) -> Technique:
    """The file below `root`, read once. Raises ConfigError."""
    return read_technique(RuleFiles(root))


def read_technique(files: RuleFiles) -> Technique:
    """The same as one of the files whose content makes a version."""
    kinds = ("products", "described", "coded", "surnames", "short_names", "given_names", "compounds")
    fields = files.open(TECHNIQUE).mapping(kinds)
    products, described, coded, surnames, short_names, given_names, compounds = (
        frozenset(word for line in fields[name].items(at_least=1) for word in line.text(r"[a-z ]+", "words").split())
        for name in kinds
    )
    return Technique(products | described | coded, surnames, short_names, given_names, compounds)
