"""Uploads of load jobs: multipart in one request, or resumable in several.

A started resumable upload is kept in memory and its bytes in a file; after a restart the client is told to start again.
"""

from __future__ import annotations

import re
import shutil
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from localemu.bigquery.errors import ApiError
from localemu.bigquery.replies import body_of, guarded, identity, reply

_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")
RunJob = Callable[[str, dict[str, Any], str, Path | None], dict[str, Any]]


@dataclass
class Upload:
    """A resumable upload under way."""

    project: str
    body: dict[str, Any]
    user: str
    path: Path
    received: int = 0


class Uploads:
    """The upload endpoint."""

    def __init__(self, root: Path, run: RunJob) -> None:
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True, exist_ok=True)
        self._root = root
        self._run = run
        self._open: dict[str, Upload] = {}
        self._lock = threading.Lock()

    async def endpoint(self, request: Request) -> Response:
        """Answer POST and PUT on /upload."""
        raw = await request.body()
        return await run_in_threadpool(self._answer, request, raw)

    def _answer(self, request: Request, raw: bytes) -> Response:
        return guarded(lambda: self._dispatch(request, raw))

    def _dispatch(self, request: Request, raw: bytes) -> Response:
        project, user = str(request.path_params["project"]), identity(request.headers.get("authorization"))
        kind = request.query_params.get("uploadType")
        upload_id = request.query_params.get("upload_id")
        if upload_id is not None:
            return self._continue(upload_id, request.headers.get("content-range"), raw)
        if kind == "multipart":
            body, content = _parts(request.headers.get("content-type", ""), raw)
            path = self._root / uuid.uuid4().hex
            path.write_bytes(content)
            return self._finish(Upload(project, body_of(body, None), user, path))
        if kind == "resumable":
            key = uuid.uuid4().hex
            path = self._root / key
            path.touch()
            with self._lock:
                self._open[key] = Upload(project, body_of(raw, request.headers.get("content-encoding")), user, path)
            answer = reply({})
            answer.headers["Location"] = f"{request.url.replace(query='')}?uploadType=resumable&upload_id={key}"
            answer.headers["X-GUploader-UploadID"] = key
            return answer
        raise ApiError("invalid", "uploadType must be multipart or resumable")

    def _continue(self, key: str, given: str | None, raw: bytes) -> Response:
        with self._lock:
            upload = self._open.get(key)
        if upload is None:
            raise ApiError("notFound", "Not found: the resumable upload")
        match = _RANGE.fullmatch(given or "")
        if match is None:
            start, total = 0, len(raw)
        else:
            start = int(match[1]) if match[1] is not None else upload.received
            total = int(match[3]) if match[3] != "*" else -1
        if start > upload.received:
            raise ApiError("invalid", "The range does not follow what was received")
        fresh = raw[upload.received - start :]
        with upload.path.open("ab") as out:
            out.write(fresh)
        upload.received += len(fresh)
        if total >= 0 and upload.received >= total:
            with self._lock:
                self._open.pop(key, None)
            return self._finish(upload)
        headers = {"Range": f"bytes=0-{upload.received - 1}"} if upload.received else {}
        return Response(status_code=308, headers=headers)

    def _finish(self, upload: Upload) -> Response:
        try:
            return reply(self._run(upload.project, upload.body, upload.user, upload.path))
        finally:
            upload.path.unlink(missing_ok=True)


def _parts(content_type: str, raw: bytes) -> tuple[bytes, bytes]:
    match = re.search(r'boundary="?([^";]+)"?', content_type)
    if match is None:
        raise ApiError("invalid", "A multipart body needs a boundary")
    mark = b"--" + match[1].encode()
    pieces = raw.split(mark)
    if len(pieces) < 4:
        raise ApiError("invalid", "A multipart body of two parts is expected")
    metadata = pieces[1].split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n")
    # The content may hold the boundary's bytes only by accident of chance: join what lies between the first and the last mark.
    content = mark.join(pieces[2:-1]).split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n")
    return metadata, content
