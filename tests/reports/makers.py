"""Reports made on the spot, with invented people: the files a clinic might send, plain ones and odd ones."""

import io
import zipfile
import zlib
from collections.abc import Sequence

from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen import canvas

NAME, PATIENT_ID, BIRTH, ACCESSION = "Miriam Okafor Leclerc", "MRN-5520917", "1961-03-14", "ACC-771204"
DOCTOR, CLINIC = "Dr. Ulrike Brandstetter", "Klinikum Waldkirchen"
IDENTIFYING = ("Okafor", "Leclerc", "Miriam", "5520917", "771204", "Brandstetter", "Waldkirchen", "1961-03-14")
HEADER = (f"Patient: {NAME}", f"Patient ID: {PATIENT_ID}", f"Date of birth: {BIRTH}", f"Accession: {ACCESSION}",
          "Study date: 2023-05-17", f"Referred by: {DOCTOR}, {CLINIC}")  # fmt: skip
FINDINGS = ("CT CHEST WITH CONTRAST", "Indication: cough for three weeks.", "Findings: a 12 mm nodule in the right upper lobe.",
            "No pleural effusion. The aorta measures 34 mm.", "There is a small Baker cyst in the left knee.",
            "Impression: solitary pulmonary nodule, follow up in 3 months.")  # fmt: skip
LINES = (*HEADER, "", *FINDINGS, "", f"Electronically signed by {DOCTOR}")
TEXT = "\n".join(LINES)


def pdf(pages: Sequence[Sequence[str]] = (LINES,), font: str = "Helvetica", size: int = 11, turned: int = 0) -> bytes:
    """A PDF with a text layer, a line for each line."""
    out = io.BytesIO()
    made = canvas.Canvas(out, pagesize=A4, invariant=1)
    for lines in pages:
        if turned:
            made.setPageRotation(turned)
        made.setFont(font, size)
        for number, line in enumerate(lines):
            made.drawString(60, 780 - 1.5 * size * number, line)
        made.showPage()
    made.save()
    return out.getvalue()


def columns(left: Sequence[str], right: Sequence[str]) -> bytes:
    """A PDF set in two columns, whose lines were written row by row."""
    out = io.BytesIO()
    made = canvas.Canvas(out, pagesize=A4, invariant=1)
    made.setFont("Helvetica", 10)
    for number, (a, b) in enumerate(zip(left, right, strict=True)):
        made.drawString(50, 760 - 14 * number, a)
        made.drawString(310, 756 - 14 * number, b)
    made.save()
    return out.getvalue()


def set_by_letters(spaced: str, plain: str) -> bytes:
    """A page of which one line has its letters placed one by one, wide apart, and one is plain."""
    buffer = io.BytesIO()
    page = canvas.Canvas(buffer)
    left = 60.0
    for letter in spaced:
        if letter != " ":
            page.drawString(left, 800, letter)
        left += page.stringWidth(letter, "Helvetica", 12) + 5
    page.drawString(60, 780, plain)
    page.save()
    return buffer.getvalue()


def overlaid() -> bytes:
    """A PDF with a white line of other words on one of its lines."""
    out = io.BytesIO()
    made = canvas.Canvas(out, pagesize=A4, invariant=1)
    made.setFont("Helvetica", 11)
    for number, line in enumerate(FINDINGS):
        made.drawString(60, 760 - 17 * number, line)
    made.setFillGray(1)
    made.drawString(71, 760 - 17 * 2 + 2, f"{NAME} was seen by {DOCTOR}")
    made.save()
    return out.getvalue()


def picture(data: bytes, dpi: int = 200, turned: int = 0) -> Image.Image:
    """The first page of a PDF as a scanner would give it."""
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    made = document[0].render(scale=dpi / 72, grayscale=True).to_pil().convert("L")
    return made.rotate(-turned, expand=True)


def scan(data: bytes, turned: int = 0) -> bytes:
    """A PDF whose page is a picture only."""
    from reportlab.lib.utils import ImageReader

    out, shown = io.BytesIO(), picture(data, turned=turned)
    width, height = A4 if turned in (0, 180) else (A4[1], A4[0])
    made = canvas.Canvas(out, pagesize=(width, height), invariant=1)
    made.drawImage(ImageReader(shown), 0, 0, width, height)
    made.save()
    return out.getvalue()


def rtf(lines: Sequence[str] = LINES, pictures: Sequence[bytes] = ()) -> bytes:
    """RTF with a header, a font table, a code page, unicode and things to be stepped over."""

    def encoded(line: str) -> str:
        return "".join(c if ord(c) < 128 else f"\\u{ord(c)}?" for c in line.replace("\\", "\\\\"))

    body = "".join(f"{encoded(line)}\\par\n" for line in lines)
    for data in pictures:
        body += rf"{{\*\shppict{{\pict{{\*\picprop 1}}\pngblip\picw9 {data.hex()}}}}}{{\nonshppict{{\pict\wmetafile8 0100}}}}"
    return (
        r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss\fcharset0 Okafor Sans;}}{\info{\author Ulrike Brandstetter}}"
        r"{\header Klinikum Waldkirchen\par}{\pict\pngblip 89504e470d0a}\pard\f0 " + body + r"{\v hidden Leclerc}}"
    ).encode("ascii")


