"""Bytes of a PDF in; nothing out, or a PermanentError before any library decodes what could burst. Called first by `pdf.py`.

Streams are found by their keyword, whatever the cross-reference table says of them, and inflated only to be counted.
"""

import base64
import binascii
import re
import zlib

from dicomlake.errors import Code, PermanentError

_STREAM = re.compile(rb"stream\r?\n")
_MAX_STREAM, _MAX_TOTAL, _MAX_STREAMS, _MAX_STAGES = 128 << 20, 512 << 20, 100_000, 4
_DICTIONARY = 2048


def check(data: bytes) -> None:
    """Raises PermanentError: encrypted, corrupt (its end is missing), resource_limit (streams that inflate beyond what a report needs)."""
    if b"%%EOF" not in data[-4096:] and b"startxref" not in data[-4096:]:
        raise PermanentError(Code.CORRUPT, "pdf_truncated")
    total = 0
    for count, found in enumerate(_STREAM.finditer(data)):
        if count > _MAX_STREAMS:
            raise PermanentError(Code.RESOURCE_LIMIT, "too_many_streams")
        end = data.find(b"endstream", found.end())
        body = data[found.end() : end if end >= 0 else len(data)]
        dictionary = data[max(0, found.start() - _DICTIONARY) : found.start()]
        total += _inflated_size(body, dictionary[dictionary.rfind(b"obj") :])
        if total > _MAX_TOTAL:
            raise PermanentError(Code.RESOURCE_LIMIT, "pdf_inflates_too_far")


def _inflated_size(body: bytes, dictionary: bytes) -> int:
    for _ in range(_MAX_STAGES):
        if b"ASCII85Decode" in dictionary or b"/A85" in dictionary:
            body = _ascii85(body)
            dictionary = dictionary.replace(b"ASCII85Decode", b"", 1).replace(b"/A85", b"", 1)
        elif b"ASCIIHexDecode" in dictionary or b"/AHx" in dictionary:
            digits = re.sub(rb"[^0-9A-Fa-f]", b"", body.partition(b">")[0])
            body = bytes.fromhex(digits[: len(digits) // 2 * 2].decode())
            dictionary = dictionary.replace(b"ASCIIHexDecode", b"", 1).replace(b"/AHx", b"", 1)
        elif body[:1] and body[0] & 0x0F == 8 and body[0] >> 4 <= 7:
            body = _inflated(body)
        else:
            break
    return len(body)


def _inflated(body: bytes) -> bytes:
    engine = zlib.decompressobj()
    try:
        out = engine.decompress(body, _MAX_STREAM + 1)
    except zlib.error:
        return b""
    if len(out) > _MAX_STREAM:
        raise PermanentError(Code.RESOURCE_LIMIT, "pdf_inflates_too_far")
    return out


def _ascii85(body: bytes) -> bytes:
    try:
        return base64.a85decode(body.strip().partition(b"~>")[0].removeprefix(b"<~"))
    except (binascii.Error, ValueError):
        return b""
