"""What the views of dose decided is kept, so that they need not decide it again. Called by the operations schedule.

`physics.dose_unsettled` names the studies of which something came, was hidden or is decided otherwise since; the rows that `settling_*` work
out for them replace those of their groups in `ops.settled_*`. Each table changes in one statement, so that nobody ever sees half of it;
between the two, and whenever a run fails, the view still names those studies and the views of dose work them out themselves. Doing it twice,
or two at once, or never, gives the same views.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from dicomlake import safelog
from dicomlake.lake import query
from dicomlake.lake.clients import QUERY_TIMEOUT_S
from dicomlake.lake.definitions import qualify, tables, views

if TYPE_CHECKING:
    from dicomlake.pipeline.services import Services

LEAST = 500  # fewer the views work out in no time, and a statement that settles reads the whole log
PORTION = 50_000  # studies that one statement settles, well within the time of a statement
MOST_PORTIONS = 40  # of one run of the schedule; the next goes on
_TABLES = {"ops.settled_dose_events": "settling_estimates", "ops.settled_dose_studies": "settling_studies"}
_UNSETTLED = """
SELECT site, study_group, studies
FROM `physics.dose_unsettled`
ORDER BY site, study_group
"""
_REPLACE = """
MERGE `{table}` AS settled
USING (
    WITH settling_chosen AS (
        SELECT * FROM `physics.dose_unsettled` WHERE CONCAT(site, '/', study_group) IN UNNEST(@groups)
    ),
    {steps}
    SELECT * FROM {view}
) AS fresh
ON FALSE
WHEN NOT MATCHED BY TARGET THEN
    INSERT ({columns}, settled_at) VALUES ({columns}, CURRENT_TIMESTAMP())
WHEN NOT MATCHED BY SOURCE AND CONCAT(settled.site, '/', settled.study_group) IN UNNEST(@groups) THEN
    DELETE
"""


def settle_dose(services: "Services", least: int = LEAST, most: int = MOST_PORTIONS) -> int:
    """Settle the dose of studies that wait for it once there are `least`, at most `most` portions; returns how many. Raises TransientError."""
    _, rows = query.run(services.bigquery, qualify(_UNSETTLED, services.settings))
    groups = [(f"{site}/{group}", int(str(count))) for site, group, count in rows]
    if sum(count for _, count in groups) < least:
        return 0
    settled = 0
    for number, portion in enumerate(_portions(groups)):
        if number == most:
            break
        for table in _TABLES:
            sql = qualify(_statement(table), services.settings)
            params = {"groups": [name for name, _ in portion]}
            query.run(services.bigquery, sql, params, answer_s=QUERY_TIMEOUT_S)
        settled += sum(count for _, count in portion)
    if settled:
        safelog.event("dose_settled", count=settled)
    return settled


def _portions(groups: Sequence[tuple[str, int]]) -> Iterator[list[tuple[str, int]]]:
    portion: list[tuple[str, int]] = []
    for group in groups:
        portion.append(group)
        if sum(count for _, count in portion) >= PORTION:
            yield portion
            portion = []
    if portion:
        yield portion


def _statement(table: str) -> str:
    """The views of `settling_*` that a table needs, written out as steps, so that only the chosen studies are worked out."""
    steps = {view.name: view.sql for view in views() if view.name.startswith("physics.settling_")}
    texts: list[str] = []
    for name in _needed(f"physics.{_TABLES[table]}", steps):
        text = steps[name].replace("`physics.dose_unsettled`", "settling_chosen")
        for other in steps:
            text = text.replace(f"`{other}`", other.partition(".")[2])
        texts.append(f"{name.partition('.')[2]} AS (\n{text}\n)")
    columns = ", ".join(name for name in tables()[table].columns if name != "settled_at")
    return _REPLACE.format(table=table, view=_TABLES[table], steps=",\n".join(texts), columns=columns)


def _needed(name: str, steps: Mapping[str, str]) -> list[str]:
    """A step and all it reads, each after what it reads itself."""
    below = [other for other in steps if f"`{other}`" in steps[name]]
    return list(dict.fromkeys([*(step for other in below for step in _needed(other, steps)), name]))