def pasted(text: str = NAME, size: tuple[int, int] = (620, 90)) -> bytes:
    """A PNG with a line of text, as one pastes from a screen."""
    from PIL import ImageDraw, ImageFont

    shown, out = Image.new("RGB", size, "white"), io.BytesIO()
    ImageDraw.Draw(shown).text((12, 24), text, "black", ImageFont.load_default(30))
    shown.save(out, "PNG")
    return out.getvalue()


def docx(lines: Sequence[str] = LINES, pictures: Sequence[bytes] = ()) -> bytes:
    """DOCX with a header, a table, deleted text and the author in its properties."""
    word = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'

    def paragraph(line: str) -> str:
        half = len(line) // 2  # words are split over runs as editors do
        return f'<w:p><w:r><w:t xml:space="preserve">{line[:half]}</w:t></w:r><w:r><w:t xml:space="preserve">{line[half:]}</w:t></w:r></w:p>'

    table = f"<w:tbl><w:tr><w:tc>{paragraph('Aorta')}</w:tc><w:tc>{paragraph('34 mm')}</w:tc></w:tr></w:tbl>"
    deleted = "<w:p><w:del><w:r><w:delText>Leclerc was here</w:delText></w:r></w:del></w:p>"
    body = "".join(map(paragraph, lines)) + table + deleted
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", f"<w:document {word}><w:body>{body}</w:body></w:document>")
        archive.writestr("word/header1.xml", f"<w:hdr {word}>{paragraph(CLINIC)}</w:hdr>")
        for number, picture_data in enumerate(pictures):
            archive.writestr(f"word/media/image{number}.png", picture_data)
        archive.writestr("docProps/core.xml", "<coreProperties><creator>Brandstetter</creator></coreProperties>")
    return out.getvalue()


def hl7(lines: Sequence[str] = FINDINGS) -> bytes:
    """An ORU message."""
    family, given = "OKAFOR LECLERC", "MIRIAM"
    segments = [
        r"MSH|^~\&|RIS|Klinikum Waldkirchen|LAKE|X|20230517103000||ORU^R01|77|P|2.5.1||||||UNICODE UTF-8",
        f"PID|1||{PATIENT_ID}^^^WALD^MR||{family}^{given}||19610314|F|||Lindenweg 4^^Waldkirchen^^94065||+49 8581 5551234",
        f"OBR|1|PL-88|FL-99|71260^{lines[0]}^CPT|||20230517|||||||||4711^BRANDSTETTER^ULRIKE^^^DR||{ACCESSION}",
        *(f"OBX|{n}|TX|REPORT^Report||{line}||||||F" for n, line in enumerate(lines[1:], 1)),
        rf"OBX|90|FT|REPORT^Report||Signed\.br\{DOCTOR}||||||F",
        "OBX|91|NM|8867-4^Heart rate^LN||72|/min|||||F",
    ]
    return "\r".join(segments).encode()


def cda(lines: Sequence[str] = FINDINGS) -> bytes:
    """A clinical document with a narrative."""
    paragraphs = "".join(f"<paragraph>{line}</paragraph>" for line in lines)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ClinicalDocument xmlns="urn:hl7-org:v3"><id extension="DOC-99812"/>'
        f"<title>Radiology report</title><recordTarget><patientRole>"
        f"<id extension='{PATIENT_ID}' root='1.2.3'/><addr><city>Waldkirchen</city></addr>"
        "<patient><name><given>Miriam</given><family>Okafor Leclerc</family></name><birthTime value='19610314'/></patient></patientRole></recordTarget>"  # noqa: E501
        "<author><assignedAuthor><assignedPerson><name><prefix>Dr.</prefix><given>Ulrike</given><family>Brandstetter</family></name></assignedPerson>"
        "</assignedAuthor></author><component><structuredBody><component><section>"
        "<title>Findings</title>"
        f"<text>{paragraphs}<table><tbody><tr><td>Aorta</td><td>34 mm</td></tr></tbody></table></text>"
        "</section></component></structuredBody></component>"
        "</ClinicalDocument>"
    ).encode()


def flate_bomb(stages: int = 2) -> bytes:
    """A PDF whose page inflates without end."""
    body = zlib.compress(b"\0" * (200 << 20), 9)
    for _ in range(stages - 1):
        body = zlib.compress(body, 9)
    filters = b"[" + b"/FlateDecode " * stages + b"]"
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>endobj\n4 0 obj<</Filter" + filters
        + b"/Length %d>>stream\n" % len(body) + body + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF"
    )  # fmt: skip
