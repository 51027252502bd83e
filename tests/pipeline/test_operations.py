"""The schedule writes last month's dose reports, once; exports hold what the views hold."""

import datetime
import io
import json

import openpyxl
import pyarrow.parquet as pq
import pytest

from dicomlake.cli.physics import KINDS
from dicomlake.errors import ConfigError
from dicomlake.pipeline import dose_export, dose_report
from dicomlake.pipeline.operations import write_due
from tests.dose.synthetic import LAST_MONTH, SITE, hospital
from tests.pipeline.conftest import GATED_SITE, Platform

THIRD = datetime.date(2026, 11, 3)


@pytest.fixture(scope="module")
def _rows() -> dict[str, list[dict[str, object]]]:
    return hospital(months=1, scale=0.04)


@pytest.fixture
def filled(platform: Platform, _rows: dict[str, list[dict[str, object]]]) -> Platform:
    """The platform with a small hospital's month; a row that is there already is the same row."""
    for table, rows in _rows.items():
        kept = [{name: value for name, value in row.items() if value is not None} for row in rows]
        assert (
            platform.services.bigquery.insert_rows_json(
                f"local.{table}", kept, row_ids=[str(r["row_key"]) for r in rows]
            )
            == []
        )
    return platform


def test_last_months_reports_are_written_once(filled: Platform) -> None:
    assert write_due(filled.services, SITE, datetime.date(2026, 11, 2)) == 0, "too early in the month"
    assert write_due(filled.services, SITE, THIRD) == 1
    folder = f"dose-reports/{SITE}/2026-10"
    written = {f"{folder}/dose-report-{lang}.{kind}" for lang in ("en", "es") for kind in ("html", "pdf")}
    assert set(filled.state("dose-reports/")) == written | {f"{folder}/asked-2026-11-03"}
    assert write_due(filled.services, SITE, THIRD + datetime.timedelta(days=1)) == 0


def test_a_site_without_dose_is_asked_once_a_day_and_gets_no_report(platform: Platform) -> None:
    assert [write_due(platform.services, GATED_SITE, THIRD) for _ in range(2)] == [0, 0]
    assert platform.state("dose-reports/") == [f"dose-reports/{GATED_SITE}/2026-10/asked-2026-11-03"]


def test_exports_hold_what_the_views_hold(filled: Platform) -> None:
    made = {kind: dose_export.export(filled.services, SITE, LAST_MONTH, kind, "xlsx") for kind in KINDS}
    counts = {kind: count for kind, (_content, count) in made.items()}
    within = f"site = '{SITE}' AND DATE_TRUNC(StudyDate, MONTH) = '{LAST_MONTH}'"  # other tests fill this platform too
    studies = filled.rows(f"SELECT modality, COUNT(*) AS n FROM `physics.dose_exams` WHERE {within} GROUP BY modality")
    by_modality = {row["modality"]: row["n"] for row in studies}
    assert counts["studies"] == sum(by_modality.values()) > 20
    assert counts["dose-bank-mg"] == by_modality["MG"]
    assert counts["dose-bank-ct"] == counts["ct-events"] == by_modality["CT"], "one scan each; localisers are left out"
    page = openpyxl.load_workbook(io.BytesIO(made["studies"][0])).active
    assert page is not None and page.max_row == counts["studies"] + 1
    resources = json.loads(made["fhir"][0])["entry"]
    assert len(resources) == counts["fhir"] > counts["studies"]
    content, count = dose_export.export(filled.services, SITE, LAST_MONTH, "ct-events", "parquet")
    assert pq.read_table(io.BytesIO(content)).num_rows == count


@pytest.mark.parametrize("text", ["2026", "2026-13", "2026-1", "10-2026", "2026-10-01"])
def test_a_month_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="YYYY-MM"):
        dose_report.month_of(text)
