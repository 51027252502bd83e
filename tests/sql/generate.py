"""Makes sql/schema/<dataset>.<table>.json from sql/tables/<dataset>/<table>.sql; `test_schema.py` compares. Run: python -m tests.sql.generate

Reads the DDL with sqlglot, a development tool; the product reads only what comes out. Anything of the DDL that has no place in the result
is refused, so that nothing written there can be silently lost.
"""

import json
import re
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

from tests.sql import generate_research, generate_rules

SQL = Path(__file__).parents[2] / "sql"
_COLUMN = re.compile(r"^    \w+ .*?\)(?=,?$)", re.M)
_SHARED = re.compile(
    r"^(?P<head> *-- columns of (?P<table>\w+\.\w+)(?: without (?P<without>[\w, ]+))?)\n.*?^ *-- end$", re.M | re.S
)


def resource(ddl: str) -> dict[str, Any]:
    """One CREATE TABLE statement -> description, schema, timePartitioning and clustering as BigQuery's own table resource spells them."""
    (statement,) = (parsed for parsed in sqlglot.parse(ddl, dialect="bigquery") if parsed is not None)
    assert isinstance(statement, exp.Create) and statement.kind == "TABLE" and statement.args["exists"]
    properties: dict[str, Any] = {}
    for item in statement.args["properties"].expressions:
        properties.update(_property(item))
    columns = [_column(column) for column in statement.this.expressions]
    made = {**properties, "schema": {"fields": columns}}
    return {name: made[name] for name in ("description", "timePartitioning", "clustering", "schema")}


def _property(item: exp.Expression) -> dict[str, Any]:
    if isinstance(item, exp.PartitionedByProperty):
        column, unit = item.this.this, item.this.args["unit"]
        return {"timePartitioning": {"type": unit.name.upper(), "field": column.name}}
    if isinstance(item, exp.ClusterProperty):
        return {"clustering": {"fields": [column.name for column in item.expressions]}}
    assert isinstance(item, exp.Property) and item.name == "description", f"no place for {item.sql()}"
    return {"description": item.args["value"].name}


def _column(column: exp.Expression) -> dict[str, Any]:
    assert isinstance(column, exp.ColumnDef)
    kind = column.args["kind"]
    field: dict[str, Any] = {"name": column.name, "type": kind.sql("bigquery"), "mode": "NULLABLE"}
    if kind.this == exp.DataType.Type.ARRAY:
        field |= {"type": kind.expressions[0].sql("bigquery"), "mode": "REPEATED"}
    for constraint in column.args["constraints"]:
        if isinstance(constraint.kind, exp.NotNullColumnConstraint):
            field["mode"] = "REQUIRED"
        else:
            field |= _options(constraint.kind)
    return field


def _options(kind: exp.Expression) -> dict[str, str]:
    assert isinstance(kind, exp.Properties), f"no place for {kind.sql()}"
    options = {item.name: item.args["value"].name for item in kind.expressions}
    assert set(options) == {"description"}, f"no place for {options}"
    return options


def tables() -> dict[Path, str]:
    """Path of each DDL -> its text, with the columns that it shares with another table as they stand there."""
    return {path: _SHARED.sub(_columns_of, path.read_text("utf-8")) for path in sorted(SQL.glob("tables/*/*.sql"))}


def _columns_of(found: re.Match[str]) -> str:
    """The columns of one table between `-- columns of DATASET.TABLE [without A, B]` and `-- end`."""
    without = (found["without"] or "").split(", ")
    other = SQL / "tables" / f"{found['table'].replace('.', '/')}.sql"
    lines = [line for line in _COLUMN.findall(other.read_text("utf-8")) if line.split()[0] not in without]
    return "\n".join([found["head"], *(f"{line}," for line in lines), "    -- end"])


def documents() -> dict[Path, str]:
    """Path of each schema file -> what it must hold."""
    made = {}
    for path, text in tables().items():
        document = resource(text)
        made[SQL / "schema" / f"{path.parent.name}.{path.stem}.json"] = json.dumps(document, indent=1) + "\n"
    return made


if __name__ == "__main__":
    for target, text in {
        **tables(),
        **documents(),
        **generate_rules.documents(),
        **generate_research.documents(),
    }.items():
        target.write_text(text, "utf-8")
