"""`ps3_15/types.yaml` in, the look-up of an attribute's type in an object or in an item of a sequence out. Called by `profiles.py`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dicomlake.rules.reader import Field, RuleFiles

TYPES = "ps3_15/types.yaml"
_KEYWORD = r"[A-Z][A-Za-z0-9]*"
# Where an element stands: at the top of an object of this SOP class (UID), in an item of this sequence (tag), or anywhere (None).
Place = str | int | None
# A keyword to its tag; None when nobody knows it.
TagLookup = Callable[[str], int | None]


@dataclass(frozen=True)
class AttributeTypes:
    """`objects`: SOP class -> tag -> "1" or "2", all else there being "3". `items`: sequence -> tag -> type, all else unknown."""

    objects: Mapping[str, Mapping[int, str]]
    items: Mapping[int, Mapping[int, str]]

    def of(self, tag: int, place: Place) -> str:
        """ "1", "2" or "3"; "" where the standard's tables do not say, so that the strictest reading stands."""
        if isinstance(place, int):
            return self.items.get(place, {}).get(tag, "")
        listed = self.objects.get(place) if place else None
        return "" if listed is None else listed.get(tag, "3")

    def __contains__(self, place: object) -> bool:
        """Whether anything is known of a place."""
        return place in self.objects or place in self.items


def load_types(files: RuleFiles, tag_of: TagLookup) -> AttributeTypes:
    """Read the types. Raises ConfigError for a keyword or module nobody knows and for what stands twice."""
    root = files.open(TYPES).mapping(["modules", "objects", "items"])
    modules = {name: _typed(entry, tag_of) for name, entry in root["modules"].entries().items()}
    objects: dict[str, Mapping[int, str]] = {}
    for entry in root["objects"].entries().values():
        fields = entry.mapping(["classes", "modules"])
        types: dict[int, str] = {}
        for item in fields["modules"].items():
            for tag, found in modules[item.choice(modules)].items():
                types[tag] = min(found, types.get(tag, found))
        for item in fields["classes"].items(at_least=1):
            uid = item.text(r"[0-9]+(?:\.[0-9]+)+", "a UID in quotes")
            if uid in objects:
                item.fail("stands twice")
            objects[uid] = MappingProxyType(types)
    items = {_tag(entry, name, tag_of): _typed(entry, tag_of) for name, entry in root["items"].entries().items()}
    return AttributeTypes(MappingProxyType(objects), MappingProxyType(items))


def _typed(entry: Field, tag_of: TagLookup) -> dict[int, str]:
    types: dict[int, str] = {}
    for name, field in entry.mapping([], ["type_1", "type_2", "type_3"]).items():
        for item in field.items(at_least=1):
            tag = _tag(item, item.text(_KEYWORD, "a keyword"), tag_of)
            if tag in types:
                item.fail("stands twice")
            types[tag] = name[-1]
    return types


def _tag(field: Field, keyword: str, tag_of: TagLookup) -> int:
    tag = tag_of(keyword)
    if tag is None:
        field.fail(f"{keyword} is not a keyword of the DICOM dictionary")
    return tag
