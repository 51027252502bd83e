"""First pass over a parsed statement, before names are resolved: bare words, unnamed columns, spellings, refusals."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from localemu.bigquery.errors import invalid_query, unsupported
from localemu.bigquery.sql import signatures, types

_NO_PAREN = {
    exp.CurrentDate: "CURRENT_DATE",
    exp.CurrentTimestamp: "CURRENT_TIMESTAMP",
    exp.CurrentDatetime: "CURRENT_DATETIME",
    exp.CurrentTime: "CURRENT_TIME",
}
_ALLOWED = tuple(
    getattr(exp, name)
    for name in (
        "Select From Join Where Group Having Qualify Order Ordered Limit Offset Subquery Union Intersect Except With CTE TableAlias Table "
        "Identifier Column Star Alias Literal Null Boolean And Or Not EQ NEQ GT GTE LT LTE Between In Like Is Add Sub Mul Div Neg Paren "
        "DPipe Case If Cast TryCast Extract AtTimeZone Interval Var DataType DataTypeParam ColumnDef Struct PropertyEQ Array Bracket Dot "
        "Window WindowSpec Unnest Exists Anonymous SafeFunc Distinct IgnoreNulls RespectNulls HavingMax Values Tuple Parameter Placeholder "
        "RawString ByteString BitwiseAnd BitwiseOr BitwiseXor BitwiseNot BitwiseLeftShift BitwiseRightShift NullSafeEQ NullSafeNEQ Rollup "
        "Cube GroupingSets TableColumn Insert Update Delete Merge When Whens Schema Returning Lateral"
    ).split()
)
_REFUSED_ARGS = {
    exp.Select: (
        "hint",
        "into",
        "match",
        "sample",
        "cluster",
        "distribute",
        "sort",
        "laterals",
        "connect",
        "operation_modifiers",
        "pivots",
    ),
    exp.Table: (
        "pivots",
        "system_time",
        "version",
        "hints",
        "joins",
        "rows_from",
        "changes",
        "when",
        "only",
        "partition",
        "sample",
    ),
    exp.Union: ("side", "kind"),
    exp.Intersect: ("by_name", "side", "kind"),
    exp.Except: ("by_name", "side", "kind"),
    exp.Join: ("global_", "hint", "match_condition", "method"),
}


def check(tree: exp.Expr) -> None:
    """Refuse, by name, what the generator has no rule for."""
    for node in tree.walk():
        if isinstance(node, exp.Command):
            raise unsupported(f"statement {node.name.upper()}")
        if not isinstance(node, _ALLOWED):
            raise unsupported(_title(node))
        for argument in _REFUSED_ARGS.get(type(node), ()):
            if node.args.get(argument):
                raise unsupported(f"{argument.upper()} in {type(node).__name__.upper()}")
        if isinstance(node, exp.Select) and str(node.args.get("kind") or "").upper() == "VALUE":
            raise unsupported("SELECT AS VALUE")
        if isinstance(node, exp.Distinct) and node.args.get("on"):
            raise unsupported("DISTINCT ON")


def match_names(tree: exp.Expr) -> None:
    """Write `UNION ... BY NAME` by position: the columns of its second query in the order of the first's, once stars are written out."""
    for union in tree.find_all(exp.Union):
        if not union.args.get("by_name"):
            continue
        second = union.expression
        if not isinstance(second, exp.Select):
            raise unsupported("UNION BY NAME with a second query of parts")
        columns = {column.alias_or_name.lower(): column for column in second.expressions}
        wanted = [name.lower() for name in union.left.named_selects]
        if set(columns) != set(wanted):
            raise invalid_query("The queries of a UNION BY NAME must have the same column names")
        second.set("expressions", [columns[name] for name in wanted])
        union.set("by_name", False)


def _title(node: exp.Expr) -> str:
    key = getattr(node, "sql_name", None)
    if isinstance(node, exp.Func) and callable(key):
        return f"function {key()}"
    return type(node).__name__.upper()


def normalise(tree: exp.Expr) -> exp.Expr:
    """Turn special forms into calls, mark date parts, name what has no name."""
    for node in list(tree.walk()):
        for form, name in _NO_PAREN.items():
            if isinstance(node, form):
                _swap(node, exp.Anonymous(this=name, expressions=[node.this] if node.this else []))
        if isinstance(node, exp.ParseJSON):
            _swap(node, exp.Anonymous(this="PARSE_JSON", expressions=[node.this]))
        elif isinstance(node, exp.Anonymous):
            _bare_words(node)
        elif isinstance(node, exp.Extract):
            _extract_week(node)
        elif isinstance(node, exp.Array):
            _array_of_structs(node)
        elif isinstance(node, exp.Table) and node.args.get("pivots"):
            raise unsupported(
                " and ".join(
                    sorted({"UNPIVOT" if pivot.args.get("unpivot") else "PIVOT" for pivot in node.args["pivots"]})
                )
            )
        elif isinstance(node, exp.Subquery) and node.args.get("pivots"):
            raise unsupported("PIVOT and UNPIVOT")
    for select in tree.find_all(exp.Select):
        _name_columns(select)
    for index, unnest in enumerate(tree.find_all(exp.Unnest)):
        _name_unnest(unnest, index)
    return tree


def _swap(node: exp.Expr, other: exp.Expr) -> None:
    node.replace(other)


def _bare_words(node: exp.Anonymous) -> None:
    for index in signatures.part_positions(node.name):
        if index >= len(node.expressions):
            continue
        argument = node.expressions[index]
        if isinstance(argument, exp.Column) and not argument.table:
            argument.replace(exp.Var(this=argument.name.upper()))
        elif isinstance(argument, exp.Anonymous) and argument.name.upper() == "WEEK":
            argument.replace(exp.Var(this=f"WEEK({argument.expressions[0].name.upper()})"))


