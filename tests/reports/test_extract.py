"""Files of reports are read in order, whole, and within limits."""

import io
import zipfile

import pytest

from dicomlake.errors import Code, PermanentError
from dicomlake.reports.extract import NeedsOcr, Tesseract, document_of
from tests.reports import makers

LEFT = (
    "The lungs are clear on both sides and well",
    "expanded, there is no pleural effusion at all",
    "and the heart is of normal size and shape.",
    "The mediastinum is not widened, the hila are",
    "normal, no enlarged lymph nodes are seen.",
)
RIGHT = (
    "The liver is enlarged with a span of 17 cm",
    "and of increased echogenicity as in steatosis",
    "without any focal lesion in the segments seen.",
    "The gallbladder is free of stones, bile ducts",
    "are not dilated, the pancreas is normal too.",
)


def refused(data: bytes, kind: str) -> Code:
    with pytest.raises(PermanentError) as caught:
        document_of(data, kind, Tesseract())
    return caught.value.code


@pytest.mark.parametrize(
    ("made", "kind"),
    [(makers.rtf(), "rtf"), (makers.docx(), "office"), (makers.pdf(), "pdf"), (makers.pdf(turned=90), "pdf"), (makers.pdf(turned=180), "pdf")],
)  # fmt: skip
def test_lines_come_in_the_order_they_are_read_in(made: bytes, kind: str) -> None:
    lines = [line for line in document_of(made, kind).text.split("\n") if line]
    assert [line for line in lines if line in makers.LINES] == [line for line in makers.LINES if line]


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "cp850", "mac-roman"]
)
def test_text_is_read_in_whatever_encoding(codec: str) -> None:
    text = "Paciente: Íñigo Muñoz Güell.\nHígado de tamaño normal, señal homogénea; vesícula sin cálculos. Röntgen, größer, à gauche, coração."
    assert document_of(text.encode(codec), "text").text == text


NAME_WITHOUT_ALPHABET = "Patient: 山田太郎\nFindings: no pleural effusion."


@pytest.mark.parametrize("codec", ["iso2022_jp", "utf-8", "utf-16"])
def test_names_in_scripts_without_an_alphabet_are_read(codec: str) -> None:
    assert document_of(NAME_WITHOUT_ALPHABET.encode(codec), "text").text == NAME_WITHOUT_ALPHABET


@pytest.mark.parametrize("codec", ["shift_jis", "euc_jp", "gb18030", "big5"])
def test_text_in_an_encoding_nobody_can_tell_is_held(codec: str) -> None:
    assert refused(NAME_WITHOUT_ALPHABET.encode(codec), "text") is Code.TEXT_PHI_SUSPECTED


def test_a_name_cut_by_invisible_characters_is_whole_again() -> None:
    document = document_of("Mi\u200briam \u202eOka\u00adfor\x00 ﬁndings".encode(), "text")
    assert document.text == "Miriam Okafor findings"


def test_columns_are_read_one_after_the_other_and_tables_row_by_row() -> None:
    text = document_of(makers.columns(LEFT, RIGHT), "pdf").text
    assert text.replace("\n", " ").split() == " ".join(LEFT + RIGHT).split()
    table = document_of(
        makers.columns(["Patient:", "Born:", "Sex:", "Ward:", "Bed:"], ["A B", "1970", "F", "7", "2"]), "pdf"
    )
    assert table.text.split("\n")[0] == "Patient:\tA B"


def test_letters_set_one_by_one_make_words_and_a_hyphen_at_the_end_of_a_line_is_told() -> None:
    text = document_of(makers.set_by_letters("Patient: Miriam Oka-", "for, grade A B C D E"), "pdf").text
    assert text.split("\n")[0] == "Patient: Miriam Oka-"
    assert "grade A B C D E" in text


def test_a_line_that_lies_on_another_is_read_by_itself() -> None:
    text = document_of(makers.overlaid(), "pdf").text.split("\n")
    assert (
        "Findings: a 12 mm nodule in the right upper lobe." in text
        and f"{makers.NAME} was seen by {makers.DOCTOR}" in text
    )


@pytest.mark.parametrize("turned", [0, 180, 270])
def test_a_picture_of_a_page_is_read_whichever_way_up_it_stands(turned: int) -> None:
    document = document_of(makers.scan(makers.pdf(), turned), "pdf", Tesseract())
    assert document.read_by_ocr
    assert [line for line in document.text.split("\n") if line] == [line for line in makers.LINES if line]


def test_a_picture_is_not_begun_without_an_engine() -> None:
    with pytest.raises(NeedsOcr):
        document_of(makers.scan(makers.pdf()), "pdf")


def test_words_know_their_place_in_the_text_and_on_the_page() -> None:
    document = document_of(makers.pdf(), "pdf")
    word = next(word for word in document.words if document.text[word.start : word.end] == "Okafor")
    assert word.page == 0
    assert 95 < word.box[0] < 145
    assert 50 < word.box[1] < word.box[3] < 70


def test_rtf_leaves_font_names_authors_and_hidden_text_behind() -> None:
    text = document_of(makers.rtf(("Hallazgos: nódulo — 12 mm",)), "rtf").text
    assert text == "Klinikum Waldkirchen\nHallazgos: nódulo — 12 mm"


def test_docx_leaves_deleted_text_behind_and_keeps_tables() -> None:
    text = document_of(makers.docx(), "office").text
    assert "was here" not in text
    assert "Aorta\t34 mm" in text


