"""Radiation dose: a DICOM object in, the irradiation events and totals it tells of out. Called by `pipeline/` and the command line. Pure.

dose = read_dose(raw, rules, read_text)      reports, image headers, exposure sequences, dose screens
document(name, dose)                         the same as plain JSON, for `dicomlake dose`
clean_rows(dose, raw, side)                  rows without identity for one side of the wall
"""

from dicomlake.dose.document import document
from dicomlake.dose.model import Dose, Event, ObjectKind, ScreenText
from dicomlake.dose.read import ReadText, read_dose, seen_before
from dicomlake.dose.rows import CleanDoseRow, Side, clean_rows, whole_years
from dicomlake.dose.slices import add_size, same_size, slices_to_measure

__all__ = [
    "CleanDoseRow",
    "Dose",
    "Event",
    "ObjectKind",
    "ReadText",
    "ScreenText",
    "Side",
    "add_size",
    "clean_rows",
    "document",
    "read_dose",
    "same_size",
    "seen_before",
    "slices_to_measure",
    "whole_years",
]
