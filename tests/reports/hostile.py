"""Files a hospital never means to send and does: names in every corner of every format. Each maker takes a `Person` and gives bytes.

`KINDS` names them; `planted` are the strings that no copy may show by any view, `kept` what a report of the kind must still say when released.
"""

import base64
import io
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pikepdf
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

from tests.reports import makers

Maker = Callable[["Person"], bytes]
FINDINGS = {
    "en": ("Findings: a 14 mm nodule in the left upper lobe.", "No pleural effusion. Baker cyst of the right knee."),
    "es": ("Hallazgos: nódulo de 14 mm en el lóbulo superior izquierdo.", "Sin derrame pleural. Quiste de Baker en la rodilla derecha."),
    "de": ("Befund: Rundherd von 14 mm im linken Oberlappen.", "Kein Pleuraerguss. Baker-Zyste am rechten Knie."),
    "fr": ("Résultats : nodule de 14 mm du lobe supérieur gauche.", "Pas d'épanchement pleural. Kyste de Baker du genou droit."),
    "it": ("Reperti: nodulo di 14 mm nel lobo superiore sinistro.", "Non versamento pleurico. Cisti di Baker del ginocchio destro."),
    "pt": ("Achados: nódulo de 14 mm no lobo superior esquerdo.", "Sem derrame pleural. Cisto de Baker no joelho direito."),
}  # fmt: skip
LABELS = {
    "en": ("Patient", "Patient ID", "Date of birth", "Referring physician", "Signed by"),
    "es": ("Paciente", "NHC", "Fecha de nacimiento", "Médico solicitante", "Firmado por"),
    "de": ("Patient", "Patienten-ID", "Geburtsdatum", "Zuweiser", "Unterschrieben von"),
    "fr": ("Patient", "IPP", "Date de naissance", "Médecin prescripteur", "Signé par"),
    "it": ("Paziente", "ID paziente", "Data di nascita", "Medico richiedente", "Firmato da"),
    "pt": ("Paciente", "Processo", "Data de nascimento", "Médico solicitante", "Assinado por"),
}


@dataclass(frozen=True)
class Person:
    """Whom a study is about, as its header knows: names, id, birth date (ISO), accession, physician, hospital."""

    lang: str
    given: str
    family: str
    number: str
    birth: str
    accession: str
    physician: str
    hospital: str

    @property
    def planted(self) -> tuple[str, ...]:
        """What no view of a copy may show."""
        return (
            *self.given.split(),
            *self.family.split(),
            self.number,
            self.accession,
            self.birth,
            *self.physician.split()[-1:],
        )

    @property
    def lines(self) -> tuple[str, ...]:
        """The report."""
        labels = LABELS[self.lang]
        values = (f"{self.given} {self.family}", self.number, self.birth, f"Dr. {self.physician}")
        header = tuple(f"{label}: {value}" for label, value in zip(labels, values, strict=False))
        return (*header, "", *FINDINGS[self.lang], "", f"{labels[4]}: Dr. {self.physician}")

    @property
    def whole(self) -> str:
        """A sentence that says who it is."""
        return f"{self.given} {self.family}, {self.number}, {self.birth}"


PEOPLE = (
    Person("en", "Rosalind", "Featherstonhaugh", "HN-7720914", "1958-11-23", "RAD-993310", "Olusegun Adebayo", "Thornbury Infirmary"),
    Person("es", "Begoña", "Urrutikoetxea Saldaña", "NHC-448102", "1971-02-09", "ES-5510293", "Iker Zubizarreta", "Clínica Virgen del Soto"),
    Person("de", "Anneliese", "Großkreutz", "P-90821177", "1949-07-30", "DE-7781204", "Hartmut Wöhrle", "Klinikum Ammerstein"),
    Person("fr", "Maëlle", "Quélennec", "IPP-3390817", "1983-12-05", "FR-2210984", "Yannick Le Goffic", "Hôpital Saint-Corentin"),
    Person("it", "Ludovica", "Brambillasca", "PZ-6612093", "1966-04-18", "IT-8840217", "Ermenegildo Zanchetta", "Ospedale Monteverdi"),
    Person("pt", "Conceição", "Vasconcelhos", "UT-7719043", "1990-09-14", "PT-1192837", "Anacleto Figueiró", "Hospital da Ribeirinha"),
)  # fmt: skip


