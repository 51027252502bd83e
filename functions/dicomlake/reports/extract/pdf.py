"""A PDF in, a document out: text layers in reading order, form fields and notes in their places, pages without usable text read from their picture.

Attachments, outlines, metadata, scripts and earlier revisions are counted and never carried. PDFium is not made for several threads: one at a time.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dicomlake.errors import Code, PermanentError
from dicomlake.reports.document import PAGE, Document, PageForm, Word, readable, tidy
from dicomlake.reports.extract import pdfguard
from dicomlake.reports.extract.layout import Placed, Token, in_order, layers_of
from dicomlake.reports.extract.ocr import OcrEngine, Reading
from dicomlake.reports.extract.pdfchars import TextLayer, text_layer, upright
from dicomlake.reports.extract.pdfrest import rest_of

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfDocument, PdfPage

ONE_AT_A_TIME = threading.RLock()
MAX_PAGES, MAX_READ_PAGES = 400, 100
_DPI, _MAX_PIXELS = 200, 24_000_000
_FEW_CHARS, _SOME_CHARS, _MANY_PATHS = 25, 300, 400
_MAX_UNMAPPED, _LARGE_PICTURE = 0.04, 0.2
_LEAST_CONFIDENCE, _SOME_WORDS = 55.0, 80
_MAX_OBJECTS = 2_000_000


class NeedsOcr(Exception):  # says what is needed, nothing is wrong
    """A page has to be read from its picture and no engine was given."""


@dataclass(frozen=True)
class _Page:
    form: PageForm
    text: str
    placed: list[tuple[Placed, tuple[float, float, float, float]]]


def from_bytes(data: bytes, ocr: OcrEngine | None = None, language: str = "") -> Document:
    """A PDF as a document. Raises PermanentError (encrypted, corrupt, resource_limit, text_phi_suspected), NeedsOcr without an engine."""
    pdfguard.check(data)
    rest = rest_of(data)
    with ONE_AT_A_TIME, opened(data) as pdf:
        if len(pdf) > MAX_PAGES:
            raise PermanentError(Code.RESOURCE_LIMIT, "too_many_pages")
        pages = list(_pages(pdf, ocr, language))
    text, words = "", list[Word]()
    for number, page in enumerate(pages):
        text += PAGE if number else ""
        words += [Word(len(text) + p.start, len(text) + p.end, number, box) for p, box in page.placed]
        text += page.text
    shown = " ".join(text.split())
    added = [line for line, value in rest.lines if " ".join(value.split()) not in shown]
    if added:
        text += "\n\n" + "\n".join(tidy(line) for line in added)
    forms = tuple(page.form for page in pages)
    return readable(Document("pdf", text, forms, tuple(words), left_behind=rest.left_behind, source=data))


class opened:  # noqa: N801  # used like a function
    """A PDF open in PDFium for a while. Raises PermanentError(corrupt, encrypted)."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __enter__(self) -> "PdfDocument":
        import pypdfium2

        try:
            self._pdf = pypdfium2.PdfDocument(self._data)
            if not len(self._pdf):
                raise PermanentError(Code.CORRUPT, "pdf_without_pages")
            self._pdf.init_forms()
        except pypdfium2.PdfiumError:
            raise PermanentError(Code.CORRUPT, "pdf_not_readable") from None
        return self._pdf

    def __exit__(self, *_: object) -> None:
        self._pdf.close()


def _flat(pdf: "PdfDocument", number: int) -> "PdfPage":
    """A page of which notes and form fields have become a part."""
    import pypdfium2.raw as pdfium

    page = pdf[number]
    pdfium.FPDFPage_Flatten(page.raw, pdfium.FLAT_NORMALDISPLAY)
    page.close()
    return pdf[number]


def pictures_of(document: Document, dpi: int) -> Iterator["Image"]:
    """The pages of a PDF that was read, upright, as they were read."""
    with ONE_AT_A_TIME, opened(document.source) as pdf:
        for number, form in enumerate(document.pages):
            picture = picture_of(_flat(pdf, number), dpi)
            yield picture.rotate(-form.turned, expand=True) if form.turned else picture


def _pages(pdf: "PdfDocument", ocr: OcrEngine | None, language: str) -> Iterator[_Page]:
    import pypdfium2

    read = Counter[str]()
    for number in range(len(pdf)):
        try:
            page = _flat(pdf, number)
            layer = text_layer(page)
            if _is_picture(page, layer):
                read["ocr"] += 1
                if read["ocr"] > MAX_READ_PAGES:
                    raise PermanentError(Code.RESOURCE_LIMIT, "too_many_scanned_pages")
                if ocr is None:
                    raise NeedsOcr
                yield _read_page(page, layer, ocr, language)
            else:
                yield _text_page(page, layer)
        except pypdfium2.PdfiumError:
            raise PermanentError(Code.CORRUPT, "page_not_readable") from None


