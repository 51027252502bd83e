"""Typed GoogleSQL tree in, DuckDB text out. Every kind of node that may pass is listed; the rest is refused by name."""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ErrorLevel
from sqlglot.generators.duckdb import DuckDBGenerator

from localemu.bigquery.errors import invalid_query, unsupported
from localemu.bigquery.functions.render import RENDERERS, Rendered, week_shift
from localemu.bigquery.sql import casts, types
from localemu.bigquery.sql.dialect import Call
from localemu.bigquery.sql.signatures import Match

_UNITS = {
    "YEAR": "to_years({0})", "QUARTER": "to_months({0} * 3)", "MONTH": "to_months({0})", "WEEK": "to_days({0} * 7)",
    "DAY": "to_days({0})", "HOUR": "to_hours({0})", "MINUTE": "to_minutes({0})", "SECOND": "to_microseconds({0} * 1000000)",
    "MILLISECOND": "to_microseconds({0} * 1000)", "MICROSECOND": "to_microseconds({0})",
}  # fmt: skip
_EXTRACTS = {
    "YEAR": "year", "ISOYEAR": "isoyear", "QUARTER": "quarter", "MONTH": "month", "DAY": "day", "DAYOFYEAR": "dayofyear",
    "ISOWEEK": "week", "HOUR": "hour", "MINUTE": "minute", "SECOND": "second",
}  # fmt: skip
_NOTHING = exp.DataType(this=types.D.UNKNOWN)
_PLAIN_NUMBER_PARENTS = (exp.Limit, exp.Offset, exp.Fetch, exp.DataTypeParam, exp.Group, exp.WindowSpec)


