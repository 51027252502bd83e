"""The platform's config file in, a frozen `Config` out. `localemu up` reads it once, before anything starts.

Every error names the file, the line and the field, and what would be right; unknown and doubled fields are refused. Text may hold
placeholders (`{state}`, `{python}`, `{project}`, `{storage}`, `{bigquery}`, `{status}`, `{translate}`), which `fill` replaces at start.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

FINALIZED = "google.cloud.storage.object.v1.finalized"
_TYPES = tuple(
    f"google.cloud.storage.object.v1.{kind}" for kind in ("finalized", "deleted", "archived", "metadataUpdated")
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_BUCKET_GLOB = re.compile(r"[a-z0-9*?\[\]!._-]{1,222}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
PLACEHOLDERS = frozenset({"state", "python", "project", "storage", "bigquery", "status", "translate"})
_Path = tuple[str | int, ...]


class ConfigError(Exception):
    """The config file, a setup command or the surroundings keep the platform from starting; the message is for who set it up."""


@dataclass(frozen=True)
class Function:
    """A function to host: where its source is, what triggers it, how much of it may run at once. Times are seconds."""

    name: str
    source: str
    signature: str
    target: str
    workers: int = 1
    concurrency: int = 1
    bucket: str = ""
    prefix: str = ""
    type: str = FINALIZED
    timeout_s: float = 60.0
    max_attempts: int | None = None
    every_s: float | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Page:
    """A bucket shown on the status page: objects whose names end as `ending` says, with their metadata or the `columns` of it that are named."""

    title: str
    bucket: str
    ending: str = ""
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Config:
    """All that the config file says."""

    project: str = "local"
    secrets: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    setup: tuple[tuple[str, ...], ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    functions: tuple[Function, ...] = ()
    pages: tuple[Page, ...] = ()


def load_config(path: Path) -> Config:
    """Read and check the file. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{path}: there is no readable config file here; choose another with --config") from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark is not None else ""
        raise ConfigError(f"{path}{line}: not well-formed YAML") from None
    lines = dict(_lines(node, ())) if node is not None else {}
    doubled = next((where for where in lines if where and where[-1] == "\0doubled"), None)
    root = _Reader(str(path), lines, (), data)
    if doubled is not None:
        raise root.at(doubled[:-1]).error("the field stands here twice")
    return _config(root)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace the placeholders of `text`."""
    return _PLACEHOLDER.sub(lambda match: values[match[1]], text)


def _lines(node: yaml.Node, path: _Path) -> Iterator[tuple[_Path, int]]:
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            child = (*path, str(key.value))
            if child in seen:
                yield (*child, "\0doubled"), key.start_mark.line + 1
            seen.add(child)
            yield from (
                (where, key.start_mark.line + 1 if where == child else line) for where, line in _lines(value, child)
            )
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(value, (*path, index))


@dataclass(frozen=True)
class _Reader:
    """A value of the file together with where it stands."""

    file: str
    lines: Mapping[_Path, int]
    path: _Path
    value: object

    def at(self, path: _Path) -> "_Reader":
        return _Reader(self.file, self.lines, path, None)

    def error(self, problem: str) -> ConfigError:
        spelled = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path).lstrip(".")
        line = self.lines.get(self.path) or self.lines.get(self.path[:-1], 1)
        return ConfigError(f"{self.file}:{line}: {spelled or 'the file'}: {problem}")

    def mapping(self, known: frozenset[str] | None = None) -> dict[str, "_Reader"]:
        if self.value is None and not self.path:
            return {}
        if not isinstance(self.value, dict):
            raise self.error("must be a mapping of fields")
        fields = {
            str(key): _Reader(self.file, self.lines, (*self.path, str(key)), value) for key, value in self.value.items()
        }
        for name, item in fields.items():
            if known is not None and name not in known:
                raise item.error(f"unknown field; known: {', '.join(sorted(known))}")
        return fields

    def items(self) -> list["_Reader"]:
        if not isinstance(self.value, list):
            raise self.error("must be a list")
        return [_Reader(self.file, self.lines, (*self.path, index), value) for index, value in enumerate(self.value)]

    def text(self, pattern: re.Pattern[str] | None = None) -> str:
        if not isinstance(self.value, str) or not self.value or "\n" in self.value or "\0" in self.value:
            raise self.error("must be a text of one line")
        if pattern is not None and not pattern.fullmatch(self.value):
            raise self.error(f"must match {pattern.pattern}")
        return self._checked(self.value)

    def scalar(self) -> str:
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        if not isinstance(self.value, (str, int, float)) or "\n" in str(self.value):
            raise self.error("must be a text of one line or a number")
        return self._checked(str(self.value))

    def whole(self, least: int, most: int) -> int:
        if isinstance(self.value, bool) or not isinstance(self.value, int) or not least <= self.value <= most:
            raise self.error(f"must be a whole number from {least} to {most}")
        return self.value

    def seconds(self) -> float:
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float)) or not 0.01 <= self.value <= 86400:
            raise self.error("must be a number of seconds from 0.01 to 86400")
        return float(self.value)

    def choice(self, *known: str) -> str:
        if self.value not in known:
            raise self.error(f"must be one of {', '.join(known)}")
        return str(self.value)

    def _checked(self, text: str) -> str:
        for name in _PLACEHOLDER.findall(text):
            if name not in PLACEHOLDERS:
                raise self.error(f"unknown placeholder {{{name}}}; known: {', '.join(sorted(PLACEHOLDERS))}")
        return text


def _config(root: _Reader) -> Config:
    known = frozenset({"project", "secrets", "buckets", "setup", "environment", "functions", "pages"})
    fields = root.mapping(known)

    def listed(name: str) -> list[_Reader]:
        return fields[name].items() if name in fields else []

    functions = tuple(_function(item) for item in listed("functions"))
    for item, function in zip(listed("functions"), functions, strict=True):
        if [other.name for other in functions].count(function.name) > 1:
            raise item.error(f"two functions are named {function.name}")
    return Config(
        project=fields["project"].text(re.compile(r"[a-z][a-z0-9-]{1,29}")) if "project" in fields else "local",
        secrets=tuple(item.text(_NAME) for item in listed("secrets")),
        buckets=tuple(item.text(_BUCKET) for item in listed("buckets")),
        setup=tuple(_command(item) for item in listed("setup")),
        environment=_environment(fields.get("environment")),
        functions=functions,
        pages=tuple(_page(item) for item in listed("pages")),
    )


def _command(item: _Reader) -> tuple[str, ...]:
    words = tuple(word.scalar() for word in item.items())
    if not words:
        raise item.error("must be a command: a list of words")
    return words


def _environment(item: _Reader | None) -> Mapping[str, str]:
    values = {}
    for name, value in (item.mapping() if item is not None else {}).items():
        if not _VARIABLE.fullmatch(name):
            raise value.error("is not a name for an environment variable")
        values[name] = value.scalar()
    return MappingProxyType(values)


def _page(item: _Reader) -> Page:
    fields = item.mapping(frozenset({"title", "bucket", "ending", "columns"}))
    if not {"title", "bucket"} <= set(fields):
        raise item.error("needs the fields title and bucket")
    ending = fields["ending"].text() if "ending" in fields else ""
    columns = tuple(column.text() for column in fields["columns"].items()) if "columns" in fields else ()
    return Page(fields["title"].text(), fields["bucket"].text(_BUCKET), ending, columns)


def _function(item: _Reader) -> Function:
    fields = item.mapping(frozenset(Function.__dataclass_fields__))
    for name in ("name", "source", "signature"):
        if name not in fields:
            raise item.error(f"needs the field {name}")
    signature = fields["signature"].choice("cloudevent", "http")
    unfit = ("every_s",) if signature == "cloudevent" else ("bucket", "prefix", "type", "max_attempts")
    for name in unfit:
        if name in fields:
            raise fields[name].error(f"a function of signature {signature} has no such field")
    if signature == "cloudevent" and "bucket" not in fields:
        raise item.error("a function of signature cloudevent needs the field bucket")
    name = fields["name"].text(_NAME)
    given = {key: _FIELD_READERS[key](fields[key]) for key in _FIELD_READERS if key in fields}
    return Function(
        name=name,
        source=fields["source"].text(),
        signature=signature,
        target=fields["target"].text(_VARIABLE) if "target" in fields else name,
        **given,
    )


_FIELD_READERS: Mapping[str, Callable[[_Reader], Any]] = {
    "workers": lambda item: item.whole(1, 64),
    "concurrency": lambda item: item.whole(1, 1000),
    "bucket": lambda item: item.text(_BUCKET_GLOB),
    "prefix": lambda item: item.scalar(),
    "type": lambda item: item.choice(*_TYPES),
    "timeout_s": lambda item: item.seconds(),
    "max_attempts": lambda item: item.whole(1, 1000),
    "every_s": lambda item: item.seconds(),
    "environment": _environment,
}
