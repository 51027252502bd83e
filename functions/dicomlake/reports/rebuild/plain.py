"""Clean text as a plain file, and as the smallest clinical document that holds it. Called by `deidentify.py`."""

from xml.sax.saxutils import escape

from dicomlake.reports.document import CELL, PAGE


def text_of(text: str) -> bytes:
    """UTF-8, a blank line where a page ended."""
    return (text.replace(PAGE, "\n\n").strip("\n") + "\n").encode("utf-8", "replace")


def cda_of(text: str, lang: str, uid: str, patient_key: str) -> bytes:
    """A CDA document whose narrative is the text, a paragraph for each line; `uid` is its own id. Names nobody (ISO/HL7 27932, 4.2)."""
    paragraphs = "".join(
        f"<paragraph>{escape(line.replace(CELL, '  '))}</paragraph>"
        for line in text.replace(PAGE, "\n").split("\n")
        if line.strip()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ClinicalDocument xmlns="urn:hl7-org:v3">'
        f'<typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/><id root="{uid}"/>'
        '<code nullFlavor="UNK"/><title>De-identified report</title><effectiveTime nullFlavor="MSK"/>'
        f'<confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/><languageCode code="{lang}"/>'
        f'<recordTarget><patientRole><id extension="{patient_key}" root="2.25.0"/></patientRole></recordTarget>'
        f"<component><structuredBody><component><section><text>{paragraphs}</text></section></component></structuredBody></component>"
        "</ClinicalDocument>\n"
    ).encode()
