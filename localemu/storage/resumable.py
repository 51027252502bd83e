"""Resumable uploads: start, pieces, status, end, cancellation. A call in, 308 with the durable range or the object's resource out.

A row of `uploads` holds what was acknowledged; the bytes lie in a content no object names yet. The row goes on answering after the end,
since the reply to the last piece may have been lost. Preconditions are checked at the start and again in the transaction that ends it.
"""

import json
import secrets
import sqlite3
import time
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from localemu.storage import catalog, checksums
from localemu.storage.call import Call, ClientGone
from localemu.storage.contents import digest_file
from localemu.storage.errors import ApiError, invalid, unsupported
from localemu.storage.metadata import fields_of, object_name
from localemu.storage.preconditions import Preconditions, int64
from localemu.storage.ranges import Piece, content_range
from localemu.storage.resources import Resource
from localemu.storage.sessions import Sessions
from localemu.storage.sink import Sink, Stored

# The service keeps what it was sent in multiples of this until an upload ends.
_QUANTUM = 256 * 1024


async def start(call: Call) -> Response:
    """POST: begin an upload; the reply's Location is where its pieces go, on the host the client knows this server by."""
    if "upload_id" in call.query:
        raise unsupported("POST on a running upload (use PUT)")
    metadata = await call.json()
    bucket, name = call.path[0], object_name(call, metadata)
    fields = fields_of(call, metadata, call.headers.get("x-upload-content-type"))
    conditions = call.conditions()
    said = checksums.announced(call.headers, metadata)
    request = {
        "fields": fields,
        "conditions": conditions.to_json(),
        "said": {algorithm: sorted(digests) for algorithm, digests in said.items()},
        "length": int64(call.headers.get("x-upload-content-length"), "X-Upload-Content-Length"),
    }

    def check(connection: sqlite3.Connection) -> None:
        catalog.find_bucket(connection, bucket)
        conditions.check(catalog.find_object(connection, bucket, name))

    await call.read(check)
    upload, content = secrets.token_urlsafe(32), await call.in_thread(lambda: _empty_content(call))
    row = (upload, bucket, name, content, 0, json.dumps(request), None, time.time())
    await call.write(lambda connection: _insert(connection, row))
    location = f"{call.base}/upload/storage/v1/b/{quote(bucket)}/o?uploadType=resumable&upload_id={upload}"
    return Response(b"", 200, {"location": location, "x-guploader-uploadid": upload})


async def put(call: Call, sessions: Sessions) -> Response:
    """PUT: take a piece, or tell how far the upload is."""
    upload = call.query.get("upload_id", "")
    async with sessions.lock(upload):
        row = await call.read(lambda connection: _find(connection, call, upload))
        if row["resource"] is not None:
            return call.reply(json.loads(row["resource"]))
        piece = _piece(call, row)
        if piece.length == 0 and piece.total != row["received"]:
            return _incomplete(call, row["received"])
        return await _take(call, sessions, row, piece)


async def cancel(call: Call, sessions: Sessions) -> Response:
    """DELETE: forget the upload. The service answers 499."""
    upload = call.query.get("upload_id", "")
    async with sessions.lock(upload):
        row = await call.read(lambda connection: _find(connection, call, upload))
        await call.write(lambda connection: _forget(connection, row))
    return Response(b"", 499)


async def _take(call: Call, sessions: Sessions, row: sqlite3.Row, piece: Piece) -> Response:
    """Receive the piece behind what is there; end the upload when it is the last."""
    known = sessions.recall(row["id"], row["received"])
    sink = await call.in_thread(lambda: _reopen(call, row, known))
    # What was acknowledged already is skipped, as the service does when a client sends from an earlier offset.
    skip, taken = row["received"] - piece.start if piece.length else 0, 0
    try:
        async for data in call.body.stream():
            taken += len(data)
            if piece.length >= 0 and taken > piece.length:
                raise _wrong_length()
            await sink.feed(data[skip:] if skip else data)
            skip = max(0, skip - len(data))
    except ClientGone:
        await _acknowledge(call, sessions, row, sink)
        raise
    if piece.length >= 0 and taken != piece.length:
        raise _wrong_length()
    whole = piece.length < 0 or piece.start + piece.length == piece.total or piece.length == 0
    if not whole:
        return _incomplete(call, await _acknowledge(call, sessions, row, sink))
    return call.reply(await _finish(call, row, await sink.finish()))


