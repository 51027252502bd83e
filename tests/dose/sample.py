"""Makes a sample report, as docs/dose-report-sample.pdf is one, from the hospital of `synthetic.py`, through the emulator and the views.

Run: python -m tests.dose.sample [FOLDER]
"""

import datetime
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from google.cloud import bigquery

from dicomlake.lake import schema
from dicomlake.pipeline import dose_report
from dicomlake.pipeline.dose_settling import settle_dose
from dicomlake.pipeline.services import Services
from dicomlake.settings import Settings
from localemu.bigquery import bigquery_app
from localemu.bigquery.objects import NoObjects
from tests.dose.synthetic import LAST_MONTH, SITE, Row, hospital
from tests.lake.serving import served

AS_OF = datetime.date(2026, 11, 2)


@contextmanager
def filled(tables: dict[str, list[Row]]) -> Iterator[Services]:
    """Services whose BigQuery is an emulator that holds `tables`."""
    with tempfile.TemporaryDirectory() as name, served(bigquery_app(Path(name), NoObjects())) as url:
        os.environ["BIGQUERY_EMULATOR_HOST"] = url
        services = Services(Settings(emulated=True))
        schema.apply(services.bigquery, services.settings)
        for table, rows in tables.items():
            _insert(services.bigquery, table, rows)
        settle_dose(services)
        yield services


def _insert(client: bigquery.Client, table: str, rows: list[Row]) -> None:
    for start in range(0, len(rows), 5000):
        part = [{name: value for name, value in row.items() if value is not None} for row in rows[start : start + 5000]]
        assert client.insert_rows_json(f"local.{table}", part, row_ids=[None] * len(part)) == []


def main() -> None:
    """Write the pages."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path()
    with filled(hospital()) as services:
        data = dose_report.collect(services, SITE, LAST_MONTH, AS_OF)
        for lang in ("en", "es"):
            html, pdf = dose_report.written(services, data, lang)
            (folder / f"dose-report-{lang}.html").write_text(html, "utf-8")
            (folder / f"dose-report-{lang}.pdf").write_bytes(pdf)
            print(f"{lang}: {len(data.studies)} studies, {len(html) / 1e3:.0f} kB HTML, {len(pdf) / 1e3:.0f} kB PDF")


if __name__ == "__main__":
    main()
