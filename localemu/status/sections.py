"""What each section of the status page shows, as plain values for the templates. Storage and BigQuery are asked over their own HTTP APIs."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from localemu.events import log
from localemu.events.wire import WireError, request
from localemu.functions.host import tail
from localemu.status.rooms import Rooms

_PAGE_ROWS = 15
_QUERY_ROWS = 500
_MOST_OBJECTS = 10
_MOST_TABLES = 200
_LOG_LINES = 200
_QUERY_LIMIT_S = 60.0
_IDENTITY = {"Authorization": "Bearer local:status-page", "Content-Type": "application/json"}
_Query = Mapping[str, str]


async def overview(rooms: Rooms, _query: _Query) -> dict[str, Any]:
    """Counts of everything, and the functions with their workers and last runs."""
    counts, holdings = await asyncio.to_thread(rooms.read, lambda read: (log.counts(read), log.holdings(read)))
    runs = {
        name: await asyncio.to_thread(rooms.read, lambda read, name=name: log.runs(read, name))
        for name in rooms.schedule.names
    }
    functions = [
        {
            "function": function,
            "counts": counts["functions"].get(function.name, {}),
            "runs": runs.get(function.name, []),
            "workers": [worker for worker in rooms.host.workers if worker.function.name == function.name],
        }
        for function in rooms.config.functions
    ]
    objects = sum(bucket["objects"] for bucket in holdings.values())
    size = sum(bucket["bytes"] for bucket in holdings.values())
    return {"counts": counts, "functions": functions, "objects": objects, "bytes": size, "buckets": len(holdings)}


async def events(rooms: Rooms, query: _Query) -> dict[str, Any]:
    """Deliveries with their attempts, newest first."""
    state = query.get("state", "")
    state = state if state in (*log.STATES, log.UNMATCHED) else ""
    return await _deliveries(rooms, state, query.get("function", ""), query.get("before", ""))


async def dead(rooms: Rooms, query: _Query) -> dict[str, Any]:
    """Dead letters, newest first."""
    return await _deliveries(rooms, "dead", "", query.get("dead_before", ""))


async def _deliveries(rooms: Rooms, state: str, function: str, before: str) -> dict[str, Any]:
    last = int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else None
    rows, counts = await asyncio.to_thread(
        rooms.read, lambda read: (log.deliveries(read, state, function, last, _PAGE_ROWS + 1), log.counts(read))
    )
    following = rows[_PAGE_ROWS - 1]["id"] if len(rows) > _PAGE_ROWS else None
    return {
        "rows": rows[:_PAGE_ROWS],
        "next": following,
        "first": last is None,
        "state": state,
        "function": function,
        "counts": counts,
    }


async def buckets(rooms: Rooms, query: _Query) -> dict[str, Any]:
    """The buckets, and the folder of one that is being looked at."""
    holdings = await asyncio.to_thread(rooms.read, log.holdings)
    bucket = query.get("bucket", "") if query.get("bucket") in holdings else next(iter(holdings), "")
    folder = query.get("prefix", "") if bucket == query.get("bucket") else ""
    listing = (
        await _list(rooms, bucket, prefix=folder, delimiter="/", maxResults="50", pageToken=query.get("token", ""))
        if bucket
        else {}
    )
    parts = folder.split("/")[:-1]
    steps = [("/".join(parts[: depth + 1]) + "/", part) for depth, part in enumerate(parts)]
    return {"holdings": holdings, "bucket": bucket, "prefix": folder, "steps": steps, **_shown(listing)}


async def pages(rooms: Rooms, _query: _Query) -> dict[str, Any]:
    """The buckets the config wants shown with their objects' metadata."""
    listings = await asyncio.gather(*(_list(rooms, page.bucket, maxResults="400") for page in rooms.config.pages))
    shown = [(page, _shown(listing)) for page, listing in zip(rooms.config.pages, listings, strict=True)]
    for page, listing in shown:
        fitting = [found for found in listing["objects"] if found["name"].endswith(page.ending)]
        listing["token"] = listing["token"] or ("more" if len(fitting) > _MOST_OBJECTS else "")
        listing["objects"] = fitting[:_MOST_OBJECTS]
    return {"pages": shown}


