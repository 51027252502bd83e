"""Files of reports in, documents out: `document_of(data, kind)`. Told apart by content, read within limits; no network, nothing executed."""

from collections.abc import Callable

from dicomlake.errors import Code, PermanentError
from dicomlake.reports.document import Document
from dicomlake.reports.extract import cda, docx, hl7, rtf, text
from dicomlake.reports.extract.ocr import OcrEngine, Tesseract
from dicomlake.reports.extract.pdf import NeedsOcr

__all__ = ["NeedsOcr", "OcrEngine", "Tesseract", "document_of", "message_of"]
MAX_BYTES = 256 << 20
_TEXT_BYTES = 16 << 20


def document_of(data: bytes, kind: str, ocr: OcrEngine | None = None) -> Document:
    """Read a report of a `kind` (pdf, text, rtf, office, hl7, xml).

    Raises PermanentError (encrypted, corrupt, unsupported, unsafe_xml, resource_limit, text_phi_suspected), and NeedsOcr when a picture must
    be read and no engine is given.
    """
    if len(data) > (_TEXT_BYTES if kind in ("text", "rtf") else MAX_BYTES):
        raise PermanentError(Code.RESOURCE_LIMIT, "report_too_large")
    if kind == "pdf":
        from dicomlake.reports.extract import pdf

        return pdf.from_bytes(data, ocr)
    if kind == "hl7":
        return hl7.from_bytes(data, lambda inner: _embedded(inner, ocr))
    if kind == "xml":
        return cda.from_bytes(data, lambda inner: _embedded(inner, ocr))
    if kind == "text":
        return text.from_bytes(data, lambda inner: _embedded(inner, ocr))
    readers: dict[str, Callable[[bytes, OcrEngine | None], Document]] = {
        "rtf": rtf.from_bytes,
        "office": docx.from_bytes,
    }
    return readers[kind](data, ocr)


def message_of(data: bytes) -> Document:
    """What a message (HL7 v2) tells of its patient and study, its documents unread. Raises PermanentError."""
    return hl7.from_bytes(data, None, whole=False)


def _embedded(data: bytes, ocr: OcrEngine | None) -> Document:
    """A document inside another: a PDF, RTF, DOCX or plain text, and nothing that could hold a third."""
    if b"%PDF-" in data[:1024]:
        return document_of(data, "pdf", ocr)
    if data.lstrip().startswith(b"{\\rtf"):
        return document_of(data, "rtf", ocr)
    if data.startswith(b"PK\3\4"):
        return document_of(data, "office", ocr)
    if b"\0" in data[:4096] or data.lstrip()[:1] == b"<" or hl7.is_hl7(data[:64].decode("latin-1")):
        raise PermanentError(Code.UNSUPPORTED, "embedded_of_no_known_kind")
    return document_of(data, "text")
