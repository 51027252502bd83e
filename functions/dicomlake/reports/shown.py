"""A finished PDF in, what the picture of each of its pages says out. Called by `verify.py`.

What a page shows and what its text layer says are two things.
A page that shows nothing but the letters of its text layer is proven by drawing them once more with another engine (FreeType) and comparing
the pictures: then its text is what it shows. Any other page is read from its picture by OCR.
"""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dicomlake.errors import Code, PermanentError
from dicomlake.reports.document import tidy
from dicomlake.reports.extract.ocr import OcrEngine
from dicomlake.reports.extract.pdf import ONE_AT_A_TIME, NeedsOcr, opened, picture_of
from dicomlake.reports.rebuild.page import BOLD, PLAIN, font_file

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pypdfium2 import PdfPage

_SCALE = 2.0  # pixels a point
_INK, _TRACE = 80, 40  # of 255: what is surely ink, and what could be the edge of some
_STRAY = 3  # pixels


@dataclass(frozen=True)
class Shown:
    """What one page says; `by_ocr`: its picture was read, with the mistakes that come with that."""

    text: str = field(repr=False)
    by_ocr: bool


def shown(data: bytes, lang: str, ocr: OcrEngine | None) -> Iterator[Shown]:
    """Page by page. Raises NeedsOcr for a page to be read when no engine is given, PermanentError."""
    import pypdfium2

    try:
        with ONE_AT_A_TIME, opened(data) as pdf:
            for number in range(len(pdf)):
                yield _of_page(pdf[number], lang, ocr)
    except pypdfium2.PdfiumError:
        raise PermanentError(Code.DEID_FAILED, "copy_not_readable") from None


def _of_page(page: "PdfPage", lang: str, ocr: OcrEngine | None) -> Shown:
    text_page = page.get_textpage()
    try:
        if _is_drawn_from(page, text_page):
            return Shown(tidy(str(text_page.get_text_range())), by_ocr=False)
    finally:
        text_page.close()
    if ocr is None:
        raise NeedsOcr
    reading = ocr.read(picture_of(page), lang)
    return Shown(" ".join(token.text for token in reading.tokens), by_ocr=True)


def _is_drawn_from(page: "PdfPage", text_page: Any) -> bool:
    """Whether every dot of ink belongs to a letter of the text layer, drawn in our own font at its place."""
    import cv2
    import numpy as np

    picture = page.render(scale=_SCALE, grayscale=True).to_numpy()
    ink = 255 - picture.reshape(picture.shape[:2])
    drawn = _drawn(page, text_page, ink)
    near = cv2.dilate(drawn, np.ones((3, 3), np.uint8))
    return int(((ink > _INK) & (near < _TRACE)).sum()) <= _STRAY


def _drawn(page: "PdfPage", text_page: Any, like: "NDArray[Any]") -> "NDArray[Any]":
    import numpy as np
    import pypdfium2.raw as pdfium

    canvas, height, handle = np.zeros_like(like), page.get_height(), text_page.raw
    x, y, flags, name = ctypes.c_double(), ctypes.c_double(), ctypes.c_int(), ctypes.create_string_buffer(96)
    for index in range(text_page.count_chars()):
        char = chr(pdfium.FPDFText_GetUnicode(handle, index))
        if char.isspace() or not pdfium.FPDFText_GetCharOrigin(handle, index, x, y):
            continue
        pdfium.FPDFText_GetFontInfo(handle, index, name, 96, flags)
        size = round(pdfium.FPDFText_GetFontSize(handle, index), 1)
        letter, left, top = _letter(char, BOLD if b"Bold" in name.value else PLAIN, size)
        column, row = round(x.value * _SCALE) + left, round((height - y.value) * _SCALE) + top
        if letter is not None and column >= 0 and row >= 0:
            place = canvas[row : row + letter.shape[0], column : column + letter.shape[1]]
            np.maximum(place, letter[: place.shape[0], : place.shape[1]], out=place)
    return canvas


@lru_cache(maxsize=4096)
def _letter(char: str, font: str, size: float) -> "tuple[NDArray[Any] | None, int, int]":
    """The picture of a letter and its place from where it stands on its line."""
    import numpy as np

    mask, (left, top) = _font(font, size).getmask2(char, mode="L", anchor="ls")
    width, height = mask.size
    if not width or not height:
        return None, 0, 0
    return np.array(mask, dtype=np.uint8).reshape(height, width), int(left), int(top)


@lru_cache(maxsize=16)
def _font(font: str, size: float) -> Any:
    from PIL import ImageFont

    return ImageFont.truetype(font_file(font), max(1.0, size * _SCALE), layout_engine=ImageFont.Layout.BASIC)
