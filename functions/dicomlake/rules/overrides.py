"""`keep`, `remove` and `replace` lists of a profile or site file in, Rules out. Called by `profiles.py` and `sites.py`.

keep:     [{keyword: StationName, reason: ...}]
remove:   [{keyword: BodyPartExamined, reason: ...}]
replace:  [{keyword: InstitutionName, value: TRIAL SITE 4, reason: ...}, {keyword: PatientID, with: patient_key, reason: ...}]
"""

from collections.abc import Callable, Mapping

from dicomlake.rules.model import Action, Method, Rule
from dicomlake.rules.reader import Field

FIELDS = ("keep", "remove", "replace")
_TEXT_VRS = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT"})
_LONGEST = {"AE": 16, "CS": 16, "SH": 16, "LO": 64, "PN": 64}
_ASCII = r"[ -\[\]-~]{1,1024}"  # printable, no backslash: that would part values

# A keyword to (tag, VR); None when nobody knows it.
KeywordLookup = Callable[[str], tuple[int, str] | None]


def read_overrides(fields: Mapping[str, Field], lookup: KeywordLookup, never_kept: frozenset[str]) -> tuple[Rule, ...]:
    """The rules of the three lists, in order of tag. A keyword named twice, unknown or never to be kept raises ConfigError."""
    rules: dict[int, Rule] = {}
    for kind in FIELDS:
        for entry in fields[kind].items() if kind in fields else []:
            rule = _rule(kind, entry, lookup, never_kept)
            if rule.tag in rules:
                entry.fail("keyword stands twice")
            rules[rule.tag] = rule
    return tuple(rules[tag] for tag in sorted(rules))


def _rule(kind: str, entry: Field, lookup: KeywordLookup, never_kept: frozenset[str]) -> Rule:
    fields = entry.mapping(["keyword", "reason"], ["with", "value"] if kind == "replace" else [])
    keyword, reason = fields["keyword"].text(r"[A-Z][A-Za-z0-9]*", "a DICOM keyword"), fields["reason"].text()
    found = lookup(keyword)
    if found is None:
        fields["keyword"].fail("is not a keyword of the DICOM dictionary")
    tag, vr = found
    if vr == "UI":
        fields["keyword"].fail("is a UID: the Retain UIDs option decides, for all of them alike")
    if kind == "remove":
        return Rule(tag, keyword, Action.X, entry.source, reason)
    if kind == "keep":
        if vr == "PN" or keyword in never_kept:
            fields["keyword"].fail("is a direct identifier and cannot be kept")
        if vr in ("DA", "DT"):
            fields["keyword"].fail(
                "is a date: one true date gives the shift away; an option decides for all dates alike"
            )
        if vr == "SQ":
            fields["keyword"].fail("is a sequence: name the elements of its items")
        return Rule(tag, keyword, Action.K, entry.source, reason, Method.CAP_AGE if vr == "AS" else Method.PLAIN)
    return _replacement(entry, fields, tag, vr, reason)


def _replacement(entry: Field, fields: Mapping[str, Field], tag: int, vr: str, reason: str) -> Rule:
    if ("with" in fields) == ("value" in fields):
        entry.fail("needs either with or value")
    if vr not in _TEXT_VRS:
        fields["keyword"].fail("only text can be replaced")
    keyword = fields["keyword"].text()
    if "with" in fields:
        method = Method(fields["with"].choice([Method.PATIENT_KEY]))
        if _LONGEST.get(vr, 1024) < 64:
            fields["keyword"].fail("is too short for a pseudonym")
        return Rule(tag, keyword, Action.D, entry.source, reason, method, Action.D)
    longest = _LONGEST.get(vr, 1024)
    value = fields["value"].text(_ASCII, "printable ASCII without a backslash")
    if len(value) > longest:
        fields["value"].fail(f"is longer than {longest} characters")
    return Rule(tag, keyword, Action.D, entry.source, reason, Method.FIXED, Action.D, value)
