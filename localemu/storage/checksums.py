"""What a client says about its bytes against what arrived. Used when an upload is finished."""

from collections.abc import Mapping
from typing import Any

from localemu.storage.contents import Digests
from localemu.storage.errors import invalid


def announced(headers: Mapping[str, str], metadata: Mapping[str, Any]) -> dict[str, set[str]]:
    """The digests a request announces, by algorithm: headers x-goog-hash and content-md5, and the resource's own fields."""
    said: dict[str, set[str]] = {"crc32c": set(), "md5": set()}
    for part in headers.get("x-goog-hash", "").split(","):
        name, _, value = part.strip().partition("=")
        if name in said:
            said[name].add(value)
    for algorithm, digest in (
        ("crc32c", metadata.get("crc32c")),
        ("md5", metadata.get("md5Hash")),
        ("md5", headers.get("content-md5")),
    ):
        if digest is not None:
            said[algorithm].add(str(digest))
    return said


def check(said: Mapping[str, set[str]], digests: Digests) -> None:
    """Raises ApiError 400 unless everything announced is true."""
    if said["crc32c"] - {digests.crc32c}:
        raise invalid("Provided CRC32C doesn't match the calculated CRC32C.")
    if said["md5"] - {digests.md5}:
        raise invalid("Provided MD5 hash doesn't match the calculated MD5 hash.")