@pytest.mark.parametrize("kind", ["office", "rtf"])
def test_text_in_a_pasted_picture_is_read_and_never_passed_unread(kind: str) -> None:
    made = {"office": makers.docx, "rtf": makers.rtf}[kind](makers.FINDINGS, [makers.pasted()])
    with pytest.raises(NeedsOcr):
        document_of(made, kind)
    document = document_of(made, kind, Tesseract())
    assert makers.NAME in document.text and document.read_by_ocr
    assert document.left_behind["pictures"] == (1 if kind == "office" else 2)


def test_a_report_that_is_a_picture_nobody_can_read_is_held() -> None:
    assert refused(makers.docx((), [b"\x01\x00\x09\x00 a metafile"]), "office") is Code.TEXT_PHI_SUSPECTED
    document = document_of(makers.docx(makers.LINES, [b"\x01\x00\x09\x00 a metafile"]), "office")
    assert document.left_behind["pictures_not_read"] == 1


def test_a_message_gives_its_narrative_and_what_it_knows_of_people() -> None:
    document = document_of(makers.hl7(), "hl7")
    assert "Baker cyst" in document.text and "Heart rate: 72 /min" in document.text
    assert "OKAFOR" not in document.text
    assert document.subject.patient_id == makers.PATIENT_ID
    assert document.subject.accessions[0] == makers.ACCESSION
    assert "OKAFOR LECLERC^MIRIAM" in document.known["names"]
    assert document.known["births"] == ("19610314",)
    assert any("BRANDSTETTER" in name for name in document.known["names"])


def test_a_clinical_document_gives_its_narrative_and_what_its_header_knows() -> None:
    document = document_of(makers.cda(), "xml")
    assert "Aorta\t34 mm" in document.text and "Okafor" not in document.text
    assert document.known["names"] == ("Miriam Okafor Leclerc", "Ulrike Brandstetter")
    assert document.subject.patient_id == makers.PATIENT_ID


ENTITY = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><ClinicalDocument><title>&x;</title></ClinicalDocument>'
LAUGHS = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><ClinicalDocument>&b;</ClinicalDocument>'


def packed(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def encrypted_pdf() -> bytes:
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(makers.pdf())) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(user="secret", owner="secret"))
    return out.getvalue()


@pytest.mark.parametrize(
    ("made", "kind", "code"),
    [
        (makers.flate_bomb(1), "pdf", Code.RESOURCE_LIMIT),
        (makers.flate_bomb(2), "pdf", Code.RESOURCE_LIMIT),
        (encrypted_pdf(), "pdf", Code.ENCRYPTED),
        (makers.pdf()[:900], "pdf", Code.CORRUPT),
        (b"%PDF-1.7\nnothing of the kind\n%%EOF", "pdf", Code.CORRUPT),
        (makers.pdf([[]]), "pdf", Code.TEXT_PHI_SUSPECTED),
        (makers.rtf()[:-80], "rtf", Code.CORRUPT),
        (b"{" * 50, "rtf", Code.CORRUPT),
        (rb"{\rtf1 " + b"{" * 5000 + b"}" * 5001, "rtf", Code.RESOURCE_LIMIT),
        (ENTITY, "xml", Code.UNSAFE_XML),
        (ENTITY.decode().encode("utf-16"), "xml", Code.UNSAFE_XML),
        (LAUGHS, "xml", Code.UNSAFE_XML),
        (b"<html><body>a</body></html>", "xml", Code.UNSUPPORTED),
        (b"<ClinicalDocument><a>", "xml", Code.CORRUPT),
        (packed({"word/document.xml": b"<d>" + b" " * (40 << 20) + b"</d>"}), "office", Code.RESOURCE_LIMIT),
        (packed({"word/document.xml": ENTITY}), "office", Code.UNSAFE_XML),
        (packed({"xl/workbook.xml": b"<w/>"}), "office", Code.UNSUPPORTED),
        (makers.docx()[:400], "office", Code.CORRUPT),
        (packed({"word/document.xml": b"<d>text</d>", "media/0": b"\0" * (80 << 20)}), "office", Code.RESOURCE_LIMIT),
        (packed({"word/document.xml": b"<d>text</d>", "../../a": b"x"}), "office", Code.UNSAFE_ARCHIVE),
        (b"\n \n", "text", Code.TEXT_PHI_SUSPECTED),
        ("\ufeff".encode("utf-16-le") + b"\x00\xd8\x00", "text", Code.CORRUPT),
    ],
)  # fmt: skip
def test_what_cannot_be_read_safely_has_a_code(made: bytes, kind: str, code: Code) -> None:
    assert refused(made, kind) is code


def test_a_line_of_300_kb_is_read_in_time() -> None:
    line = "Findings: nodule of 12 mm. " * 12000
    assert document_of(line.encode(), "text").text == line.strip()


def test_form_fields_and_notes_are_part_of_the_text_and_attachments_are_left_behind() -> None:
    import pikepdf
    from reportlab.pdfgen import canvas

    out = io.BytesIO()
    made = canvas.Canvas(out)
    made.drawString(60, 700, "Findings: see the fields below, they hold what was typed in.")
    made.acroForm.textfield(name="name", value="Miriam Okafor", x=60, y=600, width=200)
    made.save()
    with pikepdf.open(io.BytesIO(out.getvalue())) as pdf:
        pdf.attachments["Okafor.txt"] = b"Leclerc"
        note = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, Rect=[0, 0, 9, 9], Contents="ask Dr. Brandstetter"
        )
        pdf.pages[0].Annots.append(pdf.make_indirect(note))
        again = io.BytesIO()
        pdf.save(again)
    document = document_of(again.getvalue(), "pdf")
    assert "Miriam Okafor" in document.text and "ask Dr. Brandstetter" in document.text
    assert "Leclerc" not in document.text
    assert document.left_behind["attachments"] == 1
