"""The effects of a judgement, in this order: clean object, research rows, clean report and its row, operations rows, quarantine, receipt
row, receipt file.

Each is idempotent and named after what it is about, so a repetition in any order leaves the same lake.
"""

import datetime
from typing import TYPE_CHECKING

from dicomlake.dicom import acquisition_facts, instance_values
from dicomlake.dose import Dose, ObjectKind, read_dose
from dicomlake.lake import load, objects, quarantine
from dicomlake.pipeline import dose as dose_rows
from dicomlake.pipeline import receipts, slices, tasks
from dicomlake.pipeline.arrival import Arrival, common_columns, content_key, row_key
from dicomlake.pipeline.assess import Assessment, Judged, Outcome
from dicomlake.pipeline.measured import measurement_rows
from dicomlake.pipeline.ocr import screen_reader
from dicomlake.pipeline.route import Kind
from dicomlake.pipeline.services import Services
from dicomlake.reports.clean import CleanFile, CleanReport
from dicomlake.reports.rows import report_values
from dicomlake.rows import OperationsRow, ResearchRow

if TYPE_CHECKING:
    from dicomlake.dicom import CleanInstance, RawInstance


def settle(services: Services, arrival: Arrival, judged: Judged) -> None:
    """Carry out a judgement. Raises TransientError; then nothing is acknowledged and all of it is done again."""
    found = judged.assessment
    dose = _dose(services, judged)
    if found.clean is not None and judged.sha256 is not None:
        new = objects.write_clean(services.storage, services.settings.research_bucket, found.clean)
        insert_research(services, _research_rows(services, arrival, judged, found.clean, dose))
        if not new:  # another delivery of the same content may have been retracted in between, and the object with it
            objects.write_clean(services.storage, services.settings.research_bucket, found.clean)
    if found.report is not None and judged.sha256 is not None:
        write_report(services, arrival, judged.turn, judged.sha256, found)
    if found.raw is not None and judged.sha256 is not None and not judged.mismatched:
        rows = dose_rows.operations_rows(services, arrival, found.raw, dose, judged.sha256)
        insert_operations(services, [_acquisition_row(services, arrival, found.raw, judged.sha256), *rows])
    if found.outcome is Outcome.QUARANTINED:
        hold(services, arrival, judged)
    record(services, arrival, judged)


def write_report(services: Services, arrival: Arrival, turn: int, sha256: str, found: Assessment) -> None:
    """The clean files of a report, then its row; the files once more where they were there already, as for instances."""
    report = found.report
    assert report is not None, "asked for a report"
    new = [_write(services, report, file) for file in report.files]
    name = report.object_name(report.files[0]) if report.files else found.clean.object_name if found.clean else None
    key = services.research(arrival.site)
    values = {
        **research_columns(services, arrival.site),
        **report_values(report),
        "object": name,
        "delivery_key": delivery_key(services, arrival, turn),
        "content_key": key.identifier("content", sha256, "C"),
    }
    table = "lake.reports"
    insert_research(services, [ResearchRow(table, row_key(key, table, values["delivery_key"], name), values)])
    if not all(new):
        for file in report.files:
            _write(services, report, file)


def _write(services: Services, report: CleanReport, file: CleanFile) -> bool:
    """Takes the clean types only; False when the file was there already."""
    bucket, name = services.settings.research_bucket, report.object_name(file)
    return objects.create(services.storage, bucket, name, file.data, file.media_type)


def released_names(found: Assessment) -> frozenset[str]:
    """Names of the objects a judgement releases."""
    names = {found.clean.object_name} if found.clean else set()
    return frozenset(
        names | ({found.report.object_name(file) for file in found.report.files} if found.report else set())
    )


def record(services: Services, arrival: Arrival, judged: Judged) -> None:
    """The last effects of a judgement: the receipt, or the note that the object waits."""
    found = judged.assessment
    insert_operations(services, [receipts.row(services, arrival, judged)])
    if found.outcome is Outcome.PENDING:
        receipts.write_pending(services, arrival, tasks.to_json(arrival))
        if found.detail == "handed_on":
            tasks.submit(services, arrival)
        elif found.detail == "waits_for_job":
            tasks.leave_to_job(services, arrival)
    else:
        receipts.write_final(services, arrival, judged)


