"""Listing a bucket: prefix, delimiter, offsets and a page token in, a page of objects and common prefixes out. Called by `objects`.

Names come in the order of their UTF-8 bytes. A page token is the last name or prefix of the page before; everything under a common prefix
is stepped over by one seek, however much there is.
"""

import base64
import binascii
import itertools
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localemu.storage import catalog
from localemu.storage.errors import invalid
from localemu.storage.names import prefix_end
from localemu.storage.preconditions import int64
from localemu.storage.resources import object_resource

_MOST = 1000
_FEW = 128
_AFTER = "\0"  # the smallest name after NAME is NAME + NUL


@dataclass(frozen=True, slots=True)
class Query:
    """What to list: names from `start` (inclusive) to `end` (exclusive) that begin with `prefix`."""

    bucket: str
    prefix: str
    delimiter: str
    start: str
    end: str | None
    most: int
    trailing: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A common prefix, or an object, or (with `trailing`) both: the object whose name is the prefix."""

    prefix: str | None
    row: sqlite3.Row | None

    def token(self) -> str:
        """The page token that goes on after this entry."""
        text = f"p{self.prefix}" if self.row is None or self.prefix else f"o{self.row['name']}"
        return base64.urlsafe_b64encode(text.encode()).decode()


def query(bucket: str, parameters: Mapping[str, str]) -> Query:
    """The query of a request. Raises ApiError 400 for numbers or tokens that can't be read."""
    prefix, delimiter = parameters.get("prefix", ""), parameters.get("delimiter", "")
    most = int64(parameters.get("maxResults"), "maxResults")
    start = max(prefix, parameters.get("startOffset", ""))
    if parameters.get("pageToken"):
        start = max(start, _resume_at(parameters["pageToken"]))
    ends = [end for end in (prefix_end(prefix), parameters.get("endOffset") or None) if end is not None]
    return Query(
        bucket,
        prefix,
        delimiter,
        start,
        min(ends, default=None),
        min(most or _MOST, _MOST),
        parameters.get("includeTrailingDelimiter", "").lower() == "true",
    )


def page(connection: sqlite3.Connection, asked: Query) -> dict[str, Any]:
    """One page as the service writes it. Raises ApiError 404 when there is no such bucket."""
    catalog.find_bucket(connection, asked.bucket)
    listed: dict[str, Any] = {"kind": "storage#objects"}
    entries = list(itertools.islice(_entries(connection, asked), asked.most + 1))
    if len(entries) > asked.most:
        entries.pop()
        listed["nextPageToken"] = entries[-1].token()
    if items := [object_resource(entry.row) for entry in entries if entry.row is not None]:
        listed["items"] = items
    if prefixes := [entry.prefix for entry in entries if entry.prefix is not None]:
        listed["prefixes"] = prefixes
    return listed


def _entries(connection: sqlite3.Connection, asked: Query) -> Iterator[Entry]:
    seek: str | None = asked.start
    # With a delimiter most rows may be stepped over: fetch few at a time then.
    limit = _FEW if asked.delimiter else asked.most + 1
    while seek is not None:
        rows = _rows(connection, asked, seek, limit)
        for row in rows:
            if row["name"] < seek:
                continue
            folded = _common_prefix(asked, row["name"])
            if folded is None:
                yield Entry(None, row)
                continue
            yield Entry(folded, row if asked.trailing and row["name"] == folded else None)
            seek = prefix_end(folded)
            if seek is None:
                return
        seek = max(seek, rows[-1]["name"] + _AFTER) if len(rows) == limit else None


def _rows(connection: sqlite3.Connection, asked: Query, seek: str, limit: int) -> list[sqlite3.Row]:
    sql, values = "SELECT * FROM objects WHERE bucket=? AND name>=?", [asked.bucket, seek]
    if asked.end is not None:
        sql, values = f"{sql} AND name<?", [*values, asked.end]
    return connection.execute(f"{sql} ORDER BY name LIMIT {limit}", values).fetchall()


def _common_prefix(asked: Query, name: str) -> str | None:
    if not asked.delimiter:
        return None
    at = name.find(asked.delimiter, len(asked.prefix))
    return None if at < 0 else name[: at + len(asked.delimiter)]


def _resume_at(token: str) -> str:
    try:
        text = base64.urlsafe_b64decode(token).decode()
    except (ValueError, binascii.Error):
        text = ""
    kind, name = text[:1], text[1:]
    after = prefix_end(name) if kind == "p" else name + _AFTER
    if kind not in {"o", "p"} or after is None:
        raise invalid("Invalid value for pageToken.")
    return after
