"""Compose: up to 32 objects of one bucket in, one object with their bytes in a row out. Called by `objects`.

The sources are read first and the result is named in a transaction of its own, in which the conditions on the destination hold.
"""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, BinaryIO

from localemu.storage import catalog
from localemu.storage.call import Call
from localemu.storage.contents import BLOCK, RunningDigests
from localemu.storage.errors import ApiError, invalid, required, unsupported
from localemu.storage.fields import Fields, new_object_fields
from localemu.storage.names import check_object_name
from localemu.storage.preconditions import Preconditions, int64
from localemu.storage.resources import Resource
from localemu.storage.sink import Stored

_MOST_SOURCES = 32


@dataclass(frozen=True, slots=True)
class Source:
    """An object to append, of that generation if one is asked for."""

    name: str
    generation: int | None
    conditions: Preconditions


@dataclass(frozen=True, slots=True)
class Order:
    """What to compose into which object."""

    bucket: str
    name: str
    sources: tuple[Source, ...]
    fields: Fields


def order(bucket: str, name: str, body: dict[str, Any]) -> Order:
    """The order a request's body gives. Raises ApiError 400 or 501."""
    sources = body.get("sourceObjects")
    if not isinstance(sources, list) or not sources:
        raise required("You must provide at least one source component.")
    if len(sources) > _MOST_SOURCES:
        raise invalid("The number of source components provided exceeds 32.")
    if body.get("deleteSourceObjects"):
        raise unsupported("compose with deleteSourceObjects")
    destination = body.get("destination") or {}
    if not isinstance(destination, dict):
        raise invalid("Invalid value for destination: an object is expected.")
    return Order(bucket, check_object_name(name), tuple(map(_source, sources)), new_object_fields(destination))


async def carry_out(call: Call, asked: Order) -> Resource:
    """Compose. Raises ApiError 404 or 412 for sources, 412 for the destination."""
    conditions = call.conditions()
    stored, components = await call.in_thread(lambda: _concatenated(call, asked))
    new = catalog.NewObject(
        asked.bucket, asked.name, stored.content, stored.size, stored.digests.crc32c, None, asked.fields, components
    )
    try:
        return await call.write(lambda connection: catalog.put_object(connection, new, conditions))
    except ApiError:
        await call.in_thread(lambda: call.store.contents.remove([stored.content]))
        raise


def _source(value: Any) -> Source:
    if not isinstance(value, dict) or not value.get("name"):
        raise required("Each source component needs a name.")
    wanted = (value.get("objectPreconditions") or {}).get("ifGenerationMatch")
    return Source(
        check_object_name(value["name"]),
        int64(_text(value.get("generation")), "generation"),
        Preconditions(generation_match=int64(_text(wanted), "ifGenerationMatch")),
    )


def _text(number: Any) -> str | None:
    return None if number is None else str(number)


def _concatenated(call: Call, asked: Order) -> tuple[Stored, int]:
    rows = call.store.read(lambda connection: _find(connection, asked))
    contents, digests = call.store.contents, RunningDigests()
    with ExitStack() as stack:
        # All are opened before the first is read: from here on nobody can take them away.
        files = [stack.enter_context(contents.path(row["content"]).open("rb", buffering=0)) for row in rows]
        content, target = contents.create()
        stack.enter_context(target)
        size = _append(target, files, digests)
        os.fsync(target.fileno())
    return Stored(content, size, digests.result()), sum(row["components"] or 1 for row in rows)


def _find(connection: sqlite3.Connection, asked: Order) -> list[sqlite3.Row]:
    rows = []
    for source in asked.sources:
        row = catalog.live_object(connection, asked.bucket, source.name, source.generation)
        source.conditions.check(row)
        rows.append(row)
    return rows


def _append(target: BinaryIO, files: Sequence[BinaryIO], digests: RunningDigests) -> int:
    size = 0
    for file in files:
        while block := file.read(BLOCK):
            digests.update(block)
            size += len(block)
            rest = memoryview(block)
            while rest:
                rest = rest[target.write(rest) :]
    return size
