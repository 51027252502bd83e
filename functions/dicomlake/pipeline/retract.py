"""What must not be seen any more is hidden: a delivery at odds with its manifest, or an object that a later judgement has superseded.

First the rows that hide it from every view, then the clean object goes, unless another delivery of the same content still stands.
Called by `manifests.py` and, after every judgement that is not the first, by `ingest.py`.
"""

import datetime

from dicomlake.errors import Code
from dicomlake.lake import objects
from dicomlake.lake import query as lake_query
from dicomlake.lake.definitions import qualify
from dicomlake.pipeline.arrival import Arrival, common_columns, row_key
from dicomlake.pipeline.assess import Judged, Outcome
from dicomlake.pipeline.services import Services
from dicomlake.pipeline.settle import delivery_key, insert_operations, insert_research, research_columns
from dicomlake.rows import OperationsRow, ResearchRow

_OBJECTS = "SELECT DISTINCT object FROM `lake.instances` WHERE site = @site AND delivery_key = @delivery AND object IS NOT NULL"
_STANDING = """
SELECT COUNT(*)
FROM `lake.instances` AS i
LEFT JOIN `lake.retractions` AS r
    ON i.site = r.site AND i.delivery_key = r.delivery_key AND (r.object IS NULL OR r.object = i.object)
WHERE i.site = @site AND i.object = @object AND r.site IS NULL
"""


def retract(services: Services, arrival: Arrival, code: Code) -> None:
    """Hide a whole delivery from every view of both sides and take its clean objects away."""
    table = "ops.retractions"
    values = common_columns(services, arrival) | {
        "object_key": arrival.object_key,
        "code": code,
        "decided_at": datetime.datetime.now(datetime.UTC).isoformat(),
    }
    key = row_key(services.operations(arrival.site), table, arrival.object_key, arrival.event.generation, code)
    insert_operations(services, [OperationsRow(table, key, values)])
    _hide(services, arrival, None, code)
    for name in _objects_of(services, arrival):
        _take_away(services, arrival.site, name)


def supersede(services: Services, arrival: Arrival, judged: Judged) -> None:
    """Hide what an earlier judgement of this delivery released, unless the one just settled has released the very same object."""
    found = judged.assessment
    if found.outcome is Outcome.PENDING or found.code is Code.INTERNAL_ERROR:
        return
    for name in _objects_of(services, arrival):
        if found.clean is None or name != found.clean.object_name:
            _hide(services, arrival, name, found.code)
            _take_away(services, arrival.site, name)


def _hide(services: Services, arrival: Arrival, name: str | None, code: Code | None) -> None:
    table = "lake.retractions"
    delivery = delivery_key(services, arrival)
    values = {**research_columns(services, arrival.site), "delivery_key": delivery, "object": name, "code": code}
    key = row_key(services.research(arrival.site), table, delivery, name or "")
    insert_research(services, [ResearchRow(table, key, values)])


def _objects_of(services: Services, arrival: Arrival) -> list[str]:
    params = {"site": arrival.site, "delivery": delivery_key(services, arrival)}
    _, rows = lake_query.run(services.bigquery, qualify(_OBJECTS, services.settings), params)
    return [str(row[0]) for row in rows]


def _take_away(services: Services, site: str, name: str) -> None:
    sql, params = qualify(_STANDING, services.settings), {"site": site, "object": name}
    if lake_query.run(services.bigquery, sql, params)[1][0][0] == 0:
        objects.delete(services.storage, services.settings.research_bucket, name)
