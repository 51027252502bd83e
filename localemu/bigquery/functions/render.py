"""Calls whose DuckDB form depends on more than their arguments' text: date parts, JSON paths, printf, quantiles.

Each renderer takes a `Rendered` call and gives DuckDB SQL. signatures.txt names them with @.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from localemu.bigquery.errors import invalid_query, unsupported
from localemu.bigquery.sql import casts, types

_WEEKDAYS = {"SUNDAY": 0, "MONDAY": 1, "TUESDAY": 2, "WEDNESDAY": 3, "THURSDAY": 4, "FRIDAY": 5, "SATURDAY": 6}
_PLAIN_PARTS = {"YEAR", "QUARTER", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND"}
_MICROS = {
    "MICROSECOND": 1, "MILLISECOND": 1_000, "SECOND": 1_000_000, "MINUTE": 60_000_000, "HOUR": 3_600_000_000, "DAY": 86_400_000_000,
}  # fmt: skip


@dataclass(frozen=True)
class Rendered:
    """A call: its nodes, their SQL, its own type, and what stands around an aggregate (see signatures.txt)."""

    nodes: list[exp.Expr]
    texts: list[str]
    type: exp.DataType
    distinct: str = ""
    order: str = ""
    filter: str = ""
    over: str = ""

    def part(self, index: int) -> str:
        """Give the date part at an index."""
        return self.nodes[index].name.upper()


def week_shift(part: str) -> int | None:
    """Give the first day of the weeks of a part (Sunday is 0), None when it is not of weeks."""
    if part == "WEEK":
        return 0
    if part == "ISOWEEK":
        return 1
    match = re.fullmatch(r"WEEK\((\w+)\)", part)
    if match is None:
        return None
    if match[1] not in _WEEKDAYS:
        raise invalid_query(f"A valid date part name is required but found {part}")
    return _WEEKDAYS[match[1]]


def truncate_text(text: str, part: str) -> str:
    """Truncate a date or zoneless time to a part."""
    shift = week_shift(part)
    if shift is not None:
        return f"bq_week_start({text}, {shift})"
    if part == "ISOYEAR":
        return f"date_trunc('week', make_date(CAST(isoyear({text}) AS BIGINT), CAST(1 AS BIGINT), CAST(4 AS BIGINT)))"
    if part not in _PLAIN_PARTS:
        raise invalid_query(f"A valid date part name is required but found {part}")
    return f"date_trunc('{part.lower()}', {text})"


def truncate(call: Rendered) -> str:
    """DATE_TRUNC and its kin, on the time as it reads in UTC."""
    text = call.texts[0]
    return truncate_text(
        f"CAST({text} AS TIMESTAMP)" if types.kind(call.nodes[0].type) == "TIMESTAMP" else text, call.part(1)
    )


def truncate_in_zone(call: Rendered) -> str:
    """TIMESTAMP_TRUNC(t, part, zone); parts below the day need no zone."""
    value, zone = call.texts[0], f"bq_zone({call.texts[2]})"
    if call.part(1) in _MICROS and call.part(1) != "DAY":
        return f"timezone('UTC', date_trunc('{call.part(1).lower()}', CAST({value} AS TIMESTAMP)))"
    return f"timezone({zone}, CAST({truncate_text(f'timezone({zone}, {value})', call.part(1))} AS TIMESTAMP))"


def boundaries(call: Rendered) -> str:
    """DATE_DIFF, DATETIME_DIFF: how many boundaries of the part lie between."""
    left, right, part = call.texts[0], call.texts[1], call.part(2)
    shift = week_shift(part)
    if shift is not None:
        return f"(CAST(bq_week_start({left}, {shift}) - bq_week_start({right}, {shift}) AS BIGINT) // 7)"
    if part == "ISOYEAR":
        return f"CAST(isoyear({left}) - isoyear({right}) AS BIGINT)"
    if part not in _PLAIN_PARTS:
        raise invalid_query(f"A valid date part name is required but found {part}")
    return f"date_diff('{part.lower()}', {right}, {left})"


def whole_units(call: Rendered) -> str:
    """TIMESTAMP_DIFF: whole units that fit, towards zero."""
    part = call.part(2)
    if part not in _MICROS:
        raise invalid_query(f"TIMESTAMP_DIFF does not support the {part} date part")
    return f"((epoch_us({call.texts[0]}) - epoch_us({call.texts[1]})) // {_MICROS[part]})"


def last_day(call: Rendered) -> str:
    """LAST_DAY(date, part)."""
    part, text = call.part(1), call.texts[0]
    if part == "MONTH":
        return f"last_day({text})"
    step = {"YEAR": "INTERVAL 1 YEAR", "QUARTER": "INTERVAL 3 MONTH"}.get(part, "INTERVAL 7 DAY")
    if part not in ("YEAR", "QUARTER") and week_shift(part) is None:
        raise unsupported(f"LAST_DAY with part {part}")
    return f"CAST({truncate_text(text, part)} + {step} - INTERVAL 1 DAY AS DATE)"


def concat(call: Rendered) -> str:
    """CONCAT and ARRAY_CONCAT: NULL when any is."""
    return "(" + " || ".join(call.texts) + ")"


def pad(name: str) -> Callable[[Rendered], str]:
    """LPAD, RPAD."""

    def render(call: Rendered) -> str:
        return f"{name}({call.texts[0]}, {call.texts[1]}, {call.texts[2] if len(call.texts) > 2 else chr(39) + ' ' + chr(39)})"

    return render


def numeric_round(call: Rendered) -> str:
    """ROUND(NUMERIC[, digits])."""
    return f"bq_numeric_round({call.texts[0]}, {call.texts[1] if len(call.texts) > 1 else 'CAST(0 AS BIGINT)'})"


def numeric_safe_divide(call: Rendered) -> str:
    """SAFE_DIVIDE of NUMERIC; of integers it is FLOAT64, which its other signature does."""
    return f"CASE WHEN {call.texts[1]} <> 0 THEN bq_numeric_divide({call.texts[0]}, {call.texts[1]}) END"


def extreme(name: str) -> Callable[[Rendered], str]:
    """GREATEST, LEAST: NULL when any argument is, NaN when any is."""

    def render(call: Rendered) -> str:
        nulls = " OR ".join(f"{text} IS NULL" for text in call.texts)
        nans = " OR ".join(f"isnan({text})" for text in call.texts)
        found = f"{name}({', '.join(call.texts)})"
        if types.kind(call.type) == "FLOAT64":
            found = f"CASE WHEN {nans} THEN CAST('nan' AS DOUBLE) ELSE {found} END"
        return f"CASE WHEN {nulls} THEN NULL ELSE {found} END"

    return render


def smallest(call: Rendered) -> str:
    """MIN: NaN when any value is (DuckDB's MAX already gives it, as NaN is its greatest value)."""
    text = call.texts[0]
    if types.kind(call.type) != "FLOAT64":
        return f"min({text}){call.over}"
    return f"CASE WHEN bool_or(isnan({text})){call.over} THEN CAST('nan' AS DOUBLE) ELSE min({text}){call.over} END"


def nullif(call: Rendered) -> str:
    """NULLIF: NaN equals nothing."""
    left, right = call.texts
    if types.kind(call.type) == "FLOAT64":
        return f"CASE WHEN {left} = {right} AND NOT isnan({left}) THEN NULL ELSE {left} END"
    return f"nullif({left}, {right})"


def _pattern_groups(node: exp.Expr, name: str) -> int:
    if not isinstance(node, exp.Literal | exp.RawString):
        raise unsupported(f"{name} with a pattern that is not a literal")
    try:
        groups = re.compile(
            re.sub(r"\\[pPzC](\{\w+\})?|\[\[:\w+:\]\]|\(\?[imsU]+(?=[):-])[^)]*\)", "", node.name)
        ).groups
    except re.error:
        groups = len(re.findall(r"(?<!\\)\((?!\?)|\(\?P<", node.name))
    if groups > 1:
        raise invalid_query(f"Regular expression in {name} must not have more than one capturing group")
    return groups


def regexp_extract(call: Rendered) -> str:
    """REGEXP_EXTRACT: the group, or the whole match without one; NULL when nothing matches."""
    group = _pattern_groups(call.nodes[1], "REGEXP_EXTRACT")
    if len(call.nodes) > 2 and call.nodes[2].name != "1":
        raise unsupported("REGEXP_EXTRACT with a position other than 1")
    value, pattern = call.texts[0], call.texts[1]
    if len(call.nodes) > 3:
        return f"regexp_extract_all({value}, {pattern}, {group})[{call.texts[3]}]"
    return f"CASE WHEN regexp_matches({value}, {pattern}) THEN regexp_extract({value}, {pattern}, {group}) END"


def regexp_extract_all(call: Rendered) -> str:
    """REGEXP_EXTRACT_ALL."""
    return (
        f"regexp_extract_all({call.texts[0]}, {call.texts[1]}, {_pattern_groups(call.nodes[1], 'REGEXP_EXTRACT_ALL')})"
    )


def format_text(call: Rendered) -> str:
    """FORMAT: every argument goes as KIND:text."""
    return f"bq_format({call.texts[0]}, CAST([{', '.join(_tagged(n, t) for n, t in zip(call.nodes[1:], call.texts[1:], strict=True))}] AS VARCHAR[]))"


def _tagged(node: exp.Expr, text: str) -> str:
    name = types.kind(node.type)
    if name in ("ARRAY", "STRUCT", "JSON", "BYTES", types.UNKNOWN):
        raise unsupported(f"FORMAT of {name}")
    if name == "NULL":
        return "'STRING'"
    shown = f"CAST({text} AS VARCHAR)" if name == "FLOAT64" else casts.cast(text, node.type, types.of_name("STRING"))
    return f"COALESCE('{name}:' || {shown}, '{name}')"


_PATH = re.compile(r"""\.([^.\[\]"'*]+)|\[(\d+)\]|\[(?:'([^']*)'|"([^"]*)")\]|\."([^"]*)\"""")


def json_path(node: exp.Expr) -> str:
    """Translate a literal JSONPath to DuckDB's, all keys quoted."""
    if not isinstance(node, exp.Literal) or not node.is_string:
        raise unsupported("a JSONPath that is not a literal")
    path = node.name
    if not path.startswith("$"):
        raise invalid_query("JSONPath must start with '$'")
    out, position = "$", 1
    while position < len(path):
        match = _PATH.match(path, position)
        if match is None:
            raise unsupported("this form of JSONPath")
        position = match.end()
        key = next((group for index, group in enumerate(match.groups()) if index != 1 and group is not None), None)
        if key is not None and '"' in key:
            raise unsupported("a quotation mark in a key of a JSONPath")
        out += f"[{match[2]}]" if match[2] is not None else f'."{key}"'
    return "'" + out.replace("'", "''") + "'"


def _document(call: Rendered) -> tuple[str, str]:
    text = call.texts[0]
    document = text if types.kind(call.nodes[0].type) == "JSON" else f"bq_json_document({text})"
    return document, json_path(call.nodes[1]) if len(call.nodes) > 1 else "'$'"


def json_value(call: Rendered) -> str:
    """JSON_VALUE: scalars only."""
    document, path = _document(call)
    return f"bq_json_value({document}, {path})"


def json_query(call: Rendered) -> str:
    """JSON_QUERY: of a STRING it gives a STRING."""
    document, path = _document(call)
    found = f"json_extract({document}, {path})"
    return found if types.kind(call.type) == "JSON" else f"CAST(nullif(CAST({found} AS VARCHAR), 'null') AS VARCHAR)"


def json_value_array(call: Rendered) -> str:
    """JSON_VALUE_ARRAY."""
    document, path = _document(call)
    return f"bq_json_value_array({document}, {path})"


def json_query_array(call: Rendered) -> str:
    """JSON_QUERY_ARRAY of JSON."""
    if types.kind(call.nodes[0].type) != "JSON":
        raise unsupported("JSON_QUERY_ARRAY of a STRING (use PARSE_JSON)")
    document, path = _document(call)
    return f"bq_json_query_array({document}, {path})"


_JSON_SAFE = {
    "INT64",
    "BOOL",
    "STRING",
    "JSON",
    "DATE",
    "NULL",
    "FLOAT64",
    "TIMESTAMP",
    "DATETIME",
    "TIME",
    "NUMERIC",
    "BYTES",
}


def json_text(text: str, data_type: exp.DataType | None) -> str:
    """Render the JSON document (as VARCHAR) of a value, NULL as null."""
    name = types.kind(data_type)
    if name == "ARRAY":
        inner = json_text("e", types.element(data_type))
        return f"COALESCE('[' || array_to_string(list_transform({text}, lambda e: {inner}), ',') || ']', '[]')"
    if name == "STRUCT" and data_type is not None:
        parts = [
            "to_json('"
            + field.replace("'", "''")
            + "') || ':' || "
            + json_text(f"({text}).{types.quote(field)}", inner_type)
            for field, inner_type in types.members(data_type)
        ]
        return f"CASE WHEN {text} IS NULL THEN 'null' ELSE '{{' || " + " || ',' || ".join(parts) + " || '}' END"
    if name not in _JSON_SAFE:
        raise unsupported(f"TO_JSON of {name}")
    if name in ("INT64", "BOOL", "JSON", "NUMERIC"):
        shown = casts.cast(text, data_type, types.of_name("STRING")) if name != "JSON" else f"CAST({text} AS VARCHAR)"
    elif name == "FLOAT64":
        word = f"replace(replace(bq_float_string({text}), 'inf', 'Infinity'), 'nan', 'NaN')"
        shown = f"CASE WHEN isfinite({text}) THEN bq_float_string({text}) ELSE '\"' || {word} || '\"' END"
    elif name == "TIMESTAMP":
        shown = f"'\"' || bq_format_timestamp('%Y-%m-%dT%H:%M:%E*SZ', {text}, 'UTC') || '\"'"
    elif name == "DATETIME":
        shown = f"'\"' || bq_format_time('%Y-%m-%dT%H:%M:%E*S', {text}) || '\"'"
    elif name == "BYTES":
        shown = f"'\"' || to_base64({text}) || '\"'"
    elif name == "NULL":
        return "'null'"
    else:
        shown = f"CAST(to_json({text if name == 'STRING' else casts.cast(text, data_type, types.of_name('STRING'))}) AS VARCHAR)"
    return f"COALESCE({shown}, 'null')"


def to_json_string(call: Rendered) -> str:
    """TO_JSON_STRING: NULL gives 'null'."""
    if len(call.nodes) > 1:
        raise unsupported("TO_JSON_STRING with pretty_print")
    return json_text(call.texts[0], call.nodes[0].type)


def to_json(call: Rendered) -> str:
    """TO_JSON."""
    return f"CAST({json_text(call.texts[0], call.nodes[0].type)} AS JSON)"


def extreme_by(name: str) -> Callable[[Rendered], str]:
    """MAX_BY, MIN_BY."""

    def render(call: Rendered) -> str:
        return f"arg_{name}_null({call.texts[0]}, {call.texts[1]}){call.filter}{call.over}"

    return render


def approx_quantiles(call: Rendered) -> str:
    """APPROX_QUANTILES: exact here, n + 1 values from the smallest to the largest."""
    count = call.nodes[1].name
    if not count.isdigit() or int(count) < 1 or int(count) > 10_000:
        raise invalid_query("The second argument of APPROX_QUANTILES must be a positive integer literal")
    steps = ", ".join(
        f"{index / int(count)!r}e0" if "e" not in repr(index / int(count)) else repr(index / int(count))
        for index in range(int(count) + 1)
    )
    return f"quantile_disc({call.distinct}{call.texts[0]}, [{steps}])"


def approx_top_count(call: Rendered) -> str:
    """APPROX_TOP_COUNT: exact here; ties in the order of the values."""
    count = call.nodes[1].name
    if not count.isdigit():
        raise invalid_query("The second argument of APPROX_TOP_COUNT must be a positive integer literal")
    counted = f"map_entries(histogram({call.texts[0]}))"
    pairs = f"list_transform({counted}, lambda e: {{'n': -CAST(e.value AS BIGINT), 'v': e.key}})"
    return f"list_transform(list_sort({pairs})[1:{count}], lambda e: {{'value': e.v, 'count': -e.n}})"


RENDERERS: dict[str, Callable[[Rendered], str]] = {
    "truncate": truncate, "truncate_in_zone": truncate_in_zone, "boundaries": boundaries, "whole_units": whole_units,
    "last_day": last_day, "concat": concat, "lpad": pad("bq_lpad"), "rpad": pad("bq_rpad"), "numeric_round": numeric_round,
    "numeric_safe_divide": numeric_safe_divide, "greatest": extreme("greatest"),
    "least": extreme("least"),
    "min": smallest,
    "nullif": nullif, "regexp_extract": regexp_extract,
    "regexp_extract_all": regexp_extract_all, "format": format_text, "json_value": json_value, "json_query": json_query,
    "json_value_array": json_value_array, "json_query_array": json_query_array, "to_json": to_json, "to_json_string": to_json_string,
    "max_by": extreme_by("max"), "min_by": extreme_by("min"), "approx_quantiles": approx_quantiles, "approx_top_count": approx_top_count,
}  # fmt: skip
