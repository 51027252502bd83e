"""What a loaded profile is: actions, rules and the look-up of the rule for an attribute. Built by `profiles.py`, read by `dicom/`."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from dicomlake.rules.dummies import Dummies
from dicomlake.rules.private import SafePrivate
from dicomlake.rules.text import TextRules
from dicomlake.rules.types import AttributeTypes, Place
from dicomlake.rules.visual import VisualFeatures


class Action(StrEnum):
    """What happens to one attribute: the codes of PS3.15 Table E.1-1, and M for the shift of Modified Dates (E.3.6).

    A sequence (SQ) is walked under K, U, C and M: each element of its items has its own rule. An attribute that arrives without a
    value keeps having none under every action but X, so that no rule invents content.
    """

    D = "D"  # dummy: a constant that is valid for the VR (Profile.dummies); a sequence becomes one constant item
    Z = "Z"  # empty: zero length, a sequence with zero items
    X = "X"  # remove
    K = "K"  # keep; text that is kept is cleaned all the same, since no rule is meant to keep a name typed into it
    C = "C"  # clean: text without identifying words and with its dates and UIDs replaced; a sequence is walked
    U = "U"  # pseudonymous UID, the same everywhere for the same input; UIDs of the DICOM root stay
    M = "M"  # dates shifted: DA and DT by whole days, TM kept (a shift of whole days leaves it); see Rule.fallback


class Method(StrEnum):
    """A named way to carry an action out, where the action alone does not say enough."""

    PLAIN = ""
    PATIENT_KEY = "patient_key"  # D: the patient's research pseudonym
    CAP_AGE = "cap_age"  # K: an age over 89 years becomes 090Y, anything but an age is emptied
    FIXED = "fixed"  # D: Rule.value


# Files whose K is the standard's own or leaves nothing but codes.
_STANDARD = ("ps3_15/", "text/")
# From what leaves least to what leaves most; where two rules could apply, the earlier one stands.
STRICTNESS = (Action.X, Action.Z, Action.D, Action.U, Action.M, Action.C, Action.K)


@dataclass(frozen=True, slots=True)
class Rule:
    """The action for an attribute, and who says so: `source` is file and line below deid_rules (`ps3_15/table_e1_1.yaml:123`).

    `fallback` (Z or D) stands where the action cannot be carried out on a value, for example M on a malformed date, or where cleaning
    leaves nothing of it: D where the attribute may be Type 1 in some IOD, else Z. `tag` is -1 for a rule that is not about one attribute.
    """

    tag: int
    keyword: str
    action: Action
    source: str
    note: str = ""
    method: Method = Method.PLAIN
    fallback: Action = Action.Z
    value: str = ""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A row of Table E.1-1 for repeating groups: it applies where `tag & mask == value`."""

    mask: int
    value: int
    rule: Rule


@dataclass(frozen=True, slots=True)
class Classes:
    """Rules for kinds of attributes that have no row of their own."""

    private: Rule
    group_length: Rule
    unknown: Rule


@dataclass(frozen=True)
class Profile:
    """A profile resolved to one action per attribute.

    `options` are the standard's names of the options carried out in full, `method_codes` the (code, scheme, meaning) triplets of
    CID 7050 for DeidentificationMethodCodeSequence, `shift_days` the shortest and longest shift into the past, `temporal` the value of
    LongitudinalTemporalInformationModified, `fallen_back` the keywords an option would clean and for which, lacking an engine, the
    Basic Profile's action stands, `text` what the cleaning of text goes by, `safe_private` the private attributes that stay (None:
    none). `types` knows the type of an attribute where it stands, `typed` the rules that hang on it: tag -> type -> rule; `table` has the
    strictest of them. `visual` judges whether a picture may show a face; with `clean_pixels` every picture is looked at. `version` is 12 hex
    digits over the content of every rule file read.
    """

    name: str
    version: str
    options: tuple[str, ...]
    method_codes: tuple[tuple[str, str, str], ...]
    shift_days: tuple[int, int]
    temporal: str
    table: Mapping[int, Rule]
    patterns: tuple[Pattern, ...]
    defaults: Mapping[str, Rule]
    classes: Classes
    dummies: Dummies
    text: TextRules
    types: AttributeTypes
    typed: Mapping[int, Mapping[str, Rule]]
    visual: VisualFeatures
    safe_private: SafePrivate | None = None
    fallen_back: tuple[str, ...] = ()
    clean_pixels: bool = False

    @property
    def kept_beyond(self) -> tuple[str, ...]:
        """Keywords a profile or site file keeps although neither the Basic Profile nor a stated option does; for DeidentificationMethod."""
        own = (
            rule for rule in self.table.values() if rule.action is Action.K and not rule.source.startswith(_STANDARD)
        )
        return tuple(rule.keyword for rule in own)

    def rule_for(self, tag: int, keyword_vr: str, place: Place = None) -> Rule:
        """The rule for `tag` where it stands. `keyword_vr` is the VR the DICOM dictionary gives the tag ("OB or OW": either), "" when it
        holds no such tag.
        """
        if place is not None and tag in self.typed:
            rule = self.typed[tag].get(self.types.of(tag, place))
            if rule is not None:
                return rule
        rule = self.table.get(tag)
        if rule is not None:
            return rule
        if tag & 0xFFFF == 0:
            return self.classes.group_length
        if tag >> 16 & 1:
            return self.classes.private
        for pattern in self.patterns:
            if tag & pattern.mask == pattern.value:
                return pattern.rule
        return self.defaults.get(keyword_vr[:2], self.classes.unknown)

    def with_overrides(self, rules: tuple[Rule, ...], name: str) -> "Profile":
        """This profile with rules of a site in place of its own. The version changes with them; the profile itself does not."""
        if not rules:
            return self
        content = "\n".join([self.version, name, *(repr(rule) for rule in rules)])
        version = hashlib.sha256(content.encode()).hexdigest()[:12]
        own = {rule.tag: rule for rule in rules}
        typed = {tag: by_type for tag, by_type in self.typed.items() if tag not in own}
        return replace(self, version=version, table={**self.table, **own}, typed=typed)
