"""Keeps other web pages out: ASGI middleware around everything `localemu up` serves.

A browser lets any page send requests to 127.0.0.1. So a request for a foreign host name is refused (a page whose name was rebound to
loopback), and so is a request that changes something and names a foreign origin. Clients that are not browsers send no Origin.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_SAFE_SITES = frozenset({b"", b"same-origin", b"none"})


class Guard:
    """See the module. `port` is where the app is served."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        hosts = [f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")]
        self._hosts = frozenset(host.encode() for host in hosts)
        self._origins = frozenset(f"http://{host}".encode() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 403."""
        if scope["type"] == "http" and (reason := self._refusal(scope)):
            headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(reason)).encode())]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": reason})
        else:
            await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> bytes:
        headers = {name.lower(): value for name, value in scope["headers"]}
        if headers.get(b"host", b"").lower() not in self._hosts:
            return b"refused: this host name is not the platform's own"
        if scope["method"] in _SAFE_METHODS:
            return b""
        foreign = headers.get(b"origin", b"").lower() not in self._origins | {b""}
        if foreign or headers.get(b"sec-fetch-site", b"") not in _SAFE_SITES:
            return b"refused: the request comes from a foreign page"
        return b""
