"""Reads functions/signatures.txt and finds, for a call, the signature that takes its arguments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlglot import exp

from localemu.bigquery.errors import ApiError, invalid_query, unsupported
from localemu.bigquery.sql import types

_FILE = Path(__file__).parent.parent / "functions" / "signatures.txt"
_LINE = re.compile(r"(\w+)\((.*?)\) (\S+) = (.+)")
# BigQuery has these; they are named so that the refusal says so instead of "not found".
_KNOWN_GAPS = frozenset(
    "FARM_FINGERPRINT TYPEOF JSON_KEYS JSON_SET JSON_REMOVE JSON_OBJECT JSON_ARRAY JSON_STRIP_NULLS JSON_ARRAY_APPEND JSON_ARRAY_INSERT "
    "APPROX_TOP_SUM REGEXP_EXTRACT_GROUPS REGEXP_INSTR PARSE_BIGNUMERIC SOUNDEX EDIT_DISTANCE HLL_COUNT COLLATE MAKE_INTERVAL "
    "JUSTIFY_HOURS JUSTIFY_DAYS JUSTIFY_INTERVAL CODE_POINTS_TO_STRING CODE_POINTS_TO_BYTES TO_CODE_POINTS TO_BASE32 FROM_BASE32 "
    "SINH COSH TANH CBRT COT CSC SEC RANGE GENERATE_RANGE_ARRAY ST_GEOGPOINT KEYS TIMESTAMP_BUCKET DATE_BUCKET DATETIME_BUCKET "
    "SEARCH VECTOR_SEARCH COSINE_DISTANCE EUCLIDEAN_DISTANCE CURRENT_ROLE GROUPING ARRAY_FILTER ARRAY_TRANSFORM INT64_ARRAY "
    "DETERMINISTIC_ENCRYPT AEAD BIT_CAST_TO_INT64 EXTERNAL_QUERY ML LAX_STRING_ARRAY".split()
)


@dataclass(frozen=True)
class Signature:
    """One way to call a function."""

    name: str
    section: str
    parameters: tuple[str, ...]
    least: int
    variadic: bool
    result: str
    template: str

    def parameter(self, index: int) -> str:
        """Give the type of the argument at an index, the last one when it repeats."""
        return self.parameters[min(index, len(self.parameters) - 1)]

    def takes(self, count: int) -> bool:
        """Say whether the number of arguments fits."""
        return count >= self.least and (self.variadic or count <= len(self.parameters))


@dataclass(frozen=True)
class Match:
    """A signature with what its T stands for in this call."""

    signature: Signature
    bound: exp.DataType | None
    cost: int

    def target(self, index: int) -> exp.DataType | None:
        """Give the type the argument at an index must have, None when any will do."""
        wanted = self.signature.parameter(index)
        if wanted == "T":
            return self.bound
        if wanted == "ARRAY":
            return types.array_of(self.bound) if self.bound is not None else None
        if wanted.startswith("["):
            return types.array_of(types.of_name(wanted[1:-1]))
        return None if wanted in ("ANY", "PART", "INTERVAL", "STAR") else types.of_name(wanted)

    def result(self) -> exp.DataType:
        """Give the type of the call."""
        name = self.signature.result
        bound = self.bound or exp.DataType(this=types.D.UNKNOWN)
        if name in ("T", "E"):
            return bound.copy()
        if name == "T[]":
            return types.array_of(bound)
        if name == "TOP_COUNT":
            return types.of_name(f"ARRAY<STRUCT<value {bound.sql('bigquery')}, count INT64>>")
        if name.startswith("["):
            return types.array_of(types.of_name(name[1:-1]))
        return types.of_name(name)


@cache
def table() -> dict[str, tuple[Signature, ...]]:
    """Read the file once: function name in capitals -> its signatures."""
    found: dict[str, list[Signature]] = {}
    section = ""
    for line in _FILE.read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            signature = _parse(line, section)
            found.setdefault(signature.name, []).append(signature)
    return {name: tuple(signatures) for name, signatures in found.items()}


def _parse(line: str, section: str) -> Signature:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"signatures.txt: not a signature: {line}")
    name, takes, result, template = match.groups()
    required, _, optional = takes.partition("?")
    first = [part.strip() for part in required.split(",") if part.strip()]
    rest = [part.strip() for part in optional.split(",") if part.strip()]
    every = first + rest
    variadic = bool(every) and every[-1].endswith("...")
    # STRING, ANY...: a repeated last argument that is not the first may be absent.
    least = len(first) - (1 if variadic and len(every) > 1 else 0)
    return Signature(
        name, section, tuple(part.removesuffix("...") for part in every), least, variadic, result, template
    )


def part_positions(name: str) -> set[int]:
    """Tell which arguments of a function are date parts or other bare words."""
    return {
        index for sig in table().get(name.upper(), ()) for index, part in enumerate(sig.parameters) if part == "PART"
    }


def resolve(name: str, arguments: list[exp.Expr]) -> Match:
    """Find the cheapest signature; ApiError in BigQuery's words when the function or the types do not fit."""
    upper = name.upper()
    candidates = table().get(upper)
    if candidates is None:
        raise missing(name)
    matches = [match for sig in candidates if (match := _match(sig, arguments)) is not None]
    if matches:
        return min(matches, key=lambda match: match.cost)
    given = ", ".join(types.kind(argument.type) for argument in arguments) or "no arguments"
    raise invalid_query(f"No matching signature for function {upper} for argument types: {given}.")


