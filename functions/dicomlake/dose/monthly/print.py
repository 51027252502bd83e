"""A document in, a PDF for print out (A4, reportlab). The same document gives the same bytes."""

import io
from html import escape
from typing import TYPE_CHECKING, Any

from dicomlake.dose.monthly.blocks import Block, Chart, Document, Heading, Paragraph, Table, Tiles

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

_MARGIN_MM = 15
_BELOW_HEADING = 130  # points: itself, some lines of text, the head of a table and two rows
_PADDING = 6  # points, on each side of the library's frame
_INK, _SOFT, _LINE, _FINE = "#1b2a38", "#33475a", "#c9d6e2", "#dde5ec"


def to_pdf(document: Document) -> bytes:
    """The document as PDF; text of any Latin, Greek or Cyrillic letter is embedded with its font (DejaVu Sans, as in the drawings)."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    _fonts()
    styles = _styles()
    out = io.BytesIO()
    template = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=_MARGIN_MM * mm,
        rightMargin=_MARGIN_MM * mm,
        topMargin=15 * mm,
        bottomMargin=18 * mm,
        title=f"{document.title} · {document.subtitle}",
        lang=document.lang,
        invariant=1,
    )
    width = template.width - 2 * _PADDING
    story = _head(document, styles, width)
    blocks = list(document.blocks)
    for place, block in enumerate(blocks):
        following = blocks[place + 1] if place + 1 < len(blocks) else None
        story += _flow(block, following, styles, width)
    template.build(story, canvasmaker=_numbered(document))
    return out.getvalue()


def _fonts() -> None:
    from pathlib import Path

    import matplotlib as mpl
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for name in ("DejaVuSans", "DejaVuSans-Bold"):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))
    pdfmetrics.registerFontFamily("DejaVuSans", normal="DejaVuSans", bold="DejaVuSans-Bold")


def _styles() -> dict[str, Any]:
    from reportlab.lib.enums import TA_RIGHT
    from reportlab.lib.styles import ParagraphStyle

    text = ParagraphStyle("text", fontName="DejaVuSans", fontSize=8.6, leading=12.4, textColor=_INK, spaceAfter=4)
    cell = ParagraphStyle("cell", parent=text, fontSize=7.2, leading=9.2, spaceAfter=0, splitLongWords=1)
    return {
        "text": text,
        "small": ParagraphStyle("small", parent=text, fontSize=7.3, leading=10, textColor=_SOFT, spaceAfter=2.5),
        "title": ParagraphStyle(
            "title", parent=text, fontName="DejaVuSans-Bold", fontSize=18, leading=22, spaceAfter=1
        ),
        "subtitle": ParagraphStyle("subtitle", parent=text, fontSize=11, leading=15, spaceAfter=4),
        "heading": ParagraphStyle(
            "heading",
            parent=text,
            fontName="DejaVuSans-Bold",
            fontSize=11.5,
            leading=15,
            spaceBefore=12,
            spaceAfter=4,
            keepWithNext=1,
        ),
        "cell": cell,
        "number": ParagraphStyle("number", parent=cell, alignment=TA_RIGHT),
        "tile": ParagraphStyle("tile", parent=text, fontName="DejaVuSans-Bold", fontSize=15, leading=18, spaceAfter=0),
    }


def _head(document: Document, styles: dict[str, Any], width: float) -> "list[Flowable]":
    from reportlab.platypus import HRFlowable
    from reportlab.platypus import Paragraph as Text

    notes = [Text(escape(note), styles["small"]) for note in document.notes]
    rule = HRFlowable(width=width, thickness=1.4, color=_INK, spaceBefore=3, spaceAfter=2)
    return [
        Text(escape(document.title), styles["title"]),
        Text(escape(document.subtitle), styles["subtitle"]),
        *notes,
        rule,
    ]


def _flow(block: Block, following: Block | None, styles: dict[str, Any], width: float) -> "list[Flowable]":
    from reportlab.lib.units import inch
    from reportlab.platypus import CondPageBreak, Image
    from reportlab.platypus import Paragraph as Text

    if isinstance(block, Heading):  # it does not end a page, nor does the text above a table that is on the next
        return [CondPageBreak(_BELOW_HEADING), Text(escape(block.text), styles["heading"])]
    if isinstance(block, Paragraph):
        text = Text(escape(block.text), styles["small" if block.small else "text"])
        # A drawing stays with what explains it, the place to sign with the methods: nobody signs an empty page.
        text.keepWithNext = isinstance(following, Chart) or (isinstance(following, Paragraph) and block.small)
        return [text]
    if isinstance(block, Tiles):
        return [_tiles(block, styles, width)]
    if isinstance(block, Chart):
        scale = min(1.0, width / (block.width * inch))
        return [Image(io.BytesIO(block.png), block.width * inch * scale, block.height * inch * scale, hAlign="LEFT")]
    return [_table(block, styles, width)]


def _tiles(block: Tiles, styles: dict[str, Any], width: float) -> "Flowable":
    from reportlab.platypus import Paragraph as Text
    from reportlab.platypus import Table as Grid

    cells = [
        [Text(escape(value), styles["tile"]), Text(escape(label), styles["small"])] for value, label, _ in block.tiles
    ]
    share = width / len(cells)
    grid = Grid([cells], colWidths=[share] * len(cells), spaceBefore=4, spaceAfter=8, hAlign="LEFT")
    commands: list[Any] = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 7)]
    for i, (_value, _label, marked) in enumerate(block.tiles):
        commands.append(("BOX", (i, 0), (i, 0), 1.6 if marked else 0.6, _INK if marked else _LINE))
    grid.setStyle(commands)
    return grid


def _table(table: Table, styles: dict[str, Any], width: float) -> "Flowable":
    from reportlab.platypus import Paragraph as Text
    from reportlab.platypus import Table as Grid

    def cell(text: str, column: int, bold: bool) -> Any:
        style = styles["number" if column in table.numeric else "cell"]
        return Text(f"<b>{escape(text)}</b>" if bold else escape(text), style)

    rows = [[cell(text, i, True) for i, text in enumerate(table.columns)]]
    rows += [
        [cell(text, i, place in table.strong) for i, text in enumerate(row)] for place, row in enumerate(table.rows)
    ]
    shares = table.widths or [1 / len(table.columns)] * len(table.columns)
    grid = Grid(
        rows, colWidths=[share * width for share in shares], repeatRows=1, spaceBefore=4, spaceAfter=8, hAlign="LEFT"
    )
    room = 9 if table.tall else 2.4
    grid.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
            ("LINEBELOW", (0, 0), (-1, 0), 1, _INK),
            ("LINEBELOW", (0, 1), (-1, -1), 0.4, _FINE),
            ("LEFTPADDING", (0, 0), (-1, -1), 3),
            ("RIGHTPADDING", (0, 0), (-1, -1), 3),
            ("TOPPADDING", (0, 0), (-1, -1), 2.4),
            ("BOTTOMPADDING", (0, 1), (-1, -1), room),
        ]
    )
    return grid


def _numbered(document: Document) -> Any:
    """A canvas that writes "page of pages" and the subtitle into each foot once the number of pages is known."""
    from reportlab.lib.units import mm
    from reportlab.pdfgen.canvas import Canvas

    class Numbered(Canvas):  # type: ignore[misc]  # the library is not typed
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802  # the library's name
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._pages, 1):
                self.__dict__.update(page)
                self.setFont("DejaVuSans", 7)
                self.setFillColor(_SOFT)
                self.drawString(_MARGIN_MM * mm + _PADDING, 9 * mm, f"{document.title} · {document.subtitle}")
                words = document.page_words.format(page=number, pages=len(self._pages))
                self.drawRightString(self._pagesize[0] - _MARGIN_MM * mm - _PADDING, 9 * mm, words)
                super().showPage()
            super().save()

    return Numbered
