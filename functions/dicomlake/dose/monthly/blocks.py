"""The pieces of a document, whatever it is written as. Made by `content.py`, written by `page.py` and `print.py`."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Heading:
    """Begins a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Plain text; `small` for notes."""

    text: str
    small: bool = False


@dataclass(frozen=True, slots=True)
class Tiles:
    """Key figures: number and what it counts; `marked` ones ask for attention."""

    tiles: Sequence[tuple[str, str, bool]]


@dataclass(frozen=True, slots=True)
class Table:
    """`numeric` columns stand to the right, `strong` rows in bold; `widths` are shares of the line, `tall` leaves room to write by hand."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: frozenset[int] = frozenset()
    strong: frozenset[int] = frozenset()
    widths: Sequence[float] = ()
    tall: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing as SVG (for pages) and PNG (for print), `width` and `height` in inches, `alt` in words."""

    svg: str
    png: bytes
    width: float
    height: float
    alt: str


Block = Heading | Paragraph | Tiles | Table | Chart


@dataclass(frozen=True)
class Document:
    """Title, the line under it, notes in the head, blocks, and words of the pages' feet."""

    lang: str
    title: str
    subtitle: str
    notes: Sequence[str]
    page_words: str
    blocks: Sequence[Block] = field(default_factory=tuple)
