"""PDF files with names in every corner of the format. Called by `hostile.py`."""

import io
import zlib
from collections.abc import Callable, Sequence

import pikepdf
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

from tests.reports import makers
from tests.reports.hostile_people import FINDINGS, Person


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
