"""Text in, what identifies people in it out. Called by `scrub/` for reports and, for header texts, by the pipeline.

    known values of the study -> validated patterns -> trained models -> propagation -> clinical terms stay

Everything here works on characters of the text as it came; no layer changes it.
"""

from dicomlake.reports.recognise.known import NOTHING_KNOWN, KnownValues
from dicomlake.reports.recognise.recogniser import Recogniser, Setting
from dicomlake.reports.recognise.spans import Label, Span

__all__ = ["NOTHING_KNOWN", "KnownValues", "Label", "Recogniser", "Setting", "Span"]
