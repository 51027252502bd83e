"""Serves an ASGI application over real HTTP on a free loopback port, in a thread."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Run `app` until the block ends; yields its base address."""
    # The protocol named, asyncio sets TCP_NODELAY on what it accepts: without it each reply waits 40 ms for an ACK.
    with socket.socket(proto=socket.IPPROTO_TCP) as free:
        free.bind(("127.0.0.1", 0))
        free.listen(128)
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="on", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [free]}, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.005)
        assert server.started, "the emulator did not start"
        try:
            yield f"http://127.0.0.1:{free.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


class Faults:
    """Around an ASGI application: the next requests whose path holds `path` are answered as planned, one plan each.

    pass    nothing happens
    error   503, nothing is carried out
    after   carried out, then answered with 503
    cut     half of the body is sent, then the line drops
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self.plans: list[str] = []
        self.path = ""
        self.status = 503
        self.requests = 0

    def plan(self, *plans: str, path: str = "", status: int = 503) -> None:
        self.plans, self.path, self.status, self.requests = list(plans), path, status, 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        plan = None
        if scope["type"] == "http":
            self.requests += 1
            if self.plans and self.path in scope["path"]:
                plan = self.plans.pop(0)
        if plan in (None, "pass"):
            await self.app(scope, receive, send)
        elif plan == "error":
            await self._refuse(receive, send)
        elif plan == "after":
            await self.app(scope, receive, _nowhere)
            await self._refuse(receive, send)
        else:
            await self.app(scope, receive, _half(send))

    async def _refuse(self, receive: Any, send: Any) -> None:
        body = json.dumps({"error": {"code": self.status, "message": "planted-message", "errors": []}}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def _nowhere(_message: Any) -> None:
    return


def _half(send: Any) -> Any:
    async def cut(message: Any) -> None:
        if message["type"] == "http.response.start":
            await send(message)
        else:
            body = message.get("body", b"")
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            raise ConnectionResetError

    return cut
