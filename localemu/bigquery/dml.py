"""INSERT, UPDATE, DELETE, MERGE, TRUNCATE.

What is to change is computed first, as a query of row numbers and new values on the rows as they were, kept in a temporary
table; only then is the table touched. So a statement sees its own changes never, and a row that would be changed twice is
an error as in BigQuery.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from localemu.bigquery.catalog import Catalog, Change, TableName
from localemu.bigquery.destination import append
from localemu.bigquery.errors import invalid_query, unsupported
from localemu.bigquery.outcome import Outcome
from localemu.bigquery.schema import Field, by_name, quote, standard_type
from localemu.bigquery.sql import types
from localemu.bigquery.sql.compile import Compiled, Compiler, describe
from localemu.bigquery.sql.names import Place, table_name
from localemu.bigquery.sql.parameters import Parameters

_ROW = "@@row number@@"


class Changes:
    """Runs DML."""

    def __init__(self, catalog: Catalog, compiler: Compiler) -> None:
        self._catalog = catalog
        self._compiler = compiler

    def run(self, change: Change, statement: exp.Expr, sql: str, place: Place, parameters: Parameters) -> Outcome:
        """Carry out one statement, of which `sql` is the text, in the caller's transaction."""
        work = _Work(self._catalog, self._compiler, change, sql, place, parameters)
        if isinstance(statement, exp.Insert):
            return work.insert(statement)
        if isinstance(statement, exp.Update):
            return work.update(statement)
        if isinstance(statement, exp.Delete):
            return work.delete(statement)
        if isinstance(statement, exp.Merge):
            return work.merge(statement)
        assert isinstance(statement, exp.TruncateTable)
        return work.truncate(statement)


