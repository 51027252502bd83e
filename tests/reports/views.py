"""Everything anybody can see in a finished file: its bytes, every stream and string, two readers of text, and its pages as pictures."""

import io
import unicodedata
from collections.abc import Iterator

import pikepdf
import pypdf
import pypdfium2

from dicomlake.reports.extract import Tesseract


def views(data: bytes) -> Iterator[tuple[str, str]]:
    """Name and text of each view of a PDF or a text file."""
    yield "bytes", data.decode("utf-8", "replace")
    if not data.startswith(b"%PDF"):
        return
    yield "pypdf", "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        streams = [
            item for item in pdf.objects if isinstance(item, pikepdf.Stream) and item.get("/Subtype") != "/Image"
        ]
        strings = [value for item in pdf.objects if isinstance(item, pikepdf.Dictionary) for value in item.values()]
        yield "streams", "\n".join(stream.read_bytes().decode("latin-1") for stream in streams)
        yield "strings", "\n".join(str(value) for value in strings if isinstance(value, pikepdf.String))
    document = pypdfium2.PdfDocument(data)
    for page in document:
        yield "pdfium", page.get_textpage().get_text_range()
        picture = page.render(scale=200 / 72, grayscale=True).to_pil().convert("L")
        yield "ocr", " ".join(token.text for token in Tesseract().read(picture).tokens)
    document.close()


def seen(data: bytes, planted: tuple[str, ...]) -> list[tuple[str, str]]:
    """(view, string) of each planted string that a view shows, whatever its case and accents."""
    found = []
    for name, text in views(data):
        plain = _plain(text)
        found += [(name, value) for value in planted if _plain(value) in plain]
    return found


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in letters if not unicodedata.combining(c))
