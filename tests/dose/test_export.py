"""Exports are read back with their own libraries: nothing changes, and no text becomes a formula."""

import csv
import datetime
import io
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest

from dicomlake.dose import dose_bank, fhir
from dicomlake.dose.export import to_csv, to_parquet, to_xlsx

COLUMNS = ["protocol", "dlp", "day", "list", "nothing"]
EVIL = ["=cmd|' /C calc'!A0", "+1+1", "-2", "@SUM(A1)", "\t=1", "\r=1"]
ROWS = [
    ('TAP; "quoted", Cráneo', 12.5, datetime.date(2026, 3, 2), ["a", "b"], None),
    *((text, -3.0, None, [], None) for text in EVIL),
]


def test_csv_keeps_values_and_disarms_formulas() -> None:
    content = to_csv(COLUMNS, ROWS)
    assert content.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert read[0] == COLUMNS
    assert read[1] == ['TAP; "quoted", Cráneo', "12.5", "2026-03-02", "a | b", ""]
    assert [row[0] for row in read[2:]] == ["'" + text for text in EVIL]
    assert [row[1] for row in read[2:]] == ["-3.0"] * len(EVIL), "numbers stay numbers"


def test_xlsx_keeps_types_and_disarms_formulas() -> None:
    page = openpyxl.load_workbook(io.BytesIO(to_xlsx(COLUMNS, ROWS))).active
    assert page is not None
    assert [cell.value for cell in page[1]] == COLUMNS
    assert page["B2"].value == 12.5
    assert page["C2"].value == datetime.datetime(2026, 3, 2)
    assert [page.cell(place, 1).data_type for place in range(2, 2 + len(ROWS))] == ["s"] * len(ROWS)
    assert page["A3"].value == EVIL[0]


def test_parquet_keeps_types_and_lists() -> None:
    table = pq.read_table(io.BytesIO(to_parquet(COLUMNS, ROWS)))
    assert table.column_names == COLUMNS
    assert table.to_pylist()[0] == dict(zip(COLUMNS, ROWS[0], strict=True))
    assert str(table.schema.field("day").type) == "date32[day]"


@pytest.mark.parametrize("write", [to_csv, to_xlsx, to_parquet])
def test_a_month_without_rows_is_a_file_with_a_head(write: object) -> None:
    assert write(COLUMNS, [])  # type: ignore[operator]


SCAN = {
    "study_key": "S1", "StudyDate": datetime.date(2026, 3, 2), "total_dlp_mGycm": 650.0, "n_events": 3, "protocol": "TAP", "ctdivol_mGy": 9.0,
    "phantom_cm": 32, "pitch": 0.9, "exposure_time_s": 4.2, "total_collimation_mm": 38.4, "scanning_length_mm": 687.0,
    "acq_type": "Spiral Acquisition", "ssde_mGy": None, "ssde_stated_mGy": 11.0,
}  # fmt: skip


def test_the_dose_bank_gets_its_units() -> None:
    columns, rows = dose_bank.ct_rows([SCAN])
    row = dict(zip(columns, rows[0], strict=True))
    assert (row["dlp_total_mGycm"], row["ctdivol_phantom"], row["ssde_mGy"]) == (650.0, "32 cm", 11.0)
    assert (row["exposure_time_ms"], row["beam_width_cm"], row["scan_length_cm"]) == (4200, 3.84, 68.7)
    assert (row["axial_or_helical"], row["required_missing"]) == ("helical", "")


def test_the_dose_bank_says_what_required_fields_lack() -> None:
    columns, rows = dose_bank.ct_rows(
        [{**SCAN, "pitch": None, "phantom_cm": None}, {**SCAN, "pitch": None, "acq_type": "Sequenced Acquisition"}]
    )
    assert [row[columns.index("required_missing")] for row in rows] == ["ctdivol_phantom, pitch", ""]


def test_the_dose_bank_has_every_required_field_of_the_annex() -> None:
    path = (
        Path(__file__).resolve().parents[2].parent
        / "shared"
        / "data"
        / "dose"
        / "tables"
        / "spain_dose_bank_fields.csv"
    )
    if not path.is_file():
        pytest.skip("the table of the annex is not beside this checkout")
    with path.open(encoding="utf-8", newline="") as file:
        required = {row["field"] for row in csv.DictReader(file) if row["modality"] == "ct" and row["required"] == "R"}
    assert required <= set(dose_bank.ct_rows([])[0])


