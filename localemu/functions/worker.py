"""A worker process: one function of one source, served by functions-framework on a socket it inherits. `host.py` starts it.

    python -m localemu.functions.worker FD PARENT_PID SOURCE TARGET SIGNATURE CONCURRENCY

Werkzeug's server answers in this one process (no master beside it), on the main thread when the concurrency is 1. The process dies
with its parent, however that ends.
"""

import ctypes
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

HEALTH = "/_localemu/health"
_PR_SET_PDEATHSIG = 1
_StartResponse = Callable[..., Any]
_App = Callable[[dict[str, Any], _StartResponse], Iterable[bytes]]


def main(arguments: list[str]) -> None:
    """Serve until killed."""
    number, parent, source, target, signature, concurrency = arguments
    die_with_parent(int(parent))
    from functions_framework import create_app
    from werkzeug.serving import make_server

    app = create_app(target, source, signature)  # type: ignore[no-untyped-call]  # the framework has no annotations
    if not hasattr(app, "wsgi_app"):
        raise SystemExit(f"{target} is an asynchronous function; this host runs synchronous ones only")
    with socket.socket(fileno=os.dup(int(number))) as inherited:
        host, port = inherited.getsockname()
    server = make_server(
        host,
        port,
        _with_health(app),
        threaded=int(concurrency) > 1,
        request_handler=_handler(),
        fd=int(number),
    )
    server.serve_forever()


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent is gone; where there is no such call (not Linux), watch the pipe on stdin."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        # It may have died before the call above.
        if os.getppid() != parent:
            os._exit(1)
    else:
        threading.Thread(target=_exit_at_end_of_stdin, daemon=True).start()


def _exit_at_end_of_stdin() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def _with_health(app: _App) -> _App:
    def serve(environ: dict[str, Any], start_response: _StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != HEALTH:
            return app(environ, start_response)
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    return serve


def _handler() -> type[Any]:
    from werkzeug.serving import WSGIRequestHandler

    class Handler(WSGIRequestHandler):
        """One write per reply (two cost 40 ms of delayed ACK), and no line per request in the log."""

        wbufsize = -1
        disable_nagle_algorithm = True

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Every delivery stands on the status page."""

    return Handler


if __name__ == "__main__":
    main(sys.argv[1:])
