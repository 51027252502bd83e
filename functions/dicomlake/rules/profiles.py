"""`profiles/<name>.yaml` and the tables of `ps3_15/` in, one frozen Profile out. Called by `pipeline/services.py`, `cli.py` and tests."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from dicomlake.errors import ConfigError
from dicomlake.rules.dummies import Dummies, load_dummies
from dicomlake.rules.kept import kept
from dicomlake.rules.model import Action, Classes, Method, Pattern, Profile, Rule
from dicomlake.rules.overrides import FIELDS, KeywordLookup, read_overrides
from dicomlake.rules.paths import rules_dir
from dicomlake.rules.private import read_safe_private
from dicomlake.rules.reader import Field, RuleFiles
from dicomlake.rules.resolve import Resolution, load_resolution, resolve
from dicomlake.rules.table import PATTERNS, PRIVATE, Option, Row, load_beyond, load_options, load_table
from dicomlake.rules.text import TextRules, load_text_rules
from dicomlake.rules.types import AttributeTypes, load_types
from dicomlake.rules.visual import load_visual_features
from dicomlake.rules.vrs import VRS

_REQUIRED = ("name", "description", "options", "defaults", "group_length", "unknown")
_BASIC = "Basic"
_DATES = "ModifiedDates"
_SAFE_PRIVATE = "RetainSafePrivate"
_CLEAN_PIXELS = "CleanPixelData"
# An item of VR K stays, a sequence under K is walked; what each VR may default to, from nothing left to all left.
_TEXT = frozenset({"CS", "LO", "LT", "SH", "ST", "UC", "UT"})
_DEFAULTS = {"PN": "XZD", "UI": "XZUK", "DA": "XZDMK", "DT": "XZDMK", "TM": "XZDMK", "SQ": "XZK"}


@dataclass(frozen=True)
class _Standard:
    """What every profile starts from."""

    options: Mapping[str, Option]
    rows: tuple[Row, ...]
    patterns: tuple[Pattern, ...]
    resolution: Resolution
    dummies: Dummies
    text: TextRules
    types: AttributeTypes


def load_profile(name: str, root: Path | None = None) -> Profile:
    """Load and resolve the profile `name`. Raises ConfigError (file, line, field) for anything it does not understand or cannot carry out."""
    if not name.replace("_", "").replace("-", "").isalnum():
        raise ConfigError("profile: a name is made of letters, digits, - and _")
    return kept(f"profile-{name}", root, lambda: _loaded(name, RuleFiles(rules_dir(root))))


def _loaded(name: str, files: RuleFiles) -> Profile:
    fields = files.open(f"profiles/{name}.yaml").mapping(_REQUIRED, ["shift_days", *FIELDS])
    if fields["name"].text() != name:
        fields["name"].fail("must be the name of the file")
    fields["description"].text()
    standard = _load_standard(files)
    chosen = _chosen_options(fields["options"], standard.options)
    resolved = [(row, *resolve(row, chosen, standard.resolution)) for row in standard.rows]
    table = {row.number: rule for row, rule, _ in resolved if row.number >= 0}
    typed = {row.number: by_type for row in standard.rows if (by_type := _by_type(row, chosen, standard, table))}
    every = [*table.values(), *(rule for by_type in typed.values() for rule in by_type.values())]
    _check_sequences(every, {row.keyword: row.vr for row in standard.rows}, standard.dummies)
    by_tag = {row.tag: rule for row, rule, _ in resolved}
    lookup, never_kept = keyword_lookup(standard.rows), standard.resolution.never_kept
    table = _untouched(standard.text, lookup) | table
    own = {rule.tag: rule for rule in read_overrides(fields, lookup, never_kept)}
    named = [standard.options[_BASIC], *chosen]
    safe = any(option.column == _SAFE_PRIVATE for option in chosen)
    private = read_safe_private(files) if safe else None
    visual = load_visual_features(files)
    return Profile(
        name=name,
        version=files.version(),
        options=tuple(option.name for option in chosen),
        method_codes=tuple((option.code, "DCM", option.name) for option in named if option.stated == "always"),
        shift_days=_shift_days(fields, chosen),
        temporal=_temporal(chosen),
        table=MappingProxyType(table | own),
        patterns=(*(Pattern(*PATTERNS[tag], by_tag[tag]) for tag in PATTERNS), *standard.patterns),
        defaults=MappingProxyType(_defaults(fields["defaults"])),
        classes=Classes(
            private=by_tag[PRIVATE],
            group_length=_class_rule(fields["group_length"], "GroupLength"),
            unknown=_class_rule(fields["unknown"], "Unknown"),
        ),
        dummies=standard.dummies,
        visual=visual,
        text=standard.text,
        types=standard.types,
        typed=MappingProxyType({tag: by_type for tag, by_type in typed.items() if tag not in own}),
        safe_private=private,
        clean_pixels=any(option.column == _CLEAN_PIXELS for option in chosen),
        fallen_back=tuple(row.keyword for row, _, fell_back in resolved if fell_back),
    )


def _load_standard(files: RuleFiles) -> _Standard:
    options = load_options(files)
    columns = frozenset(options) - {_BASIC}
    rows = load_table(files, columns)
    beyond, patterns = load_beyond(files, columns, {row.tag for row in rows})
    resolution, dummies, text = load_resolution(files), load_dummies(files), load_text_rules(files)
    lookup = keyword_lookup((*rows, *beyond))
    types = load_types(files, lambda keyword: found[0] if (found := lookup(keyword)) else None)
    return _Standard(options, (*rows, *beyond), patterns, resolution, dummies, text, types)


def _by_type(row: Row, chosen: tuple[Option, ...], standard: _Standard, table: Mapping[int, Rule]) -> dict[str, Rule]:
    """The rules of `row` by the attribute's type; none where its type changes nothing."""
    if row.number < 0 or row.basic in ("D", "U"):
        return {}
    rules = {type_: resolve(row, chosen, standard.resolution, type_)[0] for type_ in "123"}
    strictest = table[row.number]
    same = all((one.action, one.fallback) == (strictest.action, strictest.fallback) for one in rules.values())
    return {} if same else rules


