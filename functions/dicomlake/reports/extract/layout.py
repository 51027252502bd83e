"""Words with their boxes in, text in reading order out: lines, table rows with tabs between their cells, columns one after another.

Used for words of a PDF's text layer and for words read from its picture alike.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from dicomlake.reports.document import CELL

Box = tuple[float, float, float, float]
_BAND, _ON, _ON_LINE = 12.0, 0.25, 0.5
_COLUMN_CHARS, _COLUMN_ROWS, _COLUMN_FILL = 20, 4, 0.55


@dataclass(frozen=True, slots=True)
class Token:
    """A word and its box (left, top, right, bottom), y growing downwards."""

    text: str
    box: Box


@dataclass(frozen=True, slots=True)
class Segment:
    """Words that stand close together on one line."""

    tokens: tuple[Token, ...]
    row: int
    left: float
    right: float
    top: float
    bottom: float

    @property
    def chars(self) -> int:
        """Characters, with a blank between two words."""
        return sum(len(token.text) + 1 for token in self.tokens)


@dataclass(frozen=True, slots=True)
class Placed:
    """A token at its place in the text of the page."""

    start: int
    end: int
    token: Token


def in_order(tokens: Sequence[Token]) -> tuple[str, list[Placed]]:
    """The text of a page and where each token stands in it."""
    segments = _segments(tokens)
    lines = list(_lines(segments))
    height = median([s.bottom - s.top for s in segments]) if segments else 1.0
    text, placed = "", list[Placed]()
    last: Segment | None = None
    for line in lines:
        if last is not None:
            gap = line[0].top - last.bottom
            text += "\n\n" if gap > 0.9 * height or gap < -3 * height else "\n"
        for number, segment in enumerate(line):
            text += CELL if number else ""
            for index, token in enumerate(segment.tokens):
                text += " " if index else ""
                placed.append(Placed(len(text), len(text) + len(token.text), token))
                text += token.text
        last = line[0]
    return text, placed


def layers_of(tokens: Sequence[Token]) -> list[list[Token]]:
    """Words in the order they were written, parted where a line lies on another (a hidden layer, a correction): each is read by itself."""
    layers: list[list[Token]] = []
    rows: list[dict[int, list[Token]]] = []
    for run in _runs(tokens):
        number = next((n for n, taken in enumerate(rows) if not any(_covers(taken, token) for token in run)), len(rows))
        if number == len(rows):
            layers.append([])
            rows.append({})
        layers[number] += run
        for token in run:
            for band in _bands(token):
                rows[number].setdefault(band, []).append(token)
    return layers


def _runs(tokens: Iterable[Token]) -> Iterable[list[Token]]:
    """Words written one after the other on one line."""
    run: list[Token] = []
    for token in tokens:
        height = token.box[3] - token.box[1]
        if run and not (
            abs(token.box[3] - run[-1].box[3]) < 0.5 * height
            and -0.2 * height < token.box[0] - run[-1].box[2] < 2 * height
        ):
            yield run
            run = []
        run.append(token)
    if run:
        yield run


def _bands(token: Token) -> range:
    return range(int(token.box[1] // _BAND), int(token.box[3] // _BAND) + 1)


def _covers(taken: dict[int, list[Token]], token: Token) -> bool:
    """Whether a word lies on one of those taken, by a good part of both."""
    left, top, right, bottom = token.box
    for band in _bands(token):
        for other in taken.get(band, ()):
            across = min(right, other.box[2]) - max(left, other.box[0])
            down = min(bottom, other.box[3]) - max(top, other.box[1])
            narrow = min(right - left, other.box[2] - other.box[0])
            low = min(bottom - top, other.box[3] - other.box[1])
            if across > _ON * narrow and across > 0 and down > _ON_LINE * low:
                return True
    return False


def _segments(tokens: Sequence[Token]) -> list[Segment]:
    return [segment for number, row in enumerate(_rows(tokens)) for segment in _cells(row, number)]


def _rows(tokens: Iterable[Token]) -> list[list[Token]]:
    """Tokens whose heights overlap by half belong to one row."""
    rows: list[list[Token]] = []
    limits: list[tuple[float, float]] = []
    for token in sorted(tokens, key=lambda t: (t.box[1] + t.box[3], t.box[0])):
        top, bottom = token.box[1], token.box[3]
        for index in range(len(rows) - 1, max(-1, len(rows) - 4), -1):
            overlap = min(bottom, limits[index][1]) - max(top, limits[index][0])
            if overlap > 0.5 * min(bottom - top, limits[index][1] - limits[index][0]):
                rows[index].append(token)
                break
        else:
            rows.append([token])
            limits.append((top, bottom))
    return rows


def _cells(row: list[Token], number: int) -> list[Segment]:
    cells: list[list[Token]] = []
    for token in sorted(row, key=lambda t: t.box[0]):
        height = token.box[3] - token.box[1]
        if cells and token.box[0] - cells[-1][-1].box[2] < 1.1 * height:
            cells[-1].append(token)
        else:
            cells.append([token])
    return [
        Segment(
            tuple(cell),
            number,
            cell[0].box[0],
            max(t.box[2] for t in cell),
            min(t.box[1] for t in cell),
            max(t.box[3] for t in cell),
        )
        for cell in cells
    ]


def _lines(segments: list[Segment], depth: int = 0) -> Iterable[list[Segment]]:
    """Rows from the top; where a band of rows is set in columns, those of the left column first."""
    rows = _by_row(segments)
    gutter = _gutter(rows) if depth < 4 else None
    if gutter is None:
        yield from rows
        return
    band: list[list[Segment]] = []
    for row in [*rows, []]:
        if row and not any(s.left < gutter < s.right for s in row):
            band.append(row)
            continue
        yield from _band(band, gutter, depth)
        band = []
        if row:
            yield row


def _band(band: list[list[Segment]], gutter: float, depth: int) -> Iterable[list[Segment]]:
    left = [s for row in band for s in row if s.right <= gutter]
    right = [s for row in band for s in row if s.left >= gutter]
    if _is_column(left) and _is_column(right):
        yield from _lines(left, depth + 1)
        yield from _lines(right, depth + 1)
    else:
        yield from band


def _by_row(segments: Iterable[Segment]) -> list[list[Segment]]:
    rows: dict[int, list[Segment]] = {}
    for segment in segments:
        rows.setdefault(segment.row, []).append(segment)
    return [rows[number] for number in sorted(rows)]


def _gutter(rows: list[list[Segment]]) -> float | None:
    """Where most rows have a gap between two of their segments, if enough have."""
    gaps = [(a.right, b.left) for row in rows for a, b in pairwise(row)]
    if not gaps:
        return None
    points = sorted({(left + right) / 2 for left, right in gaps})
    best = max(points, key=lambda x: sum(left < x < right for left, right in gaps))
    return best if sum(left < best < right for left, right in gaps) >= _COLUMN_ROWS else None


def _is_column(segments: list[Segment]) -> bool:
    """Running text fills its column; the cells of a table or form do not."""
    if len(segments) < _COLUMN_ROWS:
        return False
    width = max(s.right for s in segments) - min(s.left for s in segments)
    chars = sum(s.chars for s in segments) / len(segments)
    fill = sum(s.right - s.left for s in segments) / len(segments) / max(width, 1.0)
    return chars >= _COLUMN_CHARS and fill >= _COLUMN_FILL
