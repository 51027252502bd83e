"""Buckets and objects in the tables of the store. Every function takes the connection of a transaction the store opened.

A change of an object and the event that tells of it are written together (`_emit`), and what is no longer named by any object is
noted as garbage in the same transaction. Callers: the store and the routes of this package.
"""

import json
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localemu.storage.errors import ApiError, no_bucket, no_object
from localemu.storage.fields import Fields, new_bucket_fields
from localemu.storage.names import check_bucket_name
from localemu.storage.preconditions import Preconditions
from localemu.storage.resources import Resource, bucket_resource, object_resource, timestamp

_EVENT = "google.cloud.storage.object.v1."


@dataclass(frozen=True, slots=True)
class NewObject:
    """An object about to be: its content is on disk, its digests are known."""

    bucket: str
    name: str
    content: str
    size: int
    crc32c: str
    md5: str | None
    fields: Fields
    components: int | None = None


def find_bucket(connection: sqlite3.Connection, name: str) -> sqlite3.Row:
    """The row of the bucket, or ApiError 404."""
    row: sqlite3.Row | None = connection.execute("SELECT * FROM buckets WHERE name=?", (name,)).fetchone()
    if row is None:
        raise no_bucket()
    return row


def find_object(connection: sqlite3.Connection, bucket: str, name: str) -> sqlite3.Row | None:
    """The row of the live object, or None."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM objects WHERE bucket=? AND name=?", (bucket, name)
    ).fetchone()
    return row


def live_object(connection: sqlite3.Connection, bucket: str, name: str, generation: int | None = None) -> sqlite3.Row:
    """The row of the object, of that `generation` if one is asked for; ApiError 404 when bucket, object or generation are not there."""
    row = find_object(connection, bucket, name)
    if row is None:
        find_bucket(connection, bucket)
    if row is None or generation not in (None, row["generation"]):
        raise no_object()
    return row


def insert_bucket(connection: sqlite3.Connection, name: object, fields: Fields) -> Resource:
    """Create a bucket; ApiError 400 for its name, 409 when it is there."""
    checked = check_bucket_name(name)
    if connection.execute("SELECT 1 FROM buckets WHERE name=?", (checked,)).fetchone():
        raise ApiError(409, "conflict", "You already own this bucket. Please select another name.")
    generation = _next_generation(connection)
    now = timestamp(generation)
    connection.execute("INSERT INTO buckets VALUES (?,?,1,?,?,?)", (checked, generation, now, now, json.dumps(fields)))
    return bucket_resource(find_bucket(connection, checked))


def ensure_bucket(connection: sqlite3.Connection, name: str) -> None:
    """Create a bucket with the defaults unless it is there."""
    if connection.execute("SELECT 1 FROM buckets WHERE name=?", (name,)).fetchone() is None:
        insert_bucket(connection, name, new_bucket_fields({}))


def change_bucket(connection: sqlite3.Connection, row: sqlite3.Row, fields: Fields) -> Resource:
    """Give the bucket these fields and its next metageneration."""
    connection.execute(
        "UPDATE buckets SET fields=?, metageneration=metageneration+1, updated=? WHERE name=?",
        (json.dumps(fields), timestamp(time.time_ns() // 1000), row["name"]),
    )
    return bucket_resource(find_bucket(connection, row["name"]))


def delete_bucket(connection: sqlite3.Connection, row: sqlite3.Row) -> None:
    """Delete an empty bucket, else ApiError 409. Unfinished uploads into it go with it."""
    if connection.execute("SELECT 1 FROM objects WHERE bucket=? LIMIT 1", (row["name"],)).fetchone():
        raise ApiError(409, "conflict", "The bucket you tried to delete is not empty.")
    for upload in connection.execute("SELECT content FROM uploads WHERE bucket=? AND resource IS NULL", (row["name"],)):
        discard(connection, upload["content"])
    connection.execute("DELETE FROM uploads WHERE bucket=?", (row["name"],))
    connection.execute("DELETE FROM buckets WHERE name=?", (row["name"],))


def put_object(connection: sqlite3.Connection, new: NewObject, conditions: Preconditions) -> Resource:
    """Make `new` the live object of its name, if the conditions hold for the one it replaces. Emits finalized, and deleted for the old one."""
    home = find_bucket(connection, new.bucket)
    fields = {"storageClass": json.loads(home["fields"])["storageClass"], **new.fields}
    old = find_object(connection, new.bucket, new.name)
    conditions.check(old)
    if old is not None:
        _remove(connection, old)
    generation = _next_generation(connection)
    now = timestamp(generation)
    connection.execute(
        "INSERT INTO objects VALUES (?,?,?,1,?,?,?,?,?,?,?,?)",
        (
            new.bucket,
            new.name,
            generation,
            new.content,
            new.size,
            new.crc32c,
            new.md5,
            new.components,
            now,
            now,
            json.dumps(fields),
        ),
    )
    resource = object_resource(live_object(connection, new.bucket, new.name))
    _emit(connection, "finalized", resource)
    return resource


def copy_object(
    connection: sqlite3.Connection,
    source: sqlite3.Row,
    bucket: str,
    name: str,
    fields: Fields,
    conditions: Preconditions,
) -> Resource:
    """Make the source's content the live object of another name. No byte is moved: both rows name one immutable content."""
    new = NewObject(
        bucket, name, source["content"], source["size"], source["crc32c"], source["md5"], fields, source["components"]
    )
    return put_object(connection, new, conditions)