def missing(name: str) -> ApiError:
    """Build the error of a function that is not there."""
    upper = name.upper()
    if upper in _KNOWN_GAPS or upper.startswith(("ST_", "HLL_COUNT", "ML.", "KEYS.", "AEAD.", "BQML")):
        return unsupported(f"function {upper}")
    return invalid_query(f"Function not found: {name}")


def _match(signature: Signature, arguments: list[exp.Expr]) -> Match | None:
    if not signature.takes(len(arguments)):
        return None
    cost = 0
    bound: list[exp.DataType] = []
    for index, argument in enumerate(arguments):
        price = _price(signature.parameter(index), argument, bound)
        if price is None:
            return None
        cost += price
    if not bound:
        return Match(signature, None, cost)
    common = types.supertype(bound)
    return None if common is None else Match(signature, common, cost + 1)


def _price(wanted: str, argument: exp.Expr, bound: list[exp.DataType]) -> int | None:
    given = types.kind(argument.type)
    if wanted in ("PART", "STAR", "INTERVAL"):
        fits = {"PART": exp.Var, "STAR": exp.Star, "INTERVAL": exp.Interval}[wanted]
        return 0 if isinstance(argument, fits) else None
    if isinstance(argument, (exp.Star, exp.Var)) or given == "INTERVAL":
        return None
    if wanted == "ANY":
        return 0
    if wanted == "T":
        if argument.type is not None:
            bound.append(argument.type)
        return 4
    if wanted == "ARRAY" or wanted.startswith("["):
        return _array_price(wanted, argument, bound)
    return scalar_price(given, wanted, argument)


def _array_price(wanted: str, argument: exp.Expr, bound: list[exp.DataType]) -> int | None:
    given = types.kind(argument.type)
    if given not in ("ARRAY", types.UNKNOWN, "NULL"):
        return None
    inner = types.element(argument.type)
    if wanted == "ARRAY":
        bound.append(inner)
        return 0
    return scalar_price(types.kind(inner), wanted[1:-1], argument)


def scalar_price(given: str, wanted: str, argument: exp.Expr) -> int | None:
    """Price of giving one scalar type for another; None when it cannot be."""
    if given == wanted:
        return 0
    if given in (types.UNKNOWN, "NULL"):
        return 1
    if (
        given == "STRING"
        and wanted in types.LITERAL_TARGETS
        and argument.meta.get("literal", isinstance(argument, exp.Literal))
    ):
        return 2
    return types.COERCIONS.get((given, wanted))