class Generator(DuckDBGenerator):
    """Writes DuckDB SQL; the methods below are where BigQuery differs."""

    def __init__(self, sources: dict[str, str]) -> None:
        super().__init__(dialect=DuckDB, identify=True, comments=False, unsupported_level=ErrorLevel.IGNORE)
        self._sources = sources

    def table_sql(self, expression: exp.Table, sep: str = " AS ") -> str:
        """Write what a table reference stands for."""
        text = self._sources.get(expression.name)
        if text is None:
            return super().table_sql(expression, sep)
        alias = expression.args.get("alias")
        return text if alias is None else f"{text} AS {self.sql(alias)}"

    def placeholder_sql(self, expression: exp.Placeholder) -> str:
        """Write a parameter."""
        return f"${expression.name}"

    def call_sql(self, node: exp.Anonymous, over: str = "", nulls: str | None = None) -> str:
        """Write a call by its signature."""
        match: Match = node.meta["match"]
        call = Call(node)
        signature = match.signature
        if over and signature.section == "scalar":
            raise invalid_query(f"Function {signature.name} cannot be used with an OVER clause")
        if not over and signature.section == "window":
            raise invalid_query(f"Analytic function {signature.name} cannot be called without an OVER clause")
        if call.modified and signature.section == "scalar":
            raise invalid_query(f"Function {signature.name} takes no DISTINCT, ORDER BY, LIMIT or NULLS modifier")
        if call.having is not None:
            return self._having(call, over)
        texts = [self._argument(argument, match.target(index)) for index, argument in enumerate(call.arguments)]
        nulls = nulls or call.nulls
        return self._fill(node, call, texts, over, nulls)

    def _fill(self, node: exp.Anonymous, call: Call, texts: list[str], over: str, nulls: str | None) -> str:
        match: Match = node.meta["match"]
        template, result = match.signature.template, node.type or match.result()
        order = self._order(call.order)
        slots = {
            "D": "DISTINCT " if call.distinct else "",
            "O": f" {order}" if order else "",
            "F": f" FILTER (WHERE {texts[0]} IS NOT NULL)" if nulls == "IGNORE" else "",
            "I": f" {nulls} NULLS" if nulls else "",
            "W": over,
        }
        asked = {"D": call.distinct, "O": call.order is not None, "W": bool(over)}
        for slot, wanted in asked.items():
            if wanted and "{" + slot + "}" not in template and not (template.startswith("@") and slot in "DW"):
                what = {"D": "DISTINCT", "O": "ORDER BY", "W": "OVER"}[slot]
                raise unsupported(f"{match.signature.name} with {what}")
        if nulls and "{F}" not in template and "{I}" not in template:
            raise unsupported(f"{match.signature.name} with {nulls} NULLS")
        rendered = Rendered(call.arguments, texts, result, slots["D"], slots["O"], slots["F"], over)
        text = re.sub(r"@(\w+)", lambda found: RENDERERS[found[1]](rendered), template)
        text = re.sub(r"\{(\d|\*|[DOFIW])\}", lambda found: self._slot(found[1], texts, slots), text)
        return self._limited(match.signature.name, text, call)

    def _order(self, order: exp.Order | None) -> str:
        return "" if order is None else "ORDER BY " + ", ".join(self.sql(term) for term in order.expressions)

    def _slot(self, name: str, texts: list[str], slots: dict[str, str]) -> str:
        if name == "*":
            return ", ".join(texts)
        return texts[int(name)] if name.isdigit() else slots[name]

    def _limited(self, name: str, text: str, call: Call) -> str:
        if call.limit is None:
            return text
        count = self.sql(call.limit)
        if name in ("ARRAY_AGG", "ARRAY_CONCAT_AGG"):
            return f"({text})[1:{count}]"
        raise unsupported(f"{name} with LIMIT")

    def _having(self, call: Call, over: str) -> str:
        having = call.having
        assert having is not None
        name = "max" if having.args.get("max") else "min"
        return f"arg_{name}_null({self.sql(call.arguments[0])}, {self.sql(having.expression)}){over}"

    def _argument(self, node: exp.Expr, target: exp.DataType | None) -> str:
        if isinstance(node, exp.Var):
            return "'" + node.name.lower().replace("'", "''") + "'"
        text = self.sql(node)
        if target is None or types.kind(target) in (types.UNKNOWN, "NULL"):
            return text
        given = types.kind(node.type)
        if given == types.kind(target) and given not in ("ARRAY", "STRUCT"):
            return text
        if given == types.kind(target) and node.type == target:
            return text
        if given in ("NULL", types.UNKNOWN) and types.kind(target) in (types.UNKNOWN, "NULL"):
            return text
        return casts.cast(text, node.type, target)

    def anonymous_sql(self, expression: exp.Anonymous) -> str:
        """Write a function call."""
        return self.call_sql(expression)

    def window_sql(self, expression: exp.Window) -> str:
        """Write an analytic call: OVER goes where the signature says."""
        inner: Any = expression.this
        nulls = None
        while isinstance(inner, (exp.IgnoreNulls, exp.RespectNulls)):
            nulls = "IGNORE" if isinstance(inner, exp.IgnoreNulls) else "RESPECT"
            inner = inner.this
        if not isinstance(inner, exp.Anonymous):  # the definition of a named window
            return super().window_sql(expression)
        shell = expression.copy()
        shell.set("this", exp.to_identifier("call_", quoted=False))
        over = super().window_sql(shell).replace('"call_"', "call_", 1).removeprefix("call_")
        if inner.name.upper() == "COUNT" and nulls:
            raise invalid_query("COUNT takes no NULLS modifier")
        return self.call_sql(inner, over, nulls)

    def safefunc_sql(self, expression: exp.SafeFunc) -> str:
        """Write SAFE.f(..): NULL where f fails."""
        inner = expression.this
        if not isinstance(inner, exp.Anonymous) or inner.meta["match"].signature.section != "scalar":
            raise unsupported("SAFE. before this function")
        return f"TRY({self.call_sql(inner)})"

    def literal_sql(self, expression: exp.Literal) -> str:
        """Write a literal: whole numbers are INT64, others FLOAT64."""
        if expression.is_string:
            return "'" + expression.name.replace("'", "''") + "'"
        text = expression.name
        parent = expression.parent
        if isinstance(parent, exp.Neg):
            parent = parent.parent
        if not re.fullmatch(r"\d+|0[xX][0-9a-fA-F]+", text):
            return text if "e" in text.lower() else f"{text}e0"
        number = int(text, 16) if text[:2].lower() == "0x" else int(text)
        if number > 2**63 - (0 if isinstance(expression.parent, exp.Neg) else 1):
            raise invalid_query(f"Invalid integer literal: {text}")
        if isinstance(parent, _PLAIN_NUMBER_PARENTS) or (
            isinstance(parent, exp.Ordered) and isinstance(parent.parent, exp.Order)
        ):
            return str(number)
        if number == 2**63:
            return f"CAST({number} AS HUGEINT)"
        return f"CAST({number} AS BIGINT)"

    def rawstring_sql(self, expression: exp.RawString) -> str:
        """Write r'..' as it stands."""
        return "'" + expression.name.replace("'", "''") + "'"

    def bytestring_sql(self, expression: exp.ByteString) -> str:
        """Write b'..'."""
        return f"unhex('{_literal_bytes(expression.name).hex()}')"

    def cast_sql(self, expression: exp.Cast, safe_prefix: str | None = None) -> str:
        """Write CAST with BigQuery's conversions."""
        if expression.args.get("format") is not None:
            raise unsupported("CAST with FORMAT")
        if expression.to.args.get("expressions") and types.kind(expression.to) in (
            "STRING",
            "BYTES",
            "NUMERIC",
            "BIGNUMERIC",
        ):
            raise unsupported(f"CAST to a type with parameters: {expression.to.sql('bigquery')}")
        inner = expression.this
        if isinstance(inner, exp.Placeholder):
            return f"CAST({self.sql(inner)} AS {types.duck(expression.to)})"
        if isinstance(inner, exp.Array) and not inner.expressions:
            return f"CAST([] AS {types.duck(expression.to)})"
        text = casts.cast(self.sql(inner), inner.type, expression.to)
        return f"TRY({text})" if safe_prefix else text

    def trycast_sql(self, expression: exp.TryCast) -> str:
        """Write SAFE_CAST."""
        return self.cast_sql(expression, "TRY_")

    def interval_sql(self, expression: exp.Interval) -> str:
        """Write an interval of one part."""
        unit = expression.args.get("unit")
        name = unit.name.upper() if isinstance(unit, exp.Var) else ""
        if name not in _UNITS:
            raise unsupported("INTERVAL of this form")
        amount = expression.this
        if isinstance(amount, exp.Literal):
            if not re.fullmatch(r"-?\d+", amount.name):
                raise unsupported("INTERVAL of this form")
            text = f"CAST({amount.name} AS BIGINT)"
        else:
            text = self.sql(amount)
        if name in ("YEAR", "QUARTER", "MONTH", "WEEK", "DAY"):
            text = f"CAST({text} AS INTEGER)"
        return _UNITS[name].format(text)

    def extract_sql(self, expression: exp.Extract) -> str:
        """Write EXTRACT; an instant is read in UTC or in the zone asked for."""
        source: Any = expression.expression
        zone = None
        if isinstance(source, exp.AtTimeZone):
            source, zone = source.this, self.sql(source.args["zone"])
        text = self.sql(source)
        if types.kind(source.type) == "TIMESTAMP":
            text = f"timezone(bq_zone({zone}), {text})" if zone else f"CAST({text} AS TIMESTAMP)"
        part = (
            expression.this.name.upper()
            if not isinstance(expression.this, exp.Anonymous)
            else expression.this.sql("bigquery").upper()
        )
        return _extract(part, text)

    def div_sql(self, expression: exp.Div) -> str:
        """Write a division: FLOAT64, or NUMERIC when both sides are exact; by zero an error."""
        left, right = self.sql(expression.left), self.sql(expression.right)
        kinds = {types.kind(expression.left.type), types.kind(expression.right.type)}
        if "BIGNUMERIC" in kinds and "FLOAT64" not in kinds:
            raise unsupported("division of BIGNUMERIC")
        if "NUMERIC" in kinds and "FLOAT64" not in kinds:
            return f"bq_numeric_divide(CAST({left} AS DECIMAL(38,9)), CAST({right} AS DECIMAL(38,9)))"
        return f"bq_divide(CAST({left} AS DOUBLE), CAST({right} AS DOUBLE))"

    def mul_sql(self, expression: exp.Mul) -> str:
        """Write a product; of NUMERIC it is rounded to NUMERIC."""
        text = self.binary(expression, "*")
        kinds = {types.kind(expression.left.type), types.kind(expression.right.type)}
        if "BIGNUMERIC" in kinds and "FLOAT64" not in kinds:
            raise unsupported("multiplication of BIGNUMERIC")
        if "NUMERIC" in kinds and "FLOAT64" not in kinds:
            return f"CAST({text} AS DECIMAL(38,9))"
        return text

    def add_sql(self, expression: exp.Add) -> str:
        """Write a sum; DATE + INT64 is days."""
        return self._days(expression, "+")

    def sub_sql(self, expression: exp.Sub) -> str:
        """Write a difference; DATE - INT64 is days, DATE - DATE an INTERVAL, which is not kept."""
        if types.kind(expression.left.type) in ("DATE", "DATETIME", "TIMESTAMP", "TIME") and types.kind(
            expression.right.type
        ) == types.kind(expression.left.type):
            raise unsupported(
                f"{types.kind(expression.left.type)} - {types.kind(expression.left.type)} (an INTERVAL); use a _DIFF function"
            )
        return self._days(expression, "-")

    def _days(self, expression: exp.Binary, operator: str) -> str:
        if types.kind(expression.left.type) == "DATE" and types.kind(expression.right.type) == "INT64":
            return f"({self.sql(expression.left)} {operator} CAST({self.sql(expression.right)} AS INTEGER))"
        return self.binary(expression, operator)

    def _compared(self, expression: exp.Binary, operator: str) -> str:
        left, right = self.sql(expression.left), self.sql(expression.right)
        kinds = (types.kind(expression.left.type), types.kind(expression.right.type))
        if "ARRAY" in kinds:
            raise invalid_query("Equality or order is not defined for arguments of type ARRAY")
        if kinds == ("STRUCT", "STRUCT"):
            return self._structs(expression, operator)
        if "JSON" in kinds:
            raise invalid_query("Equality or order is not defined for arguments of type JSON")
        left, right = self._temporal(left, kinds, 0, expression.left), self._temporal(right, kinds, 1, expression.right)
        text = f"{left} {operator} {right}"
        if "FLOAT64" not in kinds:
            return text
        # DuckDB holds NaN to equal itself and to be the greatest; in BigQuery it compares false with everything.
        if operator == "<>":
            return f"({text} OR isnan(CAST({left} AS DOUBLE)) AND isnan(CAST({right} AS DOUBLE)))"
        guards = [
            f"NOT isnan({side})"
            for side, node, kind in ((left, expression.left, kinds[0]), (right, expression.right, kinds[1]))
            if kind == "FLOAT64" and not isinstance(node, exp.Literal)
        ]
        return "(" + " AND ".join([text, *guards]) + ")"

    def _temporal(self, text: str, kinds: tuple[str, str], index: int, node: exp.Expr) -> str:
        given, other = kinds[index], kinds[1 - index]
        if given == other or (given, other) not in {("STRING", kind) for kind in types.LITERAL_TARGETS} | {
            ("DATE", "DATETIME")
        }:
            if {given, other} in (
                {"DATE", "TIMESTAMP"},
                {"DATETIME", "TIMESTAMP"},
                {"STRING", "INT64"},
                {"STRING", "FLOAT64"},
                {"STRING", "BOOL"},
            ):
                raise invalid_query(f"No matching signature for operator = for argument types: {kinds[0]}, {kinds[1]}.")
            return text
        return casts.cast(text, node.type, types.of_name(other))

    def _structs(self, expression: exp.Binary, operator: str) -> str:
        # BigQuery compares structs field by field, by position; a NULL field makes the answer unknown.
        if operator not in ("=", "<>"):
            raise invalid_query("Order is not defined for arguments of type STRUCT")
        left, right = types.members(expression.left.type or _NOTHING), types.members(expression.right.type or _NOTHING)
        if len(left) != len(right) or any(
            "STRUCT" in (types.kind(a), types.kind(b)) for (_, a), (_, b) in zip(left, right, strict=True)
        ):
            raise unsupported("comparison of nested STRUCTs")
        sides = (self.sql(expression.left), self.sql(expression.right))
        pairs = [
            f"({sides[0]}).{types.quote(a)} = ({sides[1]}).{types.quote(b)}"
            for (a, _), (b, _) in zip(left, right, strict=True)
        ]
        text = "(" + " AND ".join(pairs) + ")"
        return text if operator == "=" else f"(NOT {text})"

    def eq_sql(self, expression: exp.EQ) -> str:
        """Write =."""
        return self._compared(expression, "=")

    def neq_sql(self, expression: exp.NEQ) -> str:
        """Write <>."""
        return self._compared(expression, "<>")

    def gt_sql(self, expression: exp.GT) -> str:
        """Write >."""
        return self._compared(expression, ">")

    def gte_sql(self, expression: exp.GTE) -> str:
        """Write >=."""
        return self._compared(expression, ">=")

    def lt_sql(self, expression: exp.LT) -> str:
        """Write <."""
        return self._compared(expression, "<")

    def lte_sql(self, expression: exp.LTE) -> str:
        """Write <=."""
        return self._compared(expression, "<=")

    def between_sql(self, expression: exp.Between) -> str:
        """Write BETWEEN as two comparisons, so that NaN and dates in text follow the same rules."""
        if expression.args.get("symmetric"):
            raise unsupported("BETWEEN SYMMETRIC")
        low = exp.GTE(this=expression.this.copy(), expression=expression.args["low"].copy())
        high = exp.LTE(this=expression.this.copy(), expression=expression.args["high"].copy())
        return f"({self._compared(low, '>=')} AND {self._compared(high, '<=')})"

    def ordered_sql(self, expression: exp.Ordered) -> str:
        """Write an order term: NULL smallest, then NaN, as in BigQuery."""
        down = bool(expression.args.get("desc"))
        first = expression.args.get("nulls_first")
        nulls = "FIRST" if (first if first is not None else not down) else "LAST"
        text = self.sql(expression.this)
        term = f"{text}{' DESC' if down else ''} NULLS {nulls}"
        frame = expression.parent.parent if expression.parent is not None else None
        ranged = (
            isinstance(frame, exp.Window)
            and str((frame.args.get("spec") or exp.Null()).args.get("kind") or "").upper() == "RANGE"
        )
        if (
            types.kind(expression.this.type) == "FLOAT64"
            and not ranged
            and not isinstance(expression.this, exp.Literal)
        ):
            return f"isnan(CAST({text} AS DOUBLE)){'' if down else ' DESC'} NULLS {nulls}, {term}"
        return term

    def like_sql(self, expression: exp.Like) -> str:
        """Write LIKE with BigQuery's escape character."""
        return f"{self.sql(expression.this)} LIKE {self.sql(expression.expression)} ESCAPE '\\'"

    def struct_sql(self, expression: exp.Struct) -> str:
        """Write a struct with a name for every field."""
        parts = []
        for index, item in enumerate(expression.expressions, 1):
            if isinstance(item, exp.PropertyEQ):
                parts.append((item.this.name, item.expression))
            elif isinstance(item, exp.Alias):
                parts.append((item.alias, item.this))
            else:
                named = isinstance(item, (exp.Column, exp.Dot))
                parts.append((item.output_name or item.name if named else f"_field_{index}", item))
        if len({name.lower() for name, _ in parts}) != len(parts):
            raise unsupported("a STRUCT with two fields of one name")
        return "{" + ", ".join(f"{types.quote(name)}: {self.sql(value)}" for name, value in parts) + "}"

    def bracket_sql(self, expression: exp.Bracket) -> str:
        """Write array[OFFSET(i)] and json[..]."""
        index = expression.expressions[0]
        target = self.sql(expression.this)
        name = types.kind(expression.this.type)
        if name == "JSON":
            return self._json_step(target, index)
        offset = expression.args.get("offset")
        text = self.sql(index)
        if name == "STRUCT":
            raise unsupported("STRUCT[position]")
        if offset == 1:
            text = f"({text} - 1)"
        return f"bq_safe_element({target}, {text})" if expression.args.get("safe") else f"bq_element({target}, {text})"

    def _json_step(self, target: str, index: exp.Expr) -> str:
        if isinstance(index, exp.Literal) and index.is_string:
            return f"json_extract({target}, {_json_key(index.name)})"
        if isinstance(index, exp.Literal):
            return f"json_extract({target}, '$[{int(index.name)}]')"
        raise unsupported("a JSON subscript that is not a literal")

    def dot_sql(self, expression: exp.Dot) -> str:
        """Write struct.field and json.key."""
        if types.kind(expression.this.type) == "JSON":
            spelled = expression.expression.meta.get("spelled", expression.expression.name)
            return f"json_extract({self.sql(expression.this)}, {_json_key(spelled)})"
        target = self.sql(expression.this)
        return f"{target if isinstance(expression.this, (exp.Column, exp.Dot)) else '(' + target + ')'}.{types.quote(expression.expression.name)}"

    def in_sql(self, expression: exp.In) -> str:
        """Write IN; IN UNNEST(array) of a row's own array looks into it, of any other is a subquery. Both keep NULLs right."""
        array: Any = expression.args.get("unnest")
        if array is None:
            return super().in_sql(expression)
        value, values = self.sql(expression.this), self.sql(array.expressions[0])
        if array.expressions[0].find(exp.Column) is not None and expression.find(exp.Subquery) is None:
            return f"bq_in_array({value}, {values})"
        return f"{value} IN (SELECT unnest({values}))"

    def unnest_sql(self, expression: exp.Unnest) -> str:
        """Write FROM UNNEST as a lateral subquery with the offset counted from 0."""
        if len(expression.expressions) != 1:
            raise unsupported("UNNEST of several arrays")
        array = expression.expressions[0]
        text = self.sql(array)
        offset = expression.args.get("offset")
        alias = expression.args.get("alias")
        name = alias.columns[0].name if alias is not None and alias.columns else alias.name if alias is not None else ""
        value = types.quote(name or "_value")
        columns = [value]
        inner = types.element(array.type)
        if types.kind(inner) == "STRUCT":
            columns += [
                f"{value}.{types.quote(field)} AS {types.quote(field)}"
                for field, _ in types.members(inner)
                if field != name
            ]
        counted = ""
        if isinstance(offset, exp.Identifier):
            counted = f", generate_subscripts({text}, 1) - 1 AS {types.quote(offset.name)}"
            columns.append(types.quote(offset.name))
        table = types.quote(alias.name if alias is not None and alias.name else name or "_unnest")
        return f"LATERAL (SELECT {', '.join(columns)} FROM (SELECT unnest({text}) AS {value}{counted})) AS {table}"


