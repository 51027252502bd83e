"""One site and month in, a file of dose out: studies or events as CSV, XLSX or Parquet, Spanish dose bank fields, FHIR bundle.

Called by `dicomlake dose-export`. Reads the views of `physics` only: operations pseudonyms, no identity.
"""

import datetime
import json
from typing import TYPE_CHECKING

from dicomlake.dose import dose_bank, fhir
from dicomlake.dose.export import FORMATS
from dicomlake.lake import query
from dicomlake.lake.definitions import qualify

if TYPE_CHECKING:
    from dicomlake.pipeline.services import Services

_EXAMS = """
SELECT * FROM `physics.dose_exams`
WHERE site = @site AND StudyDate >= @first AND StudyDate < @next
ORDER BY StudyDate, study_key
"""
_QUERIES = {
    "studies": _EXAMS,
    "ct-events": _EXAMS.replace("dose_exams", "ct_survey").replace("study_key", "study_key, event_index, event_key"),
    "irradiations": _EXAMS.replace("dose_exams", "dose_ct_events").replace(
        "study_key", "study_key, event_index, event_key"
    ),
}


def export(services: "Services", site: str, month: datetime.date, kind: str, form: str) -> tuple[bytes, int]:
    """The file and how many rows or resources it holds; `form` (csv, xlsx, parquet) counts for tables only. Raises TransientError."""

    def ask(name: str) -> tuple[list[str], list[tuple[object, ...]]]:
        following = (month + datetime.timedelta(days=32)).replace(day=1)
        params = {"site": site, "first": month, "next": following}
        return query.run(services.bigquery, qualify(_QUERIES[name], services.settings), params)

    def asked(name: str) -> list[dict[str, object]]:
        columns, rows = ask(name)
        return [dict(zip(columns, row, strict=True)) for row in rows]

    if kind == "fhir":
        made = fhir.bundle(asked("studies"), asked("irradiations"), services.site_rules(site).timezone)
        entries = made.get("entry", [])
        assert isinstance(entries, list)
        return json.dumps(made, ensure_ascii=False, indent=1).encode(), len(entries)
    if kind == "dose-bank-ct":
        columns, table = dose_bank.ct_rows(asked("ct-events"))
        return FORMATS[form](columns, table), len(table)
    if kind == "dose-bank-mg":
        columns, table = dose_bank.mammography_rows([row for row in asked("studies") if row["modality"] == "MG"])
        return FORMATS[form](columns, table), len(table)
    columns, rows = ask(kind)
    return FORMATS[form](columns, rows), len(rows)
