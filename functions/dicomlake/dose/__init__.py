"""Radiation dose: a DICOM object in, the irradiation events and totals it tells of out. Called by `pipeline/` and the command line. Pure.

dose = read_dose(raw, rules)      reports, image headers, exposure sequences, dose screens
document(name, dose)              the same as plain JSON, for `dicomlake dose`
"""

from dicomlake.dose.document import document
from dicomlake.dose.model import Dose, Event, ObjectKind, ScreenText
from dicomlake.dose.read import read_dose

__all__ = ["Dose", "Event", "ObjectKind", "ScreenText", "document", "read_dose"]
