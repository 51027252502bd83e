"""A clean report in, the columns of its row in `lake.reports` out. Called by `pipeline/settle.py`."""

from dicomlake.reports.clean import CleanReport


def report_values(report: CleanReport) -> dict[str, object]:
    """The columns that tell of the report itself; which object it is and how it came are the pipeline's to add."""
    text = next((report.object_name(file) for file in report.files if file.ending == ".txt"), None)
    return {
        "report_key": report.owner.report_key,
        "kind": report.kind,
        "text_object": text,
        "PatientID": report.owner.patient_key,
        "StudyInstanceUID": report.owner.study_uid,
        "accession_key": report.owner.accession_key,
        "language": report.lang,
        "text": report.text,
        "findings_count": sum(sum(layers.values()) for layers in report.findings.values()),
        "findings": {label: dict(layers) for label, layers in report.findings.items()},
        "pages": report.pages,
        "read_by": report.read,
        "left_behind": dict(report.left_behind),
    }
