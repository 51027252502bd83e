"""An object with a picture in, the picture without burned-in text and codes out, proven by a second look. Runs in the child (`child.py`) only.

look at each frame that differs -> decide what goes -> paint it over -> read the result back -> outside nothing has changed, inside is black,
and a second look finds no text and no code left. What it finds is painted over too; what it finds again and again holds the object back.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from dicomlake.dicom import RawInstance
from dicomlake.errors import Code, PermanentError
from dicomlake.pixels import jpeg
from dicomlake.pixels.codes import find_codes
from dicomlake.pixels.detector import Image, Polygon
from dicomlake.pixels.find import Mask, Memory, find, find_changed, mask_of, windows
from dicomlake.pixels.frames import Frames, Stored, frames_of, sample_values
from dicomlake.pixels.picture import picture_of
from dicomlake.pixels.rewrite import Rewritten, edits_blocks, rewrite
from dicomlake.pixels.views import look
from dicomlake.rules.cleaning import Box, LookRules, PictureLimits

_ROUNDS = 4
_SLIVER = 0.25  # of a find that may lie outside the mask: its padding
_FAINT = 10  # of 255: less contrast than this shows nothing


@dataclass(frozen=True)
class Order:
    """How an object is to be cleaned. `masks` are painted over whatever is found there (device rules, a steward); with `approved` what
    a second look goes on finding is left, since a steward has seen it. `sparing` decides which finds may stay (selective), None: all go.
    """

    rules: LookRules = field(default_factory=LookRules)
    limits: PictureLimits = field(default_factory=PictureLimits)
    masks: tuple[Box, ...] = ()
    approved: bool = False
    threads: int = 1
    sparing: Callable[[Image, list[Polygon]], list[Polygon]] | None = None


@dataclass(frozen=True)
class Cleaned:
    """What came of it: `result` None where the object has no picture. `regions` were painted over."""

    result: Rewritten | None
    regions: tuple[Box, ...] = ()
    frames_looked_at: int = 0
    spared: Mask | None = field(default=None, repr=False)


def clean(raw: RawInstance, order: Order) -> Cleaned:
    """Clean the picture of `raw`. Raises PermanentError: corrupt, unsupported, resource_limit, pixel_phi_suspected."""
    picture = picture_of(raw, order.limits)
    if picture is None:
        return Cleaned(None)
    frames = frames_of(raw, picture)
    shape = picture.rows, picture.columns
    mask = boxes_mask(shape, order.masks)
    spared = np.zeros(shape, bool)
    distinct = list(_distinct(frames))
    for image, polygons, codes in _looks(frames, distinct, order):
        stay = order.sparing(image, polygons) if order.sparing else []
        spared |= mask_of(shape, stay)
        gone = [polygon for polygon in polygons if not any(polygon is one for one in stay)]
        mask |= mask_of(shape, gone + codes)
    spared &= ~mask
    if not (mask.any() or spared.any() or order.approved) and raw.first("BurnedInAnnotation") == "YES":
        raise PermanentError(Code.PIXEL_PHI_SUSPECTED, "text_declared_but_not_found")
    result = _proven(frames, distinct, rewrite(frames, mask, raw), raw, order, spared)
    return Cleaned(result, regions_of(result.mask), len(distinct), spared)


def boxes_mask(shape: tuple[int, int], boxes: tuple[Box, ...]) -> Mask:
    """Rows x columns, true inside the boxes."""
    mask = np.zeros(shape, bool)
    for left, top, right, bottom in boxes:
        mask[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = True
    return mask


def regions_of(mask: Mask) -> tuple[Box, ...]:
    """The boxes around the connected parts of a mask."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    boxes = (tuple(int(value) for value in stats[index][:4]) for index in range(1, count))
    return tuple(sorted((x, y, x + w, y + h) for x, y, w, h in boxes))


def _distinct(frames: Frames) -> Iterator[int]:
    """The first of each group of frames that are equal byte for byte."""
    import hashlib

    seen: set[bytes] = set()
    for index in range(len(frames)):
        key = hashlib.sha256(frames.key(index)).digest()
        if key not in seen:
            seen.add(key)
            yield index