# sqlglot looks a node up in TRANSFORMS before it looks for a method: ours must win.
_OWN = {name.removesuffix("_sql") for name in vars(Generator) if name.endswith("_sql")}
Generator.TRANSFORMS = {node: rule for node, rule in DuckDBGenerator.TRANSFORMS.items() if node.key not in _OWN}


def _literal_bytes(text: str) -> bytes:
    # The tokenizer has already turned escapes into characters: a byte above 127 and a letter can no longer be told apart.
    if not text.isascii() or "\\" in text:
        raise unsupported("a bytes literal with a backslash or bytes above 127 (use FROM_HEX)")
    return text.encode()


def _json_key(key: str) -> str:
    if '"' in key:
        raise unsupported("a quotation mark in a JSON key")
    return "'$.\"" + key.replace("'", "''") + "\"'"


def _extract(part: str, text: str) -> str:
    if part in _EXTRACTS:
        return f"CAST({_EXTRACTS[part]}({text}) AS BIGINT)"
    if part == "DAYOFWEEK":
        return f"CAST(dayofweek({text}) + 1 AS BIGINT)"
    if part == "MILLISECOND":
        return f"CAST(millisecond({text}) % 1000 AS BIGINT)"
    if part == "MICROSECOND":
        return f"CAST(microsecond({text}) % 1000000 AS BIGINT)"
    if part in ("DATE", "TIME"):
        return f"CAST({text} AS {part})"
    if part == "DATETIME":
        return text
    shift = week_shift(part)
    if shift is not None:
        return f"((dayofyear({text}) + 6 - (dayofweek({text}) + 7 - {shift}) % 7) // 7)"
    raise unsupported(f"EXTRACT({part})")
