"""A query in GoogleSQL becomes DuckDB text with typed parameters.

`Compiler.query` is called by query jobs, views and dry runs; `Compiler.tree` also by DML. Results are kept until the
catalog changes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError, TokenError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify_columns import qualify_columns, validate_qualify_columns
from sqlglot.optimizer.qualify_tables import qualify_tables
from sqlglot.schema import MappingSchema

from localemu.bigquery.catalog import Catalog, TableName
from localemu.bigquery.engine import Engine
from localemu.bigquery.errors import ApiError, invalid_query, unsupported
from localemu.bigquery.schema import Field, duck_type, from_duck, quote, standard_type
from localemu.bigquery.sql import information, prepare, types
from localemu.bigquery.sql.dialect import Exact
from localemu.bigquery.sql.generator import Generator
from localemu.bigquery.sql.names import Place, Source, table_name
from localemu.bigquery.sql.parameters import Parameters
from localemu.bigquery.sql.signatures import scalar_price

Targets = Sequence[exp.DataType | None]
# sqlglot writes statements it does not know to its log.
logging.getLogger("sqlglot").disabled = True
_MAX_VIEW_DEPTH = 16
_CACHE_SIZE = 2_000


@dataclass
class Compiled:
    """DuckDB text, the values of its parameters, and what it reads; `body` is the text without the views that it begins with."""

    sql: str
    values: dict[str, Any] = field(default_factory=dict)
    reads: tuple[TableName, ...] = ()
    names: tuple[str, ...] | None = None
    body: str = ""
    views: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CompiledView:
    """A view's text, its DuckDB text and columns; the `views` below it; `etags` of all that it reads in the end."""

    query: str
    sql: str
    views: dict[str, str]
    fields: tuple[Field, ...]
    etags: dict[TableName, object]


def parse(sql: str) -> list[exp.Expr]:
    """Parse a script into statements; invalidQuery with the parser's position, never with a value."""
    try:
        tokens = Exact().tokenize(sql)
        if any(token.token_type.name == "PIPE_GT" for token in tokens):
            raise unsupported("pipe syntax (|>)")
        found = Exact().parser().parse(tokens, sql)
    except TokenError:
        raise invalid_query("Syntax error: Unclosed string literal, comment or identifier") from None
    except ParseError as error:
        where = error.errors[0] if error.errors else {}
        raise invalid_query(
            f"Syntax error: Unexpected input at [{where.get('line', 1)}:{where.get('col', 1)}]"
        ) from None
    return [statement for statement in found if statement is not None]