async def tables(rooms: Rooms, _query: _Query) -> dict[str, Any]:
    """Datasets, their tables and views, schemas and row counts."""
    root = f"/bigquery/v2/projects/{rooms.config.project}/datasets"
    listed, error = await _ask(rooms.ports.bigquery, f"{root}?maxResults=1000&all=true")
    names = [quote(item["datasetReference"]["datasetId"]) for item in listed.get("datasets", [])]
    found = await asyncio.gather(
        *(_ask(rooms.ports.bigquery, f"{root}/{name}/tables?maxResults=1000") for name in names)
    )
    ids = [
        (name, quote(item["tableReference"]["tableId"]))
        for name, (page, _) in zip(names, found, strict=True)
        for item in page.get("tables", [])
    ]
    got = await asyncio.gather(
        *(_ask(rooms.ports.bigquery, f"{root}/{dataset}/tables/{table}") for dataset, table in ids[:_MOST_TABLES])
    )
    shown = [
        {
            "name": f"{dataset}.{table}",
            "type": resource.get("type", "TABLE"),
            "rows": resource.get("numRows"),
            "description": resource.get("description", ""),
            "fields": list(_fields(resource.get("schema", {}).get("fields", []))),
        }
        for (dataset, table), (resource, _) in zip(ids, got, strict=False)
    ]
    return {"tables": shown, "left": max(0, len(ids) - _MOST_TABLES), "error": error, "datasets": names}


async def logs(rooms: Rooms, query: _Query) -> dict[str, Any]:
    """The end of one function's log."""
    names = [function.name for function in rooms.config.functions]
    name = query.get("log", "") if query.get("log") in names else next(iter(names), "")
    text = await asyncio.to_thread(tail, rooms.host.log_path(name), _LOG_LINES) if name else ""
    return {"names": names, "log": name, "text": text}


async def faults(rooms: Rooms, _query: _Query) -> dict[str, Any]:
    """The faults in force."""
    return {"rules": rooms.faults.listed()}


SECTIONS: Mapping[str, Callable[[Rooms, _Query], Awaitable[dict[str, Any]]]] = {
    "overview": overview,
    "pages": pages,
    "dead": dead,
    "events": events,
    "buckets": buckets,
    "tables": tables,
    "logs": logs,
    "faults": faults,
}


async def run_query(rooms: Rooms, sql: str) -> dict[str, Any]:
    """Run a query as BigQuery's own client would: columns and rows as text, or an `error`."""
    body = json.dumps(
        {"query": sql, "useLegacySql": False, "maxResults": _QUERY_ROWS, "timeoutMs": int(_QUERY_LIMIT_S * 1000)}
    ).encode()
    data, error = await _ask(rooms.ports.bigquery, f"/bigquery/v2/projects/{rooms.config.project}/queries", body)
    if not error and not data.get("jobComplete", True):
        error = f"the query takes longer than {_QUERY_LIMIT_S:g} s"
    if error:
        return {"error": error}
    fields = data.get("schema", {}).get("fields", [])
    rows = [
        [_text(cell.get("v"), field) for cell, field in zip(row["f"], fields, strict=True)]
        for row in data.get("rows", [])
    ]
    return {"columns": [field["name"] for field in fields], "rows": rows, "total": data.get("totalRows", "0")}


async def _list(rooms: Rooms, bucket: str, **fields: str) -> dict[str, Any]:
    sent = urlencode({name: value for name, value in fields.items() if value}, errors="surrogatepass")
    data, error = await _ask(rooms.ports.storage, f"/storage/v1/b/{quote(bucket, safe='')}/o?{sent}")
    return {**data, "error": error}


def _shown(listing: Mapping[str, Any]) -> dict[str, Any]:
    names = ("prefixes", "items", "nextPageToken", "error")
    folders, objects, token, error = (listing.get(name) for name in names)
    return {"folders": folders or [], "objects": objects or [], "token": token or "", "error": error or ""}


async def _ask(port: int, target: str, body: bytes | None = None) -> tuple[dict[str, Any], str]:
    """The JSON of a reply and "", or {} and what went wrong."""
    try:
        async with asyncio.timeout(_QUERY_LIMIT_S + 5):
            reply = await request(port, "GET" if body is None else "POST", target, _IDENTITY, body or b"")
        data = json.loads(reply.body)
    except (WireError, ValueError, TimeoutError):
        return {}, "no answer that can be read"
    if not isinstance(data, dict) or reply.status >= 400:
        return {}, str(data.get("error", {}).get("message", "")) or f"HTTP {reply.status}" if isinstance(
            data, dict
        ) else "refused"
    return data, ""


def _fields(fields: list[dict[str, Any]], prefix: str = "") -> Any:
    for field in fields:
        name = prefix + field["name"]
        yield {
            "name": name,
            "type": field["type"],
            "mode": field.get("mode", "NULLABLE"),
            "description": field.get("description", ""),
        }
        yield from _fields(field.get("fields", []), f"{name}.")


def _text(value: Any, field: Mapping[str, Any]) -> str | None:
    plain = _plain(value, field)
    return plain if plain is None or isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _plain(value: Any, field: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_plain(item.get("v"), {**field, "mode": ""}) for item in value]
    if isinstance(value, dict) and "f" in value:
        parts = field.get("fields", [])
        return {part["name"]: _plain(cell.get("v"), part) for cell, part in zip(value["f"], parts, strict=True)}
    return value