class _Work:
    """One statement under way."""

    def __init__(
        self, catalog: Catalog, compiler: Compiler, change: Change, sql: str, place: Place, parameters: Parameters
    ) -> None:
        self._catalog = catalog
        self._compiler = compiler
        self._change = change
        self._sql = sql
        self._place = place
        self._parameters = parameters

    def _target(self, node: exp.Expr) -> tuple[TableName, tuple[Field, ...]]:
        if not isinstance(node, exp.Table):
            raise invalid_query("A table is expected")
        name = table_name(node, self._place)
        if "view" in self._catalog.table(name):
            raise invalid_query(f"{name.key} is a view and cannot be changed")
        return name, self._catalog.fields(name)

    def insert(self, statement: exp.Insert) -> Outcome:
        """INSERT of rows or of a query."""
        node = statement.this
        schema = node if isinstance(node, exp.Schema) else None
        name, fields = self._target(schema.this if schema is not None else node)
        columns = _picked(fields, [column.name for column in schema.expressions] if schema is not None else None)
        source = statement.expression
        rows = source.expressions if isinstance(source, exp.Values) else None
        if rows is None and isinstance(source, exp.Query):
            count = self._insert_query(name, columns, source)
        elif rows is not None:
            count = self._insert_values(name, columns, rows)
        else:
            raise unsupported("INSERT of this form")
        return Outcome("INSERT", inserted=count, updated=0, deleted=0, table=name)

    def _insert_query(self, name: TableName, columns: list[Field], source: exp.Query) -> int:
        targets = [_type(column) for column in columns] if isinstance(source, exp.Select) else ()
        compiled = self._compiler.tree(source.copy(), self._place, self._parameters, targets=targets)
        found = describe(self._change.cursor, compiled)
        if len(found) != len(columns):
            raise invalid_query(f"Inserted row has wrong column count; Has {len(found)}, expected {len(columns)}")
        for item, column in zip(found, columns, strict=True):
            if not targets and (item.type, item.mode == "REPEATED") != (column.type, column.repeated):
                given, wanted = types.kind(_type(item)), types.kind(_type(column))
                if (given, wanted) not in types.COERCIONS:
                    raise invalid_query(
                        f"Query column has type {given} which cannot be inserted into column {column.name}, which has type {wanted}"
                    )
        names = ", ".join(quote(column.name) for column in columns)
        renamed = Compiled(f"SELECT * FROM ({compiled.sql}) AS inserted({names})", compiled.values)
        return append(self._change, name, renamed, tuple(columns))

    def _insert_values(self, name: TableName, columns: list[Field], rows: list[exp.Expr]) -> int:
        total = 0
        for row in rows:
            values = (
                row.expressions if isinstance(row, exp.Tuple) else [row.this if isinstance(row, exp.Paren) else row]
            )
            if len(values) != len(columns):
                raise invalid_query(f"Inserted row has wrong column count; Has {len(values)}, expected {len(columns)}")
            items = [
                exp.alias_(_default(value, column), f"c{index}")
                for index, (value, column) in enumerate(zip(values, columns, strict=True))
            ]
            compiled = self._compiler.tree(
                exp.Select(expressions=items),
                self._place,
                self._parameters,
                targets=[_type(column) for column in columns],
            )
            names = ", ".join(quote(column.name) for column in columns)
            total += append(
                self._change,
                name,
                Compiled(f"SELECT * FROM ({compiled.sql}) AS inserted({names})", compiled.values),
                tuple(columns),
            )
        return total

    def _probe(self, table: str, select: exp.Select, alias: str, targets: list[exp.DataType | None]) -> None:
        """Keep the rows of a query whose marked column is the target's row number."""
        compiled = self._compiler.kept(
            (self._sql, table),
            self._place,
            self._parameters,
            lambda: self._compiler.tree(select, self._place, self._parameters, targets=targets),
        )
        text = compiled.sql.replace(f"'{_ROW}'", f"{quote(alias)}.rowid")
        self._change.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {text}", compiled.values)

    def _refuse_twice(self, table: str) -> None:
        found = self._change.execute(
            f"SELECT 1 FROM {table} GROUP BY target_row HAVING count(*) > 1 LIMIT 1"
        ).fetchone()
        if found is not None:
            raise invalid_query("UPDATE/MERGE must match at most one source row for each target row")

    def update(self, statement: exp.Update) -> Outcome:
        """UPDATE, with or without FROM."""
        name, fields = self._target(statement.this)
        where = _where(statement)
        alias = statement.this.alias or name.table
        columns, items = _assignments(fields, statement.expressions, alias)
        select = exp.Select(expressions=[_row_column(), *items]).from_(_aliased(statement.this, alias)).where(where)
        source = statement.args.get("from_")
        if source is not None:
            select.append("joins", exp.Join(this=source.this.copy(), kind="CROSS"))
            for join in source.this.args.get("joins") or ():
                select.append("joins", join.copy())
            select.args["joins"][0].this.set("joins", None)
        self._probe("changed_rows", select, alias, [None, *(_type(column) for column in columns)])
        self._refuse_twice("changed_rows")
        return Outcome("UPDATE", inserted=0, updated=self._apply(name, "changed_rows", columns), deleted=0, table=name)

    def _apply(self, name: TableName, table: str, columns: list[Field]) -> int:
        settings = ", ".join(
            f"{quote(column.name)} = {f'COALESCE(p.c{index}, [])' if column.repeated else f'p.c{index}'}"
            for index, column in enumerate(columns)
        )
        row = self._change.execute(
            f"UPDATE {name.sql} AS t SET {settings} FROM {table} AS p WHERE t.rowid = p.target_row"
        ).fetchone()
        self._change.execute(f"DROP TABLE {table}")
        return int(row[0]) if row else 0

    def delete(self, statement: exp.Delete) -> Outcome:
        """DELETE."""
        name, _ = self._target(statement.this)
        alias = statement.this.alias or name.table
        select = exp.Select(expressions=[_row_column()]).from_(_aliased(statement.this, alias)).where(_where(statement))
        self._probe("deleted_rows", select, alias, [None])
        return Outcome("DELETE", inserted=0, updated=0, deleted=self._remove(name, "deleted_rows"), table=name)

    def _remove(self, name: TableName, table: str) -> int:
        row = self._change.execute(f"DELETE FROM {name.sql} WHERE rowid IN (SELECT target_row FROM {table})").fetchone()
        self._change.execute(f"DROP TABLE {table}")
        return int(row[0]) if row else 0

    def truncate(self, statement: exp.TruncateTable) -> Outcome:
        """TRUNCATE TABLE."""
        name, _ = self._target(statement.expressions[0])
        row = self._change.execute(f"DELETE FROM {name.sql}").fetchone()
        return Outcome("TRUNCATE_TABLE", deleted=int(row[0]) if row else 0, table=name)

    def merge(self, statement: exp.Merge) -> Outcome:
        """MERGE: every clause is computed before the first is carried out."""
        name, fields = self._target(statement.this)
        target = _aliased(statement.this, statement.this.alias or name.table)
        steps = [_Clause(when, fields, index) for index, when in enumerate(statement.args["whens"].expressions)]
        for clause in steps:
            self._keep(clause, steps, statement, target)
        twice = " UNION ALL ".join(f"SELECT target_row FROM {clause.table}" for clause in steps if clause.row)
        if (
            twice
            and self._change.execute(
                f"SELECT 1 FROM ({twice}) GROUP BY target_row HAVING count(*) > 1 LIMIT 1"
            ).fetchone()
            is not None
        ):
            raise invalid_query("UPDATE/MERGE must match at most one source row for each target row")
        counts = {"INSERT": 0, "UPDATE": 0, "DELETE": 0}
        for clause in steps:
            counts[clause.action] += self._carry_out(clause, name)
        return Outcome(
            "MERGE", inserted=counts["INSERT"], updated=counts["UPDATE"], deleted=counts["DELETE"], table=name
        )

    def _keep(self, clause: _Clause, steps: list[_Clause], statement: exp.Merge, target: exp.Table) -> None:
        source, on = statement.args["using"], statement.args["on"]
        items = clause.items(source, self._source_columns(source) if clause.whole_row else [])
        if clause.row:
            items = [_row_column(), *items]
        select = exp.Select(expressions=items or [exp.alias_(exp.Literal.number(1), "one")])
        if clause.kind == "MATCHED":
            select = select.from_(target.copy())
            select.append("joins", exp.Join(this=source.copy(), on=on.copy(), kind="INNER"))
        else:
            outer, inner = (source, target) if clause.kind == "BY_TARGET" else (target, source)
            select = select.from_(outer.copy())
            if not _is_false(on):
                missing = exp.Select(expressions=[exp.Literal.number(1)]).from_(inner.copy()).where(on.copy())
                select = select.where(exp.Not(this=exp.Exists(this=missing)))
        for earlier in steps[: clause.index]:
            if earlier.kind == clause.kind:
                taken = earlier.condition.copy() if earlier.condition is not None else exp.true()
                select = select.where(exp.Not(this=exp.Anonymous(this="IFNULL", expressions=[taken, exp.false()])))
        if clause.condition is not None:
            select = select.where(clause.condition.copy())
        targets = [*([None] if clause.row else []), *(_type(column) for column in clause.columns)]
        self._probe(clause.table, select, target.alias, targets)

    def _source_columns(self, source: exp.Expr) -> list[str]:
        probe = exp.Select(expressions=[exp.Star()]).from_(source.copy())
        return [
            field.name for field in self._compiler.describe(self._compiler.tree(probe, self._place, self._parameters))
        ]

    def _carry_out(self, clause: _Clause, name: TableName) -> int:
        if clause.action == "DELETE":
            return self._remove(name, clause.table)
        if clause.action == "UPDATE":
            return self._apply(name, clause.table, clause.columns)
        names = ", ".join(quote(column.name) for column in clause.columns)
        count = append(
            self._change, name, Compiled(f"SELECT * FROM {clause.table} AS inserted({names})"), tuple(clause.columns)
        )
        self._change.execute(f"DROP TABLE {clause.table}")
        return count


