"""Messages, clinical documents, tables and plain texts with names in every corner. Called by `hostile.py`."""

import base64
import json
from collections.abc import Callable, Sequence

from tests.reports.hostile_pdf import pdf, scan
from tests.reports.hostile_people import FINDINGS, Person


def _message(person: Person, obx: Sequence[str], separators: str = r"|^~\&") -> bytes:
    birth = person.birth.replace("-", "")
    rows = [
        rf"MSH|^~\&|RIS|{person.hospital}|LAKE|X|20230517103000||ORU^R01|77|P|2.5.1||||||UNICODE UTF-8",
        f"PID|1||{person.number}^^^X^MR||{person.family.upper()}^{person.given.upper()}||{birth}|F",
        f"OBR|1|{person.accession}|{person.accession}|71260^CT^CPT|||20230517|||||||||4711^{person.physician.split()[-1]}^{person.physician.split()[0]}",
        *obx,
    ]  # fmt: skip
    data = "\r".join(rows)
    for old, new in zip(r"|^~\&", separators, strict=True):
        data = data.replace(old, new) if old != new else data
    return data.encode()


def hl7(person: Person) -> bytes:
    """Escapes of every kind, notes, a name in hexadecimal digits."""
    hexed = f"\\X{person.family.encode().hex().upper()}\\"
    obx = [f"OBX|1|FT|R^R||{FINDINGS[person.lang][0]}\\.br\\{person.given} {hexed}\\.sp\\ {FINDINGS[person.lang][1]}||||||F",
           f"OBX|2|TX|R^R||{person.family}\\T\\{person.given}~{person.number}||||||F", f"NTE|1||{person.whole}"]  # fmt: skip
    return _message(person, obx)


def hl7_document(person: Person) -> bytes:
    """A PDF in base64 and a text beside it."""
    return _message(person, [f"OBX|1|ED|R^R||RIS^Application^PDF^Base64^{base64.b64encode(pdf(person)).decode()}||||||F",
                             f"OBX|2|ED|R^R||RIS^text^plain^Base64^{base64.b64encode(person.whole.encode()).decode()}||||||F"])  # fmt: skip


def hl7_scan(person: Person) -> bytes:
    """A picture of a page in base64 and no other text."""
    return _message(
        person, [f"OBX|1|ED|PDF^R||^application^pdf^Base64^{base64.b64encode(scan(person)).decode()}||||||F"]
    )


def hl7_broken_document(person: Person) -> bytes:
    """Base64 that is none."""
    return _message(person, [f"OBX|1|ED|R^R||RIS^Application^PDF^Base64^{person.family}!!!||||||F"])


def _clinical(person: Person, body: str, head: str = "") -> bytes:
    birth = person.birth.replace("-", "")
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><?xml-stylesheet href="http://x.invalid/{person.number}.xsl"?>{head}<ClinicalDocument xmlns="urn:hl7-org:v3">'  # noqa: E501
        f"<!-- {person.whole} --><id extension='{person.accession}'/><title>Report</title><recordTarget><patientRole><id extension='{person.number}' root='1.2.3'/>"  # noqa: E501
        f"<patient><name><given>{person.given}</given><family>{person.family}</family></name><birthTime value='{birth}'/></patient></patientRole></recordTarget>"  # noqa: E501
        f"<author><assignedAuthor><assignedPerson><name><given>{person.physician.split()[0]}</given><family>{' '.join(person.physician.split()[1:])}</family></name>"  # noqa: E501
        f"</assignedPerson></assignedAuthor></author><component>{body}</component></ClinicalDocument>"
    ).encode()  # fmt: skip


