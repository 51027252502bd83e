"""SQL files in, frozen definitions out: tables (generated JSON), views and named queries, with dataset names put into their projects.

Called by `schema.py`, `load.py` and `query.py`. In the files a table of another dataset is written in backticks as `dataset.table`;
`qualify` adds the project of that side.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dicomlake.errors import ConfigError
from dicomlake.rules import data_dir
from dicomlake.settings import Settings

RESEARCH_DATASETS = ("lake", "research")
OPERATIONS_DATASETS = ("ops", "clinic", "physics")
DATASETS = RESEARCH_DATASETS + OPERATIONS_DATASETS
_REFERENCE = re.compile(rf"`({'|'.join(DATASETS)})\.([A-Za-z_]\w*)`")


@dataclass(frozen=True, slots=True)
class Table:
    """A table: `resource` has the shape of BigQuery's own (description, schema, timePartitioning, clustering)."""

    name: str
    resource: Mapping[str, Any]

    @property
    def columns(self) -> Mapping[str, tuple[str, bool]]:
        """Column -> its BigQuery type and whether it is repeated."""
        return {
            field["name"]: (field["type"], field.get("mode") == "REPEATED")
            for field in self.resource["schema"]["fields"]
        }


@dataclass(frozen=True, slots=True)
class View:
    """A view: `grain` is what one row is, `description` the rest of its head, `sql` the text as it stands in the file."""

    name: str
    grain: str
    description: str
    sql: str

    @property
    def reads(self) -> frozenset[str]:
        """Names `dataset.table` it reads directly."""
        return references(self.sql)


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A query with a name and the question that it answers."""

    name: str
    question: str
    sql: str


@cache
def tables() -> Mapping[str, Table]:
    """All tables by `dataset.table`, from sql/schema. Raises ConfigError when there are none."""
    found = {
        path.stem: Table(path.stem, json.loads(path.read_text("utf-8")))
        for path in sorted(_sql().glob("schema/*.json"))
    }
    if not found:
        raise ConfigError("sql/schema: no table definitions beside or inside the package; install it again")
    return MappingProxyType(found)


@cache
def views() -> tuple[View, ...]:
    """All views, each after what it reads. Raises ConfigError for a view that reads nothing known or itself."""
    found = {view.name: view for view in map(_view, sorted(_sql().glob("views/*/*.sql")))}
    ordered: list[View] = []
    known = set(tables())
    while found:
        ready = [view for view in found.values() if view.reads <= known]
        if not ready:
            raise ConfigError(f"sql/views: {sorted(found)[0]} reads something that does not exist, or itself")
        for view in ready:
            ordered.append(found.pop(view.name))
            known.add(view.name)
    return tuple(ordered)


@cache
def queries() -> Mapping[str, NamedQuery]:
    """The named queries of sql/queries by name."""
    found = {}
    for path in sorted(_sql().glob("queries/*.sql")):
        head, sql = _head(path)
        found[path.stem] = NamedQuery(path.stem, " ".join(head), sql)
    return MappingProxyType(found)


def references(sql: str) -> frozenset[str]:
    """Names `dataset.table` that a text of ours reads."""
    return frozenset(f"{dataset}.{table}" for dataset, table in _REFERENCE.findall(sql))


def qualify(sql: str, settings: Settings) -> str:
    """The same text with each `dataset.table` in its project."""
    return _REFERENCE.sub(lambda found: f"`{project_of(settings, found[1])}.{found[1]}.{found[2]}`", sql)


def project_of(settings: Settings, dataset: str) -> str:
    """The project that a dataset of ours lives in. Raises ValueError for another dataset."""
    if dataset in RESEARCH_DATASETS:
        return settings.project_research
    if dataset in OPERATIONS_DATASETS:
        return settings.project_operations
    raise ValueError("no dataset of ours")


def _sql() -> Path:
    return data_dir() / "sql"


def _view(path: Path) -> View:
    head, sql = _head(path)
    return View(f"{path.parent.name}.{path.stem}", head[0], " ".join(head[1:]), sql)


def _head(path: Path) -> tuple[list[str], str]:
    sql = path.read_text("utf-8")
    head: list[str] = []
    for line in sql.splitlines():
        if not line.startswith("-- "):
            break
        head.append(line.removeprefix("-- ").strip())
    if not head:
        raise ConfigError(f"sql: {path.parent.name}/{path.name} does not begin with a comment that says what a row is")
    return head, sql
