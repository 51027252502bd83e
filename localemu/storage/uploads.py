"""Uploads in one request: `uploadType=media` and `uploadType=multipart`. A call in, the new object's resource out.

The bytes go to disk while they arrive; only a complete, checked and durable content is named by a row.
"""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from localemu.storage import catalog, checksums, resumable
from localemu.storage.call import Call, ClientGone, json_object
from localemu.storage.errors import ApiError, invalid, unsupported
from localemu.storage.fields import Fields
from localemu.storage.metadata import fields_of, object_name
from localemu.storage.related import RelatedParser, boundary_of
from localemu.storage.resources import Resource
from localemu.storage.sink import Sink, Stored

# After these it is certain that no transaction named the content, so it may go. After any other fault it may not: the next start decides.
_CERTAINLY_UNNAMED = (ApiError, ClientGone, OSError)


async def upload(call: Call) -> Response:
    """POST on the upload path: hand the request on by its `uploadType`."""
    if call.headers.get("content-encoding", "identity") != "identity":
        raise unsupported("compressed request bodies")
    kind = call.query.get("uploadType")
    if kind == "media":
        return await _media(call)
    if kind == "multipart":
        return await _multipart(call)
    if kind == "resumable":
        return await resumable.start(call)
    raise invalid("Invalid value for uploadType: media, multipart or resumable are expected.")


async def _media(call: Call) -> Response:
    name, fields = object_name(call, {}), fields_of(call, {}, call.headers.get("content-type"))
    sink = Sink(call)
    try:
        async for piece in call.body.stream():
            await sink.feed(piece)
        stored = await sink.finish()
        resource = await _commit(call, name, fields, {}, stored)
    except _CERTAINLY_UNNAMED:
        await sink.abandon()
        raise
    return call.reply(resource)


async def _multipart(call: Call) -> Response:
    parser = RelatedParser(boundary_of(call.headers.get("content-type", "")))
    sink = Sink(call)
    try:
        async for piece in call.body.stream():
            await sink.feed(parser.feed(piece))
        metadata = json_object(parser.finish())
        name, fields = object_name(call, metadata), fields_of(call, metadata, parser.media_type)
        stored = await sink.finish()
        resource = await _commit(call, name, fields, metadata, stored)
    except _CERTAINLY_UNNAMED:
        await sink.abandon()
        raise
    return call.reply(resource)


async def _commit(call: Call, name: str, fields: Fields, metadata: Mapping[str, Any], stored: Stored) -> Resource:
    checksums.check(checksums.announced(call.headers, metadata), stored.digests)
    conditions = call.conditions()
    digests = stored.digests
    new = catalog.NewObject(call.path[0], name, stored.content, stored.size, digests.crc32c, digests.md5, fields)
    return await call.write(lambda connection: catalog.put_object(connection, new, conditions))
