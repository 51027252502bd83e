"""Rows in, the JSON resources of Cloud Storage out (bucket, object). Used for replies and for the outbox.

int64 fields are strings and times are RFC 3339 in UTC with milliseconds, as the service writes them. Links are in the service's own form;
`with_links` turns them to this server, since clients follow `mediaLink`.
"""

import base64
import datetime
import json
import sqlite3
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

API = "https://www.googleapis.com/storage/v1"
DOWNLOAD = "https://storage.googleapis.com/download/storage/v1"

Resource = dict[str, Any]


def timestamp(microseconds: int, digits: str = "milliseconds") -> str:
    """RFC 3339 in UTC of `microseconds` since 1970."""
    moment = datetime.datetime.fromtimestamp(0, datetime.UTC) + datetime.timedelta(microseconds=microseconds)
    return moment.isoformat(timespec=digits).replace("+00:00", "Z")


def etag(generation: int, metageneration: int) -> str:
    """The service's etag: both numbers as protobuf fields 1 and 2, in base64."""
    return base64.b64encode(b"\x08" + _varint(generation) + b"\x10" + _varint(metageneration)).decode()


def object_resource(row: sqlite3.Row | Mapping[str, Any]) -> Resource:
    """The resource of a row of `objects`."""
    bucket, name, generation = row["bucket"], row["name"], row["generation"]
    fields = json.loads(row["fields"])
    path = f"b/{quote(bucket, safe='')}/o/{quote(name, safe='~')}"
    resource = {
        "kind": "storage#object",
        "id": f"{bucket}/{name}/{generation}",
        "selfLink": f"{API}/{path}",
        "mediaLink": f"{DOWNLOAD}/{path}?generation={generation}&alt=media",
        "name": name,
        "bucket": bucket,
        "generation": str(generation),
        "metageneration": str(row["metageneration"]),
        "storageClass": fields.pop("storageClass", "STANDARD"),
        "size": str(row["size"]),
        "crc32c": row["crc32c"],
        "etag": etag(generation, row["metageneration"]),
        "timeCreated": row["created"],
        "updated": row["updated"],
        "timeStorageClassUpdated": row["created"],
        "timeFinalized": row["created"],
        **fields,
    }
    if row["md5"] is not None:
        resource["md5Hash"] = row["md5"]
    if row["components"] is not None:
        resource["componentCount"] = row["components"]
    return resource


def bucket_resource(row: sqlite3.Row | Mapping[str, Any]) -> Resource:
    """The resource of a row of `buckets`."""
    name = row["name"]
    return {
        "kind": "storage#bucket",
        "id": name,
        "selfLink": f"{API}/b/{name}",
        "name": name,
        "projectNumber": "0",
        "generation": str(row["generation"]),
        "metageneration": str(row["metageneration"]),
        "etag": etag(row["generation"], row["metageneration"]),
        "timeCreated": row["created"],
        "updated": row["updated"],
        "softDeletePolicy": {"retentionDurationSeconds": "0"},
        **json.loads(row["fields"]),
    }


def with_links(resource: Resource, base: str) -> Resource:
    """The same resource with its links on this server, whose address the client used is `base` (scheme and host)."""
    turned = dict(resource)
    for field, prefix, path in (("selfLink", API, "/storage/v1"), ("mediaLink", DOWNLOAD, "/download/storage/v1")):
        if field in turned:
            turned[field] = f"{base}{path}{turned[field][len(prefix) :]}"
    return turned


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
