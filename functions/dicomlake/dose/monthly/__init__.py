"""The hospital's monthly dose report: settled rows in, one self-contained HTML page and one PDF out.

`data.py` says what a report is made of, `content.py` turns it into blocks (words, tables, charts), `charts.py` draws, `page.py` and
`print.py` write the blocks as HTML and PDF. Pure: no clock, no network, no environment. Called by `pipeline/dose_report.py`.
"""

from dicomlake.dose.monthly.content import build
from dicomlake.dose.monthly.data import ReportData
from dicomlake.dose.monthly.page import to_html
from dicomlake.dose.monthly.print import to_pdf

__all__ = ["ReportData", "build", "to_html", "to_pdf"]
