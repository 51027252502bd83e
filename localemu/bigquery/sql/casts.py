"""CAST between BigQuery types, as DuckDB expressions that give BigQuery's value or its error."""

from __future__ import annotations

from sqlglot import exp

from localemu.bigquery.errors import invalid_query, unsupported
from localemu.bigquery.sql import types

_TO_STRING = {
    "INT64": "CAST({0} AS VARCHAR)", "FLOAT64": "bq_float_string({0})", "NUMERIC": "bq_numeric_string({0})",
    "BIGNUMERIC": "bq_numeric_string({0})", "BOOL": "CAST({0} AS VARCHAR)", "BYTES": "bq_utf8({0})", "DATE": "CAST({0} AS VARCHAR)",
    "DATETIME": "bq_datetime_string({0})", "TIME": "bq_time_string({0})", "TIMESTAMP": "bq_timestamp_string({0})",
}  # fmt: skip
_FROM_STRING = {
    "INT64": "bq_int64_of({0})", "FLOAT64": "CAST(trim({0}) AS DOUBLE)", "NUMERIC": "bq_parse_numeric({0})",
    "BIGNUMERIC": "bq_bignumeric_of({0})", "BOOL": "bq_bool_of({0})", "BYTES": "encode({0})", "DATE": "bq_date_of({0})",
    "DATETIME": "bq_datetime_of({0})", "TIME": "bq_time_of({0})", "TIMESTAMP": "bq_timestamp({0}, 'UTC')",
}  # fmt: skip
_OTHERS = {
    ("FLOAT64", "INT64"): "CAST(round({0}) AS BIGINT)", ("NUMERIC", "INT64"): "CAST({0} AS BIGINT)",
    ("BIGNUMERIC", "INT64"): "CAST({0} AS BIGINT)", ("INT64", "FLOAT64"): "CAST({0} AS DOUBLE)",
    ("INT64", "NUMERIC"): "CAST({0} AS DECIMAL(38,9))", ("INT64", "BIGNUMERIC"): "CAST({0} AS DECIMAL(38,19))",
    ("INT64", "BOOL"): "({0} <> 0)", ("BOOL", "INT64"): "CAST({0} AS BIGINT)", ("FLOAT64", "NUMERIC"): "CAST({0} AS DECIMAL(38,9))",
    ("FLOAT64", "BIGNUMERIC"): "CAST({0} AS DECIMAL(38,19))", ("NUMERIC", "FLOAT64"): "CAST({0} AS DOUBLE)",
    ("BIGNUMERIC", "FLOAT64"): "CAST({0} AS DOUBLE)", ("NUMERIC", "BIGNUMERIC"): "CAST({0} AS DECIMAL(38,19))",
    ("BIGNUMERIC", "NUMERIC"): "CAST({0} AS DECIMAL(38,9))", ("DATE", "DATETIME"): "CAST({0} AS TIMESTAMP)",
    ("DATE", "TIMESTAMP"): "timezone('UTC', CAST({0} AS TIMESTAMP))", ("DATETIME", "DATE"): "CAST({0} AS DATE)",
    ("DATETIME", "TIME"): "CAST({0} AS TIME)", ("DATETIME", "TIMESTAMP"): "timezone('UTC', {0})",
    ("TIMESTAMP", "DATE"): "CAST({0} AS DATE)", ("TIMESTAMP", "TIME"): "CAST(CAST({0} AS TIMESTAMP) AS TIME)",
    ("TIMESTAMP", "DATETIME"): "CAST({0} AS TIMESTAMP)",
}  # fmt: skip


def cast(text: str, source: exp.DataType | None, target: exp.DataType) -> str:
    """Render CAST(text AS target) for an expression of the source type."""
    given, wanted = types.kind(source), types.kind(target)
    if wanted in (types.UNKNOWN, "INTERVAL"):
        raise unsupported(f"CAST AS {target.sql('bigquery')}")
    if given in ("NULL", types.UNKNOWN) or wanted in ("ARRAY", "STRUCT") or given == wanted:
        return _nested(text, source, target)
    if wanted == "STRING" and given in _TO_STRING:
        return _TO_STRING[given].format(text)
    if given == "STRING" and wanted in _FROM_STRING:
        return _FROM_STRING[wanted].format(text)
    template = _OTHERS.get((given, wanted))
    if template is None:
        raise invalid_query(f"Invalid cast from {given} to {wanted}")
    return template.format(text)


def _nested(text: str, source: exp.DataType | None, target: exp.DataType) -> str:
    given, wanted = types.kind(source), types.kind(target)
    if given == wanted == "ARRAY" and source is not None:
        inner = types.element(source)
        if (
            types.kind(inner) in (types.UNKNOWN, "NULL", types.kind(types.element(target)))
            and types.kind(inner) != "STRUCT"
        ):
            return f"CAST({text} AS {types.duck(target)})"
        return f"list_transform({text}, lambda v: {cast('v', inner, types.element(target))})"
    if given == wanted == "STRUCT" and source is not None:
        return _by_position(text, source, target)
    return f"CAST({text} AS {types.duck(target)})"


def _by_position(text: str, source: exp.DataType, target: exp.DataType) -> str:
    # BigQuery matches the fields of structs by position, DuckDB by name.
    have, want = types.members(source), types.members(target)
    if len(have) != len(want):
        raise invalid_query(f"Invalid cast from {source.sql('bigquery')} to {target.sql('bigquery')}")
    fields = ", ".join(
        f"{types.quote(name)}: {cast(f'({text}).{types.quote(old)}', old_type, new_type)}"
        for (old, old_type), (name, new_type) in zip(have, want, strict=True)
    )
    return f"CASE WHEN {text} IS NULL THEN NULL ELSE CAST({{{fields}}} AS {types.duck(target)}) END"
