"""The types of expressions: sqlglot's, as the short names that signatures and casts use, and as DuckDB spells them."""

from __future__ import annotations

from sqlglot import exp

from localemu.bigquery.errors import unsupported
from localemu.bigquery.schema import DUCK_TYPES, legacy_name
from localemu.bigquery.schema import quote as quote

D = exp.DType
_KINDS = {
    D.BIGINT: "INT64", D.INT: "INT64", D.SMALLINT: "INT64", D.TINYINT: "INT64", D.UBIGINT: "INT64", D.INT128: "INT64",
    D.DOUBLE: "FLOAT64", D.FLOAT: "FLOAT64", D.DECIMAL: "NUMERIC", D.BIGDECIMAL: "BIGNUMERIC", D.TEXT: "STRING",
    D.VARCHAR: "STRING", D.CHAR: "STRING", D.BINARY: "BYTES", D.VARBINARY: "BYTES", D.BOOLEAN: "BOOL", D.DATE: "DATE",
    D.DATETIME: "DATETIME", D.TIMESTAMP: "DATETIME", D.TIME: "TIME", D.TIMESTAMPTZ: "TIMESTAMP", D.TIMESTAMPLTZ: "TIMESTAMP",
    D.JSON: "JSON", D.STRUCT: "STRUCT", D.ARRAY: "ARRAY", D.INTERVAL: "INTERVAL", D.NULL: "NULL",
}  # fmt: skip
UNKNOWN = "UNKNOWN"
# What may stand for what without a cast, and at what price: the cheapest signature wins.
COERCIONS = {
    ("INT64", "NUMERIC"): 4, ("INT64", "BIGNUMERIC"): 5, ("INT64", "FLOAT64"): 3, ("NUMERIC", "BIGNUMERIC"): 1,
    ("NUMERIC", "FLOAT64"): 2, ("BIGNUMERIC", "FLOAT64"): 1, ("DATE", "DATETIME"): 1, ("DATE", "TIMESTAMP"): 3,
    ("DATETIME", "TIMESTAMP"): 3,
}  # fmt: skip
LITERAL_TARGETS = {"DATE", "DATETIME", "TIME", "TIMESTAMP"}


def kind(data_type: exp.DataType | None) -> str:
    """Give the short name of a type; UNKNOWN when it could not be told."""
    if data_type is None:
        return UNKNOWN
    return _KINDS.get(data_type.this, UNKNOWN)


def element(data_type: exp.DataType | None) -> exp.DataType:
    """Give the element type of an array."""
    if data_type is not None and data_type.this == D.ARRAY and data_type.expressions:
        found = data_type.expressions[0]
        if isinstance(found, exp.DataType):
            return found
    return exp.DataType(this=D.UNKNOWN)


def array_of(data_type: exp.DataType) -> exp.DataType:
    """Give the type of an array of these."""
    return exp.DataType(this=D.ARRAY, expressions=[data_type.copy()], nested=True)


def of_name(name: str) -> exp.DataType:
    """Build a type from its BigQuery name."""
    return exp.DataType.build(name, dialect="bigquery")


def members(data_type: exp.DataType) -> list[tuple[str, exp.DataType]]:
    """List the names and types of a struct's fields; a field without a name gets BigQuery's `_field_N`."""
    found = []
    for index, member in enumerate(data_type.expressions, 1):
        if isinstance(member, exp.ColumnDef):
            found.append((member.name, member.kind or exp.DataType(this=D.UNKNOWN)))
        else:
            found.append(
                (f"_field_{index}", member if isinstance(member, exp.DataType) else exp.DataType(this=D.UNKNOWN))
            )
    return found


def duck(data_type: exp.DataType) -> str:
    """Give the DuckDB spelling of a type; what has none is refused by name."""
    name = kind(data_type)
    if name == "ARRAY":
        return duck(element(data_type)) + "[]"
    if name == "STRUCT":
        return "STRUCT(" + ", ".join(f"{quote(field)} {duck(inner)}" for field, inner in members(data_type)) + ")"
    legacy = legacy_name(name)
    if legacy not in DUCK_TYPES:
        raise unsupported(f"type {data_type.sql('bigquery')}")
    return DUCK_TYPES[legacy]


def supertype(types: list[exp.DataType]) -> exp.DataType | None:
    """Give the one type all can become, or None when there is none; unknown types and NULL say nothing."""
    result: exp.DataType | None = None
    for candidate in types:
        name = kind(candidate)
        if name in (UNKNOWN, "NULL"):
            continue
        if result is None or (kind(result), name) in COERCIONS:
            result = candidate
        elif kind(result) != name and (name, kind(result)) not in COERCIONS:
            return None
    return result or (types[0] if types else None)


def same(left: exp.DataType | None, right: exp.DataType) -> bool:
    """Say whether two types are stored alike, names of struct fields included."""
    if left is None or kind(left) != kind(right):
        return False
    if kind(left) == "ARRAY":
        return same(element(left), element(right))
    if kind(left) == "STRUCT":
        mine, theirs = members(left), members(right)
        return len(mine) == len(theirs) and all(
            a == b and same(x, y) for (a, x), (b, y) in zip(mine, theirs, strict=True)
        )
    return kind(left) != UNKNOWN