async def _acknowledge(call: Call, sessions: Sessions, row: sqlite3.Row, sink: Sink) -> int:
    """Make what came durable, in whole quanta, and note it; returns the number of bytes the client need not send again."""
    arrived = await sink.flush()
    kept: int = max(row["received"], arrived - arrived % _QUANTUM)
    await sink.keep(kept)
    if kept == arrived:
        sessions.remember(row["id"], kept, sink.digests)
    await call.write(lambda connection: _note(connection, row["id"], kept))
    return kept


async def _finish(call: Call, row: sqlite3.Row, stored: Stored) -> Resource:
    """Name the content. A refused end forgets the upload: it could never end otherwise."""
    request: dict[str, Any] = json.loads(row["request"])
    said = checksums.announced(call.headers, {})
    for algorithm, digests in request["said"].items():
        said[algorithm].update(digests)
    new = catalog.NewObject(
        row["bucket"],
        row["name"],
        stored.content,
        stored.size,
        stored.digests.crc32c,
        stored.digests.md5,
        request["fields"],
    )

    def end(connection: sqlite3.Connection) -> Resource:
        resource = catalog.put_object(connection, new, Preconditions.from_json(request["conditions"]))
        connection.execute(
            "UPDATE uploads SET received=?, resource=? WHERE id=?", (new.size, json.dumps(resource), row["id"])
        )
        return resource

    try:
        checksums.check(said, stored.digests)
        return await call.write(end)
    except ApiError:
        await call.write(lambda connection: _forget(connection, row))
        raise


def _piece(call: Call, row: sqlite3.Row) -> Piece:
    """What this request carries, checked against what is there. A length of -1 stands for "all there is, to the end of the body"."""
    header, received = call.headers.get("content-range"), row["received"]
    length = int64(call.headers.get("content-length"), "Content-Length")
    declared = json.loads(row["request"])["length"]
    if header is None:
        piece = Piece(0, -1, length)
    else:
        piece = content_range(header)
        if length is not None and length != piece.length:
            raise _wrong_length()
    if declared is not None and piece.total not in (None, declared):
        raise invalid("The total size differs from the one announced when the upload was started.")
    if piece.total is not None and piece.total < received:
        raise invalid("The total size is smaller than what was uploaded already.")
    if piece.start > received:
        raise ApiError(503, "backendError", "The offset of the Content-Range header exceeds what was uploaded already.")
    return piece


def _incomplete(call: Call, received: int) -> Response:
    headers = {"range": f"bytes=0-{received - 1}"} if received else {}
    if call.headers.get("x-guploader-no-308") == "yes":
        return Response(b"", 200, {**headers, "x-http-status-code-override": "308"})
    return Response(b"", 308, headers)


def _empty_content(call: Call) -> str:
    content, file = call.store.contents.create()
    file.close()
    return content


def _reopen(call: Call, row: sqlite3.Row, known: Any) -> Sink:
    digests = known or digest_file(call.store.contents.path(row["content"]), row["received"])
    return Sink.resume(call, row["content"], row["received"], digests)


def _insert(connection: sqlite3.Connection, row: tuple[Any, ...]) -> None:
    catalog.find_bucket(connection, row[1])
    connection.execute("INSERT INTO uploads VALUES (?,?,?,?,?,?,?,?)", row)


def _find(connection: sqlite3.Connection, call: Call, upload: str) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM uploads WHERE id=? AND bucket=?", (upload, call.path[0])
    ).fetchone()
    if row is None:
        raise ApiError(404, "notFound", "No such upload: it was never started, was cancelled, or has expired.")
    return row


def _note(connection: sqlite3.Connection, upload: str, received: int) -> None:
    connection.execute("UPDATE uploads SET received=? WHERE id=? AND resource IS NULL", (received, upload))


def _forget(connection: sqlite3.Connection, row: sqlite3.Row) -> None:
    connection.execute("DELETE FROM uploads WHERE id=?", (row["id"],))
    catalog.discard(connection, row["content"])


def _wrong_length() -> ApiError:
    return invalid("The body is not as long as the Content-Range header says.")
