"""`dose/concepts.yaml`, `codes.yaml`, `units.yaml` and `headers.yaml` in, the vocabulary of dose objects out.

Called by `dose/`. Codes are compared by scheme and value in every version of the schemes; meanings only where a scheme is somebody's own.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from dicomlake.rules.dose_screens import SCREENS, ScreenRules, screen_rules
from dicomlake.rules.paths import rules_dir
from dicomlake.rules.reader import Field, RuleFiles

CONCEPTS, CODES, UNITS, HEADERS = "dose/concepts.yaml", "dose/codes.yaml", "dose/units.yaml", "dose/headers.yaml"
_KINDS = ("containers", "codes", "texts", "uids", "times", "numbers")
_UNIT_LETTERS = str.maketrans({"µ": "u", "μ": "u", "²": "2", "º": "°"})
_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
# (scheme, code value), both upper case.
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Concept:
    """A name in a dose report: `kind` is one of containers, codes, texts, uids, times, numbers; `values` the kind of coded value, `quantity`
    the entry of units.yaml (both "" where they don't apply); `alone` the values that mean nothing in any other unit than the template's.
    """

    name: str
    kind: str
    values: str
    quantity: str
    meanings: frozenset[str]
    alone: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class CodedValue:
    """A coded value: its canonical meaning, SNOMED CT or DCM key, and all wordings folded."""

    meaning: str
    key: Key
    wordings: frozenset[str]


@dataclass(frozen=True, slots=True)
class Quantity:
    """`factors` by folded unit turn a value into the base unit; `exact` the same where case counts."""

    name: str
    factors: Mapping[str, Decimal]
    exact: Mapping[str, Decimal]
    any_unit: bool
    assumed: Decimal
    likely: tuple[float, float]
    possible: tuple[float, float]

    def factor(self, unit: str) -> Decimal | None:
        """What a stated unit is worth in the base unit; None for one that is not of this quantity."""
        exact = self.exact.get(unit.strip())
        if exact is not None:
            return exact
        folded = fold_unit(unit)
        found = self.factors.get(folded)
        if found is None and self.any_unit:
            return Decimal(1)
        return found


@dataclass(frozen=True, slots=True)
class PrivateElement:
    """A private element by group, creator of its block, and low byte."""

    group: int
    creator: str
    low: int


@dataclass(frozen=True)
class HeaderRules:
    """Defined terms of headers -> what the lake calls them; private elements that hold a DLP in mGy.cm."""

    materials: Mapping[str, str]
    acquisition_types: Mapping[str, str]
    modalities: Mapping[str, str]
    body_parts: Mapping[str, str]
    private_dlp: tuple[PrivateElement, ...]


@dataclass(frozen=True)
class DoseRules:
    """The vocabulary. `concepts` and `values` are keyed by (scheme, code value); `schemes` by spelling of a coding scheme."""

    version: str
    schemes: Mapping[str, str]
    concepts: Mapping[Key, Concept]
    values: Mapping[str, Mapping[Key, CodedValue]]
    quantities: Mapping[str, Quantity]
    headers: HeaderRules
    screens: ScreenRules

    def possible(self, name: str) -> tuple[float, float] | None:
        """What a device can mean by the number of this name, in the unit of the name; None where nothing is known."""
        for concept in self.concepts.values():
            if concept.name == name and concept.quantity:
                return self.quantities[concept.quantity].possible
        return None

    def alone(self, name: str) -> tuple[float, float] | None:
        """Between which values a number of this name means nothing in another unit, in the unit of the name; None where nothing is known."""
        return next((concept.alone for concept in self.concepts.values() if concept.name == name), None)


def fold(text: str) -> str:
    """Letters and digits in lower case: the form in which meanings are compared."""
    return re.sub(r"[\W_]+", "", text).casefold()


def fold_unit(text: str) -> str:
    """A unit as units.yaml spells it: small letters, no blanks, dots, stars or carets, micro as u, squares as 2, no annotations."""
    if not text.isascii():
        with suppress(UnicodeError):  # UTF-8 that somebody has taken for Latin-1
            text = text.encode("latin-1").decode("utf-8")
    text = text.strip().casefold().translate(_UNIT_LETTERS).replace("mcgy", "ugy")
    plain = re.sub(r"\{[^}]*\}", "", text)
    text = plain if plain and "/" not in text else text
    return re.sub(r"\s+" if "/" in text else r"[\s.·*^×⋅\-]+", "", text)


def load_dose_rules(root: Path | None = None) -> DoseRules:
    """Read the vocabulary. Raises ConfigError for anything it does not understand."""
    files = RuleFiles(rules_dir(root))
    units = files.open(UNITS).mapping(["schemes", "quantities"])
    quantities = {name: _quantity(field) for name, field in units["quantities"].entries().items()}
    values = {kind: _values(field) for kind, field in files.open(CODES).entries().items()}
    concepts: dict[Key, Concept] = {}
    for kind, group in files.open(CONCEPTS).mapping(_KINDS).items():
        for entry in group.items(at_least=1):
            _concept(entry, kind, concepts, values, quantities)
    headers = _headers(files.open(HEADERS))
    screens = screen_rules(files.open(SCREENS))
    return DoseRules(
        files.version(),
        MappingProxyType(_schemes(units["schemes"])),
        MappingProxyType(concepts),
        MappingProxyType({kind: MappingProxyType(found) for kind, found in values.items()}),
        MappingProxyType(quantities),
        headers,
        screens,
    )


def _headers(field: Field) -> HeaderRules:
    fields = field.mapping(["materials", "acquisition_types", "modalities", "body_parts", "private_dlp"])
    terms = {
        name: MappingProxyType({term: item.text() for term, item in fields[name].entries().items()})
        for name in ("materials", "acquisition_types", "modalities", "body_parts")
    }
    private = tuple(_private(item) for item in fields["private_dlp"].items())
    return HeaderRules(
        terms["materials"], terms["acquisition_types"], terms["modalities"], terms["body_parts"], private
    )


def _private(entry: Field) -> PrivateElement:
    fields = entry.mapping(["creator", "group", "element", "reason"])
    fields["reason"].text()
    group = int(
        fields["group"].text(r"[0-9A-F]{3}[13579BDF]", "an odd group of four hexadecimal digits, in quotes"), 16
    )
    return PrivateElement(group, fields["creator"].text(), int(fields["element"].text(r"[0-9A-F]{2}"), 16))


def _schemes(field: Field) -> dict[str, str]:
    spellings: dict[str, str] = {}
    for scheme, group in field.entries().items():
        for item in group.items(at_least=1):
            spellings[item.text().upper()] = scheme
    return spellings


def _concept(
    entry: Field,
    kind: str,
    concepts: dict[Key, Concept],
    values: Mapping[str, Mapping[Key, CodedValue]],
    quantities: Mapping[str, Quantity],
) -> None:
    extra = {"codes": ["values"], "numbers": ["quantity"]}.get(kind, [])
    fields = entry.mapping(["name", "codes", "meanings", *extra], ["alone"] if kind == "numbers" else [])
    of = fields["values"].choice(values) if "values" in fields else ""
    quantity = fields["quantity"].choice(quantities) if "quantity" in fields else ""
    meanings = frozenset(fold(item.text()) for item in fields["meanings"].items(at_least=1))
    alone = _range(fields["alone"]) if "alone" in fields else None
    concept = Concept(fields["name"].text(r"[a-zA-Z0-9_]+", "a name"), kind, of, quantity, meanings, alone)
    for item in fields["codes"].items(at_least=1):
        key = _key(item)
        if key in concepts:
            item.fail("stands twice")
        concepts[key] = concept


def _values(field: Field) -> dict[Key, CodedValue]:
    found: dict[Key, CodedValue] = {}
    for entry in field.items(at_least=1):
        fields = entry.mapping(["meaning", "codes"], ["also"])
        meaning = fields["meaning"].text()
        keys = [_key(item) for item in fields["codes"].items(at_least=1)]
        also = [item.text() for item in fields["also"].items()] if "also" in fields else []
        value = CodedValue(meaning, keys[0], frozenset(map(fold, [meaning, *also])))
        for key in keys:
            if key in found:
                entry.fail(f"{' '.join(key)} stands twice")
            found[key] = value
    return found


def _key(item: Field) -> Key:
    scheme, _, value = item.text(r"[A-Za-z]+ [A-Za-z0-9.\-]+", "a scheme and a code value").partition(" ")
    return scheme, value.upper()


def _quantity(field: Field) -> Quantity:
    fields = field.mapping(["factors", "assumed", "likely", "possible"], ["exact", "any_unit"])
    factors = {name: _decimal(item) for name, item in fields["factors"].entries().items()}
    exact = {name: _decimal(item) for name, item in fields["exact"].entries().items()} if "exact" in fields else {}
    assumed = fields["assumed"].text()
    if assumed not in factors and assumed not in exact:
        fields["assumed"].fail("is none of the units")
    any_unit = fields["any_unit"].flag() if "any_unit" in fields else False
    return Quantity(
        field.name,
        MappingProxyType(factors),
        MappingProxyType(exact),
        any_unit,
        factors.get(assumed) or exact[assumed],
        _range(fields["likely"]),
        _range(fields["possible"]),
    )


def _range(field: Field) -> tuple[float, float]:
    ends = [float(_decimal(item)) for item in field.items(at_least=2)]
    if len(ends) != 2 or ends[0] >= ends[1]:
        field.fail("must be two numbers, the smaller one first")
    return ends[0], ends[1]


def _decimal(field: Field) -> Decimal:
    text = str(getattr(field.node, "value", ""))
    if not re.fullmatch(_NUMBER, text):
        field.fail("must be a number")
    return Decimal(text)