def hold(services: Services, arrival: Arrival, judged: Judged) -> None:
    """Copy the original to quarantine with a note that says why."""
    found = judged.assessment
    assert found.code is not None, "a held object has a code"
    note = quarantine.QuarantineNote(
        site=arrival.site,
        object_key=arrival.object_key,
        generation=arrival.event.generation,
        code=found.code,
        detail=found.detail,
        kind=str(found.kind),
        status=found.status,
        bytes=arrival.event.size,
        content_key=content_key(services, arrival.site, judged.sha256),
        bucket=arrival.event.bucket,
        name=arrival.event.name,
        held_at=arrival.event.created_at.isoformat(),
        rules_version=services.profile.version,
    )
    quarantine.hold(services.storage, services.settings.quarantine_bucket, note)


def _dose(services: Services, judged: Judged) -> Dose:
    """The dose in an object that could be read; a picture is read for it only when its judgement is done."""
    found = judged.assessment
    if found.raw is None:
        return Dose(ObjectKind.NOT_DOSE)
    read_text = None if found.outcome is Outcome.PENDING else screen_reader(services.pixel_worker)
    dose = read_dose(found.raw, services.dose_rules, read_text)
    slices.measure(services.pixel_worker, found.raw, dose, services.size_rules)
    return dose


def _research_rows(
    services: Services, arrival: Arrival, judged: Judged, clean: "CleanInstance", dose: Dose
) -> list[ResearchRow]:
    key = services.research(arrival.site)
    about = {
        **research_columns(services, arrival.site),
        "delivery_key": delivery_key(services, arrival, judged.turn),
        "content_key": key.identifier("content", judged.sha256 or "", "C"),
    }
    table = "lake.instances"
    instance = ResearchRow(
        table, row_key(key, table, about["delivery_key"], clean.object_name), {**about, **instance_values(clean)}
    )
    raw = judged.assessment.raw
    rows = dose_rows.research_rows(services, arrival.site, raw, clean, dose, about) if raw is not None else []
    if judged.assessment.kind is Kind.DICOM_SR:
        rows += measurement_rows(key, clean, about)
    return [instance, *rows]


def delivery_key(services: Services, arrival: Arrival, turn: int) -> str:
    """The research side's name for what one judgement of an arrival released; joins to nothing on the operations side."""
    event = arrival.event
    return services.research(arrival.site).identifier(
        "object", f"{event.bucket}/{event.name}\x1f{event.generation}\x1f{turn}", "O"
    )


def research_columns(services: Services, site: str) -> dict[str, object]:
    """The columns that every research row carries."""
    month = datetime.datetime.now(datetime.UTC).date().replace(day=1)
    return {"site": site, "release_month": month.isoformat(), **services.versions(services.research(site))}


def _acquisition_row(services: Services, arrival: Arrival, raw: "RawInstance", sha256: str) -> OperationsRow:
    table = "ops.acquisitions"
    key = services.operations(arrival.site)
    facts = acquisition_facts(raw, services.site_rules(arrival.site).timezone)
    device = facts.pop("device")
    values = {
        **common_columns(services, arrival),
        **receipts.subject_keys(services, arrival, raw),
        **facts,
        "device_key": key.identifier("device", str(device), "D") if device else None,
        "content_key": key.identifier("content", sha256, "C"),
    }
    return OperationsRow(table, row_key(key, table, arrival.object_key, arrival.event.generation), values)


def insert_research(services: Services, rows: list[ResearchRow]) -> None:
    """Load research rows."""
    load.insert(services.bigquery, services.settings.project_research, rows)


def insert_operations(services: Services, rows: list[OperationsRow]) -> None:
    """Load operations rows."""
    load.insert(services.bigquery, services.settings.project_operations, rows)
