"""RTF and DOCX files with names in every corner of the format. Called by `hostile.py`."""

import io
import zipfile
from collections.abc import Mapping, Sequence

from tests.reports import makers
from tests.reports.hostile_people import FINDINGS, Person


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
