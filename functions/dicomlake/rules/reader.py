"""Strict reading of one YAML file: `RuleFiles.open` gives a `Field`, whose methods check form and remember file and line.

Called by the loaders of this room. Scalars are compared as the YAML parser resolved them (a quoted "10" is text, 10 is a number);
a field nobody asked for, a key given twice and a value of another form each raise ConfigError with file, line and field.
"""

import hashlib
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NoReturn, TypeVar

import yaml

from dicomlake.errors import ConfigError

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PREFIX = "tag:yaml.org,2002:"
_MAX_BYTES = 4 << 20
_T = TypeVar("_T")


class Field:
    """One node of a rule file under the name its parent gives it."""

    __slots__ = ("file", "name", "node")

    def __init__(self, file: str, name: str, node: yaml.Node) -> None:
        self.file = file
        self.name = name
        self.node = node

    @property
    def line(self) -> int:
        """Line in the file, from 1."""
        return self.node.start_mark.line + 1

    @property
    def source(self) -> str:
        """File and line, as rules carry it."""
        return f"{self.file}:{self.line}"

    def fail(self, problem: str) -> NoReturn:
        """Raise ConfigError for this field."""
        raise ConfigError(f"{self.source}: {self.name}: {problem}") from None

    def _scalar(self, kind: str, expected: str) -> str:
        node = self.node
        if not isinstance(node, yaml.ScalarNode) or node.tag != _PREFIX + kind:
            self.fail(f"must be {expected}")
        value: str = node.value
        return value

    def text(self, pattern: str = r"\S(?:.*\S)?", expected: str = "text") -> str:
        """A string of the given form, never empty."""
        value = self._scalar("str", expected)
        if not re.fullmatch(pattern, value, re.DOTALL):
            self.fail(f"must be {expected}")
        return value

    def integer(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        expected = f"a whole number from {low} to {high}"
        value = self._scalar("int", expected)
        if not re.fullmatch(r"-?\d{1,12}", value) or not low <= int(value) <= high:
            self.fail(f"must be {expected}")
        return int(value)

    def number(self, low: float = -1e12, high: float = 1e12) -> float:
        """A number from `low` to `high`, written with a decimal point or whole."""
        node = self.node
        if not isinstance(node, yaml.ScalarNode) or not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,12})?", node.value):
            self.fail("must be a number")
        if node.tag not in (_PREFIX + "float", _PREFIX + "int"):
            self.fail("must be a number without quotes")
        if not low <= float(node.value) <= high:
            self.fail(f"must be a number from {low:g} to {high:g}")
        return float(node.value)

    def flag(self) -> bool:
        """Either `true` or `false`."""
        value = self._scalar("bool", "true or false")
        if value not in ("true", "false"):
            self.fail("must be true or false")
        return value == "true"

    def choice(self, allowed: Collection[str]) -> str:
        """One of the words in `allowed`."""
        expected = f"one of {', '.join(sorted(allowed))}"
        value = self._scalar("str", expected)
        if value not in allowed:
            self.fail(f"must be {expected}")
        return value

    def items(self, at_least: int = 0) -> list["Field"]:
        """The entries of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            self.fail("must be a list")
        if len(self.node.value) < at_least:
            self.fail(f"needs at least {at_least}")
        return [Field(self.file, self.name, node) for node in self.node.value]

    def entries(self) -> dict[str, "Field"]:
        """The entries of a mapping with free keys, in the order of the file."""
        if not isinstance(self.node, yaml.MappingNode):
            self.fail("must be a mapping")
        fields: dict[str, Field] = {}
        for key, value in self.node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if not name:
                Field(self.file, self.name, key).fail("has a key that is not a word")
            if name in fields:
                Field(self.file, name, key).fail("stands twice")
            fields[name] = Field(self.file, name, value)
        return fields

    def mapping(self, required: Collection[str], optional: Collection[str] = ()) -> dict[str, "Field"]:
        """The entries of a mapping whose keys are known: all of `required`, any of `optional`, nothing else."""
        fields = self.entries()
        for name, field in fields.items():
            if name not in required and name not in optional:
                field.fail(f"unknown field; known: {', '.join(sorted({*required, *optional}))}")
        for name in required:
            if name not in fields:
                raise ConfigError(f"{self.source}: {name}: is missing") from None
        return fields

    def unique(self, pick: Callable[["Field"], _T]) -> tuple[_T, ...]:
        """The entries of a list, each read by `pick`, none twice."""
        found: dict[_T, None] = {}
        for item in self.items():
            value = pick(item)
            if value in found:
                item.fail("stands twice")
            found[value] = None
        return tuple(found)


class RuleFiles:
    """The rule files one load reads; remembers their content for the version."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._seen: dict[str, bytes] = {}

    def exists(self, name: str) -> bool:
        """Whether there is a file `name` below the root."""
        return (self.root / name).is_file()

    def open(self, name: str) -> Field:
        """Read and parse `name` (a path below the root, as sources show it). Raises ConfigError when it cannot be."""
        content = self._read(name)
        self._seen[name] = hashlib.sha256(content).digest()
        try:
            node = yaml.compose(content.decode("utf-8"), Loader=_Loader)
        except UnicodeDecodeError:
            raise ConfigError(f"{name}: is not UTF-8 text") from None
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark is not None else 1
            raise ConfigError(f"{name}:{line}: is not valid YAML") from None
        except RecursionError:
            raise ConfigError(f"{name}:1: is nested too deeply") from None
        if node is None:
            raise ConfigError(f"{name}:1: is empty")
        return Field(name, "file", node)

    def _read(self, name: str) -> bytes:
        path = self.root / name
        try:
            if path.stat().st_size > _MAX_BYTES:
                raise ConfigError(f"{name}: is larger than {_MAX_BYTES} bytes")
            return path.read_bytes()
        except OSError:
            raise ConfigError(f"{name}: cannot be read below {self.root}") from None

    def version(self) -> str:
        """12 hex digits over name and content of every file opened so far."""
        whole = hashlib.sha256()
        for name in sorted(self._seen):
            whole.update(name.encode() + b"\0" + self._seen[name])
        return whole.hexdigest()[:12]
