"""One site and month in, the hospital's dose report out. Called by `dicomlake dose-report` and by the operations schedule.

Reads the views of `physics` only: operations pseudonyms, true dates, no identity. What a report says is made in `dose/monthly`.
"""

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dicomlake import __version__
from dicomlake.dose.monthly import ReportData, build, to_html, to_pdf
from dicomlake.dose.monthly.data import Alert, Cumulative, Device, SoftwareChange, Study, TrendPoint
from dicomlake.dose.monthly.speech import Speech
from dicomlake.errors import ConfigError
from dicomlake.lake import query
from dicomlake.lake.definitions import qualify
from dicomlake.rules.dosimetry import load_size_specific
from dicomlake.rules.effective import load_effective
from dicomlake.rules.exams import load_reference

if TYPE_CHECKING:
    from dicomlake.pipeline.services import Services

Row = Mapping[str, object]
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_VALUES = {
    "dlp": "total_dlp_mGycm",
    "ctdivol": "ctdivol_mGy",
    "dap": "total_dap_Gym2",
    "rp": "total_rp_dose_Gy",
    "agd": "agd_mGy",
    "activity": "activity_MBq",
}
_STUDIES = """
SELECT *
FROM `physics.dose_studies`
WHERE site = @site AND StudyDate >= @first AND StudyDate < @next
ORDER BY StudyDate, study_key
"""
_BEFORE = (
    "SELECT COUNT(*) AS n FROM `physics.dose_exams` WHERE site = @site AND StudyDate >= @before AND StudyDate < @first"
)
_MONTHS = """
SELECT DATE_TRUNC(StudyDate, MONTH) AS month
FROM `physics.dose_exams`
WHERE site = @site AND StudyDate IS NOT NULL
GROUP BY month
ORDER BY month DESC
LIMIT 6
"""
_DEVICES = """
SELECT
    device_key, modality, Manufacturer, ManufacturerModelName,
    studies_with_dose, studies_with_report, ct_image_studies, ct_image_studies_with_report
FROM `physics.dose_coverage`
WHERE site = @site AND month = @first
ORDER BY device_key, modality
"""
_TREND = """
WITH adults AS (
    SELECT
        exam,
        DATE_TRUNC(StudyDate, MONTH) AS month,
        PERCENTILE_CONT(total_dlp_mGycm, 0.25) OVER (PARTITION BY exam, DATE_TRUNC(StudyDate, MONTH)) AS q1,
        PERCENTILE_CONT(total_dlp_mGycm, 0.5) OVER (PARTITION BY exam, DATE_TRUNC(StudyDate, MONTH)) AS median,
        PERCENTILE_CONT(total_dlp_mGycm, 0.75) OVER (PARTITION BY exam, DATE_TRUNC(StudyDate, MONTH)) AS q3
    FROM `physics.dose_exams`
    WHERE
        site = @site AND StudyDate >= @year AND StudyDate < @next
        AND modality = 'CT' AND exam IS NOT NULL AND age_group = 'adult' AND total_dlp_mGycm IS NOT NULL
)

SELECT exam, month, COUNT(*) AS n, MIN(q1) AS q1, MIN(median) AS median, MIN(q3) AS q3
FROM adults
GROUP BY exam, month
ORDER BY exam, month
"""
_CHANGES = """
SELECT device_key, software, first_study
FROM `physics.dose_software`
WHERE site = @site AND changed AND first_study >= @year AND first_study < @next
ORDER BY first_study, device_key, software
"""
_ALERTS = """
SELECT study_key, alert, severity, value, above
FROM `physics.dose_alerts`
WHERE site = @site AND StudyDate >= @first AND StudyDate < @next
ORDER BY study_key, alert
"""
_PATIENTS = """
SELECT patients.*
FROM `physics.dose_patients` AS patients
INNER JOIN (
    SELECT DISTINCT patient_key
    FROM `physics.dose_exams`
    WHERE site = @site AND StudyDate >= @first AND StudyDate < @next AND modality IN ('CT', 'NM')
) AS seen
    ON patients.patient_key = seen.patient_key
WHERE patients.site = @site
"""
_REJECTED = """
SELECT why, COUNT(*) AS n
FROM `physics.dose_rejected`
WHERE site = @site AND DATE(received_at) >= @first AND DATE(received_at) < @next
GROUP BY why
"""


def month_of(text: str) -> datetime.date:
    """The first day of a month written YYYY-MM. Raises ConfigError."""
    found = _MONTH.fullmatch(text)
    if not found:
        raise ConfigError("name the month as YYYY-MM, for example 2026-03")
    return datetime.date(int(found[1]), int(found[2]), 1)


