"""Messages are read by the place of each field, whatever their delimiters; nothing of them but the narrative reaches a copy."""

import base64

import pytest

from dicomlake.errors import Code, PermanentError
from dicomlake.pipeline.route import Kind, sniff
from dicomlake.reports.document import Document
from dicomlake.reports.extract import document_of, message_of

ROWS = (
    r"MSH|^~\&|RIS|St Ninian Infirmary|LAKE|X|20230517103000||ORU^R01|77|P|2.5.1",
    "PID|1|X99812|88210^^^NHS^NI~773301^^^WALD^MR||Thistlewood&van&Thistle^Hana^Quilla||19610314|F|Pearl^Hana||Linden Way 4&Linden Way&4^^Waldkirchen^^94065"  # noqa: E501
    "||+49 8581 5551234||||||987-65-4320",
    "NK1|1|Harrow^Gorm|SPO||07700 900123",
    "ZPD|1|Quillfeather^Ozias|5512093|free",
    "OBR|1|PL-88|FL-99|71260^CT CHEST^CPT|||20230517|||||||||4711^BRANDSTETTER^ULRIKE||A77120||||||||||||||555&Okonjo&Ada^^^R||Mbeki&Lulu",
    r"OBX|1|FT|GDT^Report||Findings: 12 mm nodule.\.br\Call \H\Lulu\N\ \X4f6b6f6e6a6f\ at 5512093. Ratio 1\T\2||||||F",
    "OBX|2|XPN|1^Contact||Halloran^Bettina",
    "OBX|3|DT|1^Last menstrual period||20230401",
    "OBX|4|NM|8867-4^Heart rate^LN||72|/min|||||F",
    "OBX|5|ST|x^BI-RADS^LN||2",
    "NTE|1||no effusion~no mass",
)  # fmt: skip


def message(rows: tuple[str, ...] = ROWS, marks: str = r"|^~\&") -> bytes:
    """A message with other delimiters."""
    table = dict(zip(r"|^~\&", marks, strict=True))
    return "\r".join("".join(table.get(char, char) for char in row) for row in rows).encode()


@pytest.mark.parametrize("marks", [r"|^~\&", "#!*$@", r"|~^\&", "§^~\\&"])
def test_a_message_is_read_by_the_delimiters_it_declares(marks: str) -> None:
    data = message(marks=marks)
    assert sniff(data) is Kind.HL7
    document = document_of(data, "hl7")
    assert document.text.split("\n") == [
        "CT CHEST", "Findings: 12 mm nodule.", f"Call Lulu Okonjo at 5512093. Ratio 1{marks[4]}2", "Last menstrual period: 2023-04-01",
        "Heart rate: 72 /min", "BI-RADS: 2", "no effusion", "no mass",
    ]  # fmt: skip
    names = " ".join(document.known["names"])
    assert all(
        name in names
        for name in (
            "Thistlewood",
            "Hana",
            "Pearl",
            "Harrow",
            "Quillfeather",
            "BRANDSTETTER",
            "Okonjo",
            "Mbeki",
            "Halloran",
        )
    )
    assert {"773301", "88210", "5512093", "987-65-4320", "PL-88", "FL-99", "A77120"} <= set(document.known["ids"])
    assert {"Linden Way 4", "Waldkirchen", "St Ninian Infirmary"} <= set(document.known["places"])
    assert document.subject.patient_id == "773301" and document.subject.accessions[0] == "A77120"
    assert document.left_behind == {"identity_fields": 1}


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-8-sig"])
def test_a_message_is_known_in_any_encoding(codec: str) -> None:
    assert sniff(message().decode().encode(codec)) is Kind.HL7
    assert sniff(b"\x0b" + message()) is Kind.HL7
    assert sniff(b"MSH is a word here") is Kind.TEXT


def test_a_message_of_a_document_keeps_what_can_be_read_and_says_what_cannot() -> None:
    picture = base64.b64encode(b"\xff\xd8\xff\0 a picture").decode()
    rtf = base64.b64encode(rb"{\rtf1\ansi Normal chest.\par}").decode()
    rows = (*ROWS[:2], "TXA|1|DI|TX|20230517|4711^Okonjo^Ada||||||||DOC-8812", f"OBX|1|ED|x||RIS^IM^JPEG^Base64^{picture}",
            f"OBX|2|ED|x||RIS^text^rtf^Base64^{rtf}", r"OBX|3|ED|x||RIS^text^plain^A^No\T\effusion")  # fmt: skip
    document = document_of(message(rows), "hl7")
    assert document.text.split("\n") == ["No&effusion", "Normal chest."]
    assert document.left_behind == {"embedded": 1}
    assert "DOC-8812" in document.known["ids"]


def test_messages_about_several_patients_are_held() -> None:
    for other in ("PID|1||99^^^WALD^MR||A^B", "PID|1||||Rivers^Jo||19700101"):
        with pytest.raises(PermanentError) as caught:
            document_of(message((*ROWS, ROWS[0], other)), "hl7")
        assert caught.value.code is Code.UNSUPPORTED


def test_a_message_without_text_tells_of_its_patient() -> None:
    document: Document = message_of(message((ROWS[0].replace("ORU^R01", "ADT^A08"), *ROWS[1:4])))
    assert document.subject.patient_id == "773301"
