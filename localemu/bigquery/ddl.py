"""CREATE, ALTER, DROP of schemas, tables and views, as changes of their resources."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from localemu.bigquery.catalog import Catalog, Change, TableName, stamp
from localemu.bigquery.destination import append
from localemu.bigquery.errors import ApiError, duplicate, invalid_query, unsupported
from localemu.bigquery.outcome import Outcome
from localemu.bigquery.schema import Field, legacy_name, parse_fields, quote, schema_resource
from localemu.bigquery.sql.compile import Compiler, describe
from localemu.bigquery.sql.names import Place, dataset_name, table_name
from localemu.bigquery.sql.parameters import Parameters
from localemu.bigquery.sql.types import kind
from localemu.bigquery.tables import Tables

_OPTIONS = {"description": "description", "friendly_name": "friendlyName", "labels": "labels"}
_GRAINS = {"DAY", "HOUR", "MONTH", "YEAR"}


class Definitions:
    """Runs DDL."""

    def __init__(self, catalog: Catalog, compiler: Compiler, tables: Tables) -> None:
        self._catalog = catalog
        self._compiler = compiler
        self._tables = tables

    def run(self, change: Change, statement: exp.Expr, place: Place, parameters: Parameters) -> Outcome:
        """Carry out one statement in the caller's transaction; others are refused by name."""
        if isinstance(statement, exp.Create):
            return self._create(change, statement, place, parameters)
        if isinstance(statement, exp.Drop):
            return self._drop(change, statement, place)
        if isinstance(statement, exp.Alter):
            return self._alter(change, statement, place)
        name = statement.name if isinstance(statement, exp.Command) else type(statement).__name__
        raise unsupported(f"statement {name.upper()}")

    def _create(self, change: Change, statement: exp.Create, place: Place, parameters: Parameters) -> Outcome:
        what = str(statement.args.get("kind")).upper()
        if statement.args.get("clone"):
            raise unsupported("CREATE TABLE CLONE or COPY")
        if what == "SCHEMA":
            return self._create_schema(change, statement, place)
        if what not in ("TABLE", "VIEW"):
            raise unsupported(f"CREATE {what}")
        target = statement.this.this if isinstance(statement.this, exp.Schema) else statement.this
        name = table_name(target, place)
        body = _properties(statement.args.get("properties"))
        exists = self._catalog.has_table(name)
        kind_name = f"CREATE_{what}"
        if exists and statement.args.get("exists"):
            return Outcome(kind_name, operation="SKIP", table=name)
        replace = bool(statement.args.get("replace"))
        if exists and not replace:
            raise duplicate("Table", name.key)
        columns = statement.this.expressions if isinstance(statement.this, exp.Schema) else []
        if what == "VIEW":
            return self._create_view(change, name, statement, body, columns, exists)
        select = statement.expression
        compiled = self._compiler.tree(select.copy(), place, parameters) if isinstance(select, exp.Query) else None
        if compiled is None and not columns:
            raise invalid_query("CREATE TABLE needs columns or a query")
        fields = tuple(_field(column) for column in columns)
        if compiled is not None:
            found = describe(change.cursor, compiled)
            if fields and [field.name.lower() for field in fields] != [field.name.lower() for field in found]:
                raise unsupported("CREATE TABLE with columns named otherwise than its query's")
            fields = fields or found
            # The rows are taken before the old table goes: the query may read it.
            change.execute(f"CREATE OR REPLACE TEMP TABLE created_rows AS {compiled.sql}", compiled.values)
        if exists:
            self._tables.delete_in(change, name)
        self._tables.create_in(change, name, body | {"schema": schema_resource(fields)}, replacing=exists)
        if compiled is not None:
            from localemu.bigquery.sql.compile import Compiled

            append(change, name, Compiled("SELECT * FROM created_rows"), fields)
            change.execute("DROP TABLE created_rows")
            return Outcome("CREATE_TABLE_AS_SELECT", operation="REPLACE" if exists else "CREATE", table=name)
        return Outcome(kind_name, operation="REPLACE" if exists else "CREATE", table=name)

    def _create_view(
        self,
        change: Change,
        name: TableName,
        statement: exp.Create,
        body: dict[str, Any],
        columns: list[Any],
        exists: bool,
    ) -> Outcome:
        if exists:
            if "view" not in self._catalog.table(name):
                raise invalid_query(f"{name.key} is not a view")
            self._tables.delete_in(change, name)
        # Comments are part of a view's text in BigQuery; they do not survive parsing, the meaning does.
        query = statement.expression.sql(dialect="bigquery", comments=False, normalize_functions=False)
        described = [
            {"name": column.name, "type": "STRING", "description": _description(column)}
            for column in columns
            if _description(column)
        ]
        self._tables.create_in(
            change, name, body | {"view": {"query": query}, "schema": {"fields": described}}, replacing=exists
        )
        return Outcome("CREATE_VIEW", operation="REPLACE" if exists else "CREATE", table=name)

    def _create_schema(self, change: Change, statement: exp.Create, place: Place) -> Outcome:
        name = dataset_name(statement.this, place)
        if self._catalog.has_dataset(name):
            if statement.args.get("exists"):
                return Outcome("CREATE_SCHEMA", operation="SKIP", dataset=name)
            raise duplicate("Dataset", name.key)
        body = _properties(statement.args.get("properties"))
        resource = {
            "kind": "bigquery#dataset",
            "id": name.key,
            "datasetReference": name.resource(),
            "location": "US",
            "type": "DEFAULT",
            **body,
        }
        change.execute(f"CREATE SCHEMA {quote(name.key)}")
        change.put("dataset", name.key, stamp(resource, created=True))
        return Outcome("CREATE_SCHEMA", operation="CREATE", dataset=name)

    def _drop(self, change: Change, statement: exp.Drop, place: Place) -> Outcome:
        what = str(statement.args.get("kind")).upper()
        targets = statement.args.get("tables") or [statement.this]
        if len(targets) != 1:
            raise unsupported("DROP of several things at once")
        if what == "SCHEMA":
            return self._drop_schema(change, statement, targets[0], place)
        if what not in ("TABLE", "VIEW"):
            raise unsupported(f"DROP {what}")
        name = table_name(targets[0], place)
        if not self._catalog.has_table(name) and statement.args.get("exists"):
            return Outcome(f"DROP_{what}", operation="SKIP", table=name)
        if ("view" in self._catalog.table(name)) != (what == "VIEW"):
            raise invalid_query(f"{name.key} is not a {what.lower()}")
        self._tables.delete_in(change, name)
        return Outcome(f"DROP_{what}", operation="DROP", table=name)

    def _drop_schema(self, change: Change, statement: exp.Drop, target: exp.Table, place: Place) -> Outcome:
        name = dataset_name(target, place)
        if not self._catalog.has_dataset(name) and statement.args.get("exists"):
            return Outcome("DROP_SCHEMA", operation="SKIP", dataset=name)
        tables = self._catalog.tables(name)
        if tables and not statement.args.get("cascade"):
            raise ApiError("resourceInUse", f"Dataset {name.key} is still in use")
        for table in tables:
            change.remove("table", table["id"])
        change.execute(f"DROP SCHEMA {quote(name.key)} CASCADE")
        change.remove("dataset", name.key)
        return Outcome("DROP_SCHEMA", operation="DROP", dataset=name)

    def _alter(self, change: Change, statement: exp.Alter, place: Place) -> Outcome:
        what = str(statement.args.get("kind")).upper()
        if what not in ("TABLE", "VIEW"):
            raise unsupported(f"ALTER {what}")
        name = table_name(statement.this, place)
        if not self._catalog.has_table(name) and statement.args.get("exists"):
            return Outcome(f"ALTER_{what}", operation="SKIP", table=name)
        resource = dict(self._catalog.table(name))
        fields = list(parse_fields(resource.get("schema")))
        for action in statement.args.get("actions") or []:
            if isinstance(action, exp.ColumnDef) and what == "TABLE":
                field = _field(action)
                if any(field.name.lower() == known.name.lower() for known in fields):
                    if action.args.get("exists"):
                        continue
                    raise invalid_query(f"Column already exists: {field.name}")
                self._tables.add_column(change, name, field)
                fields.append(field)
            elif isinstance(action, exp.AlterSet):
                resource |= _properties(action.expressions[0])
            else:
                raise unsupported(f"ALTER {what} with {type(action).__name__.upper()}")
        if "view" not in resource:
            resource["schema"] = schema_resource(fields)
        change.put("table", name.key, stamp(resource))
        return Outcome(f"ALTER_{what}", operation="ALTER", table=name)


