"""`dose/effective.yaml` in, factors from the dose-length product to effective dose out. Called by `dose/effective.py` and the SQL generator."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from dicomlake.rules.paths import rules_dir
from dicomlake.rules.reader import Field, RuleFiles

EFFECTIVE = "dose/effective.yaml"
REGIONS = ("head", "head_neck", "neck", "chest", "abdomen_pelvis", "trunk")
_ADULT = "adult"
_KVP_RANGE = (60.0, 150.0)
_OLDEST = 200


@dataclass(frozen=True, slots=True)
class Factor:
    """k in mSv per mGy.cm for DLPs of the phantom of `phantom_cm`, ages from (included) to (excluded) in completed years and tube voltages
    from (included) to (excluded) in kV; `kvp` is the tabulated voltage, None where one factor serves all.
    """

    method: str
    region: str
    phantom_cm: int
    age_from: int
    age_to: int
    kvp: int | None
    kvp_from: float
    kvp_to: float
    k: float
    verified: bool
    source: str


@dataclass(frozen=True, slots=True)
class EffectiveMethod:
    """A published set of factors: its `label` for people, `version`, and whether it depends on the tube voltage and is the one to show."""

    name: str
    label: str
    version: str
    by_kvp: bool
    adult_from_y: int
    preferred: bool


@dataclass(frozen=True)
class EffectiveRules:
    """The methods by name, every factor, and the ratio of DLPs of the 16 to the 32 cm phantom; `version` as in Profile."""

    version: str
    methods: Mapping[str, EffectiveMethod]
    factors: tuple[Factor, ...]
    phantom_ratio: float

    def factor(self, method: str, region: str, age_y: int, kvp: float | None) -> Factor | None:
        """The one verified factor for these, or None."""
        for factor in self.factors:
            if factor.method == method and factor.region == region and factor.age_from <= age_y < factor.age_to:
                fits = factor.kvp is None or (kvp is not None and factor.kvp_from <= kvp < factor.kvp_to)
                if fits and factor.verified:
                    return factor
        return None


def load_effective(root: Path | None = None) -> EffectiveRules:
    """Read the factors. Raises ConfigError for anything it does not understand, and for two factors that fit one case."""
    files = RuleFiles(rules_dir(root))
    fields = files.open(EFFECTIVE).mapping(["age_bands", "phantom_ratio", "methods", "sources", "factors"])
    bands = {name: _band(entry) for name, entry in fields["age_bands"].entries().items()}
    ratio = fields["phantom_ratio"].mapping(["value", "source"])
    ratio["source"].text()
    methods = {name: _method(name, entry) for name, entry in fields["methods"].entries().items()}
    if sum(method.preferred for method in methods.values()) != 1:
        fields["methods"].fail("exactly one method is preferred")
    sources = {name: entry.text() for name, entry in fields["sources"].entries().items()}
    factors: dict[tuple[str, str, int, int | None], Factor] = {}
    entries = fields["factors"].items(at_least=1)
    voltages = _voltages(entries, methods)
    for entry in entries:
        for factor in _factors(entry, bands, methods, sources, voltages):
            key = (factor.method, factor.region, factor.age_from, factor.kvp)
            if key in factors:
                entry.fail("another factor fits the same case")
            factors[key] = factor
    return EffectiveRules(
        files.version(), MappingProxyType(methods), tuple(factors.values()), ratio["value"].number(1, 4)
    )


def _band(entry: Field) -> tuple[int, int]:
    edges = [edge.integer(0, _OLDEST) for edge in entry.items()]
    if len(edges) != 2 or edges[0] >= edges[1]:
        entry.fail("must be two ages, from and to")
    return edges[0], edges[1]


def _method(name: str, entry: Field) -> EffectiveMethod:
    fields = entry.mapping(["label", "version", "by_kvp", "adult_from_y", "preferred"])
    return EffectiveMethod(
        name,
        fields["label"].text(),
        fields["version"].text(),
        fields["by_kvp"].flag(),
        fields["adult_from_y"].integer(1, 25),
        fields["preferred"].flag(),
    )


def _voltages(entries: list[Field], methods: Mapping[str, EffectiveMethod]) -> dict[int, tuple[float, float]]:
    """Tabulated voltage -> from, to: each reaches half way to the next."""
    tabulated = sorted(
        {
            fields["kvp"].integer(40, 160)
            for fields in (entry.entries() for entry in entries)
            if "method" in fields and "kvp" in fields and methods.get(fields["method"].node.value, None) is not None
            if methods[fields["method"].node.value].by_kvp
        }
    )
    edges = [_KVP_RANGE[0], *((a + b) / 2 for a, b in pairwise(tabulated)), _KVP_RANGE[1]]
    return {kvp: (edges[i], edges[i + 1]) for i, kvp in enumerate(tabulated)}


def _factors(
    entry: Field,
    bands: Mapping[str, tuple[int, int]],
    methods: Mapping[str, EffectiveMethod],
    sources: Mapping[str, str],
    voltages: Mapping[int, tuple[float, float]],
) -> list[Factor]:
    fields = entry.mapping(["method", "region", "kvp", "phantom_cm", "verified", "source", "k"])
    method = methods[fields["method"].choice(methods)]
    kvp = fields["kvp"].integer(40, 160)
    low, high = voltages[kvp] if method.by_kvp else _KVP_RANGE
    phantom = fields["phantom_cm"].integer(16, 32)
    made = []
    for name, value in fields["k"].entries().items():
        if name not in bands:
            value.fail(f"no such age band; there are: {', '.join(bands)}")
        first, last = bands[name]
        made.append(
            Factor(
                method=method.name,
                region=fields["region"].choice(REGIONS),
                phantom_cm=phantom,
                age_from=method.adult_from_y if name == _ADULT else first,
                age_to=last if name == _ADULT else min(last, method.adult_from_y),
                kvp=kvp if method.by_kvp else None,
                kvp_from=low,
                kvp_to=high,
                k=value.number(0.0001, 1),
                verified=fields["verified"].flag(),
                source=sources[fields["source"].choice(sources)],
            )
        )
    return made
