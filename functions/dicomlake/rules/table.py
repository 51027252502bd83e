"""`ps3_15/table_e1_1.yaml` and `ps3_15/options.yaml` in; rows and options as the standard has them out. Called by `profiles.py`.

A row keeps the Basic Profile's action and each option's own, unresolved; `resolve.py` makes one action of them.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from dicomlake.errors import ConfigError
from dicomlake.rules.model import Action, Pattern, Rule
from dicomlake.rules.reader import Field, RuleFiles
from dicomlake.rules.vrs import VRS

TABLE = "ps3_15/table_e1_1.yaml"
BEYOND = "ps3_15/beyond.yaml"
OPTIONS = "ps3_15/options.yaml"
BASIC_ACTIONS = ("X", "Z", "D", "U", "X/Z", "X/D", "Z/D", "X/Z/D", "X/Z/U*")
PRIVATE = "(odd,xxxx)"
PATTERNS = {
    "(50xx,xxxx)": (0xFF000000, 0x50000000),
    "(60xx,3000)": (0xFF00FFFF, 0x60003000),
    "(60xx,4000)": (0xFF00FFFF, 0x60004000),
}
_TAG = re.compile(r"\(([0-9a-f]{4}),([0-9a-f]{4})\)")
_ROW_FIELDS = ("tag", "keyword", "vr", "basic")


@dataclass(frozen=True, slots=True)
class Option:
    """An option of PS3.15 E.3: its column in the table, its name and code in CID 7050, and how far it is carried out.

    `stated` is `always`, or `when_done` for a code that is stated object by object. `clean_by_vr` says what the column's C means for each
    VR where a way to clean exists; any other C, and that of the keywords in `clean_except`, falls back to the Basic action.
    """

    column: str
    name: str
    code: str
    carried_out: bool
    stated: str
    clean_by_vr: Mapping[str, Action]
    clean_except: tuple[str, ...]
    excludes: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: what the Basic Profile says and what each option column says."""

    tag: str
    number: int
    keyword: str
    vr: str
    basic: str
    columns: Mapping[str, Action]
    source: str


def tag_number(field: Field) -> int:
    """The number of a tag written `(gggg,eeee)`, small hexadecimal digits."""
    match = _TAG.fullmatch(field.text())
    if match is None:
        field.fail("must be a tag written (gggg,eeee) in small hexadecimal digits")
    return int(match[1] + match[2], 16)


def load_options(files: RuleFiles) -> dict[str, Option]:
    """Options by column name. The first entry, column `Basic`, is the profile itself."""
    options: dict[str, Option] = {}
    for entry in files.open(OPTIONS).mapping(["options"])["options"].items(at_least=1):
        fields = entry.mapping(
            ["column", "name", "code", "carried_out"], ["stated", "clean_by_vr", "clean_except", "excludes"]
        )
        column = fields["column"].text(r"[A-Z][A-Za-z]+", "a column name")
        if column in options:
            fields["column"].fail("stands twice")
        clean = fields["clean_by_vr"].entries() if "clean_by_vr" in fields else {}
        for vr, field in clean.items():
            if vr not in VRS:
                field.fail("is not a VR")
        options[column] = Option(
            column,
            fields["name"].text(),
            fields["code"].text(r"1131\d\d", "a code of CID 7050"),
            fields["carried_out"].flag(),
            fields["stated"].choice(("always", "when_done")) if "stated" in fields else "always",
            {vr: Action(field.choice([Action.M, Action.K, Action.C])) for vr, field in clean.items()},
            _words(fields, "clean_except"),
            _words(fields, "excludes"),
            entry.source,
        )
    if "Basic" not in options:
        raise ConfigError(f"{OPTIONS}:1: options: the column Basic is missing")
    return options


def _words(fields: Mapping[str, Field], name: str) -> tuple[str, ...]:
    return fields[name].unique(lambda item: item.text(r"[A-Z][A-Za-z0-9]*", "a word")) if name in fields else ()


def load_table(files: RuleFiles, columns: frozenset[str]) -> tuple[Row, ...]:
    """The rows in the order of the file; patterns and the private row have number -1. A tag or keyword given twice is refused."""
    root = files.open(TABLE).mapping(["edition", "rows"])
    root["edition"].text(r"20\d\d[a-e]", "an edition such as 2024e")
    rows: dict[str, Row] = {}
    keywords: set[str] = set()
    for entry in root["rows"].items(at_least=1):
        row = _row(entry, columns)
        if row.tag in rows or row.keyword in keywords:
            entry.fail("tag or keyword stands twice")
        rows[row.tag] = row
        keywords.add(row.keyword)
    return tuple(rows.values())


def load_beyond(
    files: RuleFiles, columns: frozenset[str], taken: Collection[str]
) -> tuple[tuple[Row, ...], tuple[Pattern, ...]]:
    """Rows for attributes the table has no row for, and patterns of groups that are removed. A tag of `taken` is refused."""
    root = files.open(BEYOND).mapping(["patterns", "rows"])
    rows: dict[str, Row] = {}
    for entry in root["rows"].items():
        row = _row(entry, columns, reason=True)
        if row.tag in rows or row.tag in taken:
            entry.fail("tag stands twice, here or in the table")
        rows[row.tag] = row
    return tuple(rows.values()), tuple(_pattern(entry) for entry in root["patterns"].items())


def _pattern(entry: Field) -> Pattern:
    fields = entry.mapping(["mask", "value", "keyword", "reason"])
    mask, value = (int(fields[name].text(r"[0-9a-f]{8}", "eight hexadecimal digits"), 16) for name in ("mask", "value"))
    if not mask or value & ~mask:
        fields["value"].fail("has bits outside the mask")
    keyword, reason = fields["keyword"].text(r"[A-Z][A-Za-z0-9]*", "a keyword"), fields["reason"].text()
    return Pattern(mask, value, Rule(-1, keyword, Action.X, entry.source, reason))


def _row(entry: Field, columns: frozenset[str], *, reason: bool = False) -> Row:
    fields = entry.mapping((*_ROW_FIELDS, "reason") if reason else _ROW_FIELDS, {"composite", *columns})
    if "composite" in fields:
        fields["composite"].flag()
    if reason:
        fields["reason"].text()
    tag = fields["tag"].text()
    return Row(
        tag,
        -1 if tag in PATTERNS or tag == PRIVATE else tag_number(fields["tag"]),
        fields["keyword"].text(r"[A-Z][A-Za-z0-9]*", "a keyword"),
        fields["vr"].choice(VRS),
        fields["basic"].choice(BASIC_ACTIONS),
        {name: Action(field.choice(("K", "C"))) for name, field in fields.items() if name in columns},
        entry.source,
    )
