"""A small HTTP/1.1 client over asyncio: one request, one connection, one reply. The dispatcher, the schedule and the status page use it.

One connection per request because the workers' server closes after each; on loopback that costs a tenth of a millisecond.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

MAX_REPLY_BYTES = 64 << 20
_LONGEST_LINE = 1 << 16


class WireError(Exception):
    """The other side could not be reached, or broke off before its reply was complete. The message is a constant."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Status and body of a reply."""

    status: int
    body: bytes


async def request(
    port: int,
    method: str,
    target: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    *,
    torn: bool = False,
) -> Reply:
    """Ask 127.0.0.1:`port`. With `torn` only half of the body is sent, and WireError is raised. The caller sets the time limit."""
    writer: asyncio.StreamWriter | None = None
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=_LONGEST_LINE)
        head = _head(port, method, target, headers or {}, len(body))
        writer.write(head + (body[: len(body) // 2] if torn else body))
        await writer.drain()
        if torn:
            raise WireError("connection broken on purpose")
        return await _reply(reader)
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
        raise WireError("no complete reply" if writer else "connection refused") from None
    finally:
        if writer is not None:
            writer.close()


def _head(port: int, method: str, target: str, headers: Mapping[str, str], length: int) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Length: {length}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a line break in a header")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


async def _reply(reader: asyncio.StreamReader) -> Reply:
    while True:
        status = int((await reader.readuntil(b"\r\n")).split(b" ", 2)[1])
        headers: dict[bytes, bytes] = {}
        while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
            name, _, value = line.partition(b":")
            headers[name.strip().lower()] = value.strip()
        if status >= 200:
            return Reply(status, await _body(reader, status, headers))


async def _body(reader: asyncio.StreamReader, status: int, headers: Mapping[bytes, bytes]) -> bytes:
    if status in (204, 304):
        return b""
    if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
        return await _chunks(reader)
    if b"content-length" in headers:
        length = int(headers[b"content-length"])
        if not 0 <= length <= MAX_REPLY_BYTES:
            raise ValueError("reply too long")
        return await reader.readexactly(length)
    return await reader.read(-1)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts: list[bytes] = []
    total = 0
    while True:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        total += size
        if size < 0 or total > MAX_REPLY_BYTES:
            raise ValueError("reply too long")
        if size == 0:
            return b"".join(parts)
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
