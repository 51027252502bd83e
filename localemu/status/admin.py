"""The admin API: JSON in, JSON out, on the status page's port. Tests, demos and the page's own buttons call it."""

import asyncio
import datetime
import json
import time
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from localemu.config import FINALIZED
from localemu.events import log
from localemu.events.cloudevent import Event, bare_resource
from localemu.faults import FaultError, parse_rules
from localemu.status.rooms import Rooms

_LONGEST_WAIT_S = 600.0
_MOST_ROWS = 1000
_EMIT_FIELDS = frozenset(
    {"bucket", "name", "generation", "type", "resource", "headers", "body", "function", "copies", "id", "time"}
)


def admin_routes(rooms: Rooms) -> list[Route]:
    """The routes below /admin."""

    async def events(request: Request) -> Response:
        query = request.query_params
        if (state := query.get("state", "")) not in ("", log.UNMATCHED, *log.STATES):
            return _refused(f"state must be one of {', '.join((*log.STATES, log.UNMATCHED))}")
        limit, before = min(max(_whole(query.get("limit"), 100) or 1, 1), _MOST_ROWS), _whole(query.get("before"), None)
        rows = await asyncio.to_thread(
            rooms.read,
            lambda read: log.deliveries(read, state, query.get("function", ""), before, limit),
        )
        return JSONResponse(
            {"events": [_shown(row) for row in rows], "next": rows[-1]["id"] if len(rows) == limit else None}
        )

    async def summary(_request: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(rooms.read, log.counts))

    async def idle(request: Request) -> Response:
        try:
            end = time.monotonic() + min(float(request.query_params.get("wait_s", 0)), _LONGEST_WAIT_S)
        except ValueError:
            return _refused("wait_s must be a number of seconds")
        while not (settled := rooms.ledger.settled() and not rooms.schedule.busy) and time.monotonic() < end:
            await asyncio.sleep(0.02)
        return JSONResponse({"idle": settled})

    async def replay(request: Request) -> Response:
        delivery = _whole(request.path_params.get("id"), None)
        replayed = rooms.ledger.replay(delivery)
        rooms.dispatcher.wake()
        if "text/html" in request.headers.get("accept", ""):
            return RedirectResponse("/#dead", status_code=303)
        if delivery is not None and not replayed:
            return JSONResponse({"error": "there is no such delivery, or it is in flight"}, status_code=404)
        return JSONResponse({"replayed": replayed})

    async def emit(request: Request) -> Response:
        try:
            event_id, functions = _emit(rooms, await request.json())
        except ValueError as error:
            return _refused(
                "the body is not JSON" if isinstance(error, (json.JSONDecodeError, UnicodeDecodeError)) else str(error)
            )
        rooms.dispatcher.wake()
        return JSONResponse({"event": event_id, "functions": functions})

    async def run(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in rooms.schedule.names:
            return JSONResponse(
                {"error": "there is no such HTTP function", "known": rooms.schedule.names}, status_code=404
            )
        done = await rooms.schedule.run(name)
        attempt = done.attempt
        reply = {
            "status": attempt.status,
            "note": attempt.note,
            "duration_ms": attempt.duration_ms,
            "body": done.body.decode("utf-8", "replace"),
        }
        return JSONResponse({"ok": attempt.acknowledged, **reply}, status_code=200 if attempt.acknowledged else 502)

    async def set_faults(request: Request) -> Response:
        try:
            rooms.faults.add(parse_rules(await request.json()))
        except FaultError as error:
            return _refused(str(error))
        except ValueError:
            return _refused("the body is not JSON")
        return JSONResponse({"rules": rooms.faults.listed()})

    async def list_faults(_request: Request) -> Response:
        return JSONResponse({"rules": rooms.faults.listed()})

    async def clear_faults(_request: Request) -> Response:
        rooms.faults.clear()
        return JSONResponse({"rules": []})

    return [
        Route("/admin/events", events),
        Route("/admin/summary", summary),
        Route("/admin/idle", idle),
        Route("/admin/events/{id:int}/replay", replay, methods=["POST"]),
        Route("/admin/replay-dead", replay, methods=["POST"]),
        Route("/admin/emit", emit, methods=["POST"]),
        Route("/admin/run/{name}", run, methods=["POST"]),
        Route("/admin/faults", set_faults, methods=["POST"]),
        Route("/admin/faults", list_faults),
        Route("/admin/faults", clear_faults, methods=["DELETE"]),
    ]


def _emit(rooms: Rooms, data: object) -> tuple[int, list[str]]:
    """Inject what `data` describes; what it leaves out is taken from the object's last real event, else made up."""
    if (
        not isinstance(data, Mapping)
        or not isinstance(data.get("bucket"), str)
        or not isinstance(data.get("name"), str)
    ):
        raise ValueError("an event is a JSON object with at least bucket and name")
    if unknown := set(data) - _EMIT_FIELDS:
        raise ValueError(f"{len(unknown)} unknown fields; known: {', '.join(sorted(_EMIT_FIELDS))}")
    bucket, name, kind = data["bucket"], data["name"], str(data.get("type", FINALIZED))
    copies, headers = data.get("copies", 1), data.get("headers", {})
    if type(copies) is not int or not 1 <= copies <= 1000 or not isinstance(headers, Mapping):
        raise ValueError("copies must be a whole number from 1 to 1000, headers a JSON object")
    if any("\n" in str(part) or "\r" in str(part) for pair in headers.items() for part in pair):
        raise ValueError("a header may hold no line break")
    instant = str(data.get("time") or datetime.datetime.now(datetime.UTC).isoformat().replace("+00:00", "Z"))
    generation = _whole(str(data["generation"]), None) if "generation" in data else None
    known = rooms.ledger.last_resource(bucket, name, generation)
    if generation is None:
        generation = known[0] if known else time.time_ns() // 1000
    body = known[1] if known else bare_resource(bucket, name, generation, instant)
    if "resource" in data:
        body = json.dumps(data["resource"]).encode()
    if "body" in data:
        body = (
            data["body"].encode("utf-8", "surrogatepass")
            if isinstance(data["body"], str)
            else json.dumps(data["body"]).encode()
        )
    functions = [str(data["function"])] if "function" in data else rooms.ledger.fitting(bucket, name, kind)
    if unknown_functions := set(functions) - {
        function.name for function in rooms.config.functions if function.signature == "cloudevent"
    }:
        raise ValueError(f"{len(unknown_functions)} unknown function: name one of signature cloudevent")
    overrides = {str(key): None if value is None else str(value) for key, value in headers.items()}
    event = Event(str(data.get("id", "")), kind, bucket, name, instant, body, overrides)
    return rooms.ledger.emit(event, generation, functions, copies), functions


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("id", "function", "state", "bucket", "name", "type", "time", "note")
    return {
        **{name: row[name] for name in names},
        "event_id": row["ce_id"],
        "generation": str(row["generation"]),
        "injected": bool(row["injected"]),
        "next_attempt_at": row["due"] if row["state"] == "pending" else None,
        "attempts": row["tries"],
    }


def _whole(text: object, otherwise: int | None) -> int | None:
    return (
        int(str(text))
        if text is not None and str(text).isascii() and str(text).isdecimal() and len(str(text)) < 19
        else otherwise
    )


def _refused(message: str) -> Response:
    return JSONResponse({"error": message}, status_code=400)