class Compiler:
    """Compiles against one catalog."""

    def __init__(self, engine: Engine, catalog: Catalog) -> None:
        self._engine = engine
        self._catalog = catalog
        self._views: dict[str, CompiledView] = {}
        self._trees: dict[Any, Compiled] = {}

    def query(self, sql: str, place: Place, parameters: Parameters | None = None) -> Compiled:
        """Compile one SELECT given as text."""
        given = parameters or Parameters.none()

        def compiled() -> Compiled:
            statements = parse(sql)
            if len(statements) != 1 or not isinstance(statements[0], exp.Query):
                raise invalid_query("Expected one query")
            return self.tree(statements[0], place, given)

        return self.kept(sql, place, given, compiled)

    def kept(self, key: Any, place: Place, parameters: Parameters, compiled: Callable[[], Compiled]) -> Compiled:
        """What `key` compiled to while the catalog was as it is, else `compiled` now; with the values of these parameters."""
        whole = (key, place, parameters.shape(), self._catalog.version)
        found = self._trees.get(whole)
        if found is None:
            found = compiled()
            if len(self._trees) >= _CACHE_SIZE:
                self._trees.clear()
            self._trees[whole] = found
        return replace(found, values=parameters.values())

    def tree(
        self, tree: exp.Expr, place: Place, parameters: Parameters, depth: int = 0, targets: Targets = ()
    ) -> Compiled:
        """Compile a parsed query; `targets` are the types its first columns must take (those of a table written to)."""
        tree = prepare.normalise(tree)
        prepare.check(tree)
        tree = parameters.bind(tree)
        names = prepare.output_names(tree) if isinstance(tree, exp.Query) else None
        sources = self._sources(tree, place, depth)
        self._resolve(tree, sources)
        prepare.match_names(tree)
        prepare.trim_stars(tree)
        _rename(tree, names)
        _coerce(tree, targets)
        text = self.write(tree, sources)
        views = self._views_of(sources)
        return Compiled(
            _with_views(text, views),
            parameters.values(),
            tuple(source.name for source in sources.values()),
            tuple(names) if names else None,
            text,
            views,
        )

    def _views_of(self, sources: dict[str, Source]) -> dict[str, str]:
        """Text of every view that a statement reads in the end, each after what it reads itself."""
        found: dict[str, str] = {}
        for source in sources.values():
            kept = self._views.get(source.name.key)
            if kept is not None and source.text == _view_label(source.name):
                found |= {**kept.views, source.text: kept.sql}
        return found

    def _sources(self, tree: exp.Expr, place: Place, depth: int) -> dict[str, Source]:
        """Replace each table path by a key of its own; CTE names and correlated arrays stay."""
        found: dict[str, Source] = {}
        for node in list(tree.find_all(exp.Table)):
            if _is_cte(node):
                continue
            source = information.source(node, place, self._catalog) or self._source(table_name(node, place), depth)
            key = f"_t{len(found)}"
            found[key] = source
            alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(source.name.table))
            node.replace(exp.Table(this=exp.to_identifier(key), alias=alias))
        return found

    def write(self, tree: exp.Expr, sources: dict[str, Source]) -> str:
        """Write DuckDB SQL for a resolved tree."""
        return Generator({key: source.text for key, source in sources.items()}).generate(tree, copy=False)

    def _source(self, name: TableName, depth: int) -> Source:
        resource = self._catalog.table(name)
        if "view" in resource:
            return Source(name, self.view(name, depth).fields, _view_label(name))
        return Source(name, self._catalog.fields(name), name.sql)

    def view(self, name: TableName, depth: int = 0) -> CompiledView:
        """Compile a stored view."""
        return self.defined(name, self._catalog.table(name)["view"]["query"], depth)

    def defined(self, name: TableName, query: str, depth: int = 0) -> CompiledView:
        """Compile `query` as the view `name`, stored or about to be. Kept until its text or anything it reads changes."""
        kept = self._views.get(name.key)
        if kept is None or kept.query != query or any(self._etag(other) != etag for other, etag in kept.etags.items()):
            if depth >= _MAX_VIEW_DEPTH:
                raise invalid_query(
                    "Too many nested views/persistent user-defined functions or possible circular reference"
                )
            statements = parse(query)
            if len(statements) != 1 or not isinstance(statements[0], exp.Query):
                raise invalid_query("A view must hold one query")
            compiled = self.tree(statements[0], Place(name.project), Parameters.none(), depth + 1)
            etags: dict[TableName, object] = {}
            for read in compiled.reads:
                below = self._views.get(read.key)
                etags |= {read: self._etag(read)} | (below.etags if below else {})
            kept = CompiledView(query, compiled.body, compiled.views, self.describe(compiled), etags)
            self._views[name.key] = kept
        return kept

    def _etag(self, name: TableName) -> object:
        """What changes with the definition of a table or view; of what the catalog does not hold, with any definition."""
        try:
            return self._catalog.table(name)["etag"]
        except ApiError:
            return self._catalog.version

    def describe(self, compiled: Compiled) -> tuple[Field, ...]:
        """Give the columns of a compiled query without running it. Of the views below it only the columns matter, not how they come about."""
        below = {_view_label(name): self._views[name.key] for name in compiled.reads if name.key in self._views}
        shapes = {label: _shape(view.fields) for label, view in below.items() if label in compiled.views}
        with self._engine.read() as cursor:
            return describe(cursor, replace(compiled, sql=_with_views(compiled.body, shapes)))

    def _resolve(self, tree: exp.Expr, sources: dict[str, Source]) -> None:
        known = [name for source in sources.values() for name in _all_names(source.fields)]
        prepare.spell(tree, known)
        spelled = {name.lower(): name for name in reversed(known)}
        schema = MappingSchema(dialect=Exact, normalize=False)
        for key, source in sources.items():
            columns = {
                spelled[column.name.lower()]: types.of_name(_spelled_type(column, spelled)) for column in source.fields
            }
            schema.add_table(exp.to_table(key), columns, dialect=Exact, match_depth=False)
        try:
            qualify_tables(tree, dialect=Exact)
            qualify_columns(tree, schema, expand_stars=True, allow_partial_qualification=False)
            validate_qualify_columns(tree)
            annotate_types(tree, schema=schema, dialect=Exact)
        except ApiError:
            raise
        except SqlglotError as error:
            raise _unresolved(error) from None


def _view_label(name: TableName) -> str:
    """The name under which a view stands in a statement; no identifier of BigQuery's has a blank in it."""
    return quote(f"view {name.key}")


def _shape(fields: tuple[Field, ...]) -> str:
    """A query with these columns and nothing in them."""
    return f"SELECT {', '.join(f'CAST(NULL AS {duck_type(field)}) AS {quote(field.name)}' for field in fields)}"


