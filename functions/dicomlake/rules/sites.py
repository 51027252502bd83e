"""`sites/<site>.yaml` in, what is particular to a site out: identifiers, time zone, gate, rules of its own. Called by `pipeline/` and `cli.py`.

A site without a file gets `sites/default.yaml`.
"""

import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from dicomlake.errors import ConfigError
from dicomlake.rules.model import Rule
from dicomlake.rules.overrides import FIELDS, read_overrides
from dicomlake.rules.paths import rules_dir
from dicomlake.rules.profiles import keyword_lookup
from dicomlake.rules.reader import Field, RuleFiles
from dicomlake.rules.resolve import load_resolution
from dicomlake.rules.table import load_options, load_table

_SITE = re.compile(r"[a-z][a-z0-9-]{0,30}")
GATES = ("none", "manifest")


@dataclass(frozen=True)
class SiteRules:
    """What a site's file says.

    `default_issuer` stands for an IssuerOfPatientID that is absent; `issuer_aliases` maps other spellings to one; `accession_prefixes`
    are taken off an accession number before it is compared; `strip_leading_zeros` (accession numbers) and `strip_patient_zeros` (patient
    ids) say whether 000123 and 123 are one; `case_sensitive` whether a1 and A1 are two;
    `timezone` (IANA name, "" unknown) is the zone of dates without an offset; `gate` is `manifest` where objects wait for their
    manifest; `context_limit_hours` is how long a file may wait for its study; `overrides` go to `Profile.with_overrides`.
    """

    site: str
    version: str
    default_issuer: str
    issuer_aliases: Mapping[str, str]
    accession_prefixes: tuple[str, ...]
    strip_leading_zeros: bool
    strip_patient_zeros: bool
    case_sensitive: bool
    timezone: str
    gate: str
    context_limit_hours: int
    overrides: tuple[Rule, ...] = ()


def load_site(site: str, root: Path | None = None) -> SiteRules:
    """Load the rules of `site`. Raises ConfigError (file, line, field) for anything it does not understand."""
    if not _SITE.fullmatch(site):
        raise ConfigError("site: a name is made of a-z, 0-9 and -, and starts with a letter")
    files = RuleFiles(rules_dir(root))
    name = f"sites/{site}.yaml" if files.exists(f"sites/{site}.yaml") else "sites/default.yaml"
    required = (
        "default_issuer",
        "issuer_aliases",
        "accession_prefixes",
        "strip_leading_zeros",
        "strip_patient_zeros",
        "case_sensitive",
        "timezone",
        "gate",
        "context_limit_hours",
    )
    fields = files.open(name).mapping(required, FIELDS)
    overrides: tuple[Rule, ...] = ()
    if any(kind in fields for kind in FIELDS):
        rows = load_table(files, frozenset(load_options(files)))
        overrides = read_overrides(fields, keyword_lookup(rows), load_resolution(files).never_kept)
    return SiteRules(
        site=site,
        version=files.version(),
        default_issuer=_text_or_empty(fields["default_issuer"]),
        issuer_aliases=MappingProxyType(_aliases(fields["issuer_aliases"])),
        accession_prefixes=fields["accession_prefixes"].unique(lambda item: item.text()),
        strip_leading_zeros=fields["strip_leading_zeros"].flag(),
        strip_patient_zeros=fields["strip_patient_zeros"].flag(),
        case_sensitive=fields["case_sensitive"].flag(),
        timezone=_zone(fields["timezone"]),
        gate=fields["gate"].choice(GATES),
        context_limit_hours=fields["context_limit_hours"].integer(1, 24 * 366),
        overrides=overrides,
    )


def _text_or_empty(field: Field) -> str:
    return field.text(r"(?:\S(?:.*\S)?)?", "text, in quotes when empty")


def _aliases(field: Field) -> dict[str, str]:
    return {alias: _text_or_empty(entry) for alias, entry in field.entries().items()}


def _zone(field: Field) -> str:
    name = _text_or_empty(field)
    if name:
        try:
            zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            field.fail("is not a time zone of the IANA database")
    return name
