"""Contents out: `alt=media`, whole or in part, streamed from the file. A call in, the bytes with the service's headers out.

The file is opened together with the look-up, so a reader goes on reading what it began when the object is deleted or replaced meanwhile.
"""

import sqlite3
import zlib
from collections.abc import AsyncIterator
from datetime import datetime
from email.utils import format_datetime
from typing import BinaryIO

from starlette.responses import Response, StreamingResponse

from localemu.storage import catalog
from localemu.storage.call import Call
from localemu.storage.contents import BLOCK
from localemu.storage.ranges import byte_range
from localemu.storage.resources import etag

_SMALL = 256 * 1024
_FIELD_HEADERS = {
    "cacheControl": "cache-control",
    "contentDisposition": "content-disposition",
    "contentLanguage": "content-language",
    "contentEncoding": "content-encoding",
}


async def media(call: Call) -> Response:
    """GET with `alt=media`."""
    row, file = await call.in_thread(lambda: _open(call))
    try:
        if _must_gunzip(call, row):
            return _gunzipped(call, row, file)
        asked = byte_range(call.headers.get("range"), row["size"])
        first, end = asked or (0, row["size"])
        headers = {**_headers(row), "content-length": str(end - first)}
        if asked:
            headers["content-range"] = f"bytes {first}-{end - 1}/{row['size']}"
        status = 206 if asked else 200
        if end - first <= _SMALL:
            return _with_headers(
                Response(await call.in_thread(lambda: _read_once(file, first, end - first)), status), headers
            )
        return _with_headers(StreamingResponse(_pieces(call, file, first, end - first), status), headers)
    except BaseException:
        file.close()
        raise


def _open(call: Call) -> tuple[sqlite3.Row, BinaryIO]:
    generation, conditions = call.number("generation"), call.conditions()
    while True:
        row = call.store.read(
            lambda connection: catalog.live_object(connection, call.path[0], call.path[1], generation)
        )
        conditions.check(row, reading=True)
        try:
            return row, call.store.contents.path(row["content"]).open("rb", buffering=0)
        except FileNotFoundError:
            # Replaced and purged between the look-up and now: look again. If the same content is named still, it is lost.
            again = call.store.read(lambda connection: catalog.find_object(connection, call.path[0], call.path[1]))
            if again is not None and again["content"] == row["content"]:
                raise


def _headers(row: sqlite3.Row) -> dict[str, str]:
    fields = catalog.object_fields(row)
    digests = [f"crc32c={row['crc32c']}"] + ([f"md5={row['md5']}"] if row["md5"] else [])
    headers = {
        "content-type": fields.get("contentType", "application/octet-stream"),
        "accept-ranges": "bytes",
        "etag": etag(row["generation"], row["metageneration"]),
        "last-modified": format_datetime(datetime.fromisoformat(row["updated"]), usegmt=True),
        "x-goog-generation": str(row["generation"]),
        "x-goog-metageneration": str(row["metageneration"]),
        "x-goog-hash": ",".join(digests),
        "x-goog-storage-class": fields.get("storageClass", "STANDARD"),
        "x-goog-stored-content-encoding": fields.get("contentEncoding", "identity"),
        "x-goog-stored-content-length": str(row["size"]),
    }
    return headers | {header: fields[field] for field, header in _FIELD_HEADERS.items() if field in fields}


def _with_headers(response: Response, headers: dict[str, str]) -> Response:
    # As UTF-8, since a client may have set a disposition with any name in it; control characters were refused on the way in.
    response.raw_headers = [(name.encode(), value.encode("utf-8", "replace")) for name, value in headers.items()]
    return response


def _read_once(file: BinaryIO, first: int, length: int) -> bytes:
    with file:
        file.seek(first)
        return _read_exactly(file, length)


def _read_exactly(file: BinaryIO, length: int) -> bytes:
    data = file.read(length)
    if len(data) != length:
        raise OSError("a content is shorter than its row says")
    return data


async def _pieces(call: Call, file: BinaryIO, first: int, length: int) -> AsyncIterator[bytes]:
    with file:
        file.seek(first)
        while length > 0:
            size = min(BLOCK, length)
            yield await call.in_thread(lambda size=size: _read_exactly(file, size))  # type: ignore[misc]
            length -= size


def _must_gunzip(call: Call, row: sqlite3.Row) -> bool:
    """Decompressive transcoding: what is stored as gzip is sent plain to a client that does not accept gzip."""
    fields = catalog.object_fields(row)
    return (
        fields.get("contentEncoding") == "gzip"
        and "gzip" not in call.headers.get("accept-encoding", "")
        and "no-transform" not in fields.get("cacheControl", "")
    )


def _gunzipped(call: Call, row: sqlite3.Row, file: BinaryIO) -> Response:
    headers = _headers(row)
    del headers["content-encoding"]
    return _with_headers(StreamingResponse(_inflated(call, file)), headers)


async def _inflated(call: Call, file: BinaryIO) -> AsyncIterator[bytes]:
    inflate = zlib.decompressobj(wbits=31)
    with file:
        data = await call.in_thread(lambda: file.read(BLOCK))
        while data:
            yield inflate.decompress(data, BLOCK)
            data = inflate.unconsumed_tail or await call.in_thread(lambda: file.read(BLOCK))
        yield inflate.flush()
