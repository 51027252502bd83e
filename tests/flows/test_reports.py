"""Reports arrive beside their study; clean and translated copies and rows come out, whatever the order, and nobody's name with them."""

import io

import pydicom
import pypdf
import pytest

from tests.dicom.builders import instance
from tests.flows.conftest import SITE, Platform
from tests.reports import makers
from tests.reports.structured import structured_report

pytestmark = pytest.mark.flow

HEADER = {
    "PatientName": "Okafor Leclerc^Miriam",
    "PatientID": makers.PATIENT_ID,
    "AccessionNumber": makers.ACCESSION,
    "PatientBirthDate": "19610314",
    "ReferringPhysicianName": "Brandstetter^Ulrike",
    "InstitutionName": makers.CLINIC,
}


def test_reports_of_a_study_come_out_clean_and_translated(platform: Platform) -> None:
    batch = "20261121-100000-aaaa"
    earlier = {row["row_key"] for row in platform.rows("SELECT row_key FROM `research.reports`")}  # of other tests
    platform.put(f"{batch}/reports/report.pdf", makers.pdf())  # before the study it belongs to
    platform.put(f"{batch}/reports/scan.pdf", makers.scan(makers.pdf()))
    platform.put(f"{batch}/reports/note.txt", makers.TEXT.encode("latin-1"))
    platform.put(f"{batch}/message", makers.hl7())
    platform.put(f"{batch}/images/1.dcm", instance(**HEADER))
    platform.put(f"{batch}/images/sr.dcm", structured_report(**HEADER))
    platform.wait_idle()
    outcomes = {path: (row["outcome"], row["code"]) for path, row in platform.receipts(batch).items()}
    assert set(outcomes.values()) == {("released", None)} and len(outcomes) == 6
    rows = platform.rows("SELECT * FROM `research.reports` WHERE site = 'clinic-a'")
    images = platform.rows(
        "SELECT StudyInstanceUID, PatientID FROM `research.instances` WHERE Modality = 'CT' AND site = 'clinic-a'"
    )
    mine = [
        row
        for row in rows
        if row["PatientID"] in {image["PatientID"] for image in images} and row["row_key"] not in earlier
    ]
    assert {row["StudyInstanceUID"] for row in mine} <= {image["StudyInstanceUID"] for image in images}
    kinds = ("dicom_sr", "hl7", "pdf", "pdf", "text")
    due = sorted((kind, language) for kind in kinds for language in ("", "es"))
    assert sorted((row["kind"], row["target_language"] or "") for row in mine) == due, platform.faults()
    bucket = platform.services.storage.bucket(platform.services.settings.research_bucket)
    for row in mine:
        data = bucket.blob(row["object"]).download_as_bytes()
        shown = _shown(row["object"], data) + (row["translation"] or row["text"])
        assert [text for text in makers.IDENTIFYING if text.lower() in shown.lower()] == []
        if row["target_language"]:
            assert row["engine"].startswith("apertium")
            assert "Machine translation" in shown and "nódulo" in shown.lower() and "12 mm" in shown
    assert _dates(platform, mine) == 1
    patients = {image["PatientID"] for image in images}
    numbers = platform.rows("SELECT * FROM `research.measurements` WHERE site = 'clinic-a'")
    ((length, unit, value),) = {
        (row["concept_meaning"], row["unit_code"], row["value"]) for row in numbers if row["PatientID"] in patients
    }
    assert (length, unit, value) == ("Length", "mm", 12.5)


def _shown(name: str, data: bytes) -> str:
    if name.endswith(".pdf"):
        return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)
    if name.endswith(".dcm"):
        return str(pydicom.dcmread(io.BytesIO(data)))
    return data.decode()


def _dates(platform: Platform, rows: list[dict[str, object]]) -> int:
    """How many different dates the texts give the one examination: all moved by the shift of the patient."""
    texts = [str(row["text"]) for row in rows if row["kind"] in ("pdf", "text") and not row["target_language"]]
    return len({line for text in texts for line in text.split("\n") if line.startswith("Study date")})


def test_a_report_waits_for_its_study_and_is_released_when_it_comes(platform: Platform) -> None:
    batch = "20261121-100000-bbbb"
    header = HEADER | {"AccessionNumber": "ACC-880011", "PatientID": "MRN-77120"}
    platform.put(f"{batch}/late.txt", b"Accession: ACC-880011\nSeen by Dr. Brandstetter. Findings: normal.")
    platform.wait_idle()
    assert platform.receipts(batch) == {}
    assert [
        row["outcome"]
        for row in platform.rows(f"SELECT outcome FROM `clinic.receipts` WHERE batch = '{batch}' AND site = '{SITE}'")
    ] == ["pending"]
    platform.put(
        "20261121-100000-cccc/1.dcm", instance(patient=5, **header)
    )  # in another batch, by its accession number
    platform.wait_idle()
    assert {path: row["outcome"] for path, row in platform.receipts(batch).items()} == {"late.txt": "released"}
