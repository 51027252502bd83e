"""The body of a multipart upload (RFC 2387): a stream of bytes in, the JSON part and the stream of the media part out.

Called by `uploads`. The media part is never held as a whole: only as many bytes as could be the beginning of the closing line wait.
"""

import email.parser
import email.policy
import re

from localemu.storage.errors import ApiError, invalid, unsupported

_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
# A line of its own, the JSON part, the same line, the header of the media part. Compiled once: each upload has a boundary of its own.
_TWO_HEADS = re.compile(
    rb"(?:\r?\n)*(?P<line>[^\r\n]+?)[ \t]*(?P<newline>\r?\n)(?P<json_head>(?:[^\r\n]+\r?\n)*)\r?\n(?P<json>.*?)\r?\n"
    rb"(?P=line)[ \t]*\r?\n(?P<media_head>(?:[^\r\n]+\r?\n)*)\r?\n",
    re.DOTALL,
)
_LARGEST_HEAD = 1 << 20


def boundary_of(content_type: str) -> bytes:
    """The boundary in the header of a request, or ApiError 400."""
    kind = content_type.split(";")[0].strip().lower()
    found = _BOUNDARY.search(content_type)
    if kind not in {"multipart/related", "multipart/mixed"} or found is None:
        raise invalid("A multipart upload needs the content type multipart/related with a boundary.")
    return (found[1] or found[2]).encode("latin-1", "replace")


class RelatedParser:
    """Feed it the body; `metadata` and `media_type` are there from the moment the first media bytes come out."""

    def __init__(self, boundary: bytes) -> None:
        self._line = b"--" + boundary
        self._buffer = b""
        self._marker = b""
        self._skip = 0
        self._ended = False
        self.metadata: bytes | None = None
        self.media_type: str | None = None

    def feed(self, data: bytes) -> bytes:
        """The media bytes that are certain by now."""
        if self._ended:
            return b""
        self._buffer += data
        if self.metadata is None and not self._head():
            return b""
        return self._media()

    def finish(self) -> bytes:
        """The metadata, once the body has ended. Raises ApiError 400 unless the closing line was seen."""
        if not self._ended or self.metadata is None:
            raise invalid("The multipart body ends before its closing boundary.")
        return self.metadata

    def _head(self) -> bool:
        """Take the JSON part and the header of the media part off the buffer once they are complete."""
        found = _TWO_HEADS.match(self._buffer)
        if found is None or found["line"] != self._line:
            if len(self._buffer) > _LARGEST_HEAD:
                raise invalid("The multipart body does not begin with a JSON part and a media part.")
            return False
        headers = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(found["media_head"])
        if str(headers.get("Content-Transfer-Encoding", "binary")).strip().lower() not in {"binary", "8bit", "7bit"}:
            raise unsupported("content transfer encodings in multipart uploads")
        media_type = headers.get("Content-Type")
        self.media_type = None if media_type is None else str(media_type).strip()
        self.metadata = found["json"]
        # The line end the client uses belongs to the boundary, not to the media.
        self._marker = found["newline"] + self._line
        self._buffer = found["newline"] + self._buffer[found.end() :]
        self._skip = len(found["newline"])
        return True

    def _media(self) -> bytes:
        start = 0
        while (at := self._buffer.find(self._marker, start)) >= 0:
            after = self._buffer[at + len(self._marker) : at + len(self._marker) + 2]
            if len(after) < 2:
                return self._take(at)
            if after == b"--":
                self._ended = True
                return self._take(at)
            if after[:1] in b" \t\r\n":
                raise _third_part()
            start = at + 1
        return self._take(max(0, len(self._buffer) - len(self._marker) + 1))

    def _take(self, length: int) -> bytes:
        # The line end before an empty media part is shared with its boundary; it was put back for the search only.
        taken, self._buffer = self._buffer[:length], self._buffer[length:]
        out, self._skip = taken[self._skip :], max(0, self._skip - len(taken))
        return out


def _third_part() -> ApiError:
    return invalid("A multipart upload has two parts, a JSON part and a media part.")
