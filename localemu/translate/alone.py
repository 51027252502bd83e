"""`python -m localemu translate`: the endpoint alone on loopback.

Says where it is and serves until standard input ends, so that it dies with who started it.
"""

import os
import socket
import sys
import threading
from collections.abc import Callable

import uvicorn

from localemu.translate.app import translate_app


def serve(port: int, say: Callable[[str], None]) -> int:
    """Serve; returns the exit code, 2 when the port is taken."""
    with socket.socket() as bound:
        try:
            bound.bind(("127.0.0.1", port))
        except OSError:
            print(f"localemu: port {port} is taken", file=sys.stderr)
            return 2
        bound.listen(64)
        config = uvicorn.Config(
            translate_app(), log_level="error", access_log=False, lifespan="off", server_header=False
        )
        server = uvicorn.Server(config)
        threading.Thread(target=_until_left_alone, args=(server,), daemon=True).start()
        say(f"TRANSLATE_URL=http://127.0.0.1:{bound.getsockname()[1]}/")
        server.run(sockets=[bound])
    return 0


def _until_left_alone(server: uvicorn.Server) -> None:
    while os.read(0, 1024):
        pass
    server.should_exit = True
