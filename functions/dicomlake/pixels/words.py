"""A picture in, the lines of text in it out, read. Called by `decide.py`, and by the pipeline for whoever needs a screen read (dose).

Detector, then the line recogniser of the same wheel (PP-OCRv4, CTC): `read_words(image)` gives lines as they are found, `read_parts(image)` the
words of those lines, each where the recogniser saw its letters. A table's cells on one line are parts even where no blank was read between them.
"""

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from dicomlake.pixels.detector import Image, Polygon, find_text, recogniser_session
from dicomlake.rules.cleaning import DetectorRules

_HEIGHT, _MAX_WIDTH = 48, 1600
_SCALES = (1.0, 2.0)
_LARGE = 1_500_000  # pixels; from here on text is large enough at its own size
# Other ways to draw a picture before it is read, as (across, down, negative): letters set apart, so that points show; and smoothed.
_DRAWN = ((1.0, 1.0, False), (3.0, 2.0, False), (2.0, 2.0, True))
_DRAWN_PIXELS = 2_000_000
# Letters further apart than this, in usual steps from one to the next and in heights of the line, belong to two words.
_APART_STEPS, _APART_HEIGHTS = 1.9, 0.75
_LEVEL = 0.06  # height over width that a line may rise, to have its words placed


@dataclass(frozen=True, slots=True)
class Word:
    """A line of text as read: `box` is (x, y, width, height) in pixels, origin top left; `confidence` 0 to 1. `repr` shows no text."""

    text: str = field(repr=False)
    box: tuple[int, int, int, int]
    confidence: float


class _Letter(NamedTuple):
    """A letter of a line, its middle as a share of the line's length, and how sure the net was of it."""

    text: str
    place: float
    sure: float


class _Line(NamedTuple):
    """A line as read: its letters, blanks among them, and its corners."""

    letters: list[_Letter]
    polygon: Polygon

    def word(self, shape: Sequence[int]) -> Word:
        """The whole line."""
        return Word(_text(self.letters), box_of(self.polygon, shape), _confidence(self.letters))

    def parts(self, shape: Sequence[int]) -> Iterator[Word]:
        """The words of a level line, from left to right; each is as sure as its least sure digit, without one as its least sure letter."""
        x, y, width, height = box_of(self.polygon, shape)
        tops = sorted(self.polygon, key=lambda corner: float(corner[1]))[:2]
        if height > width or abs(float(tops[0][1] - tops[1][1])) > max(2.0, _LEVEL * width):
            yield self.word(shape)
            return
        steps = [
            (other.place - one.place) * width
            for one, other in pairwise(self.letters)
            if " " not in (one.text, other.text)
        ]
        step = statistics.median(steps) if steps else height / 2
        for group in _grouped(self.letters, max(_APART_STEPS * step, _APART_HEIGHTS * height) / width):
            left = max(0.0, x + group[0].place * width - step / 2)
            right = min(float(shape[1]), x + group[-1].place * width + step / 2)
            box = round(left), y, max(1, round(right - left)), height
            digits = [letter for letter in group if letter.text.isdigit()] or group
            yield Word(_text(group), box, min(letter.sure for letter in digits))


def read_words(image: Image | NDArray[np.uint8], threads: int = 1, look: int = 0) -> list[Word]:
    """Lines of text in `image` (rows x columns, or rows x columns x 3 in RGB; uint8), from top to bottom, then left to right. `look` (0, 1, 2)
    is how the picture is drawn for it: as it is, or otherwise, for a second opinion.
    """
    return _seen(image, threads, look, lambda line, shape: [line.word(shape)])


def read_parts(image: Image | NDArray[np.uint8], threads: int = 1, look: int = 0) -> list[Word]:
    """The words of the lines of text in `image`, as `read_words` takes it, each with its own place and confidence."""
    return _seen(image, threads, look, _Line.parts)


_Told = Callable[[_Line, Sequence[int]], Iterable[Word]]


def _seen(image: Image | NDArray[np.uint8], threads: int, look: int, told: _Told) -> list[Word]:
    colour = np.ascontiguousarray(image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2))
    if look:
        return _read_otherwise(colour, threads, look, told)
    scales = _SCALES if colour.shape[0] * colour.shape[1] <= _LARGE else (1.0,)
    return _read(colour, scales, threads, told)


