"""`pixels/route.yaml` in, how an object's kind is to be treated out: may its picture carry burned-in text, may its content be a report?

Called by `pipeline/route.py`. Decides from header facts only, and fails closed: what the file does not name is looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from dicomlake.errors import Code
from dicomlake.rules.paths import rules_dir
from dicomlake.rules.reader import Field, RuleFiles

ROUTE = "pixels/route.yaml"
Facts = Mapping[str, Sequence[str] | str]


class PixelRoute(StrEnum):
    """What the picture of an object needs."""

    CLEAN = "clean"  # as acquired: free of burned-in text
    LOOK = "look"  # may carry text: to be detected, held until then
    NO_PIXELS = "no_pixels"  # holds no picture a person could read


@dataclass(frozen=True, slots=True)
class SopClass:
    """A storage class: `route` is acquired, look, no_pixels or text; `modalities` are those an acquired picture of it may have."""

    name: str
    route: str
    modalities: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Condition:
    """What a keyword must show for a picture to count as acquired; exactly one of the three is used."""

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
    """The classes by UID and the conditions; `version` as in Profile."""

    version: str
    classes: Mapping[str, SopClass]
    conditions: tuple[Condition, ...]

    def decide(self, facts: Facts) -> PixelRoute:
        """The route of an object with these facts (keyword -> value or values)."""
        known = self._class(facts)
        if known is None or known.route == "look":
            return PixelRoute.LOOK
        if known.route in ("no_pixels", "text"):
            return PixelRoute.NO_PIXELS
        modality = values_of(facts, "Modality")
        acquired = len(modality) == 1 and modality[0] in known.modalities
        acquired = acquired and all(
            condition.holds(values_of(facts, condition.keyword)) for condition in self.conditions
        )
        return PixelRoute.CLEAN if acquired else PixelRoute.LOOK

    def is_text(self, facts: Facts) -> bool:
        """Whether the object's content is a report, a document or annotations, to be held until the report path can clean it."""
        known = self._class(facts)
        return known is not None and known.route == "text"

    def held_as(self, facts: Facts) -> Code | None:
        """The code under which the object is held while nothing can clean its text or picture; None where there is nothing to clean."""
        if self.is_text(facts):
            return Code.TEXT_PHI_SUSPECTED
        return Code.PIXEL_PHI_SUSPECTED if self.decide(facts) is PixelRoute.LOOK else None

    def _class(self, facts: Facts) -> SopClass | None:
        uid = values_of(facts, "SOPClassUID")
        return self.classes.get(uid[0]) if len(uid) == 1 else None


def values_of(facts: Facts, keyword: str) -> tuple[str, ...]:
    """The values of `keyword`, parted at backslashes, trimmed, in upper case, without empty ones."""
    given = facts.get(keyword, ())
    parts = [given] if isinstance(given, str) else given
    return tuple(value for part in parts for piece in part.split("\\") if (value := piece.strip(" \0\t\r\n").upper()))


def load_pixel_routes(root: Path | None = None) -> PixelRoutes:
    """Read the routes. Raises ConfigError for anything it does not understand."""
    files = RuleFiles(rules_dir(root))
    fields = files.open(ROUTE).mapping(["acquired", "classes"])
    conditions = tuple(_condition(entry) for entry in fields["acquired"].items(at_least=1))
    classes: dict[str, SopClass] = {}
    for entry in fields["classes"].items(at_least=1):
        uid, known = _sop_class(entry)
        if uid in classes:
            entry.fail("UID stands twice")
        classes[uid] = known
    return PixelRoutes(files.version(), MappingProxyType(classes), conditions)


def _condition(entry: Field) -> Condition:
    fields = entry.mapping(["keyword", "reason"], ["starts_with", "contains_none", "absent_or"])
    fields["reason"].text()
    if len(fields) != 3:
        entry.fail("needs exactly one of starts_with, contains_none and absent_or")
    keyword = fields["keyword"].text(r"[A-Z][A-Za-z0-9]*", "a keyword")
    (operator,) = set(fields) - {"keyword", "reason"}
    words = tuple(
        item.text(r"[A-Z0-9][A-Z0-9_ ]*", "capital letters, in quotes where YAML reads otherwise")
        for item in fields[operator].items()
    )
    if not words and operator != "absent_or":
        fields[operator].fail("needs at least 1")
    return Condition(keyword, **{operator: words})


def _sop_class(entry: Field) -> tuple[str, SopClass]:
    fields = entry.mapping(["uid", "name", "route"], ["modalities"])
    uid = fields["uid"].text(r"[0-9]+(?:\.[0-9]+)+", "a UID in quotes")
    route = fields["route"].choice(("acquired", "look", "no_pixels", "text"))
    if (route == "acquired") != ("modalities" in fields):
        entry.fail("modalities belong to route acquired, and only there")
    modalities: tuple[str, ...] = ()
    if "modalities" in fields:
        modalities = tuple(item.text(r"[A-Z]+", "a modality") for item in fields["modalities"].items(at_least=1))
    return uid, SopClass(fields["name"].text(), route, modalities, entry.source)
