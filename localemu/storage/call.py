"""One request as the handlers see it: path arguments, checked parameters, headers, the body as a stream, and ways to the store.

`routes` builds it, `uploads`, `resumable`, `downloads`, `objects` and `buckets` take it and give a response back.
"""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.responses import Response

from localemu.storage import masks
from localemu.storage.errors import ApiError, invalid
from localemu.storage.preconditions import Preconditions, from_parameters, int64
from localemu.storage.resources import Resource, with_links
from localemu.store import Store

T = TypeVar("T")
_LARGEST_JSON = 1 << 20


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


class Body:
    """The request's body, read once, never as a whole."""

    def __init__(self, receive: Callable[[], Awaitable[MutableMapping[str, Any]]]) -> None:
        self._receive = receive
        self._ended = False

    async def stream(self) -> AsyncIterator[bytes]:
        """Pieces as they arrive. Raises ClientGone when they stop before the end."""
        while not self._ended:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._ended = True
                raise ClientGone
            self._ended = not message.get("more_body", False)
            if message.get("body"):
                yield message["body"]

    async def small(self, most: int = _LARGEST_JSON) -> bytes:
        """The whole body, at most `most` bytes; else ApiError 413."""
        data = bytearray()
        async for piece in self.stream():
            data += piece
            if len(data) > most:
                raise ApiError(413, "uploadTooLarge", "The request body is too large.")
        return bytes(data)

    async def drain(self) -> None:
        """Read what a refused request still sends, so that the client comes to read the refusal."""
        async for _ in self.stream():
            pass


@dataclass(frozen=True, slots=True)
class Call:
    """A routed request. `path` holds the decoded names of the path in order; `base` is scheme and host as the client wrote them."""

    store: Store
    path: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Body
    base: str

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run blocking `work` beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self.store.executor, work)

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` on the committed state."""
        return await self.in_thread(lambda: self.store.read(work))

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction; returns once it is committed. A cancelled caller waits too: what it holds (an upload's lock) protects it."""
        future = asyncio.wrap_future(self.store.write(work))
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise

    async def json(self) -> dict[str, Any]:
        """The body as a JSON object; an empty body is an empty object."""
        return json_object(await self.body.small())

    def conditions(self) -> Preconditions:
        """The preconditions on the object or bucket the request is about."""
        return from_parameters(self.query, self.headers)

    def source_conditions(self) -> Preconditions:
        """The preconditions on the source of a copy."""
        return from_parameters(self.query, source=True)

    def number(self, name: str) -> int | None:
        """A number among the parameters."""
        return int64(self.query.get(name), name)

    def reply(self, resource: Resource, status: int = 200) -> Response:
        """The resource as JSON, cut to the `fields` asked for, with links on this server."""
        shown = masks.cut(with_links(resource, self.base), self.query.get("fields"))
        return json_response(shown, status)


def json_object(data: bytes) -> dict[str, Any]:
    """`data` as a JSON object, or ApiError 400."""
    if not data.strip():
        return {}
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise ApiError(400, "parseError", "The request body is not valid JSON.") from None
    if not isinstance(value, dict):
        raise invalid("The request body must be a JSON object.")
    return value


def json_response(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`value` as the service writes JSON."""
    return Response(json.dumps(value), status, dict(headers or {}), media_type="application/json; charset=UTF-8")
