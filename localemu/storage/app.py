"""The server's edge: an ASGI request in, a response out; the only place that catches everything. Built by `localemu.storage.storage_app`."""

import logging
import sqlite3
from collections.abc import Mapping, MutableMapping
from typing import Any

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from localemu.storage import batch, masks, routes
from localemu.storage.call import Body, Call, ClientGone, json_response
from localemu.storage.errors import ApiError
from localemu.storage.sessions import Sessions
from localemu.store import Store

_LOG = logging.getLogger("localemu.storage")
_BATCH_PATHS = {"/batch/storage/v1", "/batch"}
_LARGEST_BATCH = 16 << 20


def build(store: Store) -> Starlette:
    """The application."""
    return Starlette(routes=[Mount("/", app=_Edge(store))])


class _Edge:
    """One per application: routes requests, turns whatever happens into an answer in the service's form."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sessions = Sessions()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            return
        body = Body(receive)
        try:
            response = await self._answer(scope, body)
            await body.drain()
        except ClientGone:
            return
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, body: Body) -> Response:
        method, path = scope["method"], scope["raw_path"].decode("latin-1").partition("?")[0]
        headers = _headers(scope)
        base = f"{scope['scheme']}://{headers.get('host', 'localhost')}"
        if path in {"", "/"} and method in {"GET", "HEAD"}:
            return await self._health()
        if path in _BATCH_PATHS and method == "POST":
            return await self._batch(headers, base, body)
        return await self._carry_out(
            batch.Inner(method, path, scope["query_string"].decode("latin-1"), headers, b"", None), base, body
        )

    async def _carry_out(self, request: batch.Inner, base: str, body: Body) -> Response:
        try:
            route, names = routes.find(request.method, request.path)
            query = routes.parameters(route, request.query)
            routes.check_headers(request.headers)
            # A mask that can't be read is refused before anything is done.
            masks.cut({}, query.get("fields"))
            call = Call(self._store, names, query, request.headers, body, base)
            return await route.handler(call, self._sessions)
        except ClientGone:
            raise
        except ApiError as refusal:
            return _refused(refusal)
        except Exception as fault:  # noqa: BLE001 - the edge of this server
            return _failed(fault)

    async def _health(self) -> Response:
        call = Call(self._store, (), {}, {}, Body(_nothing_more), "")
        try:
            buckets = await call.read(
                lambda connection: connection.execute("SELECT count(*) FROM buckets").fetchone()[0]
            )
        except sqlite3.Error as fault:
            return _failed(fault)
        return json_response({"service": "localemu storage", "status": "ok", "buckets": buckets})

    async def _batch(self, headers: Mapping[str, str], base: str, body: Body) -> Response:
        try:
            requests = batch.split(headers.get("content-type", ""), await body.small(_LARGEST_BATCH))
        except ApiError as refusal:
            return _refused(refusal)
        return await batch.answer(requests, lambda request: self._carry_out(request, base, Body(_single(request.body))))


def _headers(scope: Scope) -> dict[str, str]:
    """Header names in lower case; what is sent several times (x-goog-hash) is one list, as RFC 9110 (5.3) says."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def _refused(refusal: ApiError) -> Response:
    if refusal.status == 304:
        return Response(status_code=304)
    return json_response(refusal.body(), refusal.status, refusal.headers)


def _failed(fault: Exception) -> Response:
    # Where it happened, never what it said: messages may quote a request.
    frame = fault.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f"{frame.tb_frame.f_code.co_name}:{frame.tb_lineno}" if frame is not None else "?"
    _LOG.error("request failed: %s at %s", type(fault).__name__, where)
    if isinstance(fault, (sqlite3.Error, OSError)):
        return _refused(ApiError(503, "backendError", "The store can't be written or read at the moment."))
    return _refused(ApiError(500, "internalError", "The emulator failed; its log says where."))


def _single(data: bytes) -> Receive:
    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": data, "more_body": False}

    return receive


_nothing_more = _single(b"")
