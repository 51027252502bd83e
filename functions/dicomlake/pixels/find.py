"""Frames in, where text stands out: rectangles and the mask they make. Called by `clean.py`.

A frame is looked at in several views (scale, polarity, side), since each is blind to something. Over a cine the union counts; where a frame
is the same as the one before it, it has been looked at.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from dicomlake.pixels.chances import chances
from dicomlake.pixels.content import Part, parts
from dicomlake.pixels.detector import Found, Image, Polygon, find_text
from dicomlake.pixels.ends import lengthened
from dicomlake.pixels.lines import whole_lines
from dicomlake.pixels.views import spread_out, turned
from dicomlake.pixels.words import readings
from dicomlake.rules.cleaning import LookRules

Mask = NDArray[np.bool_]

_KNOWN_BEST = 32.0  # pixels of height
_MARGIN, _LEAST_ENLARGED, _MOST_ENLARGED = 12, 1.2, 4.0  # of a small part that is looked into
_HINT = 0.3  # confidence below which the net sees nothing at all
_PLAINLY = 0.85  # confidence with which a part is read that the net has not seen
_PLAIN_LETTER = 0.75  # and one letter alone
_AS_HIGH = 1.5  # heights of what is seen in a part that the part may have, to be of one line with it
_LONG = 1.4  # heights in length from which on a part is read as a line
_NEW = 0.02  # of a line that no earlier frame has shown, from which on it is another
_OFTEN = 2  # looks into a part of a cine in vain, after which it is texture
_LINE = 5.0  # heights in length from which on a find is a line


@dataclass(frozen=True)
class Memory:
    """What the frames of a cine have shown so far, rows x columns: where text was found, and how often a part was looked into in `vain`.

    Speckle makes chances anew in each frame: where two came to nothing no third is taken.
    """

    found: Mask
    vain: NDArray[np.uint8]

    @classmethod
    def empty(cls, shape: tuple[int, int]) -> "Memory":
        """Before the first frame."""
        return cls(np.zeros(shape, bool), np.zeros(shape, np.uint8))

    def within(self, part: Part) -> "Memory":
        """The same memory, of a part of the picture."""
        return Memory(self.found[part], self.vain[part])


def find(image: Image, rules: LookRules, threads: int, memory: Memory | None = None) -> list[Polygon]:
    """Rectangles (4 x 2 corners) that cover all text of `image` (rows x columns x 3); `memory` is kept over the frames of a cine."""
    memory = memory or Memory.empty(image.shape[:2])
    counted = [one.polygon for one in _seen(image, rules, threads) if _counts(image, one, rules, threads)]
    lines = whole_lines(image, counted)
    covered = mask_of(image.shape[:2], (padded(polygon, rules.pad) for polygon in lines))
    more = []
    for part in chances(image, covered):
        if np.median(memory.vain[part]) >= _OFTEN:
            continue
        seen = _looked_into(image, part, rules, threads)
        if not seen:
            memory.vain[part] += 1
        more += seen
    if more:
        lines = whole_lines(image, counted + more)
    lines += lengthened(image, [line for line in lines if not _is_known(line, memory.found)], threads)
    rectangles = [padded(polygon, rules.pad) for polygon in lines]
    memory.found[:] |= mask_of(image.shape[:2], rectangles)
    return rectangles


def _is_known(line: Polygon, found: Mask) -> bool:
    """Whether a line was found where it stands in an earlier frame, and its ends were looked at there."""
    place = mask_of(found.shape, [line])
    return bool((place & ~found).sum() <= _NEW * place.sum())


def _looked_into(image: Image, part: Part, rules: LookRules, threads: int) -> list[Polygon]:
    """What the net sees in a small part that is shown to it enlarged: with its contrast spread, and where that shows anything at all as it is,
    light and dark exchanged, on its side.
    """
    itself = _rectangle(part)
    tall = part[0].stop - part[0].start > part[1].stop - part[1].start
    # Letters in a frame, or hollow ones, are read although no net sees them; what is as high as it is wide is no line.
    if _LONG * min(_size(itself)) <= max(_size(itself)) and _is_legible(image, itself, _PLAINLY, threads):
        return [itself]
    rows, columns = (
        slice(max(0, one.start - _MARGIN), min(side, one.stop + _MARGIN))
        for one, side in zip(part, image.shape, strict=False)
    )
    shown = np.ascontiguousarray(image[rows, columns])
    scale = float(np.clip(_KNOWN_BEST / min(one.stop - one.start for one in part), _LEAST_ENLARGED, _MOST_ENLARGED))
    net = replace(rules.net, sure=_HINT)
    spread = spread_out(shown)
    offset = np.array([columns.start, rows.start], np.float32)
    tries = (
        (spread, tall, 1.4),
        (shown, tall, 1.0),
        (spread, not tall, 1.0),
        (255 - spread, tall, 0.7),
        (spread, tall, 2.0),
    )
    for index, (view, sideways, times) in enumerate(tries):
        seen = find_text(np.ascontiguousarray(np.rot90(view)) if sideways else view, scale * times, net, threads)
        if index == 0 and not seen:
            return []
        there = [
            (_back(one.polygon, shown.shape[1]) if sideways else one.polygon) + offset
            for one in seen
            if one.score >= rules.chance
        ]
        kept = [
            one
            for one in there
            if _touches(one, part)
            and _size(one)[1] >= rules.least
            and (_is_legible(image, one, rules.legible, threads) or _is_legible(image, one, _PLAIN_LETTER, threads, 1))
        ]
        if kept:
            whole = [one for one in kept if _size(itself)[1] <= _AS_HIGH * _size(one)[1]]
            return kept + [itself] * bool(whole)  # strokes of that height that stand together are of one line
    return []


def _rectangle(part: Part) -> Polygon:
    (top, bottom), (left, right) = ((one.start, one.stop) for one in part)
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def _touches(polygon: Polygon, part: Part) -> bool:
    left, top = polygon.min(0)
    right, bottom = polygon.max(0)
    return bool(left < part[1].stop and part[1].start < right and top < part[0].stop and part[0].start < bottom)


def _seen(image: Image, rules: LookRules, threads: int) -> Iterator[Found]:
    """What the net finds at all scales, where anything stands out: enlarged, where fine strokes do."""
    little = image.shape[0] * image.shape[1] <= rules.small_pixels
    any_part, fine_part = parts(image, fine=False), parts(image, fine=True)
    for scale in rules.small if little else rules.large:
        for part in fine_part if scale > 1 else any_part:
            yield from _at(part, find_text(np.ascontiguousarray(image[part]), scale, rules.net, threads))
    if rules.turned_scale:
        net = replace(rules.net, sure=rules.turned_sure)
        scale = rules.turned_scale if little else rules.turned_scale / 2
        for part in fine_part if scale > 1 else any_part:
            seen = find_text(turned(image[part]), scale, net, threads)
            columns = part[1].stop - part[1].start
            yield from _at(part, (Found(_back(one.polygon, columns), one.score) for one in seen))


def _at(part: Part, found: Iterable[Found]) -> Iterator[Found]:
    """Finds of a part, as they lie in the whole."""
    offset = np.array([part[1].start, part[0].start], np.float32)
    return (Found(one.polygon + offset, one.score) for one in found)


def _counts(image: Image, one: Found, rules: LookRules, threads: int) -> bool:
    """Whether a find is taken for text. What is not plainly a line must be seen again at the size the net knows best, or be legible."""
    length, height = _size(one.polygon)
    if height < rules.least:
        return False
    if height > rules.tall:
        return _is_seen_again(image, one.polygon, rules, threads)
    if (
        height > rules.block and length < _LINE * height
    ):  # as high as a block of lines or an organ, and not as long as a line
        return _is_legible(image, one.polygon, rules.legible, threads)
    if (one.score >= rules.doubt and height <= rules.plain) or _is_seen_again(image, one.polygon, rules, threads):
        return True
    return _is_legible(image, one.polygon, rules.legible if height <= rules.plain else rules.surely, threads)


def _is_legible(image: Image, polygon: Polygon, sure: float, threads: int, letters: int = 2) -> bool:
    """Whether so many letters or digits are read in it, either way up."""
    return any(
        word.confidence >= sure and sum(letter.isalnum() and letter.isascii() for letter in word.text) >= letters
        for word in readings(image, polygon, threads)
    )


def _is_seen_again(image: Image, polygon: Polygon, rules: LookRules, threads: int) -> bool:
    """Whether the net sees it at the size it knows best, too."""
    x, y = np.maximum(polygon.min(0) - 16, 0).astype(int)
    right, bottom = np.ceil(polygon.max(0) + 16).astype(int)
    part = np.ascontiguousarray(image[y:bottom, x:right])
    seen = find_text(part, min(_KNOWN_BEST / _size(polygon)[1], 4.0), rules.net, threads)
    inside = mask_of(part.shape[:2], (polygon - np.array([x, y]),))
    again = mask_of(part.shape[:2], (found.polygon for found in seen))
    return bool((again & inside).sum() > 0.3 * inside.sum())


def _back(polygon: Polygon, columns: int) -> Polygon:
    """From the picture turned by np.rot90 to the picture: its row is what was counted from the right."""
    return np.stack([columns - polygon[:, 1], polygon[:, 0]], axis=1).astype(np.float32)


def _size(polygon: Polygon) -> tuple[float, float]:
    """Longer and shorter side."""
    a, b = (float(np.linalg.norm(polygon[i] - polygon[i + 1])) for i in (0, 1))
    return max(a, b), min(a, b)


def padded(polygon: Polygon, by: float) -> Polygon:
    """The rectangle with so many pixels more on every side."""
    centre = polygon.mean(0)
    first, second = polygon[1] - polygon[0], polygon[2] - polygon[1]
    length, height = max(float(np.linalg.norm(first)), 1.0), max(float(np.linalg.norm(second)), 1.0)
    along, across = first / length * (length / 2 + by), second / height * (height / 2 + by)
    corners = (-along - across, along - across, along + across, across - along)
    return np.array([centre + corner for corner in corners], np.float32)


def mask_of(shape: tuple[int, int], polygons: Iterable[Polygon]) -> Mask:
    """Rows x columns, true inside any of the rectangles."""
    mask = np.zeros(shape, np.uint8)
    for polygon in polygons:
        cv2.fillConvexPoly(mask, np.round(polygon).astype(np.int32), 1)
    return mask.astype(bool)


def windows(changed: Mask, margin: int) -> Iterator[tuple[slice, slice]]:
    """Parts of a picture that hold all of `changed` with a margin around; near ones are joined."""
    rows, columns = changed.shape
    reach = np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)
    spread = cv2.dilate(changed.astype(np.uint8), reach)
    count, _, stats, _ = cv2.connectedComponentsWithStats(spread)
    boxes = [tuple(int(v) for v in stats[index][:4]) for index in range(1, count)]
    if sum(w * h for _, _, w, h in boxes) > 0.7 * rows * columns:
        boxes = [(0, 0, columns, rows)]
    for x, y, w, h in boxes:
        yield slice(y, y + h), slice(x, x + w)


def find_changed(
    image: Image, changed: Mask, rules: LookRules, threads: int, memory: Memory | None = None
) -> list[Polygon]:
    """The same as `find`, looking only where `changed` says that something is new."""
    found = []
    for part in windows(changed, rules.margin):
        offset = np.array([part[1].start, part[0].start], np.float32)
        looked = find(np.ascontiguousarray(image[part]), rules, threads, memory and memory.within(part))
        found += [polygon + offset for polygon in looked]
    return found
