"""The table of what is served: method and path in, the handler and the parameters it understands out. Called by `app`.

Paths are taken apart before they are decoded, so that an object's name may hold `/`, `%` and anything else. A parameter no handler
understands is refused by name, since ignoring it could change what the request means; `false` asks for nothing and passes.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from starlette.responses import Response

from localemu.storage import buckets, objects, resumable, uploads
from localemu.storage.call import Call
from localemu.storage.errors import ApiError, invalid, unsupported
from localemu.storage.preconditions import PARAMETERS
from localemu.storage.sessions import Sessions

Handler = Callable[[Call, Sessions], Awaitable[Response]]
_COMMON = frozenset(
    {"alt", "fields", "key", "prettyPrint", "projection", "quotaUser", "upload_protocol", "userProject"}
)
_CONDITIONS = frozenset(PARAMETERS)
_SOURCE_CONDITIONS = frozenset(f"ifSource{name[2:]}" for name in PARAMETERS)


@dataclass(frozen=True, slots=True)
class Route:
    """`path` is matched segment by segment; `*` stands for a name."""

    method: str
    path: tuple[str, ...]
    handler: Handler
    parameters: frozenset[str] = frozenset()


def _plain(handler: Callable[[Call], Awaitable[Response]]) -> Handler:
    async def ignoring_sessions(call: Call, _: Sessions) -> Response:
        return await handler(call)

    return ignoring_sessions


def _route(method: str, path: str, handler: Callable[[Call], Awaitable[Response]], *parameters: str) -> Route:
    return Route(method, tuple(path.split("/")), _plain(handler), frozenset(parameters))


_OBJECT = "storage/v1/b/*/o/*"
_COPY = (*_CONDITIONS, *_SOURCE_CONDITIONS, "sourceGeneration")
# versions=true lists what there is: a bucket with versioning can't be made here, so live objects are all there are.
_LIST = (
    "versions",
    "prefix",
    "delimiter",
    "startOffset",
    "endOffset",
    "maxResults",
    "pageToken",
    "includeTrailingDelimiter",
)
_UPLOAD = ("uploadType", "name", "contentEncoding", "upload_id", *_CONDITIONS)
_UPLOAD_PATHS = ("upload/storage/v1/b/*/o", "resumable/upload/storage/v1/b/*/o")

ROUTES: tuple[Route, ...] = (
    _route(
        "GET",
        "storage/v1/b",
        buckets.list_buckets,
        "project",
        "prefix",
        "maxResults",
        "pageToken",
        "returnPartialSuccess",
    ),
    _route("POST", "storage/v1/b", buckets.insert, "project"),
    _route("GET", "storage/v1/b/*", buckets.get, *_CONDITIONS),
    _route("PATCH", "storage/v1/b/*", buckets.patch, *_CONDITIONS),
    _route("PUT", "storage/v1/b/*", buckets.update, *_CONDITIONS),
    _route("DELETE", "storage/v1/b/*", buckets.delete, *_CONDITIONS),
    _route("GET", "storage/v1/b/*/o", objects.list_objects, *_LIST),
    _route("GET", _OBJECT, objects.get, "generation", *_CONDITIONS),
    _route("GET", f"download/{_OBJECT}", objects.get, "generation", *_CONDITIONS),
    _route("PATCH", _OBJECT, objects.patch, "generation", *_CONDITIONS),
    _route("PUT", _OBJECT, objects.update, "generation", *_CONDITIONS),
    _route("DELETE", _OBJECT, objects.delete, "generation", *_CONDITIONS),
    _route("POST", f"{_OBJECT}/copyTo/b/*/o/*", objects.copy, *_COPY),
    _route("POST", f"{_OBJECT}/rewriteTo/b/*/o/*", objects.rewrite, *_COPY, "rewriteToken", "maxBytesRewrittenPerCall"),
    _route("POST", f"{_OBJECT}/compose", objects.compose_objects, *_CONDITIONS),
    *(_route("POST", path, uploads.upload, *_UPLOAD) for path in _UPLOAD_PATHS),
    *(Route("PUT", tuple(path.split("/")), resumable.put, frozenset(_UPLOAD)) for path in _UPLOAD_PATHS),
    *(Route("DELETE", tuple(path.split("/")), resumable.cancel, frozenset(_UPLOAD)) for path in _UPLOAD_PATHS),
)

# Parts of the service that are known and not emulated: named in the refusal. The first that fits counts.
_FEATURES: tuple[tuple[str, str], ...] = (
    (r"/acl(/|$)|/defaultObjectAcl(/|$)", "access control lists"),
    (r"/iam(/|$)", "IAM policies of buckets and objects"),
    (r"/notificationConfigs(/|$)", "Pub/Sub notifications"),
    (r"/lockRetentionPolicy$", "bucket retention"),
    (r"/(managedFolders|folders)(/|$)", "folders"),
    (r"/anywhereCaches(/|$)", "Anywhere Cache"),
    (r"/storageLayout$", "storage layouts"),
    (r"/(restore|bulkRestore)$", "soft delete"),
    (r"/moveTo/", "moving objects (copy and delete instead)"),
    (r"/o/watch$|/channels/", "change channels"),
    (r"/hmacKeys(/|$)", "HMAC keys"),
    (r"/serviceAccount$", "the project's service account"),
    (r"^/storage/v1/b/[^/]+/o$", "uploads on this path (use /upload/storage/v1)"),
)


def find(method: str, raw_path: str) -> tuple[Route, tuple[str, ...]]:
    """The route and the decoded names in its path. Raises ApiError 404, 405 or 501."""
    if not raw_path.isascii():
        raise _not_escaped()
    segments = raw_path.strip("/").split("/") if raw_path.startswith("/") else []
    fitting = [route for route in ROUTES if _fits(route.path, segments)]
    for route in fitting:
        if route.method == method:
            return route, tuple(_decode(part) for want, part in zip(route.path, segments, strict=True) if want == "*")
    raise _refusal(raw_path, bool(fitting))


def parameters(route: Route, raw_query: str) -> dict[str, str]:
    """The query's parameters, each known to the route. Raises ApiError 400 or 501."""
    if not raw_query.isascii():
        raise _not_escaped()
    try:
        pairs = parse_qsl(raw_query, keep_blank_values=True, errors="strict")
    except ValueError:
        raise invalid("The query is not valid UTF-8.") from None
    for name, value in pairs:
        if (
            name not in route.parameters
            and name not in _COMMON
            and value.lower() != "false"
            and not name.startswith("$")
        ):
            raise unsupported(
                f"the parameter {name}" if re.fullmatch(r"\w{1,40}", name, re.ASCII) else "a parameter with this name"
            )
    query = dict(pairs)
    if query.get("alt", "json") not in {"json", "media"}:
        raise invalid("Invalid value for alt: json or media are expected.")
    if route.path[0] == "download":
        query["alt"] = "media"
    return query


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse headers with an effect that is not there."""
    for name in headers:
        if name.startswith(("x-goog-encryption-", "x-goog-copy-source-encryption-")):
            raise unsupported("customer-supplied encryption keys")
        if name.startswith("x-goog-if-") or name == "x-http-method-override":
            raise unsupported(f"the header {name}")


def _fits(path: tuple[str, ...], segments: list[str]) -> bool:
    return len(path) == len(segments) and all(
        part and want in ("*", part) for want, part in zip(path, segments, strict=True)
    )


def _decode(segment: str) -> str:
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError:
        raise invalid("The path is not valid UTF-8.") from None


def _not_escaped() -> ApiError:
    return invalid("Characters outside ASCII must be percent-escaped in a URL.")


def _refusal(raw_path: str, known_path: bool) -> ApiError:
    feature = next((feature for pattern, feature in _FEATURES if re.search(pattern, raw_path)), None)
    if feature is not None:
        return unsupported(feature)
    if known_path:
        return ApiError(405, "methodNotAllowed", "This method is not allowed here.")
    if raw_path.startswith(("/storage/", "/upload/", "/download/", "/resumable/", "/batch/", "/b/")):
        return ApiError(404, "notFound", "There is nothing at this path of the JSON API (storage/v1).")
    return unsupported("the XML API")