def cda(person: Person) -> bytes:
    """A narrative with footnotes, tables and an entry that names the patient."""
    text = "".join(f"<paragraph>{line}</paragraph>" for line in person.lines if line)
    return _clinical(person, f"<structuredBody><component><section><title>{person.family}</title><text>{text}<footnote>{person.whole}</footnote>"
                             f"<table><tbody><tr><td>{person.given}</td><td>14 mm</td></tr></tbody></table></text>"
                             f"<entry><observation><value>{person.whole}</value></observation></entry></section></component></structuredBody>")  # fmt: skip  # noqa: E501


def cda_document(person: Person) -> bytes:
    """A PDF as the body."""
    return _clinical(
        person,
        f"<nonXMLBody><text mediaType='application/pdf' representation='B64'>{base64.b64encode(pdf(person)).decode()}</text></nonXMLBody>",
    )


def cda_in_cda(person: Person) -> bytes:
    """A clinical document as the body of another."""
    return _clinical(
        person, f"<nonXMLBody><text representation='B64'>{base64.b64encode(cda(person)).decode()}</text></nonXMLBody>"
    )


def cda_entities(person: Person) -> bytes:
    """A billion laughs."""
    return _clinical(person, "<structuredBody/>", '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>')


def cda_deep(person: Person) -> bytes:
    """Elements without end."""
    return _clinical(person, "<section>" * 5000 + "</section>" * 5000)


def text_in(codec: str) -> Callable[[Person], bytes]:
    return lambda person: "\n".join(person.lines).encode(codec, "replace")


def text_hidden(person: Person) -> bytes:
    """Names cut by zero-width, bidirectional and NUL characters, and written backwards."""
    cut = "\u200b".join(person.family)
    return "\n".join(
        [*person.lines, f"\u202e{cut}\u202c {person.given[:3]}\u00ad{person.given[3:]}", f"x\x00{person.number}"]
    ).encode()


def text_one_line(person: Person) -> bytes:
    """300 kB without a line break, the name in the midst and at the end."""
    filler = (FINDINGS[person.lang][0] + " ") * 2400
    return f"{filler}{person.whole} {filler}{person.given} {person.family}".encode()


def text_spaced(person: Person) -> bytes:
    """Names with their letters spaced, in capitals and glued."""
    return "\n".join(
        [
            *person.lines,
            " ".join(person.family.split()[0].upper()),
            f"{person.family.split()[0].upper()}{person.number}",
        ]
    ).encode()


def hl7_delimiters(person: Person) -> bytes:
    """Other delimiters, and a segment of the hospital's own that names people."""
    return _message(
        person,
        [
            f"ZPI|1|{person.family}^{person.given}|{person.number}",
            f"OBX|1|FT|R^R||{FINDINGS[person.lang][0]} {person.whole}||||||F",
        ],
        "#!*%@",
    )


def table(person: Person) -> bytes:
    """A table of one patient."""
    head = "mrn;surname;given_name;dob;ward_nickname;findings"
    row = f"{person.number};{person.family};{person.given};{person.birth};{person.physician.split()[-1]};"
    return "\n".join([head, *(row + finding for finding in FINDINGS[person.lang])]).encode()


def fhir(person: Person) -> bytes:
    """A bundle whose narrative, references and attachments name everybody."""
    patient = {"resourceType": "Patient", "id": person.number, "identifier": [{"value": person.number}], "birthDate": person.birth,
               "name": [{"family": person.family, "given": [person.given]}], "text": {"div": f"<div>{person.whole}</div>"}}  # fmt: skip
    form = {"contentType": "text/plain", "data": base64.b64encode(person.whole.encode()).decode()}
    report = {"resourceType": "DiagnosticReport", "subject": {"reference": f"Patient/{person.number}", "display": person.family},
              "resultsInterpreter": [{"display": person.physician}], "conclusion": f"{FINDINGS[person.lang][0]} {person.whole}",
              "text": {"div": f"<div title='{person.family}'><p>{person.whole}</p></div>"}, "presentedForm": [form]}  # fmt: skip
    return json.dumps({"resourceType": "Bundle", "entry": [{"resource": patient}, {"resource": report}]}).encode()
