"""Generation, metageneration and etag preconditions: request parameters in, a check against a row out. Every verb uses them."""

import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from localemu.storage.errors import ApiError, condition_not_met, invalid, not_modified
from localemu.storage.resources import etag

PARAMETERS = ("ifGenerationMatch", "ifGenerationNotMatch", "ifMetagenerationMatch", "ifMetagenerationNotMatch")


@dataclass(frozen=True, slots=True)
class Preconditions:
    """What must hold for the request to be carried out; None means not asked. Generation 0 stands for "there is no such object"."""

    generation_match: int | None = None
    generation_not_match: int | None = None
    metageneration_match: int | None = None
    metageneration_not_match: int | None = None
    etags: tuple[str, ...] | None = None
    etags_not: tuple[str, ...] | None = None

    def check(self, row: sqlite3.Row | None, *, reading: bool = False) -> None:
        """Raises ApiError 412, or 304 where a read was asked for only if the object is another one."""
        generation, metageneration = (row["generation"], row["metageneration"]) if row else (0, 0)
        tag = etag(generation, metageneration) if row else None
        if _differs(self.generation_match, generation) or _differs(self.metageneration_match, metageneration):
            raise condition_not_met()
        if self.etags is not None and (tag is None or not _named(tag, self.etags)):
            raise condition_not_met()
        if (
            _equals(self.generation_not_match, generation)
            or _equals(self.metageneration_not_match, metageneration)
            or (self.etags_not is not None and tag is not None and _named(tag, self.etags_not))
        ):
            raise not_modified() if reading else condition_not_met()

    def to_json(self) -> dict[str, Any]:
        """For the row of a resumable upload, which is checked again when it ends."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "Preconditions":
        """What `to_json` wrote."""
        known: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
        }
        return Preconditions(**known)


def from_parameters(
    values: Mapping[str, str], headers: Mapping[str, str] | None = None, source: bool = False
) -> Preconditions:
    """From query parameters (`ifSource...` when `source`) and the headers If-Match and If-None-Match. Raises ApiError 400 for what is no number."""
    first, second, third, fourth = (
        int64(values.get(f"ifSource{name[2:]}" if source else name), name) for name in PARAMETERS
    )
    headers = {} if headers is None or source else headers
    tags, tags_not = _tags(headers.get("if-match")), _tags(headers.get("if-none-match"))
    return Preconditions(first, second, third, fourth, tags, tags_not)


def int64(text: str | None, name: str) -> int | None:
    """A non-negative int64 of a request, or None when absent. Raises ApiError 400 naming the parameter."""
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or int(text) >= 1 << 63:
        raise bad_number(name)
    return int(text)


def bad_number(name: str) -> ApiError:
    """400 for a parameter that is no number."""
    return invalid(f"Invalid value for {name}: a non-negative whole number is expected.")


def _tags(header: str | None) -> tuple[str, ...] | None:
    if header is None:
        return None
    return tuple(tag.strip().removeprefix("W/").strip('"') for tag in header.split(","))


def _named(tag: str, tags: tuple[str, ...]) -> bool:
    return "*" in tags or tag in tags


def _differs(wanted: int | None, actual: int) -> bool:
    return wanted is not None and wanted != actual


def _equals(unwanted: int | None, actual: int) -> bool:
    return unwanted is not None and unwanted == actual
