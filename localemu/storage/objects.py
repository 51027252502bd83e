"""Objects without their bytes: list, get, patch, update, delete, copy, rewrite, compose. A call in, a resource out."""

import sqlite3
from typing import Any

from starlette.responses import Response

from localemu.storage import catalog, compose, downloads, listing
from localemu.storage.call import Call, json_response
from localemu.storage.errors import invalid
from localemu.storage.fields import Fields, has_editable_fields, merged_object_fields, new_object_fields
from localemu.storage.masks import cut
from localemu.storage.names import check_object_name
from localemu.storage.resources import Resource, object_resource, with_links


async def list_objects(call: Call) -> Response:
    """GET on the objects of a bucket."""
    asked = listing.query(call.path[0], call.query)
    found = await call.read(lambda connection: listing.page(connection, asked))
    if "items" in found:
        found["items"] = [with_links(item, call.base) for item in found["items"]]
    return json_response(cut(found, call.query.get("fields")))


async def get(call: Call) -> Response:
    """GET on an object: its metadata, or its content with `alt=media`."""
    if call.query.get("alt") == "media":
        return await downloads.media(call)
    row = await call.read(lambda connection: _checked(connection, call, reading=True))
    return call.reply(object_resource(row))


async def patch(call: Call) -> Response:
    """PATCH: the fields given are changed, the others stay."""
    body = await call.json()

    def change(connection: sqlite3.Connection) -> Resource:
        row = _checked(connection, call)
        return catalog.change_object(
            connection, row, _same_class(row, merged_object_fields(catalog.object_fields(row), body))
        )

    return call.reply(await call.write(change))


async def update(call: Call) -> Response:
    """PUT: the fields given are all there are."""
    body = await call.json()

    def change(connection: sqlite3.Connection) -> Resource:
        row = _checked(connection, call)
        kept = {name: value for name, value in catalog.object_fields(row).items() if name == "storageClass"}
        return catalog.change_object(connection, row, _same_class(row, {**kept, **new_object_fields(body)}))

    return call.reply(await call.write(change))


async def delete(call: Call) -> Response:
    """DELETE."""
    await call.write(lambda connection: catalog.delete_object(connection, _checked(connection, call)))
    return Response(status_code=204)


async def copy(call: Call) -> Response:
    """POST copyTo."""
    return call.reply(await _copied(call))


async def rewrite(call: Call) -> Response:
    """POST rewriteTo: always done at the first call, since no byte has to move."""
    if call.query.get("rewriteToken"):
        raise invalid("Invalid value for rewriteToken: every rewrite here is done at once.")
    resource = await _copied(call)
    answer = {
        "kind": "storage#rewriteResponse",
        "totalBytesRewritten": resource["size"],
        "objectSize": resource["size"],
        "done": True,
        "resource": with_links(resource, call.base),
    }
    return json_response(cut(answer, call.query.get("fields")))


async def compose_objects(call: Call) -> Response:
    """POST compose."""
    order = compose.order(call.path[0], call.path[1], await call.json())
    return call.reply(await compose.carry_out(call, order))


async def _copied(call: Call) -> Resource:
    body = await call.json()
    source_bucket, source_name, bucket, name = call.path
    check_object_name(name)
    generation, conditions, source_conditions = (
        call.number("sourceGeneration"),
        call.conditions(),
        call.source_conditions(),
    )

    def work(connection: sqlite3.Connection) -> Resource:
        source = catalog.live_object(connection, source_bucket, source_name, generation)
        source_conditions.check(source)
        fields = _fields_of_copy(source, body)
        return catalog.copy_object(connection, source, bucket, name, fields, conditions)

    return await call.write(work)


def _fields_of_copy(source: sqlite3.Row, body: dict[str, Any]) -> Fields:
    # Metadata in the body replaces all of the source's; without any, the source's are taken. The storage class is never inherited.
    if has_editable_fields(body):
        return new_object_fields(body)
    inherited = {name: value for name, value in catalog.object_fields(source).items() if name != "storageClass"}
    return inherited | new_object_fields(body)


def _checked(connection: sqlite3.Connection, call: Call, reading: bool = False) -> sqlite3.Row:
    conditions = call.conditions()
    row = catalog.live_object(connection, call.path[0], call.path[1], call.number("generation"))
    conditions.check(row, reading=reading)
    return row


def _same_class(row: sqlite3.Row, fields: Fields) -> Fields:
    if fields.get("storageClass", "STANDARD") != catalog.object_fields(row).get("storageClass", "STANDARD"):
        raise invalid("The storage class of an object is changed by rewriting it.")
    return fields
