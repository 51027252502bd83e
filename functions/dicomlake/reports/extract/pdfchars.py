"""One page of a PDF in, the words of its text layer with their boxes out, in points from the upper left corner of the page as it is shown.

Whatever way a line runs (a turned page, a stamp on its margin), its words are read along it.
"""

import ctypes
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from dicomlake.reports.extract.layout import Box, Token

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage

_MAX_CHARS = 200_000
_MADE = "\u2009"  # stands for a blank that nobody wrote
_SPACED, _FAR_APART, _WIDER = 4, 1.6, 1.6  # letters of a run, the widest gap in it in heights, and what parts two words


@dataclass(frozen=True, slots=True)
class Char:
    """A character, its box along its line (y growing downwards) and the line's turn in quarter circles."""

    text: str
    box: Box
    turn: int


@dataclass(frozen=True)
class TextLayer:
    """Tokens by the turn of their line; `unmapped` is the share of characters nobody can tell the meaning of."""

    tokens: dict[int, list[Token]]
    chars: int
    unmapped: float


def text_layer(page: "PdfPage") -> TextLayer:
    """Read the text layer of a page."""
    text_page = page.get_textpage()
    try:
        chars, unmapped = _chars(page, text_page)
    finally:
        text_page.close()
    by_turn: dict[int, list[Char]] = {}
    for char in chars:
        by_turn.setdefault(char.turn, []).append(char)
    tokens = {turn: list(_unspaced(_words(part))) for turn, part in by_turn.items()}
    visible = sum(not char.text.isspace() for char in chars)
    return TextLayer(tokens, visible, unmapped / max(1, visible))


def upright(box: Box, turn: int, width: float, height: float) -> Box:
    """A box along a turned line as a box on the page."""
    x0, y0, x1, y1 = box
    if turn == 1:  # read upwards
        return (y0, height - x1, y1, height - x0)
    if turn == 2:
        return (width - x1, height - y1, width - x0, height - y0)
    if turn == 3:  # read downwards
        return (width - y1, x0, width - y0, x1)
    return box


def _chars(page: "PdfPage", text_page: "PdfTextPage") -> tuple[list[Char], int]:
    import pypdfium2.raw as pdfium

    handle, count = text_page.raw, min(text_page.count_chars(), _MAX_CHARS)
    a, b, c, d, e, f = _affine(page)
    width, height = page.get_size()
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    matrix = pdfium.FS_MATRIX()
    chars: list[Char] = []
    unmapped, turn = 0, 0
    seen: set[tuple[str, int, int]] = set()
    for index in range(count):
        code = pdfium.FPDFText_GetUnicode(handle, index)
        text = chr(code) if 0 < code < 0x110000 else "\ufffd"
        if (
            pdfium.FPDFText_IsHyphen(handle, index) == 1
        ):  # one that parts a word at the end of a line is told as a sign of its own
            code, text = ord("-"), "-"
        made = pdfium.FPDFText_IsGenerated(handle, index) == 1
        if text in "\r\n" or (made and text != "-"):
            chars.append(Char(_MADE if made and text == " " else " ", chars[-1].box if chars else (0, 0, 0, 0), turn))
            continue
        if (
            pdfium.FPDFText_HasUnicodeMapError(handle, index) == 1
            or code in (0, 0xFFFD, 0xFFFE)
            or 0xE000 <= code < 0xF900
        ):
            unmapped += 1
        if not pdfium.FPDFText_GetLooseCharBox(handle, index, (rect := pdfium.FS_RECTF())):
            continue
        left.value, right.value, bottom.value, top.value = rect.left, rect.right, rect.bottom, rect.top
        if text != " " and pdfium.FPDFText_GetMatrix(handle, index, matrix):
            turn = _turn(a * matrix.a + c * matrix.b, b * matrix.a + d * matrix.b)
        xs = sorted((a * left.value + c * bottom.value + e, a * right.value + c * top.value + e))
        ys = sorted((b * left.value + d * bottom.value + f, b * right.value + d * top.value + f))
        place = (text, round(xs[0]), round(ys[0]))
        if text != " " and place in seen:  # bold by printing twice
            continue
        seen.add(place)
        chars.append(Char(text, _along((xs[0], ys[0], xs[1], ys[1]), turn, width, height), turn))
    return chars, unmapped


