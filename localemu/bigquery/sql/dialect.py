"""The parsing dialect: BigQuery's, but with every ordinary function kept by name, so that nothing is translated unseen.

sqlglot's own function classes merge what BigQuery tells apart. Here a call stays `Anonymous(name, arguments)`, its type
comes from signatures.txt, and an unknown name is an error.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.optimizer.annotate_types import TypeAnnotator
from sqlglot.parsers.bigquery import BigQueryParser

from localemu.bigquery.sql import signatures, types


class Exact(BigQuery):
    """BigQuery with functions by name."""

    DEFAULT_NULL_TYPE = exp.DType.NULL

    class Parser(BigQueryParser):
        """Keeps only what has a syntax of its own."""

        FUNCTIONS: ClassVar[dict[str, Any]] = {"STRUCT": BigQuery.Parser.FUNCTIONS["STRUCT"]}
        FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
            name: BigQuery.Parser.FUNCTION_PARSERS[name] for name in ("CAST", "SAFE_CAST", "EXTRACT", "ARRAY")
        }


class Call:
    """The arguments of a call without the modifiers around them."""

    def __init__(self, node: exp.Anonymous) -> None:
        arguments = list(node.expressions)
        self.limit: exp.Expr | None = None
        self.order: exp.Order | None = None
        self.having: exp.HavingMax | None = None
        self.distinct = False
        self.nulls: str | None = None
        index = _wrapped(arguments)
        inner = arguments[index] if arguments else None
        while isinstance(inner, (exp.Limit, exp.Order, exp.IgnoreNulls, exp.RespectNulls, exp.HavingMax, exp.Distinct)):
            if isinstance(inner, exp.Limit):
                self.limit = inner.expression
            elif isinstance(inner, exp.Order):
                self.order = inner
            elif isinstance(inner, exp.HavingMax):
                self.having = inner
            elif isinstance(inner, exp.Distinct):
                self.distinct = True
                arguments[index : index + 1] = inner.expressions
                break
            else:
                self.nulls = "IGNORE" if isinstance(inner, exp.IgnoreNulls) else "RESPECT"
            inner = inner.this
            arguments[index] = inner
        self.arguments: list[exp.Expr] = arguments

    @property
    def modified(self) -> bool:
        """Whether anything stands around the arguments."""
        return bool(self.limit or self.order or self.having or self.distinct or self.nulls)


def _wrapped(arguments: list[exp.Expr]) -> int:
    # STRING_AGG(x, ',' ORDER BY y): the parser hangs the order on the last argument.
    wrappers = (exp.Limit, exp.Order, exp.IgnoreNulls, exp.RespectNulls, exp.HavingMax, exp.Distinct)
    return next((index for index, argument in enumerate(arguments) if isinstance(argument, wrappers)), 0)


def _annotate_call(annotator: TypeAnnotator, node: exp.Anonymous) -> None:
    call = Call(node)
    match = signatures.resolve(node.name, call.arguments)
    node.meta["match"] = match
    annotator._set_type(node, match.result())


def _annotate_safe(annotator: TypeAnnotator, node: exp.SafeFunc) -> None:
    annotator._set_type(node, node.this.type)


def _annotate_bracket(annotator: TypeAnnotator, node: exp.Bracket) -> None:
    if types.kind(node.this.type) == "JSON":
        annotator._set_type(node, types.D.JSON)
    else:
        annotator._set_type(node, types.element(node.this.type))


def _annotate_window(annotator: TypeAnnotator, node: exp.Window) -> None:
    annotator._set_type(node, node.this.type)


def _annotate_inner(annotator: TypeAnnotator, node: exp.Expr) -> None:
    annotator._set_type(node, node.this.type if isinstance(node.this, exp.Expr) else None)


def _annotate_dot(annotator: TypeAnnotator, node: exp.Dot) -> None:
    if types.kind(node.this.type) == "JSON":
        annotator._set_type(node, types.D.JSON)
        return
    found = None
    if types.kind(node.this.type) == "STRUCT":
        wanted = node.expression.name.lower()
        found = next((inner for name, inner in types.members(node.this.type) if name.lower() == wanted), None)
    annotator._set_type(node, found)


def _annotate_extract(annotator: TypeAnnotator, node: exp.Extract) -> None:
    part = node.this.name.upper()
    annotator._set_type(
        node, {"DATE": types.D.DATE, "TIME": types.D.TIME, "DATETIME": types.D.DATETIME}.get(part, types.D.BIGINT)
    )


def metadata() -> dict[Any, Any]:
    """Give sqlglot's typing rules for BigQuery with ours for calls."""
    own: dict[Any, Any] = {
        exp.Anonymous: _annotate_call,
        exp.SafeFunc: _annotate_safe,
        exp.Bracket: _annotate_bracket,
        exp.Window: _annotate_window,
        exp.Dot: _annotate_dot,
        exp.Extract: _annotate_extract,
        exp.Null: lambda annotator, node: annotator._set_type(node, types.D.NULL),
        exp.Distinct: _annotate_inner,
        exp.Order: _annotate_inner,
        exp.Limit: _annotate_inner,
        exp.IgnoreNulls: _annotate_inner,
        exp.RespectNulls: _annotate_inner,
        exp.HavingMax: _annotate_inner,
    }
    return {**BigQuery.EXPRESSION_METADATA, **{node: {"annotator": rule} for node, rule in own.items()}}


Exact.EXPRESSION_METADATA = metadata()