def _properties(properties: exp.Properties | None) -> dict[str, Any]:
    """Read PARTITION BY, CLUSTER BY and OPTIONS into a resource; unknown ones are refused by name."""
    body: dict[str, Any] = {}
    for item in properties.expressions if properties is not None else ():
        if isinstance(item, exp.PartitionedByProperty):
            body |= _partitioning(item.this)
        elif isinstance(item, exp.ClusterProperty):
            body["clustering"] = {"fields": [column.name for column in item.expressions]}
        elif isinstance(item, exp.LocationProperty):
            body["location"] = item.name
        elif type(item) is exp.Property and item.name.lower() in _OPTIONS:
            body[_OPTIONS[item.name.lower()]] = _option(item.args["value"])
        else:
            raise unsupported(
                f"{item.name.upper() if type(item) is exp.Property else type(item).__name__} in a definition"
            )
    return body


def _option(value: exp.Expr) -> Any:
    if isinstance(value, exp.Array):
        return {pair.expressions[0].name: pair.expressions[1].name for pair in value.expressions}
    return value.name if not isinstance(value, exp.Null) else None


def _partitioning(node: exp.Expr) -> dict[str, Any]:
    if isinstance(node, exp.Schema):
        node = node.expressions[0]
    if isinstance(node, (exp.Identifier, exp.Column)):
        if node.name.upper() in ("_PARTITIONDATE", "_PARTITIONTIME"):
            raise unsupported("ingestion-time partitioning")
        return {"timePartitioning": {"type": "DAY", "field": node.name}}
    if isinstance(node, exp.Anonymous):
        call = node.name.upper()
        arguments = node.expressions
        if (
            call in ("DATE_TRUNC", "DATETIME_TRUNC", "TIMESTAMP_TRUNC")
            and len(arguments) == 2
            and arguments[1].name.upper() in _GRAINS
        ):
            return {"timePartitioning": {"type": arguments[1].name.upper(), "field": arguments[0].name}}
        if call == "DATE" and len(arguments) == 1:
            return {"timePartitioning": {"type": "DAY", "field": arguments[0].name}}
        if call == "RANGE_BUCKET" and isinstance(arguments[1], exp.Anonymous):
            start, end, interval = (str(bound.name) for bound in arguments[1].expressions)
            return {
                "rangePartitioning": {
                    "field": arguments[0].name,
                    "range": {"start": start, "end": end, "interval": interval},
                }
            }
    raise unsupported("PARTITION BY of this form")


