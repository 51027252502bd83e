"""Query parameters: REST `queryParameters` become typed placeholders in the tree and Python values for DuckDB."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from localemu.bigquery.decode import decode
from localemu.bigquery.errors import ApiError, invalid_query
from localemu.bigquery.schema import DUCK_TYPES, Field, legacy_name, standard_type


@dataclass(frozen=True)
class Parameters:
    """The parameters of one request, named or positional."""

    fields: tuple[Field, ...]
    given: tuple[Any, ...]
    named: bool

    @staticmethod
    def none() -> Parameters:
        """Give the parameters of a statement without any."""
        return Parameters((), (), True)

    @staticmethod
    def of(resource: Sequence[dict[str, Any]], mode: str | None) -> Parameters:
        """Read `queryParameters`; ApiError names the parameter that does not fit its type."""
        named = (mode or ("NAMED" if any(item.get("name") for item in resource) else "POSITIONAL")).upper() == "NAMED"
        fields, given = [], []
        for index, item in enumerate(resource):
            name = str(item.get("name") or f"p{index}")
            field = _field(name, item.get("parameterType") or {})
            try:
                given.append(decode(field, _value(field, item.get("parameterValue") or {})))
            except ValueError as error:
                raise ApiError("invalid", f"Invalid value for query parameter {name}: {error}") from None
            fields.append(field)
        return Parameters(tuple(fields), tuple(given), named)

    def shape(self) -> tuple[Any, ...]:
        """Give what the compiled text depends on: names and types, not values."""
        return (
            self.named,
            *(item if self.named else item.type + item.mode + standard_type(item) for item in self.fields),
        )

    def values(self) -> dict[str, Any]:
        """Give the values for DuckDB, by placeholder."""
        return {f"p{index}": value for index, value in enumerate(self.given)}

    def bind(self, tree: exp.Expr) -> exp.Expr:
        """Put a typed placeholder in the place of each parameter."""
        by_name = {field.name.lower(): index for index, field in enumerate(self.fields)} if self.named else {}
        position = 0
        for node in list(tree.find_all(exp.Parameter, exp.Placeholder, bfs=False)):
            if isinstance(node, exp.Parameter):
                name = node.name
                if name.lower() not in by_name:
                    raise invalid_query(f"Query parameter '{name}' not found")
                index = by_name[name.lower()]
            else:
                if self.named or position >= len(self.fields):
                    raise invalid_query("Positional parameters are not supported or too few were given")
                index = position
                position += 1
            node.replace(self._cast(index))
        return tree

    def _cast(self, index: int) -> exp.Cast:
        kind = exp.DataType.build(standard_type(self.fields[index]), dialect="bigquery")
        return exp.Cast(this=exp.Placeholder(this=f"p{index}"), to=kind)


def _field(name: str, resource: dict[str, Any]) -> Field:
    kind = str(resource.get("type", "")).upper()
    if kind == "ARRAY":
        inner = _field(name, resource.get("arrayType") or {})
        return Field(name, inner.type, "REPEATED", inner.fields)
    if kind in ("STRUCT", "RECORD"):
        members = resource.get("structTypes") or []
        return Field(
            name,
            "RECORD",
            fields=tuple(
                _field(str(item.get("name") or f"_field_{i}"), item["type"]) for i, item in enumerate(members, 1)
            ),
        )
    if legacy_name(kind) not in DUCK_TYPES:
        raise ApiError("notImplemented", f"Not supported by this emulator: query parameter of type {kind or 'unknown'}")
    return Field(name, legacy_name(kind))


def _value(field: Field, resource: dict[str, Any]) -> Any:
    if field.repeated:
        return [_value(field.element(), item) for item in resource.get("arrayValues") or []]
    if field.type == "RECORD":
        values = resource.get("structValues")
        return (
            None
            if values is None
            else {child.name: _value(child, values.get(child.name) or {}) for child in field.fields}
        )
    return resource.get("value")
