"""What the schedule of the operations side does, in turn. The flow of `on_operations_schedule`."""

import datetime

from dicomlake import safelog
from dicomlake.lake import objects
from dicomlake.pipeline import dose_report
from dicomlake.pipeline.dose_settling import settle_dose
from dicomlake.pipeline.services import Services
from dicomlake.pipeline.sweep import sweep

FOLDER = "dose-reports"
LANGUAGES = ("en", "es")
_FIRST_DAY = 3  # of the month after: reports of the last evening have arrived by then


def operations(services: Services) -> int:
    """Sweep, settle dose, then write the dose reports that are due; returns how many things were done."""
    today = datetime.datetime.now(datetime.UTC).date()
    return (
        sweep(services)
        + settle_dose(services)
        + sum(write_due(services, site, today) for site in services.settings.sites.values())
    )


def write_due(services: Services, site: str, today: datetime.date) -> int:
    """Write last month's reports of `site` to the state bucket, once: HTML and PDF in each language. A site without dose is asked once a day."""
    month = (today.replace(day=1) - datetime.timedelta(days=1)).replace(day=1)
    folder = f"{FOLDER}/{site}/{month:%Y-%m}"
    bucket = services.settings.state_bucket
    last = f"{folder}/dose-report-{LANGUAGES[-1]}.pdf"
    if today.day < _FIRST_DAY or objects.exists(services.storage, bucket, last):
        return 0
    if not objects.create(services.storage, bucket, f"{folder}/asked-{today}", b"", "text/plain"):
        return 0
    data = dose_report.collect(services, site, month, today)
    if not data.studies:
        return 0
    for lang in LANGUAGES:
        html, pdf = dose_report.written(services, data, lang)
        objects.create(services.storage, bucket, f"{folder}/dose-report-{lang}.html", html.encode(), "text/html")
        objects.create(services.storage, bucket, f"{folder}/dose-report-{lang}.pdf", pdf, "application/pdf")
    safelog.event("dose_report_written", count=len(data.studies))
    return 1
