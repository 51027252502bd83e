"""Batch requests (`/batch/storage/v1`): a multipart body of HTTP requests in, a multipart body of their answers out. Called by `app`.

The requests run at once, like requests on connections of their own; their answers come in the order they were asked.
"""

import asyncio
import email.parser
import email.policy
import http
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urlsplit

from starlette.responses import Response, StreamingResponse

from localemu.storage.errors import invalid, unsupported

_MOST = 1000


@dataclass(frozen=True, slots=True)
class Inner:
    """One request of a batch; header names in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    content_id: str | None


def split(content_type: str, body: bytes) -> list[Inner]:
    """The requests of a batch. Raises ApiError 400."""
    head = b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n"
    message = email.parser.BytesParser(policy=email.policy.compat32).parsebytes(head + body)
    parts = message.get_payload() if message.is_multipart() else []
    if not isinstance(parts, list) or not 0 < len(parts) <= _MOST:
        raise invalid("A batch is multipart/mixed with 1 to 1000 requests.")
    return [_inner(part) for part in parts if isinstance(part, Message)]


async def answer(requests: list[Inner], carry_out: Callable[[Inner], Awaitable[Response]]) -> Response:
    """Carry all out and write their answers."""
    responses = await asyncio.gather(*map(carry_out, requests))
    boundary = f"batch_{secrets.token_hex(16)}"
    parts = [_part(request, response) for request, response in zip(requests, responses, strict=True)]
    body = b"".join(f"--{boundary}\r\n".encode() + part for part in parts) + f"--{boundary}--\r\n".encode()
    return Response(body, media_type=f"multipart/mixed; boundary={boundary}")


def _inner(part: Message) -> Inner:
    payload = part.get_payload(decode=True)
    if part.get_content_type() != "application/http" or not isinstance(payload, bytes):
        raise invalid("Each part of a batch must be application/http.")
    line, _, rest = payload.replace(b"\r\n", b"\n").lstrip(b"\n").partition(b"\n")
    words = line.decode("latin-1").split(" ")
    if len(words) < 2:
        raise invalid("A part of the batch holds no HTTP request.")
    head, _, body = (b"\n" + rest).partition(b"\n\n")
    headers = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(head.lstrip(b"\n") + b"\n\n")
    url = urlsplit(words[1])
    if url.path.startswith(("/upload/", "/download/", "/batch/")) or "alt=media" in url.query:
        raise unsupported("uploads and downloads in batches")
    names = {name.lower(): str(value) for name, value in headers.items()}
    return Inner(words[0], url.path, url.query, names, body.strip(), part.get("Content-ID"))


def _part(request: Inner, response: Response) -> bytes:
    assert not isinstance(response, StreamingResponse)
    phrase = http.HTTPStatus(response.status_code).phrase
    lines = ["Content-Type: application/http"]
    if request.content_id:
        # What the client wrote in front of the id comes back behind the word "response-".
        lines.append(f"Content-ID: <response-{request.content_id.strip().strip('<>')}>")
    lines += ["", f"HTTP/1.1 {response.status_code} {phrase}"]
    lines += [f"{name.decode('latin-1').title()}: {value.decode('latin-1')}" for name, value in response.raw_headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + bytes(response.body) + b"\r\n"