def _drawn(draw: Callable[[canvas.Canvas], None], compress: int = 1) -> bytes:
    out = io.BytesIO()
    made = canvas.Canvas(out, pagesize=A4, invariant=1, pageCompression=compress)
    draw(made)
    made.save()
    return out.getvalue()


def _lines(made: canvas.Canvas, lines: Sequence[str], top: float = 780) -> None:
    makers_font(made)
    for number, line in enumerate(lines):
        made.drawString(60, top - 17 * number, line)


def makers_font(made: canvas.Canvas) -> None:
    """A font that has the letters of all six languages."""
    from dicomlake.reports.rebuild.page import PLAIN, register_fonts

    register_fonts()
    made.setFont(PLAIN, 11)


def pdf(person: Person) -> bytes:
    """A plain page."""
    return _drawn(lambda made: _lines(made, person.lines))


def _edited(person: Person, edit: Callable[[pikepdf.Pdf], None], **saving: object) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf(person))) as file:
        edit(file)
        file.save(out, **saving)  # type: ignore[arg-type]  # passed on as they are
    return out.getvalue()


def object_streams(person: Person) -> bytes:
    """Objects packed in streams, properties that name the patient."""

    def edit(file: pikepdf.Pdf) -> None:
        file.docinfo["/Title"] = person.whole
        file.docinfo["/Author"] = person.physician

    return _edited(person, edit, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def earlier_revision(person: Person) -> bytes:
    """A first version with another page content, changed by an incremental update."""
    base = _edited(person, lambda _: None, compress_streams=False, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    with pikepdf.open(io.BytesIO(base)) as file:
        number, size = file.pages[0].Contents.objgen[0], int(file.trailer.Size)
        body = b"BT /F1 11 Tf 60 700 Td (Findings: a 14 mm nodule in the left upper lobe, unchanged since the last study.) Tj ET"
        resources, root = file.pages[0].obj.objgen[0], file.trailer.Root.objgen[0]
        media = b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>" % (  # noqa: E501
            file.trailer.Root.Pages.objgen[0], number)  # fmt: skip
    start = base.rindex(b"startxref") + 10
    previous = int(base[start:].split()[0])
    first = len(base) + 1
    one = b"%d 0 obj\n<</Length %d>>stream\n" % (number, len(body)) + body + b"\nendstream\nendobj\n"
    two = b"%d 0 obj\n" % resources + media + b"\nendobj\n"
    entries = sorted(((number, first), (resources, first + len(one))))
    table = b"xref\n" + b"".join(b"%d 1\n%010d 00000 n \n" % entry for entry in entries)
    end = b"trailer\n<</Size %d/Root %d 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        root,
        previous,
        first + len(one) + len(two),
    )
    return base + b"\n" + one + two + table + end


def form(person: Person) -> bytes:
    """Values of fields without a picture of them, and XFA."""

    def edit(file: pikepdf.Pdf) -> None:
        fields = [
            pikepdf.Dictionary(T=name, FT=pikepdf.Name.Tx, V=pikepdf.String(value))
            for name, value in (("Name", f"{person.family}, {person.given}"), ("Nr", person.number))
        ]
        xfa = file.make_stream(f"<xdp><name>{person.whole}</name></xdp>".encode())
        file.Root.AcroForm = pikepdf.Dictionary(
            Fields=pikepdf.Array([file.make_indirect(f) for f in fields]), XFA=file.make_indirect(xfa)
        )

    return _edited(person, edit)


def notes(person: Person) -> bytes:
    """Comments, their author, and a file pinned on the page."""

    def edit(file: pikepdf.Pdf) -> None:
        inner = file.make_stream(person.whole.encode())
        spec = pikepdf.Dictionary(
            Type=pikepdf.Name.Filespec, F="a.txt", UF=f"{person.family}.txt", EF=pikepdf.Dictionary(F=inner)
        )
        file.pages[0].Annots = file.make_indirect(pikepdf.Array([
            pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, Rect=[300, 300, 320, 320], T=person.physician,
                               Contents=f"{person.given} {person.family}: 14 mm"),
            pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FileAttachment, Rect=[340, 300, 360, 320], FS=spec,
                               Contents=person.whole),
            pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[10, 10, 60, 20],
                               A=pikepdf.Dictionary(S=pikepdf.Name.URI, URI=f"http://pacs.invalid/{person.number}")),
        ]))  # fmt: skip

    return _edited(person, edit)


