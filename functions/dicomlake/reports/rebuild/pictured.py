"""A PDF as it was read and what replaces its spans in, a PDF that looks like it out: pictures of its pages with boxes burned in and a text layer.

Nothing of the source's objects is carried. Nor is the page as a whole: a page begins white, and only the ink of words that were read and may
stay, and long thin rules, are copied onto it. What nobody has read (a signature, a stamp, a logo, a barcode) is not there.
"""

import io
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dicomlake.errors import Code, PermanentError
from dicomlake.reports.document import Document, PageForm
from dicomlake.reports.extract.pdf import MAX_READ_PAGES, pictures_of
from dicomlake.reports.rebuild.page import PLAIN, added_pages, font_file, new_canvas, register_fonts
from dicomlake.reports.recognise import Span

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image
    from reportlab.pdfgen.canvas import Canvas

_DPI = 150
_AROUND = 2  # pixels
_INK = 90  # of 255
_RULE_LENGTH, _RULE_WIDTH, _RULE_GAP = 300, 6, 14  # pixels: bars of a barcode are shorter, or closer to each other
_BOX = 205  # of 255: a grey on which black letters are read
_LEAST_SIZE = 11  # pixels of a letter that can be read in a box


@dataclass(frozen=True)
class Piece:
    """A word on a page, or what stands in its place: `box` in points from the upper left corner; `covered`: its ink must go."""

    page: int
    box: tuple[float, float, float, float]
    text: str = field(repr=False)
    covered: bool


def pictured_pdf(document: Document, spans: Sequence[Span], new: Sequence[str], lang: str, note: str) -> bytes:
    """The PDF; `new` is what stands in place of each span. Text that stands nowhere on a page follows on pages of its own.

    Raises PermanentError(resource_limit) for more pages than are looked at.
    """
    if len(document.pages) > MAX_READ_PAGES:
        raise PermanentError(Code.RESOURCE_LIMIT, "too_many_pages")
    register_fonts()
    out = io.BytesIO()
    canvas = new_canvas(out, lang, note)
    pieces = _pieces(document, spans, new)
    for number, (form, picture) in enumerate(zip(document.pages, pictures_of(document, _DPI), strict=True)):
        _write(canvas, form, picture, [piece for piece in pieces if piece.page == number])
    rest = _unplaced(document, spans, new)
    if rest:
        added_pages(canvas, rest, note)
    canvas.save()
    return out.getvalue()


def _pieces(document: Document, spans: Sequence[Span], new: Sequence[str]) -> list[Piece]:
    """Words that stay, and one box for all words of a span on one line: it tells neither how many they were nor how long."""
    pieces: list[Piece] = []
    told: set[int] = set()
    starts = [span.start for span in spans]
    at, last = 0, -1
    for word in sorted(document.words, key=lambda one: (one.start, one.end)):
        while at < len(spans) and spans[at].end <= word.start:
            at += 1
        inside = list(range(at, bisect_left(starts, word.end, at)))
        text = _rewritten(document.text, word.start, word.end, spans, new, told)
        piece = Piece(word.page, word.box, text, bool(inside))
        if inside and inside[0] == last and _on_one_line(pieces[-1], piece):
            pieces[-1] = _together(pieces[-1], piece)
        else:
            pieces.append(piece)
        told |= set(inside)
        last = inside[-1] if inside else -1
    return pieces


def _on_one_line(one: Piece, other: Piece) -> bool:
    overlap = min(one.box[3], other.box[3]) - max(one.box[1], other.box[1])
    return one.page == other.page and overlap > 0.5 * (other.box[3] - other.box[1]) and one.box[0] <= other.box[0]