def _is_false(on: exp.Expr) -> bool:
    """Whether nothing ever matches (`ON FALSE`, the form that replaces rows): then the other side need not be worked out."""
    return isinstance(on, exp.Boolean) and not on.this


class _Clause:
    """One WHEN of a MERGE."""

    def __init__(self, when: exp.When, fields: tuple[Field, ...], index: int) -> None:
        self.index = index
        self.table = f"merge_clause_{index}"
        self.condition: exp.Expr | None = when.args.get("condition")
        self.kind = "MATCHED" if when.args.get("matched") else "BY_SOURCE" if when.args.get("source") else "BY_TARGET"
        self.row = self.kind != "BY_TARGET"
        self.whole_row = False
        self.columns: list[Field] = []
        self._items: list[exp.Expr] = []
        then: Any = when.args["then"]
        if isinstance(then, exp.Update):
            self.action = "UPDATE"
            self.columns, self._items = _assignments(fields, then.expressions, None)
        elif isinstance(then, exp.Insert):
            self.action = "INSERT"
            self._insert(then, fields)
        elif then.name.upper() == "DELETE":
            self.action = "DELETE"
        else:
            raise unsupported("this form of MERGE clause")

    def _insert(self, then: exp.Insert, fields: tuple[Field, ...]) -> None:
        if isinstance(then.this, exp.Var) and then.this.name.upper() == "ROW":
            self.whole_row = True
            self.columns = list(fields)
            return
        named = (
            [column.name for column in then.this.expressions]
            if isinstance(then.this, (exp.Tuple, exp.Schema))
            else None
        )
        if then.this is not None and named is None and isinstance(then.this, exp.Paren):
            named = [then.this.this.name]
        self.columns = _picked(fields, named)
        given: Any = then.expression
        if isinstance(given, exp.Var) and given.name.upper() == "ROW":
            self.whole_row = True
            return
        if isinstance(given, exp.Values):
            given = given.expressions[0]
        values = (
            given.expressions
            if isinstance(given, exp.Tuple)
            else [given.this if isinstance(given, exp.Paren) else given]
        )
        if len(values) != len(self.columns):
            raise invalid_query(f"Inserted row has wrong column count; Has {len(values)}, expected {len(self.columns)}")
        self._items = [
            exp.alias_(_default(v, c), f"c{i}") for i, (v, c) in enumerate(zip(values, self.columns, strict=True))
        ]

    def items(self, source: exp.Expr, columns: list[str]) -> list[exp.Expr]:
        """Give the values as a select list; INSERT ROW takes the source's columns by position."""
        if not self.whole_row:
            return [item.copy() for item in self._items]
        if len(columns) != len(self.columns):
            raise invalid_query(
                f"Inserted row has wrong column count; Has {len(columns)}, expected {len(self.columns)}"
            )
        alias = source.alias_or_name
        return [
            exp.alias_(exp.column(name, table=alias, quoted=True), f"c{index}") for index, name in enumerate(columns)
        ]