def _description(column: exp.ColumnDef) -> str | None:
    for constraint in column.args.get("constraints") or ():
        if isinstance(constraint.kind, exp.Properties):
            for item in constraint.kind.expressions:
                if item.name.lower() != "description":
                    raise unsupported(f"column option {item.name}")
                return str(_option(item.args["value"]))
    return None


def _field(column: exp.ColumnDef) -> Field:
    mode = "NULLABLE"
    for constraint in column.args.get("constraints") or ():
        if isinstance(constraint.kind, exp.NotNullColumnConstraint):
            mode = "REQUIRED"
        elif not isinstance(constraint.kind, exp.Properties):
            raise unsupported(
                f"column constraint {type(constraint.kind).__name__.replace('ColumnConstraint', '').upper()}"
            )
    data_type = column.args.get("kind")
    if not isinstance(data_type, exp.DataType):
        raise invalid_query(f"Column {column.name} has no type")
    return _typed(column.name, data_type, mode, _description(column))


def _typed(name: str, data_type: exp.DataType, mode: str, description: str | None) -> Field:
    label = kind(data_type)
    if label == "ARRAY":
        inner = _typed(name, data_type.expressions[0], "NULLABLE", description)
        if inner.repeated:
            raise invalid_query("Cannot construct array with element type ARRAY")
        return Field(name, inner.type, "REPEATED", inner.fields, description)
    if label == "STRUCT":
        return Field(name, "RECORD", mode, tuple(_field(child) for child in data_type.expressions), description)
    if data_type.expressions:
        raise unsupported(f"type parameters ({data_type.sql('bigquery')})")
    if label in ("UNKNOWN", "INTERVAL", "NULL"):
        raise unsupported(f"type {data_type.sql('bigquery')} of column {name}")
    return Field(name, legacy_name(label), mode, (), description)