def _together(one: Piece, other: Piece) -> Piece:
    a, b = one.box, other.box
    box = (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
    return Piece(one.page, box, f"{one.text}{other.text}", covered=True)


def _rewritten(
    text: str, start: int, end: int, spans: Sequence[Span], new: Sequence[str], told: "set[int] | frozenset[int]"
) -> str:
    """Characters `start` to `end` with what replaces the spans in them; a span that was told before is only left out."""
    out, pos = "", start
    for number, span in enumerate(spans):
        if span.end <= start or span.start >= end:
            continue
        out += text[pos : max(pos, span.start)] + ("" if number in told else new[number])
        pos = max(pos, span.end)
    return out + text[pos:end]


def _unplaced(document: Document, spans: Sequence[Span], new: Sequence[str]) -> str:
    """Lines that no word of a page stands for: values of form fields and notes, and text layers that say more than their page."""
    placed = bytearray(len(document.text))
    for word in document.words:
        placed[word.start : word.end] = b"\1" * (word.end - word.start)
    lines, pos = [], 0
    for line in document.text.split("\n"):
        end = pos + len(line)
        if any(not placed[n] and document.text[n].isalnum() for n in range(pos, end)):
            lines.append(_rewritten(document.text, pos, end, spans, new, frozenset()).replace("\f", " "))
        pos = end + 1
    return "\n".join(lines)


def _write(canvas: "Canvas", form: PageForm, picture: "Image", pieces: list[Piece]) -> None:
    from reportlab.lib.utils import ImageReader

    canvas.setPageSize((form.width, form.height))
    canvas.drawImage(ImageReader(_page(picture, pieces, picture.width / form.width)), 0, 0, form.width, form.height)
    for piece in pieces:
        _layer(canvas, form, piece)
    canvas.showPage()


def _page(picture: "Image", pieces: list[Piece], scale: float) -> "Image":
    """The new picture of a page; `scale` are pixels a point."""
    import numpy as np
    from PIL import Image

    source = np.asarray(picture)
    made = _rules(source)
    for piece in pieces:
        if not piece.covered:
            rows, columns = _place(piece, scale, source.shape)
            made[rows, columns] = np.minimum(made[rows, columns], source[rows, columns])
    boxes = [_place(piece, scale, source.shape) for piece in pieces if piece.covered]
    for rows, columns in boxes:
        made[rows, columns] = _BOX
    shown = Image.fromarray(made)
    for piece in pieces:
        if piece.covered and piece.text:
            _label(shown, piece, scale)
    return shown


def _place(piece: Piece, scale: float, shape: tuple[int, ...]) -> tuple[slice, slice]:
    left, top, right, bottom = (value * scale for value in piece.box)
    return (
        slice(max(0, int(top) - _AROUND), min(shape[0], int(bottom) + 1 + _AROUND)),
        slice(max(0, int(left) - _AROUND), min(shape[1], int(right) + 1 + _AROUND)),
    )


def _rules(source: "NDArray[Any]") -> "NDArray[Any]":
    """A white page with the long thin straight lines of the source."""
    import cv2
    import numpy as np

    made = np.full_like(source, 255)
    ink = (source < 255 - _INK).astype(np.uint8)
    for shape in ((_RULE_LENGTH, 1), (1, _RULE_LENGTH)):
        lines = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(shape[::-1], np.uint8))
        _, labels, stats, _ = cv2.connectedComponentsWithStats(lines, connectivity=8)
        across = shape[0] == 1  # a line down the page
        found = [
            (number, int(s[0 if across else 1]), int(s[2 if across else 3])) for number, s in enumerate(stats) if number
        ]
        for number, place, width in found:
            close = any(other != number and abs(at - place) < _RULE_GAP for other, at, _ in found)
            if width <= _RULE_WIDTH and not close:
                made[labels == number] = 0
    return made


def _label(shown: "Image", piece: Piece, scale: float) -> None:
    """What stands there now, written on the box, where it can be written large enough to be read."""
    from PIL import ImageDraw, ImageFont

    left, top, right, bottom = (value * scale for value in piece.box)
    size = max(_LEAST_SIZE, min(22.0, 0.8 * (bottom - top)))
    font = ImageFont.truetype(font_file(PLAIN), size)
    width = font.getlength(piece.text)
    if width > right - left:
        size *= (right - left) / width
        font = ImageFont.truetype(font_file(PLAIN), size) if size >= _LEAST_SIZE else font
    if size >= _LEAST_SIZE:
        ImageDraw.Draw(shown).text((left, (top + bottom) / 2), piece.text, 0, font, anchor="lm")


def _layer(canvas: "Canvas", form: PageForm, piece: Piece) -> None:
    """The word as text that is found and copied, and not drawn."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    if not piece.text.strip():
        return
    left, top, right, bottom = piece.box
    size = max(1.0, 0.8 * (bottom - top))
    text = canvas.beginText(left, form.height - bottom + 0.2 * size)
    text.setTextRenderMode(3)
    text.setFont(PLAIN, size)
    text.setHorizScale(100 * max(0.5, right - left) / max(0.5, float(stringWidth(piece.text, PLAIN, size))))
    text.textOut(f"{piece.text} ")
    canvas.drawText(text)
