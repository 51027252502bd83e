"""A raw instance and a profile in, what would happen to each element and why out. Called by the command line. Values are never shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dicomlake.dicom.deidentify import values_for
from dicomlake.dicom.dictionary import keyword_of
from dicomlake.dicom.elements import Element
from dicomlake.dicom.facts import concept_of
from dicomlake.dicom.marks import IDENTITY_REMOVED, METHOD, METHOD_CODES, TEMPORAL
from dicomlake.dicom.plan import Plan, effective_vr, plan_for
from dicomlake.dicom.private import SafeElement, safe_elements
from dicomlake.dicom.read import RawInstance
from dicomlake.dicom.text import Charset
from dicomlake.dicom.values import Values
from dicomlake.dicom.visual import VISUAL_FEATURES, visual_features
from dicomlake.pseudonyms import PatientIdentity, SiteKey
from dicomlake.rules import Action, Method, Profile, Rule
from dicomlake.rules.types import Place

_MARKS = frozenset({IDENTITY_REMOVED, METHOD, METHOD_CODES, TEMPORAL})
_WALKED = frozenset({Action.K, Action.U, Action.M, Action.C})
_CHARSET, _CONTENT, _TEXT_VALUE = 0x00080005, 0x0040A730, 0x0040A160
_PATIENT = ((0x00100010, "PN"), (0x00100020, "LO"))


@dataclass(frozen=True, slots=True)
class ElementPlan:
    """What happens to one element. `path` is like `(0040,A730)[2].(0040,A160)`, items counted from 0; `source` is file and line of the rule."""

    path: str
    tag: int
    keyword: str
    vr: str
    action: str
    source: str
    effect: str
    note: str


def explain(raw: RawInstance, profile: Profile, key: SiteKey, patient: PatientIdentity) -> list[ElementPlan]:
    """One line per element, in the order of the file; elements that are added stand at the end."""
    plan = plan_for(profile)
    teller = _Teller(raw, plan, values_for(raw, profile, key, patient))
    lines = list(teller.level(raw.elements, "", 0, raw.charset, place=raw.first("SOPClassUID")))
    for tag, vr in ((IDENTITY_REMOVED, "CS"), (METHOD, "LO"), (METHOD_CODES, "SQ"), (TEMPORAL, "CS"), *_PATIENT):
        if tag not in raw.index and (tag in _MARKS or plan.rule(tag, vr.encode()).method is Method.PATIENT_KEY):
            rule = None if tag in _MARKS else plan.rule(tag, vr.encode())
            lines.append(_added(tag, vr, rule))
    if VISUAL_FEATURES not in raw.index and visual_features(raw, profile.visual):
        lines.append(teller.visual(_path(VISUAL_FEATURES), "", "added: says whether a face can be rebuilt"))
    return lines


def _path(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _added(tag: int, vr: str, rule: Rule | None) -> ElementPlan:
    effect = "added: says what was done" if rule is None else "added: the patient's pseudonym"
    return ElementPlan(_path(tag), tag, keyword_of(tag), vr, "D", rule.source if rule else "PS3.15 E.1.1", effect, "")


class _Teller:
    def __init__(self, raw: RawInstance, plan: Plan, values: Values) -> None:
        self._raw = raw
        self._plan = plan
        self._values = values

    def level(
        self,
        elements: Sequence[Element],
        above: str,
        depth: int,
        charset: Charset,
        concept: str = "",
        place: Place = None,
    ) -> Iterator[ElementPlan]:
        safe = self._safe(elements)
        for one in elements:
            tag, vr, _, value, end, items = one
            if tag == _CHARSET:
                charset = Charset.of(self._raw.buffer[value:end])
            path = above + _path(tag)
            if not depth and tag in _MARKS:
                yield ElementPlan(
                    path, tag, keyword_of(tag), vr.decode(), "D", "PS3.15 E.1.1", "replaced: says what was done", ""
                )
                continue
            if not depth and tag == VISUAL_FEATURES:
                yield self.visual(path, "removed: not known", "replaced: says whether a face can be rebuilt")
                continue
            kept = safe.get(tag)
            rule = kept.rule if kept is not None else self._plan.rule(tag, vr, place)
            written = kept.vr if kept is not None else effective_vr(tag, vr)
            shown = written.decode("ascii", "replace")
            if concept and tag == _TEXT_VALUE:
                rule = Rule(tag, keyword_of(tag), Action.D, concept, "the concept name says that it identifies")
            effect = self._effect(one, rule, depth, written, charset)
            yield ElementPlan(path, tag, keyword_of(tag), shown, str(rule.action), rule.source, effect, rule.note)
            if items is not None and rule.action in _WALKED:
                for number, item in enumerate(items):
                    said = concept_of(self._raw.buffer, item[4]) if tag == _CONTENT else ("", "")
                    source = self._plan.profile.text.concepts.get(said, "")
                    yield from self.level(item[4], f"{path}[{number}].", depth + 1, charset, source, tag)

    def visual(self, path: str, absent: str, present: str) -> ElementPlan:
        """What becomes of RecognizableVisualFeatures."""
        said = visual_features(self._raw, self._plan.profile.visual)
        action, effect = ("D", present) if said else ("X", absent)
        source = "ps3_15/visual_features.yaml:1"
        return ElementPlan(path, VISUAL_FEATURES, keyword_of(VISUAL_FEATURES), "CS", action, source, effect, "")

    def _safe(self, elements: Sequence[Element]) -> dict[int, SafeElement]:
        safe = self._plan.profile.safe_private
        return {} if safe is None else safe_elements(elements, self._raw.buffer, safe, self._plan.dated)

    def _effect(self, one: Element, rule: Rule, depth: int, written: bytes, charset: Charset) -> str:
        tag, _, _, value, end, items = one
        if rule.action is Action.X:
            return "removed"
        if not depth and rule.method is Method.PATIENT_KEY:
            return "replaced by the patient's pseudonym"
        if value == end:
            return "empty, stays empty"
        if items is not None and rule.action in _WALKED:
            return f"kept, {len(items)} items walked"
        if items is not None:
            return "replaced by constant items" if rule.action is Action.D else "emptied"
        if rule.action is Action.K and tag in self._plan.untouched:
            return "kept"
        old = self._raw.buffer[value:end]
        new = self._values.clean(rule, tag, written, old, depth, charset)
        return _told(rule, written, old.strip(b" \0"), new.strip(b" \0"))


def _told(rule: Rule, vr: bytes, old: bytes, new: bytes) -> str:
    if new == old:
        return "kept: belongs to the standard" if rule.action is Action.U else "kept"
    if not new:
        return "emptied: malformed" if rule.action is Action.M else "emptied"
    if rule.action is Action.U:
        return "replaced by pseudonymous UIDs" if b"\\" in new else "replaced by a pseudonymous UID"
    if rule.action is Action.M:
        return "shifted with all dates of the patient" if vr in (b"DA", b"DT") else "replaced by a constant: malformed"
    if rule.action is Action.C or (rule.action is Action.K and rule.method is Method.PLAIN):
        return (
            "cleaned: nothing was left but what identifies"
            if new == b"REMOVED"
            else "cleaned: what identifies is taken out"
        )
    if rule.action is Action.K:
        return "age of 90 years or more written as 090Y"
    return "replaced by the patient's pseudonym" if rule.method is Method.PATIENT_KEY else "replaced by a constant"