def corners(person: Person) -> bytes:
    """Attachment, outline, XMP, script, private data, page labels, hidden layer."""

    def edit(file: pikepdf.Pdf) -> None:
        file.attachments[f"{person.family}.txt"] = person.whole.encode()
        with file.open_outline() as outline:
            outline.root.append(pikepdf.OutlineItem(person.whole, 0))
        with file.open_metadata() as metadata:
            metadata["dc:title"] = person.whole
        file.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=f"app.alert('{person.whole}')")
        file.Root.PieceInfo = pikepdf.Dictionary(App=pikepdf.Dictionary(Private=person.whole))
        file.Root.PageLabels = pikepdf.Dictionary(Nums=pikepdf.Array([0, pikepdf.Dictionary(P=person.family)]))

    return _edited(person, edit)


def marked_content(person: Person) -> bytes:
    """ActualText and Alt that say more than the page shows."""

    def edit(file: pikepdf.Pdf) -> None:
        text = pikepdf.String(person.whole)
        file.pages[0].contents_add(b"/Span <</ActualText " + text.unparse() + b"/Alt " + text.unparse() + b">> BDC EMC")

    return _edited(person, edit)


def unseen_text(person: Person) -> bytes:
    """Text nobody sees: invisible, white, outside the page, and under a black box."""

    def draw(made: canvas.Canvas) -> None:
        _lines(made, person.lines)
        text = made.beginText(60, 400)
        text.setTextRenderMode(3)
        text.textOut(person.whole)
        made.drawText(text)
        made.setFillGray(1)
        made.drawString(60, 380, person.whole)
        made.setFillGray(0)
        made.drawString(-400, -50, person.whole)
        made.drawString(60, 360, person.whole)
        made.rect(55, 355, 400, 18, fill=1)

    return _drawn(draw)


def kerned(person: Person) -> bytes:
    """Every letter placed on its own, last line first."""

    def draw(made: canvas.Canvas) -> None:
        makers_font(made)
        for number, line in reversed(list(enumerate(person.lines))):
            x = 60.0
            for char in line:
                made.drawString(x, 780 - 17 * number, char)
                x += made.stringWidth(char) + 0.15

    return _drawn(draw)


def stamp_across(person: Person) -> bytes:
    """A stamp up the margin, and the name in a form used twice."""

    def draw(made: canvas.Canvas) -> None:
        made.beginForm("seal")
        makers_font(made)
        made.drawString(60, 60, person.whole)
        made.endForm()
        _lines(made, person.lines)
        made.doForm("seal")
        made.translate(30, 200)
        made.rotate(90)
        makers_font(made)
        made.drawString(0, 0, f"{person.family} {person.given}")

    return _drawn(draw)


def type3(person: Person) -> bytes:
    """A page whose letters are drawings: the text layer says nothing."""
    picture = makers.picture(pdf(person), dpi=150)

    def draw(made: canvas.Canvas) -> None:
        step = 4
        for y in range(0, picture.height, step):
            for x in range(0, picture.width, step):
                if picture.getpixel((x, y)) < 100:  # type: ignore[operator]  # grey
                    made.rect(x * 72 / 150, 842 - y * 72 / 150, 2, 2, stroke=0, fill=1)

    return _drawn(draw)


def scan(person: Person) -> bytes:
    """A picture of the page."""
    return makers.scan(pdf(person))


def turned_scan(person: Person) -> bytes:
    """The same lying on its side."""
    return makers.scan(pdf(person), 90)


def scan_with_layer(person: Person) -> bytes:
    """A picture of the page above an invisible text layer that spells the name otherwise."""
    picture = makers.picture(pdf(person))

    def draw(made: canvas.Canvas) -> None:
        text = made.beginText(60, 700)
        text.setTextRenderMode(3)
        makers_font(made)
        for line in person.lines:
            text.textLine(line.replace("l", "1"))
        made.drawText(text)
        made.drawImage(ImageReader(picture), 0, 0, *A4)

    return _drawn(draw)


def small_logo(person: Person) -> bytes:
    """A page of text with a label of the patient as a small picture."""
    label = Image.new("L", (500, 70), 255)
    ImageDraw.Draw(label).text((8, 20), f"{person.given} {person.family}", 0, ImageFont.load_default(28))

    def draw(made: canvas.Canvas) -> None:
        _lines(made, [*person.lines, *[FINDINGS[person.lang][0]] * 8])
        made.drawImage(ImageReader(label), 330, 800, 180, 25)

    return _drawn(draw)