def _extract_week(node: exp.Extract) -> None:
    part = node.this
    if isinstance(part, exp.Anonymous) and part.name.upper() == "WEEK" and part.expressions:
        part.replace(exp.Var(this=f"WEEK({part.expressions[0].name.upper()})"))
    elif isinstance(part, exp.WeekStart):
        part.replace(exp.Var(this=f"WEEK({part.name.upper()})"))


def _array_of_structs(node: exp.Array) -> None:
    # [STRUCT(1 AS x, 2 AS y), (3, 4)]: the later ones take names from the first.
    first = node.expressions[0] if node.expressions else None
    if not isinstance(first, exp.Struct):
        return
    names = [
        item.this.name if isinstance(item, exp.PropertyEQ) else item.name if isinstance(item, exp.Column) else ""
        for item in first.expressions
    ]
    for other in node.expressions[1:]:
        items = (
            other.expressions
            if isinstance(other, (exp.Tuple, exp.Struct))
            else [other.this]
            if isinstance(other, exp.Paren)
            else None
        )
        if items is None or len(items) != len(names):
            continue
        values = [item.expression if isinstance(item, exp.PropertyEQ) else item for item in items]
        fields: list[exp.Expr] = [
            exp.PropertyEQ(this=exp.to_identifier(name), expression=value.copy()) if name else value.copy()
            for name, value in zip(names, values, strict=True)
        ]
        other.replace(exp.Struct(expressions=fields))


def _name_columns(select: exp.Select) -> None:
    struct = str(select.args.get("kind") or "").upper() == "STRUCT"
    if isinstance(select.parent, exp.Array):
        struct = struct or False
    unnamed = 0
    for index, item in enumerate(select.expressions, 1):
        if isinstance(item, (exp.Alias, exp.Star)) or (
            isinstance(item, exp.Column) and isinstance(item.this, exp.Star)
        ):
            continue
        if isinstance(item, exp.Dot) and isinstance(item.expression, exp.Star):
            continue
        if isinstance(item, (exp.Column, exp.Dot)):
            name = item.name if isinstance(item, exp.Column) else item.expression.name
            item.replace(exp.alias_(item.copy(), name, quoted=True))
            continue
        name = f"_field_{index}" if struct else f"f{unnamed}_"
        unnamed += 1
        item.replace(exp.alias_(item.copy(), name))
    for item in select.expressions:
        item.meta["written"] = not item.is_star


def _name_unnest(unnest: exp.Unnest, index: int) -> None:
    if isinstance(unnest.parent, exp.In):
        return
    if unnest.args.get("alias") is None:
        unnest.set("alias", exp.TableAlias(columns=[exp.to_identifier(f"_u{index}")]))
    if unnest.args.get("offset") is True:
        unnest.set("offset", exp.to_identifier("offset"))


def spell(tree: exp.Expr, known: Iterable[str]) -> None:
    """Give every identifier one spelling: names are case-insensitive, sqlglot's resolver is not."""
    spelling: dict[str, str] = {}
    for name in known:
        spelling.setdefault(name.lower(), name)
    for identifier in tree.find_all(exp.Identifier):
        parent = identifier.parent
        if isinstance(parent, exp.Table):
            continue
        identifier.meta["spelled"] = identifier.this
        identifier.set("this", spelling.setdefault(identifier.name.lower(), identifier.this))


def output_names(tree: exp.Expr) -> list[str] | None:
    """Give the column names as written, None when a star stands among them or two are the same."""
    select = tree.find(exp.Select) if isinstance(tree, exp.SetOperation) else tree
    while isinstance(select, (exp.Subquery, exp.SetOperation)):
        select = select.this
    if not isinstance(select, exp.Select):
        return None
    names = [item.alias_or_name for item in select.expressions]
    if any(item.is_star for item in select.expressions):
        return None
    if len({name.lower() for name in names}) != len(names):
        twice = next(name for name in names if [other.lower() for other in names].count(name.lower()) > 1)
        raise invalid_query(f"Duplicate column names in the result are not supported. Found duplicate(s): {twice}")
    return names


def trim_stars(tree: exp.Expr) -> None:
    """Of FROM UNNEST(array of STRUCT), a star gives the fields, not the struct itself; an offset comes last."""
    for select in tree.find_all(exp.Select):
        if all(item.meta.get("written") for item in select.expressions):
            continue
        unnests = [join.this for join in select.args.get("joins") or ()] + (
            [select.args["from_"].this] if select.args.get("from_") else []
        )
        for unnest in unnests:
            if isinstance(unnest, exp.Unnest) and unnest.alias_column_names:
                _trim_star(select, unnest)


def _trim_star(select: exp.Select, unnest: exp.Unnest) -> None:
    value = unnest.alias_column_names[0]
    if types.kind(types.element(unnest.expressions[0].type)) != "STRUCT":
        for item in select.expressions:
            if not item.meta.get("written") and item.alias_or_name == value and value.startswith("_u"):
                item.set("alias", exp.to_identifier("f0_"))
        return
    offset = unnest.args.get("offset")
    kept: list[exp.Expr] = []
    last: list[exp.Expr] = []
    for item in select.expressions:
        if item.meta.get("written"):
            kept.append(item)
        elif isinstance(offset, exp.Identifier) and item.alias_or_name == offset.name:
            last.append(item)
        elif item.alias_or_name != value:
            kept.append(item)
    select.set("expressions", kept + last)
