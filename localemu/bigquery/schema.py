"""Types: a field of the REST schema as a frozen value, its DuckDB type, and the way back from DuckDB's result types.

NUMERIC is DECIMAL(38,9). BIGNUMERIC is DECIMAL(38,19), an odd scale that no arithmetic on NUMERIC yields: values that
need more than 19 digits on either side of the point are refused, never rounded silently.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from localemu.bigquery.errors import ApiError

_ALIASES = {
    "INT64": "INTEGER", "INT": "INTEGER", "SMALLINT": "INTEGER", "BIGINT": "INTEGER", "TINYINT": "INTEGER", "BYTEINT": "INTEGER",
    "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD", "DECIMAL": "NUMERIC", "BIGDECIMAL": "BIGNUMERIC",
}  # fmt: skip
DUCK_TYPES = {
    "INTEGER": "BIGINT", "FLOAT": "DOUBLE", "BOOLEAN": "BOOLEAN", "STRING": "VARCHAR", "BYTES": "BLOB", "DATE": "DATE",
    "TIME": "TIME", "DATETIME": "TIMESTAMP", "TIMESTAMP": "TIMESTAMPTZ", "NUMERIC": "DECIMAL(38,9)",
    "BIGNUMERIC": "DECIMAL(38,19)", "JSON": "JSON",
}  # fmt: skip
STANDARD_NAMES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "RECORD": "STRUCT"}
BIGNUMERIC_SCALE = 19
_FIELD_KEYS = {
    "name", "type", "mode", "description", "fields", "maxLength", "precision", "scale", "defaultValueExpression",
    "policyTags", "collation", "roundingMode", "categories", "foreignTypeDefinition", "timestampPrecision", "rangeElementType",
}  # fmt: skip
_KEYS_WITH_EFFECT = (
    "defaultValueExpression",
    "policyTags",
    "collation",
    "roundingMode",
    "rangeElementType",
    "foreignTypeDefinition",
)


@dataclass(frozen=True)
class Field:
    """One column or struct member; `type` is the legacy name the REST API returns (INTEGER, FLOAT, BOOLEAN, RECORD...)."""

    name: str
    type: str
    mode: str = "NULLABLE"
    fields: tuple[Field, ...] = ()
    description: str | None = None
    max_length: int | None = None
    precision: int | None = None
    scale: int | None = None

    def resource(self) -> dict[str, Any]:
        """Give the field as the REST API does."""
        out: dict[str, Any] = {"name": self.name, "type": self.type, "mode": self.mode}
        if self.fields:
            out["fields"] = [field.resource() for field in self.fields]
        if self.description is not None:
            out["description"] = self.description
        for key, value in (("maxLength", self.max_length), ("precision", self.precision), ("scale", self.scale)):
            if value is not None:
                out[key] = str(value)
        return out

    @property
    def repeated(self) -> bool:
        """Whether the field holds an array."""
        return self.mode == "REPEATED"

    def element(self) -> Field:
        """Give the field of one element of a repeated field."""
        return replace(self, mode="NULLABLE")


def parse_fields(resource: Mapping[str, Any] | None) -> tuple[Field, ...]:
    """Read `schema` of a table or load resource; ApiError when a type or an option is not kept."""
    return tuple(_parse_field(entry) for entry in (resource or {}).get("fields", ()))


def _parse_field(entry: Mapping[str, Any]) -> Field:
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        raise ApiError("invalid", "Field name is required in a schema.")
    unknown = sorted(set(entry) - _FIELD_KEYS)
    if unknown:
        raise ApiError("invalid", f"Unknown schema field property: {unknown[0]}")
    for key in _KEYS_WITH_EFFECT:
        if (entry.get(key) or None) not in (None, {"names": []}):
            raise ApiError("notImplemented", f"Not supported by this emulator: schema.{key}")
    kind = legacy_name(str(entry.get("type", "")))
    mode = str(entry.get("mode") or "NULLABLE").upper()
    if mode not in ("NULLABLE", "REQUIRED", "REPEATED"):
        raise ApiError("invalid", f"Invalid mode {mode} for field {name}.")
    children = tuple(_parse_field(child) for child in entry.get("fields", ()) or ())
    if kind == "RECORD" and not children:
        raise ApiError("invalid", f"Field {name} is type RECORD but has no schema")
    if kind != "RECORD" and kind not in DUCK_TYPES:
        raise ApiError("invalid", f"Not supported by this emulator: type {entry.get('type')} of field {name}")
    numbers = {
        key: int(entry[key]) if entry.get(key) is not None else None for key in ("maxLength", "precision", "scale")
    }
    return Field(
        name,
        kind,
        mode,
        children,
        entry.get("description"),
        numbers["maxLength"],
        numbers["precision"],
        numbers["scale"],
    )


def legacy_name(name: str) -> str:
    """Give the legacy spelling of a type name."""
    return _ALIASES.get(name.upper(), name.upper())


def duck_type(field: Field) -> str:
    """Give the DuckDB type of a field."""
    if field.type == "RECORD":
        inner = ", ".join(f"{quote(child.name)} {duck_type(child)}" for child in field.fields)
        base = f"STRUCT({inner})"
    else:
        base = DUCK_TYPES[field.type]
    return base + "[]" if field.repeated else base


def standard_type(field: Field) -> str:
    """Give the type as BigQuery SQL spells it."""
    if field.type == "RECORD":
        base = "STRUCT<" + ", ".join(f"`{child.name}` {standard_type(child)}" for child in field.fields) + ">"
    else:
        base = STANDARD_NAMES.get(field.type, field.type)
    return f"ARRAY<{base}>" if field.repeated else base


def quote(name: str) -> str:
    """Quote an identifier for DuckDB."""
    return '"' + name.replace('"', '""') + '"'


_FROM_DUCK = {
    "bigint": "INTEGER", "integer": "INTEGER", "smallint": "INTEGER", "tinyint": "INTEGER", "hugeint": "INTEGER",
    "ubigint": "INTEGER", "uinteger": "INTEGER", "usmallint": "INTEGER", "utinyint": "INTEGER", "uhugeint": "INTEGER",
    "double": "FLOAT", "float": "FLOAT", "boolean": "BOOLEAN", "varchar": "STRING", "blob": "BYTES", "date": "DATE",
    "time": "TIME", "timestamp": "DATETIME", "timestamp with time zone": "TIMESTAMP", '"null"': "INTEGER", "null": "INTEGER",
    "sqlnull": "INTEGER",
}  # fmt: skip


def from_duck(name: str, kind: Any) -> Field:
    """Build the field of a result column from DuckDB's own type object (an untyped NULL is INTEGER, as in BigQuery)."""
    if str(kind) == "JSON":
        return Field(name, "JSON")
    if kind.id in ("list", "array"):
        element = from_duck(name, kind.children[0][1])
        if element.repeated:
            raise ApiError("invalidQuery", "Cannot construct array with element type ARRAY", "query")
        return replace(element, mode="REPEATED")
    if kind.id == "struct":
        return Field(name, "RECORD", fields=tuple(from_duck(child, child_kind) for child, child_kind in kind.children))
    if kind.id == "decimal":
        scale = dict(kind.children)["scale"]
        return Field(name, "BIGNUMERIC" if scale == BIGNUMERIC_SCALE else "NUMERIC")
    try:
        return Field(name, _FROM_DUCK[str(kind).lower()])
    except KeyError:
        raise ApiError("invalidQuery", f"Not supported by this emulator: a result of type {kind}", "query") from None


def schema_resource(fields: Sequence[Field]) -> dict[str, Any]:
    """Give a schema as the REST API does."""
    return {"fields": [field.resource() for field in fields]}


def by_name(fields: Iterable[Field]) -> dict[str, Field]:
    """Index fields by their lower-case name: column names are case-insensitive."""
    return {field.name.lower(): field for field in fields}
