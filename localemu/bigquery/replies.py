"""What every endpoint needs: who asks, the JSON body in, the JSON reply out, errors in BigQuery's shape."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from localemu.bigquery.errors import ApiError


def identity(authorization: str | None) -> str:
    """Give who asks: what follows `local:` in the bearer token, `anonymous` for any other token."""
    token = (authorization or "").partition(" ")[2].strip()
    return token.removeprefix("local:") if token.startswith("local:") else "anonymous"


def reply(content: Any, status: int = 200) -> Response:
    """Build a reply; None gives an empty 204."""
    if content is None:
        return Response(status_code=204)
    return Response(json.dumps(content, ensure_ascii=False), status, media_type="application/json")


def body_of(raw: bytes, encoding: str | None) -> dict[str, Any]:
    """Read a JSON body, compressed or not."""
    if not raw:
        return {}
    try:
        found = json.loads(gzip.decompress(raw) if encoding == "gzip" else raw)
    except (ValueError, OSError):
        raise ApiError("invalid", "Invalid JSON payload received.") from None
    if not isinstance(found, dict):
        raise ApiError("invalid", "Invalid JSON payload received.")
    return found


def guarded(work: Callable[[], Response]) -> Response:
    """Answer with the API's error when the work raises one; anything else is an internal error without details."""
    try:
        return work()
    except ApiError as error:
        return reply(error.body(), error.status)
    except Exception as error:  # noqa: BLE001 the one edge of this server
        fault = ApiError("internalError", f"Internal error of the emulator: {type(error).__name__}")
        return reply(fault.body(), fault.status)
