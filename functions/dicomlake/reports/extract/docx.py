"""A word-processing document (ECMA-376 WordprocessingML) in, a document out. Parts are inflated within limits; nothing they refer to is fetched.

Body, headers, footers and notes are read in that order, then the text in pictures; deleted and hidden text, comments, field codes, properties
and the pictures themselves are not carried.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator
from xml.etree import ElementTree

from dicomlake.errors import Code, PermanentError
from dicomlake.reports.document import Document, PageForm, readable, tidy
from dicomlake.reports.extract.ocr import OcrEngine
from dicomlake.reports.extract.pictures import texts_of
from dicomlake.reports.extract.xmlsafe import local, parse

_MAX_PARTS, _MAX_PART_BYTES, _MAX_RATIO = 5000, 32 << 20, 200
_MAX_MEDIA_BYTES = 64 << 20
_SKIPPED = frozenset(
    "del delText moveFrom instrText Fallback pPr tblPr sectPr fldData commentReference annotationRef".split()
)
_BODY = "word/document.xml"


def from_bytes(data: bytes, ocr: OcrEngine | None = None) -> Document:
    """A DOCX file. Raises NeedsOcr for pictures without an engine, PermanentError: corrupt, encrypted, unsupported (a sheet, slides),
    unsafe_xml, unsafe_archive, resource_limit, text_phi_suspected.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read(archive, ocr)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError):
        raise PermanentError(Code.CORRUPT, "archive_damaged") from None


def _read(archive: zipfile.ZipFile, ocr: OcrEngine | None) -> Document:
    parts = {entry.filename: entry for entry in archive.infolist()}
    if len(parts) > _MAX_PARTS:
        raise PermanentError(Code.RESOURCE_LIMIT, "too_many_parts")
    if any(entry.flag_bits & 1 for entry in parts.values()):
        raise PermanentError(Code.ENCRYPTED, "part_encrypted")
    for entry in parts.values():
        _check(entry)
    if _BODY not in parts:
        raise PermanentError(Code.UNSUPPORTED, "no_word_document")
    beside = [
        name
        for name in sorted(parts)
        if name.startswith(("word/header", "word/footer", "word/footnotes", "word/endnotes"))
    ]
    headers = [name for name in beside if name.startswith("word/header")]
    order = [*headers, _BODY, *(name for name in beside if name not in headers)]
    text = "\n".join(filter(None, (tidy(_part(archive, parts[name])) for name in order if name.endswith(".xml"))))
    media = [name for name in sorted(parts) if name.startswith("word/media/") and not name.endswith("/")]
    shown, unread = texts_of([_inflated(archive, parts[name]) for name in media], ocr)
    counts = {
        "pictures": len(media),
        "pictures_not_read": unread,
        "comments": sum(name.startswith("word/comments") for name in parts),
        "embedded": sum(name.startswith(("word/embeddings/", "word/afchunk", "word/activeX/")) for name in parts),
    }
    text = f"{tidy(text)}\n\n{shown}".strip()
    behind = {name: count for name, count in counts.items() if count}
    return readable(Document("office", text, (PageForm(595, 842, "ocr" if shown else "text"),), left_behind=behind))


def _check(entry: zipfile.ZipInfo) -> None:
    """Parts that are never opened tell as much about an archive as those that are."""
    place = entry.filename.replace("\\", "/")
    if (
        place.startswith("/")
        or ".." in place.split("/")
        or ":" in place
        or (entry.external_attr >> 16) & 0o170000 == 0o120000
    ):
        raise PermanentError(Code.UNSAFE_ARCHIVE, "part_points_outside")
    if entry.file_size > _MAX_MEDIA_BYTES and entry.file_size > _MAX_RATIO * max(entry.compress_size, 1024):
        raise PermanentError(Code.RESOURCE_LIMIT, "part_too_large")


def _part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> str:
    return "".join(_walk(parse(_inflated(archive, entry))))


def _inflated(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.file_size > _MAX_PART_BYTES or entry.file_size > _MAX_RATIO * max(entry.compress_size, 1024):
        raise PermanentError(Code.RESOURCE_LIMIT, "part_too_large")
    with archive.open(entry) as file:
        data = file.read(_MAX_PART_BYTES + 1)
    if len(data) > _MAX_PART_BYTES:
        raise PermanentError(Code.RESOURCE_LIMIT, "part_too_large")
    return data


def _walk(element: ElementTree.Element) -> Iterator[str]:
    name = local(element)
    if name in _SKIPPED or (name == "r" and _is_hidden(element)):
        return
    if name == "t":
        yield element.text or ""
    elif name == "sym":
        yield "•"
    elif name in ("tab", "ptab"):
        yield "\t"
    elif name in ("br", "cr"):
        yield "\f" if any(key.endswith("}type") and value == "page" for key, value in element.attrib.items()) else "\n"
    elif name in ("noBreakHyphen", "softHyphen"):
        yield "-" if name == "noBreakHyphen" else ""
    elif name == "tr":
        cells = [
            "".join(_walk(cell)).strip("\n").replace("\n", " ") for cell in element if local(cell) in ("tc", "sdt")
        ]
        yield "\t".join(cells) + "\n"
    else:
        for child in element:
            yield from _walk(child)
        if name in ("p", "txbxContent"):
            yield "\n"


def _is_hidden(run: ElementTree.Element) -> bool:
    for properties in run:
        if local(properties) == "rPr":
            for mark in properties:
                if local(mark) in ("vanish", "webHidden"):
                    return not any(value in ("0", "false") for value in mark.attrib.values())
    return False
