"""Files a hospital never means to send and does: names in every corner of every format. Each maker takes a `Person` and gives bytes.

`KINDS` names them; what no copy may show by any view is in each person's `planted`.
"""

from collections.abc import Callable, Mapping

from tests.reports import hostile_messages as messages
from tests.reports import hostile_office as office
from tests.reports import hostile_pdf as pdf
from tests.reports.hostile_people import PEOPLE, Person

__all__ = ["KINDS", "NEVER", "PEOPLE", "Person"]
Maker = Callable[[Person], bytes]
KINDS: Mapping[str, Maker] = {
    "plain.pdf": pdf.pdf, "object_streams.pdf": pdf.object_streams, "earlier_revision.pdf": pdf.earlier_revision, "form.pdf": pdf.form,
    "notes.pdf": pdf.notes, "corners.pdf": pdf.corners, "marked_content.pdf": pdf.marked_content, "unseen_text.pdf": pdf.unseen_text,
    "kerned.pdf": pdf.kerned, "stamp_across.pdf": pdf.stamp_across, "type3.pdf": pdf.type3, "scan.pdf": pdf.scan, "turned_scan.pdf":
    pdf.turned_scan, "scan_with_layer.pdf": pdf.scan_with_layer, "small_logo.pdf": pdf.small_logo, "openable.pdf": pdf.openable, "locked.pdf":
    pdf.locked, "truncated.pdf": pdf.truncated, "looping_tables.pdf": pdf.looping_tables, "looping_pages.pdf": pdf.looping_pages, "bomb.pdf":
    pdf.bomb, "hex_bomb.pdf": pdf.hex_bomb, "corners.rtf": office.rtf, "picture.rtf": office.rtf_picture, "truncated.rtf": office.rtf_truncated,
    "corners.docx": office.docx, "picture.docx": office.docx_picture, "entities.docx": office.docx_entities, "bomb.docx": office.docx_bomb,
    "escapes.hl7": messages.hl7, "document.hl7": messages.hl7_document, "scan.hl7": messages.hl7_scan, "broken_document.hl7":
    messages.hl7_broken_document, "narrative.xml": messages.cda, "document.xml": messages.cda_document, "nested.xml": messages.cda_in_cda,
    "entities.xml": messages.cda_entities, "deep.xml": messages.cda_deep, "utf8.txt": messages.text_in("utf-8-sig"), "utf16.txt":
    messages.text_in("utf-16"), "utf32.txt": messages.text_in("utf-32"), "cp1252.txt": messages.text_in("cp1252"), "cp850.txt":
    messages.text_in("cp850"), "mac.txt": messages.text_in("mac-roman"), "hidden.txt": messages.text_hidden, "one_line.txt":
    messages.text_one_line, "spaced.txt": messages.text_spaced, "delimiters.hl7": messages.hl7_delimiters, "table.csv": messages.table,
    "bundle.json": messages.fhir,
}  # fmt: skip
# What may not be released at all, whoever it is about.
NEVER = frozenset(
    "locked.pdf truncated.pdf looping_tables.pdf looping_pages.pdf bomb.pdf hex_bomb.pdf truncated.rtf entities.docx bomb.docx "
    "broken_document.hl7 entities.xml deep.xml".split()
)
