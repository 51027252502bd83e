"""A row of the table and the options switched on in, one Rule out. Called by `profiles.py`.

PS3.15 E.3: an option replaces the Basic Profile's action. Where several options name one attribute the strictest stands, and a C no
engine carries out gives way to the Basic Profile's action, never to a keep: fail closed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dicomlake.rules.model import STRICTNESS, Action, Method, Rule
from dicomlake.rules.reader import RuleFiles
from dicomlake.rules.table import BASIC_ACTIONS, Option, Row

RESOLUTION = "ps3_15/resolution.yaml"


@dataclass(frozen=True)
class Resolution:
    """How compound actions are read: action per compound, exceptions by keyword with their reason, and what may never be kept."""

    compounds: Mapping[str, Action]
    dummy_uid: Action
    exceptions: Mapping[str, tuple[Action, str]]
    never_kept: frozenset[str]


def load_resolution(files: RuleFiles) -> Resolution:
    """Read `resolution.yaml`. A compound may only be read as one of its own parts."""
    root = files.open(RESOLUTION).mapping(["compounds", "dummy_uid", "exceptions", "never_kept"])
    compound = [action for action in BASIC_ACTIONS if "/" in action]
    compounds = {
        name: Action(field.choice(name.rstrip("*").split("/")))
        for name, field in root["compounds"].mapping(compound).items()
    }
    exceptions: dict[str, tuple[Action, str]] = {}
    for entry in root["exceptions"].items():
        fields = entry.mapping(["keyword", "action", "reason"])
        exceptions[fields["keyword"].text()] = (
            Action(fields["action"].choice(("Z", "D", "U"))),
            fields["reason"].text(),
        )
    return Resolution(
        compounds,
        Action(root["dummy_uid"].choice(("U", "D"))),
        exceptions,
        frozenset(root["never_kept"].unique(lambda item: item.text(r"[A-Z][A-Za-z0-9]*", "a keyword"))),
    )


def resolve(row: Row, options: Sequence[Option], how: Resolution, type_: str = "") -> tuple[Rule, bool]:
    """The rule for `row`, and whether an option's C fell back to the Basic Profile's action.

    `type_` is the attribute's type where it stands, "1", "2" or "3"; without it the strictest the row allows for is assumed.
    """
    basic, note = _basic(row, how) if not type_ else _typed(row, how, type_)
    required = basic is Action.D if not type_ else type_ == "1"
    fallback = Action.D if required and row.vr != "SQ" else Action.Z
    action, fell_back = basic, False
    asked = [(option, row.columns[option.column]) for option in options if option.column in row.columns]
    if asked:
        wanted = [_of_option(option, said, row) for option, said in asked]
        fell_back = None in wanted
        action = basic if fell_back else min(filter(None, wanted), key=STRICTNESS.index)
        names = ", ".join(option.name for option, _ in asked)
        note = f"{names}: not carried out here, the Basic Profile stands" if fell_back else names
    if action is Action.K and (row.vr == "PN" or row.keyword in how.never_kept):
        action, note = basic, "a direct identifier is never kept"
    method = Method.CAP_AGE if action is Action.K and row.vr == "AS" else Method.PLAIN
    return Rule(row.number, row.keyword, action, row.source, note, method, fallback), fell_back


def _of_option(option: Option, said: Action, row: Row) -> Action | None:
    """What the option wants done; None where it wants a cleaning that nothing here can do."""
    if said is not Action.C:
        return said
    return None if row.keyword in option.clean_except else option.clean_by_vr.get(row.vr)


def _typed(row: Row, how: Resolution, type_: str) -> tuple[Action, str]:
    """The Basic Profile's action for an attribute of this type: of a compound the part that fits it, and never a broken object."""
    strict, note = _basic(row, how)
    if strict is Action.U or row.keyword in how.exceptions:
        return strict, note
    parts = row.basic.rstrip("*").split("/")
    wanted = {"1": "D", "2": "Z" if "Z" in parts or "D" not in parts else "D", "3": parts[0]}[type_]
    action = Action(wanted)
    if action is Action.D and row.vr == "SQ" and strict is not Action.D:
        return (
            (Action.U, "walked: type 1 here") if strict is Action.Z else (strict, note)
        )  # no constant item to put there
    if action is Action.D and row.vr == "UI":
        return how.dummy_uid, f"{row.basic} on a UID"
    return action, note if action is strict else f"{row.basic} read as {action}: type {type_} here"


def _basic(row: Row, how: Resolution) -> tuple[Action, str]:
    exception = how.exceptions.get(row.keyword)
    if exception is not None:
        return exception
    action = how.compounds.get(row.basic) or Action(row.basic)
    note = f"{row.basic} read as {action}" if row.basic in how.compounds else ""
    if action is Action.D and row.vr == "UI":
        return how.dummy_uid, f"{row.basic} on a UID"
    return action, note
