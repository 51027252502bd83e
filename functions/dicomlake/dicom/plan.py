"""A `Profile` in, a table of what to do with each element out, ready for the walk. Called by `deidentify.py`, `explain.py` and `verify.py`.

The dictionary's tags are decided once per profile. What is left to decide per element are the odd ones: a VR other than the dictionary's,
repeating groups, private and unknown tags. Whatever two readings of an element there are, the stricter rule stands.
"""

from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from dicomlake.dicom import known
from dicomlake.dicom.cleaner import CLEANED_VRS, Engine
from dicomlake.dicom.dictionary import dictionary, stated_vr
from dicomlake.dicom.folding import fold
from dicomlake.dicom.marks import marks
from dicomlake.dicom.textdates import ROMANS, DateMode
from dicomlake.dicom.values import Memories
from dicomlake.rules import Action, Method, Profile, Rule
from dicomlake.rules.model import STRICTNESS
from dicomlake.rules.types import Place

# Bytes with texts in them (icc.py).
ICC_PROFILE = 0x00282000


@dataclass(frozen=True)
class Plan:
    """`table`: tag -> (VR, rule), where the rule is None for what is kept as it is (a sequence: walked). `engine` cleans text, but that
    of `untouched` tags; `kept` are the tags a rule keeps; `memories` are of elements that are treated alike whoever the patient is.
    """

    profile: Profile = field(repr=False)
    table: dict[int, tuple[bytes, Rule | None]] = field(repr=False)
    private: Rule
    engine: Engine = field(repr=False)
    untouched: frozenset[int] = field(repr=False)
    kept: frozenset[int] = field(repr=False)
    memories: Memories = field(default_factory=dict, repr=False)
    _tables: dict[Place, dict[int, tuple[bytes, Rule | None]]] = field(default_factory=dict, repr=False)

    @cached_property
    def marks(self) -> dict[tuple[bool, bool], dict[int, bytes]]:
        """The elements that say what was done, by whether VRs are explicit and whether the picture was cleaned."""
        return {(e, p): marks(self.profile, e, p) for e in (False, True) for p in (False, True)}

    @cached_property
    def months(self) -> frozenset[str]:
        """The words a moved date may bring into a text: names of months in all writings, and their numbers in Roman."""
        names = (name for form in self.engine.rules.months for name in form)
        return frozenset(word for name in names for word in (name, known.fold(name), fold(name))).union(ROMANS)

    @cached_property
    def dated(self) -> Action:
        """What befalls dates of private attributes: as the profile treats dates it has no row for."""
        return self.profile.defaults["DA"].action

    def table_at(self, place: Place) -> dict[int, tuple[bytes, Rule | None]]:
        """`table` with the rules that hang on an attribute's type in this place; made once per place the standard's tables know."""
        made = self._tables.get(place)
        if made is None:
            if place not in self.profile.types:
                if place in self.table:  # a sequence of the dictionary: there are only so many
                    self._tables[place] = self.table
                return self.table
            made = dict(self.table)
            for tag in self.profile.typed:
                vr, _ = made[tag]
                made[tag] = vr, _entry(self.profile.rule_for(tag, stated_vr(tag), place), vr, tag in self.untouched)
            self._tables[place] = made
        return made

    def rule(self, tag: int, vr: bytes, place: Place = None) -> Rule:
        """The rule for an element with this VR in its header; UN and what only a switch of encoding left without one get the dictionary's."""
        if tag & 0x10000:
            return self.private
        stated = stated_vr(tag)
        rule = self.profile.rule_for(tag, stated, place)
        declared = vr.upper().decode("ascii")
        if declared == "UN" or declared in stated:
            return rule
        other = self.profile.defaults.get(declared, self.profile.classes.unknown)
        return min(rule, other, key=lambda one: STRICTNESS.index(one.action))


def plan_for(profile: Profile) -> Plan:
    """The compiled plan of `profile`; made once per profile object and kept while it is in use."""
    return _compiled(_Same(profile))


@lru_cache(maxsize=1 << 14)
def effective_vr(tag: int, vr: bytes) -> bytes:
    """The VR a new value of this element is written in: the file's where the dictionary allows it, else the dictionary's."""
    declared = vr.upper()
    stated = stated_vr(tag)
    return declared if not stated or declared.decode("ascii") in stated else stated[:2].encode("ascii")


@dataclass(frozen=True, eq=False)
class _Same:
    """A profile by identity: it holds mappings and has no hash."""

    profile: Profile

    def __hash__(self) -> int:
        return id(self.profile)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.profile is self.profile


@lru_cache(maxsize=16)
def _compiled(same: _Same) -> Plan:
    profile = same.profile
    table: dict[int, tuple[bytes, Rule | None]] = {}
    kept = set()
    never = frozenset(dictionary().tag[keyword] for keyword in profile.text.untouched if keyword in dictionary().tag)
    for tag, vr in dictionary().vr.items():
        rule = profile.rule_for(tag, dictionary().stated[tag])
        if rule.action is Action.K and rule.method is Method.PLAIN:
            kept.add(tag)
        table[tag] = vr, rule if tag == ICC_PROFILE else _entry(rule, vr, tag in never)
    engine = Engine(profile.text, DateMode(profile.temporal))
    return Plan(profile, table, profile.classes.private, engine, never, frozenset(kept))


def _entry(rule: Rule, vr: bytes, untouched: bool) -> Rule | None:
    """A rule as a table holds it: None for what is kept as it is."""
    plain = rule.action is Action.K and rule.method is Method.PLAIN
    return None if plain and (vr not in CLEANED_VRS or untouched) else rule
