"""`pixels/route.yaml` in, how an object's kind is to be treated out: may its picture carry burned-in text, may its content be a report?

Called by `pipeline/assess.py`. Decides from header facts only, and fails closed: what the file does not name is looked at.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from dicomlake.errors import Code
from dicomlake.rules.paths import rules_dir
from dicomlake.rules.reader import Field, RuleFiles

ROUTE = "pixels/route.yaml"
KINDS = ("dicom_image", "dicom_sr", "dicom_encapsulated", "dicom_other")
Facts = Mapping[str, Sequence[str] | str]
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


class PixelRoute(StrEnum):
    """What the picture of an object needs."""

    CLEAN = "clean"  # as acquired: free of burned-in text
    LOOK = "look"  # may carry text: to be detected, held until then
    NO_PIXELS = "no_pixels"  # holds no picture a person could read


@dataclass(frozen=True, slots=True)
class Route:
    """The decision: `pixels`, the `kind` of object (one of KINDS), the `code` under which it is held while nothing can clean it (None:
    nothing to clean) and why (`reason`, a slug).
    """

    pixels: PixelRoute
    kind: str
    code: Code | None
    reason: str


@dataclass(frozen=True, slots=True)
class SopClass:
    """A storage class: `route` is acquired, look, no_picture or text; `modalities` are those an acquired picture of it may have."""

    name: str
    kind: str
    route: str
    modalities: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Condition:
    """What a keyword must show for a route to hold; exactly one of the last three is used."""

    keyword: str
    starts_with: tuple[str, ...] = ()
    contains_none: tuple[str, ...] = ()
    absent_or: tuple[str, ...] | None = None

    def holds(self, values: Sequence[str]) -> bool:
        """Whether `values` (trimmed, upper case, no empty ones) meet the condition."""
        if self.starts_with:
            return tuple(values[: len(self.starts_with)]) == self.starts_with
        if self.absent_or is not None:
            return all(value in self.absent_or for value in values)
        return not any(word in value for value in values for word in self.contains_none)


@dataclass(frozen=True)
class PixelRoutes:
    """The classes by UID and the conditions of the routes `acquired` and `no_picture`; `version` as in Profile."""

    version: str
    classes: Mapping[str, SopClass]
    conditions: Mapping[str, tuple[Condition, ...]]

    @property
    def keywords(self) -> frozenset[str]:
        """The facts that count; what the caller leaves out of them counts as absent from the object."""
        named = {condition.keyword for group in self.conditions.values() for condition in group}
        return frozenset({"SOPClassUID", "Modality", *named})

    def decide(self, facts: Facts) -> Route:
        """The route of an object with these facts (keyword -> value, or values, or one text parted by backslashes)."""
        uid = values_of(facts, "SOPClassUID")
        known = self.classes.get(uid[0]) if len(uid) == 1 else None
        if known is None:
            return Route(PixelRoute.LOOK, "dicom_other", Code.PIXEL_PHI_SUSPECTED, "class_not_listed")
        if known.route == "text":
            return Route(PixelRoute.NO_PIXELS, known.kind, Code.TEXT_PHI_SUSPECTED, "content_is_text")
        reason = self._objection(known, facts)
        if reason:
            return Route(PixelRoute.LOOK, known.kind, Code.PIXEL_PHI_SUSPECTED, reason)
        pixels = PixelRoute.CLEAN if known.route == "acquired" else PixelRoute.NO_PIXELS
        return Route(pixels, known.kind, None, known.route)

    def _objection(self, known: SopClass, facts: Facts) -> str:
        """Why the picture must be looked at; "" where nothing speaks for it."""
        if known.route == "look":
            return "class_carries_text"
        modality = values_of(facts, "Modality")
        if known.route == "acquired" and (len(modality) != 1 or modality[0] not in known.modalities):
            return "modality_of_other_class"
        for condition in self.conditions[known.route]:
            if not condition.holds(values_of(facts, condition.keyword)):
                return f"shown_by_{_CAPITAL.sub('_', condition.keyword).lower()}"[:48]
        return ""


def values_of(facts: Facts, keyword: str) -> tuple[str, ...]:
    """The values of `keyword`, parted at backslashes, trimmed, in upper case, without empty ones."""
    given = facts.get(keyword, ())
    parts = [given] if isinstance(given, str) else given
    return tuple(value for part in parts for piece in part.split("\\") if (value := piece.strip(" \0\t\r\n").upper()))


def load_pixel_routes(root: Path | None = None) -> PixelRoutes:
    """Read the routes. Raises ConfigError for anything it does not understand."""
    files = RuleFiles(rules_dir(root))
    fields = files.open(ROUTE).mapping(["acquired", "no_picture", "classes"])
    conditions = {
        route: tuple(_condition(entry) for entry in fields[route].items(at_least=1))
        for route in ("acquired", "no_picture")
    }
    classes: dict[str, SopClass] = {}
    for entry in fields["classes"].items(at_least=1):
        uid, known = _sop_class(entry)
        if uid in classes:
            entry.fail("UID stands twice")
        classes[uid] = known
    return PixelRoutes(files.version(), MappingProxyType(classes), MappingProxyType(conditions))


def _condition(entry: Field) -> Condition:
    fields = entry.mapping(["keyword", "reason"], ["starts_with", "contains_none", "absent_or"])
    fields["reason"].text()
    if len(fields) != 3:
        entry.fail("needs exactly one of starts_with, contains_none and absent_or")
    keyword = fields["keyword"].text(r"[A-Z][A-Za-z0-9]*", "a keyword")
    (operator,) = set(fields) - {"keyword", "reason"}
    words = tuple(
        item.text(r"[A-Z0-9][A-Z0-9_ ]*", "words in capital letters, in quotes") for item in fields[operator].items()
    )
    if not words and operator != "absent_or":
        fields[operator].fail("needs at least 1")
    return Condition(keyword, **{operator: words})


def _sop_class(entry: Field) -> tuple[str, SopClass]:
    fields = entry.mapping(["uid", "name", "kind", "route"], ["modalities"])
    uid = fields["uid"].text(r"[0-9]+(?:\.[0-9]+)+", "a UID in quotes")
    route = fields["route"].choice(("acquired", "look", "no_picture", "text"))
    if (route == "acquired") != ("modalities" in fields):
        entry.fail("modalities belong to route acquired, and only there")
    modalities: tuple[str, ...] = ()
    if "modalities" in fields:
        modalities = tuple(item.text(r"[A-Z]+", "a modality") for item in fields["modalities"].items(at_least=1))
    return uid, SopClass(fields["name"].text(), fields["kind"].choice(KINDS), route, modalities, entry.source)