def change_object(connection: sqlite3.Connection, row: sqlite3.Row, fields: Fields) -> Resource:
    """Give the object these fields and its next metageneration. Emits metadataUpdated."""
    connection.execute(
        "UPDATE objects SET fields=?, metageneration=metageneration+1, updated=? WHERE bucket=? AND name=?",
        (json.dumps(fields), timestamp(time.time_ns() // 1000), row["bucket"], row["name"]),
    )
    resource = object_resource(live_object(connection, row["bucket"], row["name"]))
    _emit(connection, "metadataUpdated", resource)
    return resource


def delete_object(connection: sqlite3.Connection, row: sqlite3.Row) -> None:
    """Delete the object. Emits deleted."""
    _remove(connection, row)


def discard(connection: sqlite3.Connection, content: str) -> None:
    """Note `content` as garbage unless an object still names it."""
    if connection.execute("SELECT 1 FROM objects WHERE content=? LIMIT 1", (content,)).fetchone() is None:
        connection.execute("INSERT OR REPLACE INTO garbage VALUES (?,?)", (content, time.time()))


def object_fields(row: sqlite3.Row | Mapping[str, Any]) -> Fields:
    """The fields of the row a client may set."""
    fields: Fields = json.loads(row["fields"])
    return fields


def _remove(connection: sqlite3.Connection, row: sqlite3.Row) -> None:
    connection.execute("DELETE FROM objects WHERE bucket=? AND name=?", (row["bucket"], row["name"]))
    discard(connection, row["content"])
    now = timestamp(time.time_ns() // 1000)
    _emit(connection, "deleted", {**object_resource(row), "timeDeleted": now})


def _next_generation(connection: sqlite3.Connection) -> int:
    # Microseconds of the clock, yet strictly increasing even when it is set back.
    row = connection.execute(
        "UPDATE clock SET generation = max(generation + 1, ?) RETURNING generation", (time.time_ns() // 1000,)
    ).fetchone()
    return int(row[0])


def _emit(connection: sqlite3.Connection, kind: str, resource: Resource) -> None:
    connection.execute(
        "INSERT INTO outbox(bucket, name, generation, type, resource, created_at) VALUES (?,?,?,?,?,?)",
        (
            resource["bucket"],
            resource["name"],
            int(resource["generation"]),
            _EVENT + kind,
            json.dumps(resource),
            timestamp(time.time_ns() // 1000, "microseconds"),
        ),
    )
