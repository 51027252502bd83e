"""SQL in, columns and rows out. Called by `dicomlake query` and `batches`, and by the schedules."""

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dicomlake.errors import ConfigError, DicomlakeError
from dicomlake.lake.clients import QUERY_TIMEOUT_S, READ_TIMEOUT_S, bigquery_retry
from dicomlake.lake.definitions import NamedQuery, qualify, queries
from dicomlake.lake.faults import is_busy, translated
from dicomlake.settings import Settings

if TYPE_CHECKING:
    from google.cloud import bigquery

_PLACE = re.compile(r"\[(\d{1,9}):(\d{1,9})\]")
_REASONS = {
    "invalidQuery": "BigQuery cannot read this query",
    "invalid": "BigQuery cannot read this query",
    "notFound": "the query names a dataset, table or view that does not exist",
    "accessDenied": "this identity may not read what the query names",
}


class QueryRefused(DicomlakeError):
    """The query itself is at fault. `line` and `column` count from 1 where BigQuery told them, else they are 0."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(f"{message} (line {line}, column {column})" if line else message)
        self.line = line
        self.column = column


def run(
    client: "bigquery.Client",
    sql: str,
    params: Mapping[str, object] | None = None,
    answer_s: float = READ_TIMEOUT_S,
) -> tuple[list[str], list[tuple[object, ...]]]:
    """Run one query with named parameters (`@site`); an answer that does not begin in `answer_s` is none.

    Raises QueryRefused for a query at fault, TransientError.
    """
    from google.api_core.exceptions import BadRequest, Forbidden, NotFound
    from google.cloud import bigquery

    config = bigquery.QueryJobConfig(
        query_parameters=[_parameter(name, value) for name, value in (params or {}).items()]
    )
    with translated("bigquery"):
        try:
            answer = client.query_and_wait(
                sql,
                job_config=config,
                retry=bigquery_retry(),
                job_retry=None,  # type: ignore[arg-type]  # allowed, though typed otherwise; the default goes on for 40 minutes
                api_timeout=answer_s,
                wait_timeout=QUERY_TIMEOUT_S,
            )
            rows = [tuple(row.values()) for row in answer]
        except (BadRequest, NotFound, Forbidden) as error:
            if is_busy(error):
                raise
            raise _refused(error) from None
    return [field.name for field in answer.schema], rows


def check(client: "bigquery.Client", sql: str) -> None:
    """Have BigQuery read a person's query without running it. Raises QueryRefused: it changes something, or it cannot be read.

    The message is BigQuery's own, which speaks of the query's text here and of no row yet.
    """
    from google.api_core.exceptions import BadRequest, Forbidden, NotFound
    from google.cloud import bigquery

    config = bigquery.QueryJobConfig(dry_run=True, use_query_cache=False)
    with translated("bigquery"):
        try:
            job = client.query(sql, job_config=config, retry=bigquery_retry(), job_retry=None, timeout=READ_TIMEOUT_S)
        except (BadRequest, NotFound, Forbidden) as error:
            if is_busy(error):
                raise
            details = getattr(error, "errors", None) or [{}]
            message = details[0].get("message") if isinstance(details[0], Mapping) else None
            raise (QueryRefused(str(message)) if message else _refused(error)) from None
    if job.statement_type != "SELECT":
        raise QueryRefused("only questions are asked here: SELECT ... or WITH ... SELECT")


def named(client: "bigquery.Client", settings: Settings, name: str) -> tuple[list[str], list[tuple[object, ...]]]:
    """Run a query of sql/queries. Raises ConfigError for an unknown name."""
    return run(client, qualify(find(name).sql, settings))


def find(name: str) -> NamedQuery:
    """A query of sql/queries. Raises ConfigError, which lists what there is."""
    if name not in queries():
        raise ConfigError(f"no query of that name; there are: {', '.join(queries())}")
    return queries()[name]


def _parameter(name: str, value: object) -> "bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter":
    from google.cloud import bigquery

    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return bigquery.ArrayQueryParameter(name, _type(value[0]) if value else "STRING", list(value))
    return bigquery.ScalarQueryParameter(name, _type(value), value)  # type: ignore[arg-type]  # the client checks it


def _type(value: object) -> str:
    # bool is an int and datetime is a date: the narrower comes first.
    types: tuple[tuple[type, str], ...] = (
        (bool, "BOOL"),
        (int, "INT64"),
        (float, "FLOAT64"),
        (datetime.datetime, "TIMESTAMP" if getattr(value, "tzinfo", None) else "DATETIME"),
        (datetime.date, "DATE"),
        (datetime.time, "TIME"),
        (bytes, "BYTES"),
    )
    return next((name for type_, name in types if isinstance(value, type_)), "STRING")


def _refused(error: object) -> QueryRefused:
    """Only the reason's code and the place are kept: the message may quote values that the query compares with."""
    details = getattr(error, "errors", None) or [{}]
    first = details[0] if isinstance(details[0], Mapping) else {}
    message = _REASONS.get(str(first.get("reason")), "BigQuery refuses this query")
    place = _PLACE.search(str(first.get("message", "")))
    return QueryRefused(message, int(place[1]), int(place[2])) if place else QueryRefused(message)
