"""`ps3_15/safe_private.yaml` in, the look-up of safe private attributes out. For the Retain Safe Private Option (PS3.15 E.3.10).

The caller resolves the block: it knows the creator of the element's block in the same item and passes it with the whole tag.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from dicomlake.rules.paths import rules_dir
from dicomlake.rules.reader import RuleFiles
from dicomlake.rules.vrs import VRS

SAFE_PRIVATE = "ps3_15/safe_private.yaml"
_HEX4, _HEX2 = r"[0-9a-f]{3}[13579bdf]", r"[0-9a-f]{2}"


@dataclass(frozen=True, slots=True)
class SafeAttribute:
    """A row of Table E.3.10-1; `vr` and `name` are "" where they are not known."""

    vr: str
    name: str
    source: str


@dataclass(frozen=True)
class SafePrivate:
    """The rows by (creator, group, low byte of the element)."""

    rows: Mapping[tuple[str, int, int], SafeAttribute]

    @cached_property
    def creators(self) -> frozenset[tuple[int, str]]:
        """Group and creator of every row."""
        return frozenset((group, creator) for creator, group, _ in self.rows)

    @cached_property
    def by_creator(self) -> Mapping[tuple[int, str], Mapping[int, SafeAttribute]]:
        """Low byte -> row by group and creator."""
        found: dict[tuple[int, str], dict[int, SafeAttribute]] = {}
        for (creator, group, low), row in self.rows.items():
            found.setdefault((group, creator), {})[low] = row
        return found

    def find(self, creator: str, tag: int) -> SafeAttribute | None:
        """The row that makes `tag` safe under `creator` (blanks and nulls around it do not count), else None.

        Only data elements match: (gggg,1000) and above, since what lies below holds creators.
        """
        if tag & 0xFFFF < 0x1000:
            return None
        return self.rows.get((creator.strip(" \0"), tag >> 16, tag & 0xFF))


def load_safe_private(root: Path | None = None) -> SafePrivate:
    """Read the rows below `root`. Raises ConfigError for a group that is not odd and for a row that stands twice."""
    return read_safe_private(RuleFiles(rules_dir(root)))


def read_safe_private(files: RuleFiles) -> SafePrivate:
    """The same of files that are being read already."""
    rows: dict[tuple[str, int, int], SafeAttribute] = {}
    for entry in files.open(SAFE_PRIVATE).mapping(["rows"])["rows"].items(at_least=1):
        fields = entry.mapping(["creator", "group", "element"], ["vr", "name"])
        key = (
            fields["creator"].text(),
            int(fields["group"].text(_HEX4, "an odd group of four small hexadecimal digits, in quotes"), 16),
            int(fields["element"].text(_HEX2, "two small hexadecimal digits, in quotes"), 16),
        )
        if key in rows:
            entry.fail("stands twice")
        vr = fields["vr"].choice({*VRS, "SQ"}) if "vr" in fields else ""
        rows[key] = SafeAttribute(vr, fields["name"].text() if "name" in fields else "", entry.source)
    return SafePrivate(MappingProxyType(rows))
