"""Buckets: insert, list, get, patch, update, delete. A call in, a resource out."""

import sqlite3
from typing import Any

from starlette.responses import Response

from localemu.storage import catalog
from localemu.storage.call import Call, json_response
from localemu.storage.errors import invalid
from localemu.storage.fields import Fields, merged_bucket_fields, new_bucket_fields
from localemu.storage.masks import cut
from localemu.storage.names import check_bucket_name, prefix_end
from localemu.storage.preconditions import int64
from localemu.storage.resources import Resource, bucket_resource, with_links

_MOST = 1000


async def insert(call: Call) -> Response:
    """POST: a new bucket. There is one project, whatever the parameter says."""
    body = await call.json()
    name, fields = check_bucket_name(body.get("name")), new_bucket_fields(body)
    return call.reply(await call.write(lambda connection: catalog.insert_bucket(connection, name, fields)))


async def list_buckets(call: Call) -> Response:
    """GET on all buckets, with `prefix` and pages; the page token is the first name of the next page."""
    prefix, most = call.query.get("prefix", ""), int64(call.query.get("maxResults"), "maxResults")
    limit = min(most or _MOST, _MOST)
    sql, values = "SELECT * FROM buckets WHERE name>=?", [max(prefix, call.query.get("pageToken", ""))]
    if (end := prefix_end(prefix)) is not None:
        sql, values = f"{sql} AND name<?", [*values, end]
    rows = await call.read(
        lambda connection: connection.execute(f"{sql} ORDER BY name LIMIT {limit + 1}", values).fetchall()
    )
    listed: dict[str, Any] = {"kind": "storage#buckets"}
    if rows:
        listed["items"] = [with_links(bucket_resource(row), call.base) for row in rows[:limit]]
    if len(rows) > limit:
        listed["nextPageToken"] = rows[limit]["name"]
    return json_response(cut(listed, call.query.get("fields")))


async def get(call: Call) -> Response:
    """GET on a bucket."""
    row = await call.read(lambda connection: _checked(connection, call, reading=True))
    return call.reply(bucket_resource(row))


async def patch(call: Call) -> Response:
    """PATCH: the fields given are changed, the others stay."""
    body = await call.json()
    return call.reply(await call.write(lambda connection: _change(connection, call, body, forgotten=())))


async def update(call: Call) -> Response:
    """PUT: the fields given are all there are; what the service sets by default stays as it is."""
    body = await call.json()
    return call.reply(await call.write(lambda connection: _change(connection, call, body, forgotten=("labels",))))


async def delete(call: Call) -> Response:
    """DELETE an empty bucket."""
    await call.write(lambda connection: catalog.delete_bucket(connection, _checked(connection, call)))
    return Response(status_code=204)


def _change(connection: sqlite3.Connection, call: Call, body: dict[str, Any], forgotten: tuple[str, ...]) -> Resource:
    row = _checked(connection, call)
    old: Fields = catalog.object_fields(row)
    fields = merged_bucket_fields({name: value for name, value in old.items() if name not in forgotten}, body)
    if fields["location"] != old["location"]:
        raise invalid("The location of a bucket can't be changed.")
    return catalog.change_bucket(connection, row, fields)


def _checked(connection: sqlite3.Connection, call: Call, reading: bool = False) -> sqlite3.Row:
    conditions = call.conditions()
    row = catalog.find_bucket(connection, call.path[0])
    conditions.check(row, reading=reading)
    return row
