"""The ASGI app of the status port: the page, its sections as fragments, downloads, the query box, and the admin API."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from localemu.status import present
from localemu.status.admin import admin_routes
from localemu.status.rooms import Rooms
from localemu.status.sections import SECTIONS, run_query
from localemu.store import ObjectMissing

_FOLDER = Path(__file__).parent
_STATIC = {"status.css": "text/css", "status.js": "text/javascript"}
_HEADERS = {
    b"content-security-policy": b"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:;"
    b" form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-store",
}


def status_app(rooms: Rooms) -> ASGIApp:
    """The app; serve it behind `Guard`."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(present.FILTERS)

    async def section(name: str, request: Request) -> dict[str, Any]:
        return {"name": name, **await SECTIONS[name](rooms, request.query_params)}

    async def page(request: Request) -> Response:
        names = list(SECTIONS)
        filled = await asyncio.gather(*(section(name, request) for name in names))
        template = templates.get_template("page.html")
        values = {"sections": dict(zip(names, filled, strict=True)), "rooms": rooms, "query": request.query_params}
        return HTMLResponse(template.render(link=present.linker(request.query_params), **values))

    async def fragment(request: Request) -> Response:
        if (name := request.path_params["name"]) not in SECTIONS:
            return PlainTextResponse("there is no such section", status_code=404)
        values = {"s": await section(name, request), "rooms": rooms, "query": request.query_params}
        macro = templates.get_template(f"section_{name}.html")
        return HTMLResponse(macro.render(link=present.linker(request.query_params), **values))

    async def query(request: Request) -> Response:
        try:
            data = json.loads(await request.body())
        except ValueError:
            data = None
        if not isinstance(data, dict) or not isinstance(data.get("sql"), str):
            return JSONResponse({"error": 'the body must be {"sql": "..."}'}, status_code=400)
        return JSONResponse(await run_query(rooms, data["sql"]))

    async def download(request: Request) -> Response:
        bucket, name = request.query_params.get("bucket", ""), request.query_params.get("name", "")
        try:
            path = await asyncio.to_thread(rooms.store.open_object, bucket, name)
        except ObjectMissing:
            return PlainTextResponse("there is no such object", status_code=404)
        # Never shown inside the browser: an object is somebody else's bytes.
        plain = re.sub(r"[^A-Za-z0-9._-]", "_", name.rsplit("/", 1)[-1]) or "object"
        headers = {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(plain)}"}
        return FileResponse(path, media_type="application/octet-stream", headers=headers)

    async def static(request: Request) -> Response:
        if (name := request.path_params["name"]) not in _STATIC:
            return PlainTextResponse("there is no such file", status_code=404)
        return Response((_FOLDER / name).read_bytes(), media_type=_STATIC[name])

    routes = [
        Route("/", page),
        Route("/section/{name}", fragment),
        Route("/query", query, methods=["POST"]),
        Route("/download", download),
        Route("/static/{name}", static),
        *admin_routes(rooms),
    ]
    return Starlette(routes=routes, middleware=[Middleware(_SafeHeaders)])


class _SafeHeaders:
    """Adds the headers that keep a browser from doing with a page what we did not mean."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS.items()]
            await send(message)

        await self._app(scope, receive, send_safely)
