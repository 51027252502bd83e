"""What must not be seen any more is hidden: what earlier judgements of an object released, when the one at hand is another.

First the rows that hide it from every view, then the clean object goes, unless another delivery of the same content still stands.
Called by `ingest.py` and `manifests.py` before a judgement is settled. A judgement has a turn, and so has what it released: nothing here
depends on which of two was written first.
"""

from dicomlake.errors import Code
from dicomlake.lake import objects
from dicomlake.lake import query as lake_query
from dicomlake.lake.definitions import qualify
from dicomlake.pipeline.arrival import Arrival, row_key
from dicomlake.pipeline.services import Services
from dicomlake.pipeline.settle import delivery_key, insert_research, research_columns
from dicomlake.rows import ResearchRow

_RELEASED = """
SELECT DISTINCT delivery_key, object
FROM `lake.instances`
WHERE site = @site AND delivery_key IN UNNEST(@deliveries) AND object IS NOT NULL
UNION DISTINCT
SELECT delivery_key, object
FROM `lake.reports`
WHERE site = @site AND delivery_key IN UNNEST(@deliveries) AND object IS NOT NULL
UNION DISTINCT
SELECT delivery_key, text_object
FROM `lake.reports`
WHERE site = @site AND delivery_key IN UNNEST(@deliveries) AND text_object IS NOT NULL
"""
_STANDING = """
SELECT COUNT(*)
FROM (
    SELECT delivery_key FROM `lake.instances` WHERE site = @site AND object = @object
    UNION ALL
    SELECT delivery_key FROM `lake.reports` WHERE site = @site AND @object IN (object, text_object)
) AS i
LEFT JOIN `lake.retractions` AS r ON r.site = @site AND i.delivery_key = r.delivery_key
WHERE r.site IS NULL
"""


def retract(services: Services, arrival: Arrival, turn: int, code: Code) -> None:
    """Hide whatever was released of an arrival up to and with `turn`, and also what a judgement still under way may release."""
    deliveries = [delivery_key(services, arrival, number) for number in range(turn + 1)]
    _hide(services, arrival, deliveries, code)
    for _, name in _released(services, arrival, deliveries):
        _take_away(services, arrival.site, name)


def supersede(services: Services, arrival: Arrival, turn: int, kept: frozenset[str], code: Code | None) -> None:
    """Hide what turns before `turn` released or may yet release; where nothing is released now (no object is `kept`), that of `turn` as well."""
    numbers = range(turn if kept else turn + 1)
    if not numbers:
        return
    deliveries = [delivery_key(services, arrival, number) for number in numbers]
    _hide(services, arrival, deliveries, code)
    for _, name in _released(services, arrival, deliveries):
        if name not in kept:
            _take_away(services, arrival.site, name)


def _hide(services: Services, arrival: Arrival, deliveries: list[str], code: Code | None) -> None:
    table = "lake.retractions"
    key = services.research(arrival.site)
    columns = research_columns(services, arrival.site)
    rows = [
        ResearchRow(table, row_key(key, table, delivery), {**columns, "delivery_key": delivery, "code": code})
        for delivery in deliveries
    ]
    insert_research(services, rows)


def _released(services: Services, arrival: Arrival, deliveries: list[str]) -> list[tuple[str, str]]:
    params = {"site": arrival.site, "deliveries": deliveries}
    _, rows = lake_query.run(services.bigquery, qualify(_RELEASED, services.settings), params)
    return [(str(delivery), str(name)) for delivery, name in rows]


def _take_away(services: Services, site: str, name: str) -> None:
    sql, params = qualify(_STANDING, services.settings), {"site": site, "object": name}
    if lake_query.run(services.bigquery, sql, params)[1][0][0] == 0:
        objects.delete(services.storage, services.settings.research_bucket, name)
