"""Clean text in, clean files out: plain text always, and a PDF made from scratch, in which nothing of the original's objects can survive."""

from dicomlake.reports.rebuild.page import pdf_of
from dicomlake.reports.rebuild.plain import cda_of, text_of

__all__ = ["cda_of", "pdf_of", "text_of"]
