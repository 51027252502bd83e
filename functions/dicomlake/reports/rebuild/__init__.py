"""Clean text in, clean files out: plain text always, and a PDF made from scratch, in which nothing of the original's objects can survive;
as a page of text, or as pictures of the pages with boxes burned in.
"""

from dicomlake.reports.rebuild.page import pdf_of
from dicomlake.reports.rebuild.pictured import pictured_pdf
from dicomlake.reports.rebuild.plain import cda_of, text_of

__all__ = ["cda_of", "pdf_of", "pictured_pdf", "text_of"]
