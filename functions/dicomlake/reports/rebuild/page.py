"""Clean text in, a PDF out that is made of nothing else: headings, paragraphs and tables in the order they had. Same text, same bytes.

DejaVu Sans, which comes with matplotlib's wheel, has the letters of all the languages the platform reads.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from dicomlake.errors import ConfigError
from dicomlake.reports.document import CELL, PAGE

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = 595.28, 841.89
_MARGIN, _SIZE, _LEADING, _GAP, _COLUMN_GAP = 54.0, 9.5, 13.0, 6.0, 12.0
PLAIN, BOLD = "DejaVuSans", "DejaVuSans-Bold"
_HEADING_CHARS = 90
_TITLE = "De-identified report"


def pdf_of(text: str, lang: str, note: str = "") -> bytes:
    """The PDF. `note` is a line at the foot of each page that says what the copy is. Raises ConfigError when the font is not installed."""
    register_fonts()
    out = io.BytesIO()
    canvas = new_canvas(out, lang, note)
    added_pages(canvas, text, note)
    canvas.save()
    return out.getvalue()


def new_canvas(out: io.BytesIO, lang: str, note: str) -> "Canvas":
    """A PDF without pages, with our own properties."""
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=1, lang=lang, pageCompression=1)
    canvas.setTitle(_TITLE)
    canvas.setAuthor("dicomlake")
    canvas.setSubject(note)
    return canvas


def added_pages(canvas: "Canvas", text: str, note: str) -> None:
    """Write a text on pages of its own."""
    canvas.setPageSize((WIDTH, HEIGHT))
    writer = _Writer(canvas, note or _TITLE)
    for number, page in enumerate(text.split(PAGE)):
        if number:
            writer.next_page()
        for block in _blocks(page):
            writer.write(block)
    writer.end()


@cache
def register_fonts() -> None:
    """Make the fonts known to reportlab, once a process."""
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    for name in (PLAIN, BOLD):
        registerFont(TTFont(name, font_file(name)))


def font_file(name: str) -> str:
    """The path of a font. Raises ConfigError when it is not installed."""
    spec = find_spec("matplotlib")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError("the font DejaVu Sans is missing: install the extra `text`")
    return str(Path(spec.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf" / f"{name}.ttf")


@dataclass(frozen=True)
class Block:
    """Lines of one form: a heading, a line of text, or the rows of a table (cells by row)."""

    form: str
    rows: tuple[tuple[str, ...], ...] = field(repr=False)


def _blocks(page: str) -> Iterator[Block]:
    table: list[tuple[str, ...]] = []
    for line in [*page.split("\n"), ""]:
        if CELL in line.strip(CELL):
            table.append(tuple(cell.strip() for cell in line.split(CELL)))
            continue
        if table:
            yield Block("table", tuple(table))
            table = []
        plain = line.strip()
        yield Block("heading" if _is_heading(plain) else "line", ((plain,),))


def _is_heading(line: str) -> bool:
    letters = [c for c in line if c.isalpha()]
    if len(letters) < 4 or len(line) > _HEADING_CHARS:
        return False
    return line.endswith(":") or all(map(str.isupper, letters))


class _Writer:
    def __init__(self, canvas: "Canvas", note: str) -> None:
        self._canvas = canvas
        self._note = note
        self._y = HEIGHT - _MARGIN
        self._page = 1

    def write(self, block: Block) -> None:
        if block.form == "table":
            widths = _widths(block.rows)
            for row in block.rows:
                self._row(row, widths)
            return
        text = block.rows[0][0]
        if not text:
            self._y -= _GAP
            return
        font = BOLD if block.form == "heading" else PLAIN
        self._y -= _GAP / 2 if block.form == "heading" else 0
        for line in wrapped(text, font, WIDTH - 2 * _MARGIN):
            self._line(((_MARGIN, line),), font)

    def _row(self, row: tuple[str, ...], widths: list[float]) -> None:
        cells = [wrapped(cell, PLAIN, width) for cell, width in zip(row, widths, strict=False)]
        starts = [_MARGIN + sum(widths[:n]) + _COLUMN_GAP * n for n in range(len(widths))]
        for number in range(max(map(len, cells), default=0)):
            shown = ((x, cell[number]) for x, cell in zip(starts, cells, strict=False) if number < len(cell))
            self._line(tuple(shown), PLAIN)

    def _line(self, parts: tuple[tuple[float, str], ...], font: str) -> None:
        if self._y < _MARGIN + _LEADING:
            self.next_page()
        self._canvas.setFont(font, _SIZE)
        self._y -= _LEADING
        for x, text in parts:
            self._canvas.drawString(x, self._y, text)

    def next_page(self) -> None:
        self._foot()
        self._canvas.showPage()
        self._page += 1
        self._y = HEIGHT - _MARGIN

    def end(self) -> None:
        self._foot()
        self._canvas.showPage()

    def _foot(self) -> None:
        self._canvas.setFont(PLAIN, 7)
        self._canvas.drawString(_MARGIN, 28, self._note)
        self._canvas.drawRightString(WIDTH - _MARGIN, 28, str(self._page))


def _widths(rows: tuple[tuple[str, ...], ...]) -> list[float]:
    """Each column as wide as its widest cell; where that is too much, the wide ones give way."""
    count = max(map(len, rows))
    room = WIDTH - 2 * _MARGIN - _COLUMN_GAP * (count - 1)
    wanted = [max((_width(row[n], PLAIN) for row in rows if n < len(row)), default=0.0) + 1 for n in range(count)]
    limit = room
    while sum(min(width, limit) for width in wanted) > room and limit > 1:
        limit *= 0.95
    return [min(width, limit) for width in wanted]


def wrapped(text: str, font: str, width: float) -> list[str]:
    """Lines no wider than `width`, broken at blanks, and within a word only where it is wider than a line."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if _width(longer, font) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        while _width(word, font) > width and len(word) > 1:
            cut = len(word)
            while cut > 1 and _width(word[:cut], font) > width:
                cut = cut * 3 // 4 if cut > 40 else cut - 1
            lines.append(word[:cut])
            word = word[cut:]
        line = word
    return [*lines, line] if line else lines


def _width(text: str, font: str) -> float:
    from reportlab.pdfbase.pdfmetrics import stringWidth

    return float(stringWidth(text, font, _SIZE))
