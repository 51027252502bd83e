"""DuckDB's errors as BigQuery's: kinds and names of a statement may be told, values of rows never."""

from __future__ import annotations

import re

import duckdb

from localemu.bigquery.errors import ApiError, invalid_query

_RAISED = re.compile(r"ValueError: ([^\n]*)")
_KNOWN = (
    (re.compile(r"division by zero", re.IGNORECASE), "division by zero"),
    (re.compile(r"Overflow|Out of Range", re.IGNORECASE), "numeric overflow"),
    (re.compile(r"NOT NULL constraint failed: ([\w.\" ]+)"), "Required field cannot be null"),
    (re.compile(r"More than one row returned by a subquery"), "Scalar subquery produced more than one element"),
    (
        re.compile(r"MERGE.*more than one|multiple rows match", re.IGNORECASE),
        "UPDATE/MERGE must match at most one source row for each target row",
    ),
)


def translated(error: duckdb.Error) -> ApiError:
    """Give the API error for an error of DuckDB."""
    text = str(error)
    raised = _RAISED.search(text)
    if raised:
        return invalid_query(raised[1])
    for pattern, message in _KNOWN:
        if pattern.search(text):
            return invalid_query(message)
    if isinstance(error, duckdb.ConversionException):
        return invalid_query("A value could not be converted to the type that is wanted")
    if isinstance(error, (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)):
        return invalid_query("Query error: " + text.split("\n", 1)[0].split(": ", 1)[-1][:300])
    if isinstance(error, duckdb.TransactionException):
        return ApiError("backendError", "The table was changed by another statement, try again")
    return invalid_query(f"Query error: {type(error).__name__}")