def openable(person: Person) -> bytes:
    """Encrypted, but open to everybody."""
    return _edited(person, lambda _: None, encryption=pikepdf.Encryption(user="", owner="x"))


def locked(person: Person) -> bytes:
    """Encrypted with a password."""
    return _edited(person, lambda _: None, encryption=pikepdf.Encryption(user="secret", owner="secret"))


def truncated(person: Person) -> bytes:
    """Half a file."""
    data = pdf(person)
    return data[: len(data) // 2]


def _bare(objects: Sequence[bytes], tail: bytes = b"") -> bytes:
    out, places = b"%PDF-1.5\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % p for p in places)
    return out + b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        tail.replace(b"START", b"%d" % start),
        start,
    )


def looping_tables(_: Person) -> bytes:
    """A cross-reference table whose predecessor is itself."""
    return _bare(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
        ],
        b"/Prev START",
    )


def looping_pages(_: Person) -> bytes:
    """A page tree that holds itself, and a form that draws itself."""
    return _bare([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 99999999>>",
                  b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>",
                  b"<</Length 5>>stream\n/X Do\nendstream",
                  b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 5 0 R>>>>/Length 5>>stream\n/X Do\nendstream"])  # fmt: skip


def bomb(_: Person) -> bytes:
    """Flate within Flate."""
    return makers.flate_bomb(2)


def hex_bomb(_: Person) -> bytes:
    """Flate within hexadecimal digits, its filter named by reference."""
    body = zlib.compress(b" " * (180 << 20), 9).hex().encode() + b">"
    return _bare([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                  b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>",
                  b"<</Filter[/AHx/Fl]/Length %d>>stream\n" % len(body) + body + b"\nendstream"])  # fmt: skip


def rtf(person: Person) -> bytes:
    """Header, footnote, field, hidden text, object with its result, annotation, unicode and code pages, author."""

    def encoded(text: str) -> str:
        return "".join(c if ord(c) < 128 else f"\\u{ord(c)}?" for c in text)

    body = "".join(f"{encoded(line)}\\par\n" for line in person.lines)
    half = len(person.family) // 2
    cut = f"{encoded(person.family[:half])}{{\\b {encoded(person.family[half:])}}}"
    return (
        rf"{{\rtf1\ansi\ansicpg1250\deff0{{\fonttbl{{\f0 {encoded(person.family)};}}}}{{\info{{\author {encoded(person.physician)}}}{{\title {encoded(person.whole)}}}}}"  # noqa: E501
        rf"{{\header {encoded(person.whole)}\par}}{{\*\company {encoded(person.hospital)}}}\pard\f0 {body}"
        rf'{{\field{{\*\fldinst HYPERLINK "mailto:{person.number}@x.invalid"}}{{\fldrslt {cut}}}}}\par'
        rf"{{\object\objemb{{\*\objdata {person.whole.encode().hex()}}}{{\result {encoded(person.whole)}}}}}"
        rf"{{\v {encoded(person.whole)}}}{{\footnote {encoded(person.whole)}}}{{\*\annotation {encoded(person.whole)}}}}}"
    ).encode("ascii")  # fmt: skip


def rtf_picture(person: Person) -> bytes:
    """A report whose header is a picture."""
    return makers.rtf(FINDINGS[person.lang], [makers.pasted(f"{person.given} {person.family}")])


def rtf_truncated(person: Person) -> bytes:
    """Groups that never close."""
    return rtf(person)[:-40]


_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def _paragraphs(lines: Sequence[str]) -> str:
    from xml.sax.saxutils import escape

    return "".join(f'<w:p><w:r><w:t xml:space="preserve">{escape(line)}</w:t></w:r></w:p>' for line in lines)


def _packed(person: Person, body: str = "", parts: Mapping[str, bytes | str] = {}) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(
            "word/document.xml", f"<w:document {_W}><w:body>{_paragraphs(person.lines)}{body}</w:body></w:document>"
        )
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def docx(person: Person) -> bytes:
    """Headers, notes, comments, properties, custom XML, a text box, tracked changes, fields, names in relations."""
    whole = _paragraphs([person.whole])
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    box = f"<w:p><w:r><mc:AlternateContent {mc}><mc:Choice><w:txbxContent>{whole}</w:txbxContent></mc:Choice><mc:Fallback>{whole}</mc:Fallback></mc:AlternateContent></w:r></w:p>"  # noqa: E501
    tracked = f"<w:p><w:ins w:author='{person.physician}'><w:r><w:t>14 mm</w:t></w:r></w:ins><w:del><w:r><w:delText>{person.whole}</w:delText></w:r></w:del></w:p>"  # noqa: E501
    field = f"<w:p><w:r><w:instrText>MERGEFIELD {person.family}</w:instrText></w:r><w:sdt><w:sdtContent><w:r><w:t>{person.family}</w:t></w:r></w:sdtContent></w:sdt></w:p>"  # noqa: E501
    hidden = f"<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>{person.whole}</w:t></w:r></w:p>"
    return _packed(person, box + tracked + field + hidden, {
        "word/header1.xml": f"<w:hdr {_W}>{whole}</w:hdr>", "word/footer2.xml": f"<w:ftr {_W}>{whole}</w:ftr>",
        "word/footnotes.xml": f"<w:footnotes {_W}><w:footnote>{whole}</w:footnote></w:footnotes>",
        "word/comments.xml": f"<w:comments {_W}><w:comment w:author='{person.physician}'>{whole}</w:comment></w:comments>",
        "docProps/core.xml": f"<cp><creator>{person.physician}</creator><title>{person.whole}</title></cp>",
        "customXml/item1.xml": f"<patient>{person.whole}</patient>",
        "word/_rels/document.xml.rels": f"<Relationships><Relationship Target='http://pacs.invalid/{person.number}' TargetMode='External'/></Relationships>",  # noqa: E501
    })  # fmt: skip


def docx_picture(person: Person) -> bytes:
    """A label pasted as a picture."""
    return _packed(person, "", {"word/media/image1.png": makers.pasted(f"{person.given} {person.family}")})


def docx_entities(person: Person) -> bytes:
    """An external entity."""
    text = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "http://x.invalid/{person.number}">]><w:hdr {_W}>&x;</w:hdr>'
    return _packed(person, "", {"word/header1.xml": text})


def docx_bomb(person: Person) -> bytes:
    """A part that inflates without end."""
    return _packed(person, "", {"word/header1.xml": b"<a>" + b" " * (60 << 20) + b"</a>"})


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


def _text(codec: str) -> Maker:
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


KINDS: Mapping[str, Maker] = {
    "plain.pdf": pdf, "object_streams.pdf": object_streams, "earlier_revision.pdf": earlier_revision, "form.pdf": form, "notes.pdf": notes,
    "corners.pdf": corners, "marked_content.pdf": marked_content, "unseen_text.pdf": unseen_text, "kerned.pdf": kerned,
    "stamp_across.pdf": stamp_across, "type3.pdf": type3, "scan.pdf": scan, "turned_scan.pdf": turned_scan,
    "scan_with_layer.pdf": scan_with_layer, "small_logo.pdf": small_logo, "openable.pdf": openable, "locked.pdf": locked,
    "truncated.pdf": truncated, "looping_tables.pdf": looping_tables, "looping_pages.pdf": looping_pages, "bomb.pdf": bomb,
    "hex_bomb.pdf": hex_bomb, "corners.rtf": rtf, "picture.rtf": rtf_picture, "truncated.rtf": rtf_truncated, "corners.docx": docx,
    "picture.docx": docx_picture, "entities.docx": docx_entities, "bomb.docx": docx_bomb, "escapes.hl7": hl7, "document.hl7": hl7_document, "scan.hl7": hl7_scan,  # noqa: E501
    "broken_document.hl7": hl7_broken_document, "narrative.xml": cda, "document.xml": cda_document, "nested.xml": cda_in_cda,
    "entities.xml": cda_entities, "deep.xml": cda_deep, "utf8.txt": _text("utf-8-sig"), "utf16.txt": _text("utf-16"), "utf32.txt": _text("utf-32"),
    "cp1252.txt": _text("cp1252"), "cp850.txt": _text("cp850"), "mac.txt": _text("mac-roman"), "hidden.txt": text_hidden,
    "one_line.txt": text_one_line, "spaced.txt": text_spaced,
}  # fmt: skip
# What may not be released at all, whoever it is about.
NEVER = frozenset(
    "locked.pdf truncated.pdf looping_tables.pdf looping_pages.pdf bomb.pdf hex_bomb.pdf truncated.rtf entities.docx bomb.docx "
    "broken_document.hl7 entities.xml deep.xml".split()
)
