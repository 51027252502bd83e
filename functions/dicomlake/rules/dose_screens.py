"""`dose/screens.yaml` in, the words of dose screens out. Called by `dose.py` of this room, as part of the vocabulary."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dicomlake.rules.reader import Field

SCREENS = "dose/screens.yaml"
_WORD = r"[a-z0-9]+"


@dataclass(frozen=True)
class ScreenRules:
    """Words in small letters: of the columns, of totals and what is none, of phantoms, localisers and acquisition types."""

    ctdivol: tuple[str, ...]
    dlp: tuple[str, ...]
    phantom_labels: tuple[str, ...]
    totals: tuple[str, ...]
    not_totals: tuple[str, ...]
    phantoms: Mapping[str, str]
    localisers: frozenset[str]
    acquisition_types: Mapping[str, str]


def screen_rules(field: Field) -> ScreenRules:
    """The file's content, checked."""
    fields = field.mapping(["columns", "totals", "not_totals", "phantoms", "localisers", "acquisition_types"])
    columns = fields["columns"].mapping(["ctdivol", "dlp", "phantom"])
    phantoms = {word: name for name, group in fields["phantoms"].entries().items() for word in _words(group)}
    types = {word: item.text() for word, item in fields["acquisition_types"].entries().items()}
    return ScreenRules(
        _words(columns["ctdivol"]),
        _words(columns["dlp"]),
        _words(columns["phantom"]),
        _words(fields["totals"]),
        _words(fields["not_totals"]),
        MappingProxyType(phantoms),
        frozenset(_words(fields["localisers"])),
        MappingProxyType(types),
    )


def _words(field: Field) -> tuple[str, ...]:
    return field.unique(_word)


def _word(item: Field) -> str:
    return str(item.integer(0, 999)) if getattr(item.node, "tag", "").endswith(":int") else item.text(_WORD, "a word")