def written(services: "Services", data: ReportData, lang: str) -> tuple[str, bytes]:
    """The report of `data` as HTML and PDF in `lang`, en or es."""
    document = build(data, Speech.of(lang, services.rules_root))
    return to_html(document), to_pdf(document)


def collect(services: "Services", site: str, month: datetime.date, as_of: datetime.date) -> ReportData:
    """Ask the views for all that a report of `site` shows of `month` (its first day)."""
    span = _span(month)

    def ask(sql: str) -> list[Row]:
        names = sorted(set(re.findall(r"@(\w+)", sql)))
        params = {name: site if name == "site" else span[name] for name in names}
        columns, rows = query.run(services.bigquery, qualify(sql, services.settings), params)
        return [dict(zip(columns, row, strict=True)) for row in rows]

    before, studies = ask(_BEFORE)[0]["n"], tuple(map(_study, ask(_STUDIES)))
    return ReportData(
        site=site,
        month=month,
        as_of=as_of,
        version=__version__,
        reference=load_reference(services.rules_root),
        effective=load_effective(services.rules_root),
        size=load_size_specific(services.rules_root),
        studies=studies,
        others=() if studies else tuple(row["month"] for row in ask(_MONTHS)),  # type: ignore[misc]  # a DATE column
        before=before if isinstance(before, int) and before else None,
        devices=tuple(map(_device, ask(_DEVICES))),
        trend=tuple(TrendPoint(**row) for row in ask(_TREND)),  # type: ignore[arg-type]  # columns of the query above
        changes=tuple(SoftwareChange(**row) for row in ask(_CHANGES)),  # type: ignore[arg-type]  # likewise
        alerts=tuple(Alert(**row) for row in ask(_ALERTS)),  # type: ignore[arg-type]  # likewise
        cumulative=_cumulative(ask(_PATIENTS)),
        rejected={str(row["why"]): int(str(row["n"])) for row in ask(_REJECTED)},
    )


def _span(month: datetime.date) -> dict[str, datetime.date]:
    following = (month + datetime.timedelta(days=32)).replace(day=1)
    before = (month - datetime.timedelta(days=1)).replace(day=1)
    return {"first": month, "next": following, "before": before, "year": month.replace(year=month.year - 1)}


def _study(row: Row) -> Study:
    values = {name: float(str(row[column])) for name, column in _VALUES.items() if row[column] is not None}
    return Study(
        study_key=str(row["study_key"]),
        patient_key=_text(row["patient_key"]),
        device_key=_text(row["device_key"]),
        modality=str(row["modality"]),
        protocol=_text(row["protocol"]) or _text(row["StudyDescription"]),
        exam=_text(row["exam"]),
        age_group=_text(row["age_group"]),
        date=row["StudyDate"],  # type: ignore[arg-type]  # a DATE column, not NULL by the query's condition
        started=row["started_local"],  # type: ignore[arg-type]  # a DATETIME column
        values=values,
        effective_mSv=row["effective_mSv"],  # type: ignore[arg-type]  # a FLOAT64 column
        effective_method=_text(row["method"]),
        doubtful=any(not str(doubt).endswith(":assumed_unit") for doubt in row["doubts"] or ()),  # type: ignore[attr-defined]  # an ARRAY
    )


def _device(row: Row) -> Device:
    made = " ".join(str(row[name]) for name in ("Manufacturer", "ManufacturerModelName") if row[name])
    key = _text(row["device_key"]) or ""
    label = f"{made or '?'} · {key[:6]}" if key else made or "?"
    names = ("studies_with_dose", "ct_image_studies", "ct_image_studies_with_report", "studies_with_report")
    counts = [int(str(row[name])) for name in names]
    return Device(key, label, str(row["modality"]), *counts)


def _cumulative(rows: Sequence[Row]) -> tuple[Cumulative, ...]:
    made = []
    for window, column, lacking in (
        ("one_year", "effective_1_year_mSv", "year_without"),
        ("five_years", "effective_5_years_mSv", "five_years_without"),
        ("life", "effective_life_mSv", "life_without"),
    ):
        sums = [float(str(row[column])) for row in rows if row[column] is not None]
        incomplete = sum(bool(row[lacking]) for row in rows)
        made.append(Cumulative(window, len(rows), sum(s > 50 for s in sums), sum(s > 100 for s in sums), incomplete))
    return tuple(made)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
