"""A judged object in, its dose rows for both sides out. Called by `settle.py`.

Operations rows are read from the original: the hospital's dose doesn't wait for research. Research rows are read from the clean copy, so that
times are shifted, UIDs mapped and texts cleaned by the one rule; what was read in a picture comes from the original, as numbers only.
"""

from dicomlake.dicom import CleanInstance, RawInstance, acquisition_facts, read_raw
from dicomlake.dicom.known import fold, known_values
from dicomlake.dose import (
    CleanDoseRow,
    Dose,
    ObjectKind,
    Side,
    clean_rows,
    read_dose,
    same_size,
    seen_before,
    whole_years,
)
from dicomlake.pipeline import receipts
from dicomlake.pipeline.arrival import Arrival, common_columns, row_key
from dicomlake.pipeline.services import Services
from dicomlake.rows import OperationsRow, ResearchRow
from dicomlake.rules import Action

_PATIENT_AGE = 0x00101010


def operations_rows(
    services: Services, arrival: Arrival, raw: RawInstance, dose: Dose, sha256: str
) -> list[OperationsRow]:
    """True times and numbers under the site's operations pseudonyms."""
    if dose.kind is ObjectKind.NOT_DOSE:
        return []
    key = services.operations(arrival.site)
    known = known_values(raw)
    side = Side(
        key=key,
        mapped=False,
        utc=True,
        zone=services.site_rules(arrival.site).timezone,
        may_stay=lambda text: not known.found_in(fold(text)),
        age=whole_years(raw),
    )
    device = acquisition_facts(raw)["device"]
    about = {
        **common_columns(services, arrival),
        **receipts.subject_keys(services, arrival, raw),
        "device_key": key.identifier("device", str(device), "D") if device else None,
        "content_key": key.identifier("content", sha256, "C"),
    }
    made = []
    for row in clean_rows(dose, raw, side):
        table = f"ops.{row.table}"
        parts = (arrival.object_key, arrival.event.generation, row.part)
        made.append(OperationsRow(table, row_key(key, table, *parts), {**row.values, **about}))
    return made


def research_rows(
    services: Services, site: str, raw: RawInstance, clean: CleanInstance, dose: Dose, about: dict[str, object]
) -> list[ResearchRow]:
    """What the clean copy says; `about` are the columns of its row in `lake.instances` that tell of the delivery."""
    if dose.kind is ObjectKind.NOT_DOSE:
        return []
    copy = read_raw(clean.to_bytes())
    key, known = services.research(site), known_values(raw)
    keeps_age = services.tools(site).profile.rule_for(_PATIENT_AGE, "AS").action is Action.K
    side = Side(
        key=key,
        mapped=True,
        utc=False,
        zone=None,
        may_stay=lambda text: not known.found_in(fold(text)),
        age=whole_years(raw) if keeps_age else None,
    )
    rows = clean_rows(_as_released(services, copy, dose), copy, side)
    subject = {
        "object": clean.object_name,
        "PatientID": clean.patient_key,
        "StudyInstanceUID": clean.study_uid,
        "SeriesInstanceUID": clean.series_uid,
        "SOPInstanceUID": clean.sop_uid,
    }
    return [_research_row(services, site, row, {**about, **subject}) for row in rows]


def _as_released(services: Services, copy: RawInstance, dose: Dose) -> Dose:
    if dose.kind is not ObjectKind.SCREEN:
        return same_size(dose, read_dose(copy, services.dose_rules))
    return seen_before(dose, copy)


def _research_row(services: Services, site: str, row: CleanDoseRow, about: dict[str, object]) -> ResearchRow:
    table, key = f"lake.{row.table}", services.research(site)
    return ResearchRow(
        table, row_key(key, table, about["delivery_key"], about["object"], row.part), {**row.values, **about}
    )