def _affine(page: "PdfPage") -> tuple[float, float, float, float, float, float]:
    """From the page's own space to points from the upper left corner as it is shown, which knows of its crop box and rotation."""
    import pypdfium2.raw as pdfium

    width, height = page.get_size()
    scale = 1000
    x, y = ctypes.c_int(), ctypes.c_int()

    def shown(px: float, py: float) -> tuple[float, float]:
        size = (round(width * scale), round(height * scale))
        pdfium.FPDF_PageToDevice(page.raw, 0, 0, *size, 0, px, py, x, y)
        return x.value / scale, y.value / scale

    (ox, oy), (ax, ay), (bx, by) = shown(0, 0), shown(100, 0), shown(0, 100)
    return ((ax - ox) / 100, (ay - oy) / 100, (bx - ox) / 100, (by - oy) / 100, ox, oy)


def _turn(dx: float, dy: float) -> int:
    """Quarter circles against the clock that a line running along (dx, dy), y downwards, is turned by."""
    return round(math.atan2(-dy, dx) / (math.pi / 2)) % 4 if dx or dy else 0


def _along(box: Box, turn: int, width: float, height: float) -> Box:
    x0, y0, x1, y1 = box
    if turn == 1:
        return (height - y1, x0, height - y0, x1)
    if turn == 2:
        return (width - x1, height - y1, width - x0, height - y0)
    if turn == 3:
        return (y0, width - x1, y1, width - x0)
    return box


def _words(chars: list[Char]) -> Iterator[tuple[Token, bool]]:
    """Runs of characters without a gap, in the order they were written in, and whether a blank was written before each."""
    run: list[Char] = []
    blank = written = False
    for char in chars:
        if run and (char.text.isspace() or _apart(run[-1], char)):
            yield _token(run), written
            run, blank = [], False
        if char.text.isspace():
            blank = blank or char.text != _MADE
            continue
        if not run:
            written = blank
        run.append(char)
    if run:
        yield _token(run), written


def _unspaced(tokens: Iterable[tuple[Token, bool]]) -> Iterator[Token]:
    """Letters set one by one as the words they make: where the gaps of a run are alike, a much wider one parts two words."""
    run: list[Token] = []
    for token, written in tokens:
        single = len(token.text) == 1
        if run and not (single and not written and _gap(run[-1], token) is not None):
            yield from _respaced(run)
            run = []
        if single:
            run.append(token)
        else:
            yield token
    yield from _respaced(run)


def _gap(last: Token, token: Token) -> float | None:
    """What lies between two letters of one line, in heights; None where they are too far apart to make a word."""
    height = max(last.box[3] - last.box[1], 1.0)
    if abs(last.box[3] - token.box[3]) > 0.3 * height:
        return None
    gap = (token.box[0] - last.box[2]) / height
    return gap if 0 <= gap < _FAR_APART else None


def _respaced(run: list[Token]) -> Iterator[Token]:
    if len(run) < _SPACED or sum(token.text.isalpha() for token in run) * 2 < len(run):
        yield from run
        return
    gaps = [_gap(one, two) or 0.0 for one, two in pairwise(run)]
    wide = max(_WIDER * median(gaps), median(gaps) + 0.15)
    word = [run[0]]
    for gap, token in zip(gaps, run[1:], strict=True):
        if gap > wide:
            yield _merged(word)
            word = []
        word.append(token)
    yield _merged(word)


def _merged(tokens: list[Token]) -> Token:
    lefts, tops, rights, bottoms = zip(*(token.box for token in tokens), strict=True)
    return Token("".join(token.text for token in tokens), (min(lefts), min(tops), max(rights), max(bottoms)))


def _apart(last: Char, char: Char) -> bool:
    height = max(last.box[3] - last.box[1], 1.0)
    if abs(last.box[3] - char.box[3]) > 0.6 * height:
        return True
    return not -0.6 * height < char.box[0] - last.box[2] < 0.22 * height


def _token(run: list[Char]) -> Token:
    box = (
        min(c.box[0] for c in run),
        min(c.box[1] for c in run),
        max(c.box[2] for c in run),
        max(c.box[3] for c in run),
    )
    return Token("".join(c.text for c in run), box)