def _type(field: Field) -> exp.DataType:
    return types.of_name(standard_type(field))


def _row_column() -> exp.Expr:
    return exp.alias_(exp.Literal.string(_ROW), "target_row")


def _aliased(table: exp.Expr, alias: str) -> exp.Table:
    copy = table.copy()
    assert isinstance(copy, exp.Table)
    copy.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    return copy


def _where(statement: exp.Expr) -> exp.Expr:
    where = statement.args.get("where")
    if where is None:
        raise invalid_query(f"{type(statement).__name__.upper()} must have a WHERE clause")
    return where.this.copy()  # type: ignore[no-any-return]


def _picked(fields: tuple[Field, ...], names: list[str] | None) -> list[Field]:
    if names is None:
        return list(fields)
    known = by_name(fields)
    for name in names:
        if name.lower() not in known:
            raise invalid_query(f"Column {name} is not present in the table")
    return [known[name.lower()] for name in names]


def _default(value: exp.Expr, column: Field) -> exp.Expr:
    if (isinstance(value, exp.Var) and value.name.upper() == "DEFAULT") or (
        isinstance(value, exp.Column) and value.name.upper() == "DEFAULT"
    ):
        return exp.Cast(this=exp.Null(), to=_type(column))
    return value.copy()


def _assignments(
    fields: tuple[Field, ...], settings: list[exp.Expr], alias: str | None
) -> tuple[list[Field], list[exp.Expr]]:
    known = by_name(fields)
    columns: list[Field] = []
    items: list[exp.Expr] = []
    for index, setting in enumerate(settings):
        left = setting.this
        if not isinstance(left, exp.Column) or (
            left.table and left.table.lower() in known and left.table.lower() != (alias or "").lower()
        ):
            raise unsupported("SET of a field of a STRUCT")
        if left.name.lower() not in known:
            raise invalid_query(f"Unrecognized name: {left.name}")
        columns.append(known[left.name.lower()])
        items.append(exp.alias_(_default(setting.expression, columns[-1]), f"c{index}"))
    return columns, items
