"""One DICOM object in, the dose it tells of out. Called by `pipeline/` and the command line; all other readers are called from here."""

from collections.abc import Callable, Sequence

from dicomlake.dicom.read import RawInstance
from dicomlake.dose.content import Tree
from dicomlake.dose.header import Header
from dicomlake.dose.images import read_image
from dicomlake.dose.model import Dose, ObjectKind, ScreenText
from dicomlake.dose.report import read_report
from dicomlake.dose.screens import read_screen
from dicomlake.dose.sequence import read_sequence
from dicomlake.dose.study import header_fields
from dicomlake.rules.dose import DoseRules

# Reads the text in a picture, drawn in one of several ways (0, 1, 2); passed in, since pixels are another room's.
ReadText = Callable[[RawInstance, int], Sequence[ScreenText]]
_CONTENT, _PIXELS = 0x0040A730, 0x7FE00010
_CAPTURES = "1.2.840.10008.5.1.4.1.1.7"
_OF_A_SCREEN = ("modality", "n_events", "total_dlp_mGycm")
_SCREEN_MODALITIES = ("CT", "PT", "OT", "SC")


def read_dose(raw: RawInstance, rules: DoseRules, read_text: ReadText | None = None) -> Dose:
    """What the object says about dose; of kind `not_dose` when it says nothing. Without `read_text` no dose screens are read."""
    dose = _read(raw, rules, read_text)
    if dose is None:
        return Dose(ObjectKind.NOT_DOSE)
    dose.study = {**dose.study, **header_fields(raw)}
    return dose


def seen_before(dose: Dose, copy: RawInstance) -> Dose:
    """What was read in a picture, about the clean copy of its object: numbers and terms of closed lists, nothing of the original's header."""
    numbers = {name: dose.study[name] for name in _OF_A_SCREEN if name in dose.study}
    return Dose(dose.kind, {**numbers, **header_fields(copy)}, dose.events, dose.doubts)


def _read(raw: RawInstance, rules: DoseRules, read_text: ReadText | None) -> Dose | None:
    if _CONTENT in raw.index:
        return read_report(Tree(raw, rules), rules)
    header = Header.of(raw)
    if header.first("Modality") == "CT":
        dose = read_sequence(header, rules) or read_image(header, rules)
    else:
        dose = read_image(header, rules) or read_sequence(header, rules)
    if dose is None and read_text is not None and _may_be_screen(header):
        return read_screen(lambda look: read_text(raw, look), rules.screens)
    return dose


def _may_be_screen(header: Header) -> bool:
    """A picture made by a CT or of one, but not acquired: only there are tables of doses, and reading text takes seconds."""
    kind = [value.upper() for value in header.values("ImageType")]
    captured = (header.first("SOPClassUID") or "").startswith(_CAPTURES) or "SECONDARY" in kind[:2]
    return captured and (header.first("Modality") or "CT").upper() in _SCREEN_MODALITIES and _PIXELS in header.index