def _untouched(text: TextRules, lookup: KeywordLookup) -> dict[int, Rule]:
    """Rules for attributes without a row whose text is never touched."""
    rules = {}
    for keyword, source in text.untouched.items():
        found = lookup(keyword)
        if found is None:
            raise ConfigError(f"{source}: {keyword}: is not a keyword of the DICOM dictionary")
        rules[found[0]] = Rule(found[0], keyword, Action.K, source, "a code, no free text")
    return rules


def keyword_lookup(rows: Iterable[Row]) -> KeywordLookup:
    """Tag and VR by keyword: the tables' own, else the dictionary of pydicom (imported only when a file names such a keyword)."""
    known = {row.keyword: (row.number, row.vr) for row in rows if row.number >= 0}

    def lookup(keyword: str) -> tuple[int, str] | None:
        if keyword in known:
            return known[keyword]
        from pydicom.datadict import dictionary_VR, tag_for_keyword

        tag = tag_for_keyword(keyword)
        return None if tag is None else (int(tag), dictionary_VR(tag).split(" ")[0])

    return lookup


def _chosen_options(field: Field, options: Mapping[str, Option]) -> tuple[Option, ...]:
    by_name = {option.name: option for column, option in options.items() if column != _BASIC}
    chosen: list[Option] = []
    for item in field.items():
        option = by_name[item.choice(by_name)]
        if option in chosen:
            item.fail("stands twice")
        if not option.carried_out:
            item.fail(f"{option.name} is not carried out yet, so its code could not be stated truthfully")
        for other in chosen:
            if other.column in option.excludes or option.column in other.excludes:
                item.fail(f"{option.name} and {other.name} exclude each other")
        chosen.append(option)
    return tuple(chosen)


def _shift_days(fields: Mapping[str, Field], chosen: Iterable[Option]) -> tuple[int, int]:
    wanted = any(option.column == _DATES for option in chosen)
    if not wanted:
        if "shift_days" in fields:
            fields["shift_days"].fail("has no meaning without the Modified Dates option")
        return (0, 0)
    if "shift_days" not in fields:
        fields["options"].fail("the Modified Dates option needs shift_days")
    both = fields["shift_days"].mapping(["shortest", "longest"])
    shortest = both["shortest"].integer(1, 36_500)
    longest = both["longest"].integer(1, 36_500)
    if longest - shortest < 30:
        both["longest"].fail("must be at least 30 days more than shortest")
    return (shortest, longest)


def _temporal(chosen: Iterable[Option]) -> str:
    columns = {option.column for option in chosen}
    return "MODIFIED" if _DATES in columns else "UNMODIFIED" if "FullDates" in columns else "REMOVED"


def _defaults(field: Field) -> dict[str, Rule]:
    rules = {}
    for vr, entry in field.mapping(sorted({*VRS, "SQ"})).items():
        action = Action(entry.choice("XZDC" if vr in _TEXT else _DEFAULTS.get(vr, "XZDK" if vr != "UN" else "XZ")))
        method = Method.CAP_AGE if vr == "AS" and action is Action.K else Method.PLAIN
        rules[vr] = Rule(-1, "", action, entry.source, f"default for VR {vr}", method, _fallback(action))
    return rules


def _fallback(action: Action) -> Action:
    """Whether an attribute without a row is Type 1 nobody looked up: text that cleaning empties becomes a constant."""
    return Action.D if action is Action.C else Action.Z


def _class_rule(field: Field, keyword: str) -> Rule:
    return Rule(-1, keyword, Action(field.choice("X")), field.source)


def _check_sequences(rules: Iterable[Rule], vrs: Mapping[str, str], dummies: Dummies) -> None:
    for rule in rules:
        if rule.action is Action.D and vrs[rule.keyword] == "SQ" and rule.tag not in dummies.items:
            raise ConfigError(f"{rule.source}: {rule.keyword}: has no dummy item in ps3_15/dummies.yaml")