def _looks(frames: Frames, distinct: list[int], order: Order) -> Iterator[tuple[Image, list[Polygon], list[Polygon]]]:
    """Each distinct frame with the text and the codes in it that the one before did not show."""
    before: Image | None = None
    memory = Memory.empty((frames.picture.rows, frames.picture.columns))
    for index in distinct:
        image = look(frames.frame(index), frames.picture)
        if before is None:
            yield image, find(image, order.rules, order.threads, memory), find_codes(image)
        else:
            changed = (image != before).any(axis=2)
            found = find_changed(image, changed, order.rules, order.threads, memory)
            yield image, found, _codes_in(image, changed, order.rules.margin)
        before = image


def _codes_in(image: Image, changed: Mask, margin: int) -> list[Polygon]:
    """Codes where `changed` says that something is new."""
    found = []
    for part in windows(changed, margin):
        offset = np.array([part[1].start, part[0].start], np.float32)
        found += [polygon + offset for polygon in find_codes(np.ascontiguousarray(image[part]))]
    return found


def _proven(
    frames: Frames, distinct: list[int], result: Rewritten, raw: RawInstance, order: Order, spared: Mask
) -> Rewritten:
    """The result in which a second look finds nothing. Raises PermanentError(pixel_phi_suspected) when it goes on finding."""
    _compare(frames, distinct, result)
    fresh = result.mask.copy()
    for _ in range(_ROUNDS):
        if not fresh.any():
            return result
        left = _left_over(result, distinct, fresh, order, spared)
        if not left.any():
            return result
        old = result.mask
        result = rewrite(frames, old | left, raw)
        _compare(frames, distinct, result)
        fresh = result.mask & ~old
    if order.approved:
        return result
    raise PermanentError(Code.PIXEL_PHI_SUSPECTED, "text_left_over")


def _left_over(result: Rewritten, distinct: list[int], fresh: Mask, order: Order, spared: Mask) -> Mask:
    """Where text stands out around what was painted over, seen upright at the scale that the first look saw on its side."""
    scale = order.rules.turned_scale
    rules = replace(order.rules, small=(scale,), large=(scale / 2,), turned_scale=0.0)
    left, memory = np.zeros_like(fresh), Memory.empty((fresh.shape[0], fresh.shape[1]))
    before: Image | None = None
    for index in distinct:
        image = look(result.frames.frame(index), result.picture)
        where = fresh if before is None else _near(fresh, order.rules.margin) & (image != before).any(axis=2)
        seen = find_changed(image, where, rules, order.threads, memory) if where.any() else []
        for polygon in seen + _codes_in(image, where, rules.margin):
            one = mask_of(fresh.shape, [polygon])
            open_part = one & ~result.mask & ~spared
            if open_part.sum() > _SLIVER * one.sum() and _shows(image, open_part):
                left |= one
        before = image
    return left & ~spared


def _near(mask: Mask, margin: int) -> Mask:
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)).astype(bool)


def _shows(image: Image, part: Mask) -> bool:
    values = image[part].astype(np.int16)
    return (
        bool(len(values))
        and int((np.percentile(values, 98, axis=0) - np.percentile(values, 2, axis=0)).max()) >= _FAINT
    )


def _compare(frames: Frames, distinct: list[int], result: Rewritten) -> None:
    """Read back what was written: outside the mask nothing may have changed. Raises PermanentError(deid_failed)."""
    if not result.changed:
        return
    around = result.mask
    if edits_blocks(frames) and result.mask.any():
        around = jpeg.ring(around, jpeg.unit(frames.encoded[0]))
    for index in distinct:
        old, new = _seen(frames, index), _seen(result.frames, index)
        if old.shape != new.shape or not np.array_equal(old[~around], new[~around]):
            raise PermanentError(Code.DEID_FAILED, "picture_changed_outside")


def _seen(frames: Frames, index: int) -> Stored:
    """Sample values, without what stands in unused bits."""
    return sample_values(frames.frame(index), frames.picture)