def _with_views(text: str, views: dict[str, str]) -> str:
    """A statement with its views before it, each once. One that is read in several places is worked out once; DuckDB left to itself would write
    it into each of them, and read what it reads as often.
    """
    if not views:
        return text
    places = "\n".join([text, *views.values()])
    clauses = ", ".join(
        f"{label} AS {'MATERIALIZED ' if places.count(label) > 1 else ''}({body})" for label, body in views.items()
    )
    for opening in ("WITH RECURSIVE ", "WITH "):
        if text.startswith(opening):
            return f"{opening}{clauses}, {text.removeprefix(opening)}"
    return f"WITH {clauses} {text}"


def describe(cursor: Any, compiled: Compiled) -> tuple[Field, ...]:
    """Give the columns of a compiled query, on a cursor of the caller."""
    found = cursor.execute(f"SELECT * FROM ({compiled.sql}) LIMIT 0", compiled.values or None).description
    return fields_of(found)


def fields_of(description: Any) -> tuple[Field, ...]:
    """Give the columns of a DuckDB result; two of one name are refused, as in BigQuery."""
    fields = tuple(from_duck(str(column[0]), column[1]) for column in description or ())
    seen: set[str] = set()
    for item in fields:
        if item.name.lower() in seen:
            raise invalid_query(
                f"Duplicate column names in the result are not supported. Found duplicate(s): {item.name}"
            )
        seen.add(item.name.lower())
    return fields


def _is_cte(table: exp.Table) -> bool:
    if len(table.parts) != 1 or not isinstance(table.this, exp.Identifier) or "." in table.name:
        return False
    node: exp.Expr | None = table
    while node is not None:
        clause = node.args.get("with_")
        if clause is not None and any(cte.alias.lower() == table.name.lower() for cte in clause.expressions):
            return True
        node = node.parent
    return False


def _coerce(tree: exp.Expr, targets: Targets) -> None:
    """Cast columns to the types of the table they go to, where BigQuery would coerce; an error otherwise."""
    if not targets:
        return
    if not isinstance(tree, exp.Select):
        raise TypeError("only a SELECT is coerced column by column")
    for position, (item, target) in enumerate(zip(tree.expressions, targets, strict=False), 1):
        value = item.this if isinstance(item, exp.Alias) else item
        if target is None or types.same(value.type, target):
            continue
        if not fits(value, target):
            given, wanted = types.kind(value.type), target.sql("bigquery")
            raise invalid_query(f"Value of column {position} has type {given} which cannot be assigned to {wanted}")
        cast = exp.Cast(this=value.copy(), to=target.copy())
        cast.this.type = value.type
        cast.type = target
        value.replace(cast)


def fits(value: exp.Expr, target: exp.DataType) -> bool:
    """Say whether a value of an expression may be assigned to a column of a type."""
    given, wanted = types.kind(value.type), types.kind(target)
    if wanted in ("ARRAY", "STRUCT"):
        return given in (wanted, "NULL", types.UNKNOWN)
    if wanted in ("BYTES",) and given == "STRING" and isinstance(value, exp.Literal):
        return True
    if (given, wanted) == ("FLOAT64", "NUMERIC"):
        return isinstance(value, (exp.Literal, exp.Neg))
    return scalar_price(given, wanted, value) is not None


def _rename(tree: exp.Expr, names: list[str] | None) -> None:
    """Give the result columns the spelling of the statement."""
    select: exp.Expr = tree
    while isinstance(select, (exp.SetOperation, exp.Subquery)):
        select = select.this
    for item, name in zip(select.expressions, names or (), strict=False):
        if isinstance(item, exp.Alias):
            item.set("alias", exp.to_identifier(name, quoted=True))


def _all_names(fields: tuple[Field, ...]) -> list[str]:
    return [name for column in fields for name in (column.name, *_all_names(column.fields))]


def _spelled_type(column: Field, spelled: dict[str, str]) -> str:
    def respell(member: Field) -> Field:
        return replace(
            member,
            name=spelled.get(member.name.lower(), member.name),
            fields=tuple(respell(child) for child in member.fields),
        )

    return standard_type(respell(column))


def _unresolved(error: SqlglotError) -> ApiError:
    text = str(error)
    for marker in ("Column '", "Unknown column: ", "Unknown table: "):
        if marker in text:
            name = text.split(marker, 1)[1].split("'")[0].split(".")[-1].split()[0].strip('"`')
            return invalid_query(f"Unrecognized name: {name}")
    return invalid_query(f"Query could not be resolved: {type(error).__name__}")
