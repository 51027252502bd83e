"""Faults on purpose: rules in, decisions out. Around the storage and BigQuery apps it is ASGI middleware; the dispatcher asks it before each call.

A decision follows from the rule's seed, the request's method and path, and how often that request was seen before, so a run can be
repeated whatever order its requests come in. The first rule that fires decides.
"""

import asyncio
import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SERVICES = ("storage", "bigquery", "functions", "translation")
KINDS = ("error", "after", "broken_stream", "delay", "duplicate")


class FaultError(ValueError):
    """A rule that cannot be: the message says which field and what it may be."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`rate` of the requests to `service` whose path `path` (a regular expression, searched) finds go wrong as `kind` says.

    error: refused with `status`. after: carried out, then answered with `status`. broken_stream: the reply (for functions: the request)
    breaks off half way. delay: `delay_s` later. duplicate: carried out twice. It fires at most `times` times, when that is given.
    """

    service: str
    kind: str
    rate: float = 1.0
    status: int = 503
    seed: int = 0
    path: str = ""
    delay_s: float = 0.2
    times: int | None = None


@dataclass(slots=True)
class _Entry:
    rule: Rule
    pattern: re.Pattern[str]
    fired: int = 0
    seen: Counter[str] = field(default_factory=Counter)


class Faults:
    """The rules in force. Thread-safe."""

    def __init__(self) -> None:
        self._entries: tuple[_Entry, ...] = ()
        self._lock = threading.Lock()

    def add(self, rules: list[Rule]) -> None:
        """Put `rules` in force behind those that are."""
        entries = tuple(_Entry(rule, re.compile(rule.path)) for rule in rules)
        with self._lock:
            self._entries += entries

    def clear(self) -> None:
        """No faults any more."""
        with self._lock:
            self._entries = ()

    def listed(self) -> list[dict[str, object]]:
        """Each rule with how often it `fired`."""
        with self._lock:
            return [{**asdict(entry.rule), "fired": entry.fired} for entry in self._entries]

    def draw(self, service: str, method: str, path: str) -> Rule | None:
        """The rule that decides this request, or None."""
        if not self._entries:
            return None
        with self._lock:
            return next(
                (entry.rule for entry in self._entries if _fires(entry, service, f"{method} {path}", path)), None
            )


def parse_rules(data: object) -> list[Rule]:
    """Rules from JSON: one object, a list, or {"rules": [...]}. Raises FaultError; unknown fields are refused."""
    if isinstance(data, Mapping) and set(data) == {"rules"}:
        data = data["rules"]
    items = data if isinstance(data, list) else [data]
    return [_rule(item) for item in items]


_CHECKS: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "service": (f"one of {', '.join(SERVICES)}", lambda value: value in SERVICES),
    "kind": (f"one of {', '.join(KINDS)}", lambda value: value in KINDS),
    "rate": ("a number from 0 to 1", lambda value: _number(value) and 0 <= value <= 1),  # type: ignore[operator]  # _number checked it
    "status": ("an HTTP status from 400 to 599", lambda value: type(value) is int and 400 <= value <= 599),
    "seed": ("a whole number", lambda value: type(value) is int),
    "path": ("a regular expression", lambda value: isinstance(value, str) and _compiles(value)),
    "delay_s": ("seconds from 0 to 600", lambda value: _number(value) and 0 <= value <= 600),  # type: ignore[operator]  # as above
    "times": ("a whole number from 1", lambda value: value is None or (type(value) is int and value >= 1)),
}


def _rule(item: object) -> Rule:
    if not isinstance(item, Mapping):
        raise FaultError("a rule must be a JSON object")
    for name in ("service", "kind"):
        if name not in item:
            raise FaultError(f"a rule needs the field {name}")
    for name, value in item.items():
        if name not in _CHECKS:
            raise FaultError(f"unknown field; known: {', '.join(_CHECKS)}")
        if not _CHECKS[name][1](value):
            raise FaultError(f"{name} must be {_CHECKS[name][0]}")
    return Rule(**item)


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _compiles(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _fires(entry: _Entry, service: str, request: str, path: str) -> bool:
    rule = entry.rule
    if (
        rule.service != service
        or not entry.pattern.search(path)
        or (rule.times is not None and entry.fired >= rule.times)
    ):
        return False
    entry.seen[request] += 1
    seed = f"{rule.seed} {rule.kind} {entry.seen[request]} {request}".encode("utf-8", "surrogatepass")
    drawn = int.from_bytes(hashlib.blake2b(seed, digest_size=7).digest()) / (1 << 56)
    if drawn >= rule.rate:
        return False
    entry.fired += 1
    return True


class FaultyService:
    """ASGI middleware that lets `faults` decide about each request to `service`."""

    def __init__(self, app: ASGIApp, faults: Faults, service: str) -> None:
        self._app = app
        self._faults = faults
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or let the fault happen."""
        rule = self._faults.draw(self._service, scope["method"], scope["path"]) if scope["type"] == "http" else None
        if rule is None:
            await self._app(scope, receive, send)
        elif rule.kind == "delay":
            await asyncio.sleep(rule.delay_s)
            await self._app(scope, receive, send)
        elif rule.kind == "error":
            await _drain(receive)
            await _refuse(send, rule.status)
        elif rule.kind == "after":
            await self._app(scope, receive, _swallow)
            await _refuse(send, rule.status)
        elif rule.kind == "broken_stream":
            await self._app(scope, receive, _Breaking(send))
        else:
            body = await _drain(receive)
            await self._app(scope, _Replayed(body), _swallow)
            await self._app(scope, _Replayed(body), send)


class _Breaking:
    """Passes on a reply up to the middle of its first piece; the server then closes the connection, since the reply is incomplete."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._broken = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] == "http.response.body" and not self._broken and self._start is not None:
            self._broken = True
            body = bytes(message.get("body", b""))
            # What promised no body promises one octet that never comes.
            if not body:
                headers = [pair for pair in self._start["headers"] if pair[0].lower() != b"content-length"]
                status = 200 if self._start["status"] in (204, 304) else self._start["status"]
                self._start = {**self._start, "status": status, "headers": [*headers, (b"content-length", b"1")]}
            await self._send(self._start)
            await self._send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})


class _Replayed:
    """A request body that was read before, given once; then silence, as from a client that waits."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body

    async def __call__(self) -> Message:
        if self._body is None:
            await asyncio.Event().wait()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


async def _drain(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _swallow(_message: Message) -> None:
    return


async def _refuse(send: Send, status: int) -> None:
    reason = {"domain": "global", "reason": "backendError", "message": "fault on purpose"}
    body = json.dumps(
        {"error": {"code": status, "message": "fault on purpose", "errors": [reason], "status": "UNAVAILABLE"}}
    ).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
