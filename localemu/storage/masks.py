"""Partial responses: the `fields` parameter and a resource in, the part of the resource asked for out. Called for every JSON reply."""

import re
from typing import Any

from localemu.storage.errors import ApiError, invalid

_TOKEN = re.compile(r"[A-Za-z0-9_.*-]+|[(),/]")
Mask = dict[str, Any]


def cut(resource: dict[str, Any], fields: str | None) -> dict[str, Any]:
    """What `fields` (`a,b/c,items(d,e)`, `*` for all) names of `resource`. Raises ApiError 400 for a mask that can't be read."""
    if not fields:
        return resource
    tokens = _TOKEN.findall(fields)
    if "".join(tokens) != re.sub(r"\s", "", fields):
        raise _malformed()
    mask = _group(tokens)
    if tokens:
        raise _malformed()
    cut_out = _apply(resource, mask)
    assert isinstance(cut_out, dict)
    return cut_out


def _group(tokens: list[str]) -> Mask:
    """Take `path, path, ...` from the front of `tokens`. An empty mask means all of it."""
    mask: Mask = {}
    while True:
        _path(tokens, mask)
        if not tokens or tokens[0] != ",":
            return mask
        tokens.pop(0)


def _path(tokens: list[str], mask: Mask) -> None:
    if not tokens or tokens[0] in "(),/":
        raise _malformed()
    inner: Mask = mask.setdefault(tokens.pop(0), {})
    if tokens and tokens[0] == "/":
        tokens.pop(0)
        _path(tokens, inner)
    elif tokens and tokens[0] == "(":
        tokens.pop(0)
        inner.update(_group(tokens))
        if not tokens or tokens.pop(0) != ")":
            raise _malformed()


def _apply(value: Any, mask: Mask) -> Any:
    if not mask:
        return value
    if isinstance(value, list):
        return [_apply(item, mask) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _apply(item, mask[key] if key in mask else mask["*"])
        for key, item in value.items()
        if key in mask or "*" in mask
    }


def _malformed() -> ApiError:
    return invalid("Invalid field selection.")