EXAM = {
    "study_key": "2.25.1201", "patient_key": "P1XYZ", "device_key": "D1", "modality": "CT", "StudyDate": datetime.date(2026, 3, 2),
    "started_local": datetime.datetime(2026, 3, 2, 8, 5), "total_dlp_mGycm": 650.0,
}  # fmt: skip
EVENT = {
    "study_key": "2.25.1201",
    "event_key": "2.25.1301",
    "ctdivol_mGy": 9.0,
    "dlp_mGycm": 645.0,
    "phantom_cm": 32,
    "target_region_code": "51185008",
    "target_region": "Chest",
    "started_local": datetime.datetime(2026, 3, 2, 8, 5),
}


def test_a_bundle_follows_the_profile() -> None:
    """Cardinalities and fixed values of radiation-dose-summary 1.0.0, read from its definition."""
    made = fhir.bundle([EXAM], [EVENT], "Europe/Madrid")
    assert (made["resourceType"], made["type"]) == ("Bundle", "collection")
    summary, event = (entry["resource"] for entry in made["entry"])  # type: ignore[attr-defined]
    for resource in (summary, event):
        assert resource["resourceType"] == "Observation" and resource["status"] == "final"
        assert resource["effectiveDateTime"] == "2026-03-02T08:05:00+01:00"
        assert resource["subject"]["type"] == "Patient"
        assert (
            resource["partOf"][0]["type"] == "ImagingStudy"
            and resource["partOf"][0]["identifier"]["system"] == "urn:dicom:uid"
            and resource["partOf"][0]["identifier"]["value"] == "urn:oid:2.25.1201"
        )
        assert resource["meta"]["security"][0]["code"] == "PSEUDED"
    assert summary["code"]["coding"][0] == {"system": "http://loinc.org", "code": "73569-6"}
    assert summary["focus"] == summary["partOf"] and len(summary["performer"]) == 1
    assert summary["valueString"] == "CT Dose Length Product Total: 650 mGy.cm"
    assert "dataAbsentReason" not in summary and "specimen" not in summary
    codes = {part["code"]["coding"][0]["code"]: part for part in summary["component"]}
    assert codes["121058"]["valueCodeableConcept"]["coding"][0]["code"] == "77477000"
    assert codes["113813"]["valueQuantity"] == {
        "value": 650,
        "unit": "mGy.cm",
        "system": "http://unitsofmeasure.org",
        "code": "mGy.cm",
    }
    assert summary["hasMember"] == [{"reference": f"Observation/{event['id']}"}]
    assert event["code"]["coding"][0]["code"] == "113852" and "valueString" not in event
    assert event["bodySite"]["coding"][0]["code"] == "51185008"
    assert {part["code"]["coding"][0]["code"] for part in event["component"]} == {"113830", "113838", "113835"}
    assert event["component"][2]["valueCodeableConcept"]["coding"][0]["code"] == "113691"


def test_an_event_without_a_uid_is_identified_by_its_key_alone() -> None:
    """A digest is no DICOM UID, and a code is no name of a region."""
    event = {**EVENT, "event_key": "E7KEY", "target_region": None}
    made = fhir.bundle([EXAM], [event], "")["entry"][1]["resource"]  # type: ignore[index]
    (identifier,) = made["identifier"]
    assert identifier["value"] == "E7KEY" and "system" not in identifier
    assert made["bodySite"]["coding"] == [{"system": "http://snomed.info/sct", "code": "51185008"}]


def test_units_of_fluoroscopy_are_those_of_the_profile() -> None:
    exam = {
        **EXAM,
        "modality": "RF",
        "total_dlp_mGycm": None,
        "total_dap_Gym2": 0.0026,
        "total_rp_dose_Gy": 0.42,
        "started_local": None,
    }
    summary = fhir.bundle([exam], [], "")["entry"][0]["resource"]  # type: ignore[index]
    values = {
        part["code"]["coding"][0]["code"]: part["valueQuantity"]
        for part in summary["component"]
        if "valueQuantity" in part
    }
    # 0.0026 Gy.m2 = 26 Gy.cm2 = 26,000 mGy.cm2.
    assert (values["113722"]["value"], values["113722"]["unit"]) == (26000, "mGy.cm2")
    assert (values["113725"]["value"], values["113725"]["unit"]) == (420, "mGy")
    assert summary["effectiveDateTime"] == "2026-03-02", "no time without an offset"


def test_a_study_without_dose_is_no_resource() -> None:
    assert "entry" not in fhir.bundle([{**EXAM, "total_dlp_mGycm": None}], [EVENT], "")