def _read_otherwise(image: Image, threads: int, look: int, told: _Told) -> list[Word]:
    across, down, negative = _DRAWN[look % len(_DRAWN)]
    size = across * down * image.shape[0] * image.shape[1]
    less = min(1.0, (_DRAWN_PIXELS / size) ** 0.5)
    across, down = max(1.0, across * less), max(1.0, down * less)
    other = cv2.resize(image, None, fx=across, fy=down, interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)
    words = _read(255 - other if negative else other, (1.0,), threads, told)

    def back(box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
        return round(box[0] / across), round(box[1] / down), round(box[2] / across), round(box[3] / down)

    return [Word(word.text, back(word.box), word.confidence) for word in words]


def _read(colour: Image, scales: Sequence[float], threads: int, told: _Told) -> list[Word]:
    polygons = _distinct(
        [one.polygon for scale in scales for one in find_text(colour, scale, DetectorRules(), threads)]
    )
    lines = [_Line(_letters_of(colour, polygon, threads), polygon) for polygon in polygons]
    words = [word for line in lines if line.letters for word in told(line, colour.shape)]
    return sorted(words, key=lambda word: (word.box[1] + word.box[3] // 2, word.box[0]))


def read_line(image: Image, polygon: Polygon, threads: int = 1) -> Word:
    """The text inside a rectangle of `image`; text "" where nothing could be read. Upright lines are tried both ways."""
    return _Line(_letters_of(image, polygon, threads), polygon).word(image.shape)


def _letters_of(image: Image, polygon: Polygon, threads: int) -> list[_Letter]:
    turned = cut_out(image, polygon)
    tries = [turned]
    if turned.shape[0] > 1.5 * turned.shape[1]:
        tries = [np.rot90(turned), np.rot90(turned, 3)]
    return max((_recognise(np.ascontiguousarray(one), threads) for one in tries), key=_confidence)


def _text(letters: Sequence[_Letter]) -> str:
    return "".join(letter.text for letter in letters).strip()


def _confidence(letters: Sequence[_Letter]) -> float:
    return sum(letter.sure for letter in letters) / len(letters) if letters else 0.0


def _grouped(letters: Sequence[_Letter], apart: float) -> Iterator[list[_Letter]]:
    """Letters that stand together: no blank between them, and less than `apart`, a share of the line."""
    group: list[_Letter] = []
    for letter in letters:
        if group and (letter.text == " " or letter.place - group[-1].place > apart):
            yield group
            group = []
        if letter.text != " ":
            group.append(letter)
    if group:
        yield group


def readings(image: Image, polygon: Polygon, threads: int = 1) -> Iterator[Word]:
    """The text inside a rectangle, as it reads from each side that may be its foot."""
    turned = cut_out(image, polygon)
    sides = (0, 2, 1, 3) if turned.shape[1] >= turned.shape[0] else (1, 3, 0, 2)
    square = max(turned.shape[:2]) < 1.5 * min(turned.shape[:2])
    for side in sides if square else sides[:2]:
        letters = _recognise(np.ascontiguousarray(np.rot90(turned, side)), threads)
        yield Word(_text(letters), box_of(polygon, image.shape), _confidence(letters))


def box_of(polygon: Polygon, shape: Sequence[int]) -> tuple[int, int, int, int]:
    """The upright box (x, y, width, height) around a polygon, inside a picture of this shape."""
    left, top = np.clip(np.floor(polygon.min(0)), 0, None).astype(int)
    right, bottom = np.ceil(polygon.max(0)).astype(int)
    return int(left), int(top), int(min(right, shape[1]) - left), int(min(bottom, shape[0]) - top)


def _distinct(polygons: list[Polygon]) -> list[Polygon]:
    """Without those that lie in a larger one for the most part."""
    kept: list[tuple[Polygon, tuple[int, int, int, int]]] = []
    for polygon in sorted(polygons, key=lambda one: -float(cv2.contourArea(one))):
        x, y, w, h = box_of(polygon, (1 << 30, 1 << 30))
        for _, (left, top, width, height) in kept:
            across = max(0, min(x + w, left + width) - max(x, left)) * max(0, min(y + h, top + height) - max(y, top))
            if across > 0.5 * w * h:
                break
        else:
            kept.append((polygon, (x, y, w, h)))
    return [polygon for polygon, _ in kept]


def cut_out(image: Image, polygon: Polygon) -> Image:
    """What stands inside a rectangle, set level; its longer side stays as it stands in the picture."""
    box = cv2.minAreaRect(polygon)
    corners = cv2.boxPoints(box)
    corners = corners[np.argsort(corners[:, 1])]
    (top_left, top_right), (low_left, low_right) = (
        sorted(pair, key=lambda corner: float(corner[0])) for pair in (corners[:2], corners[2:])
    )
    width = max(1, round(float(np.linalg.norm(top_right - top_left))))
    height = max(1, round(float(np.linalg.norm(low_left - top_left))))
    source = np.array([top_left, top_right, low_right, low_left], np.float32)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, target)
    return cv2.warpPerspective(
        image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.uint8, copy=False)


def _recognise(line: Image, threads: int) -> list[_Letter]:
    width = min(_MAX_WIDTH, max(16, round(line.shape[1] * _HEIGHT / line.shape[0])))
    resized = cv2.resize(line, (width, _HEIGHT), interpolation=cv2.INTER_CUBIC)
    values = (resized.astype(np.float32) * (2 / 255) - 1).transpose(2, 0, 1)[None]
    session = recogniser_session(threads)
    steps: NDArray[np.float32] = session.run(None, {session.get_inputs()[0].name: values})[0][0]
    best, certainty = steps.argmax(1), steps.max(1)
    letters = _alphabet(threads)
    # CTC: a letter counts where it differs from the step before; 0 is the blank. It may stay for several steps, around its middle.
    found: list[_Letter] = []
    start = 0
    for end in range(1, len(best) + 1):
        if end < len(best) and best[end] == best[start]:
            continue
        if best[start]:
            found.append(_Letter(letters[best[start]], (start + end) / 2 / len(best), float(certainty[start])))
        start = end
    return found


@cache
def _alphabet(threads: int) -> tuple[str, ...]:
    alphabet = recogniser_session(threads).get_modelmeta().custom_metadata_map["character"].split("\n")
    return ("", *alphabet, " ")