def _is_picture(page: "PdfPage", layer: TextLayer) -> bool:
    """Whether the text layer does not tell what the page shows."""
    import pypdfium2.raw as pdfium

    if layer.chars and (layer.unmapped > _MAX_UNMAPPED or not _plausible(layer)):
        return True
    if layer.chars >= _SOME_CHARS:
        return False
    width, height = page.get_size()
    paths, covered, count = 0, 0.0, 0
    for item in page.get_objects(max_depth=6):
        count += 1
        if count > _MAX_OBJECTS:
            raise PermanentError(Code.RESOURCE_LIMIT, "page_too_complex")
        if item.type == pdfium.FPDF_PAGEOBJ_PATH:
            paths += 1
        elif item.type in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_SHADING):
            left, bottom, right, top = item.get_bounds()
            covered += abs((right - left) * (top - bottom)) / max(1.0, width * height)
    if covered >= _LARGE_PICTURE or paths >= _MANY_PATHS:
        return True
    return layer.chars < _FEW_CHARS and count > 0


def _plausible(layer: TextLayer) -> bool:
    """Text of the languages we know is mostly letters and digits, and its letters have vowels among them."""
    text = "".join(token.text for tokens in layer.tokens.values() for token in tokens)
    if len(text) < 40:
        return True
    letters = [c for c in text.casefold() if c.isalpha()]
    if sum(map(str.isalnum, text)) < 0.55 * len(text):
        return len(set(text)) < 12  # rules and dotted lines
    if len(letters) < 40:
        return True
    vowels = sum(c in "aeiouyáéíóúàèìòùâêîôûäöüãõœæ" for c in letters) / len(letters)
    return 0.22 < vowels < 0.62


def _text_page(page: "PdfPage", layer: TextLayer) -> _Page:
    width, height = page.get_size()
    text, placed = "", []
    for turn, tokens in sorted(layer.tokens.items(), key=lambda part: (-sum(len(t.text) for t in part[1]), part[0])):
        for lying in layers_of(_tidied(tokens)):
            part, places = in_order(lying)
            offset = len(text) + 2 if text else 0
            text = f"{text}\n\n{part}" if text else part
            for p in places:
                moved = Placed(p.start + offset, p.end + offset, p.token)
                placed.append((moved, upright(p.token.box, turn, width, height)))
    return _Page(PageForm(width, height), text, placed)


def _tidied(tokens: list[Token]) -> list[Token]:
    tidied = (Token(tidy(token.text), token.box) for token in tokens)
    return [token for token in tidied if token.text]


def picture_of(page: "PdfPage", dpi: int = _DPI) -> "Image":
    """The page as a grey picture, at most 24 million pixels."""
    width, height = page.get_size()
    scale = dpi / 72
    if width * height * scale * scale > _MAX_PIXELS:
        scale = (_MAX_PIXELS / (width * height)) ** 0.5
    bitmap = page.render(scale=scale, grayscale=True)
    picture: Image = bitmap.to_pil().convert("L")
    return picture


def language_of(reading: Reading) -> str:
    """The language that the words of a picture are in; "" for too few to tell."""
    from dicomlake.reports.scrub.language import detected

    words = " ".join(token.text for token in reading.tokens)
    return detected(words)[0] if len(words) > _SOME_WORDS else ""


def _read_page(page: "PdfPage", layer: TextLayer, ocr: OcrEngine, language: str) -> _Page:
    """What the picture shows; where the text layer says more than that in plain words, both."""
    picture = picture_of(page)
    reading = ocr.read(picture, language)
    found = language or language_of(reading)
    if found not in ("", "en"):  # letters with accents are read by the model of their language only
        reading = ocr.read(picture, found)
    width, height = page.get_size()
    if reading.turned in (90, 270):
        width, height = height, width
    if reading.tokens and reading.confidence < _LEAST_CONFIDENCE:
        raise PermanentError(Code.TEXT_PHI_SUSPECTED, "picture_hard_to_read")
    scale = width / max(1, reading.size[0])
    tokens = [Token(t.text, tuple(v * scale for v in t.box)) for t in reading.tokens]
    text, placed = in_order(_tidied(tokens))
    both = [(p, p.token.box) for p in placed]
    if layer.chars and layer.unmapped <= _MAX_UNMAPPED and _plausible(layer):
        known = set(text.casefold().split())
        rest = _text_page(page, layer)
        missing = [word for word in rest.text.casefold().split() if word not in known]
        if len(missing) > 0.3 * len(rest.text.split()):
            text = f"{text}\n\n{rest.text}"
    return _Page(PageForm(width, height, "ocr", reading.turned), text, both)
