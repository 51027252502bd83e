"""A picture and the lines found in it in, those that may stay out (selective cleaning). Called by `clean.py` through `requests.py`.

A line stays when two readers, the detector's own recogniser and Tesseract, read the same in it and nothing but technical words and short numbers,
no value the object is known to identify with, and when nothing else goes on at its ends. What one of them cannot read goes. What is technical is
`deid_rules/pixels/technical.yaml`; how a line is taken apart is `phrases.py`.
"""

from collections.abc import Callable
from difflib import SequenceMatcher

import cv2
import numpy as np

from dicomlake.pixels.detector import Image, Polygon
from dicomlake.pixels.find import mask_of
from dicomlake.pixels.lines import axes
from dicomlake.pixels.phrases import Phrases, plain
from dicomlake.pixels.words import cut_out, read_line

_SURE, _WHOLLY_SURE = 0.8, 0.93
_SAME = 0.3  # of the smaller of two rectangles, which they share when they are of one line
_BESIDE = 0.6  # heights beyond each end that are read too
_ALIKE = 0.74  # of their letters, which two readings must share
_SHORT = 4  # letters of a word that the second reader may fail to see at all
# Pixels of a line as the second reader is shown it, then once more, and between lines.
_HEIGHT, _LESS, _GAP = 40, 30, 24
_TIMEOUT_S = 60

Decision = Callable[[Image, list[Polygon]], list[Polygon]]


def sparing(phrases: Phrases, threads: int) -> Decision:
    """The decision for one object."""

    def stay(image: Image, polygons: list[Polygon]) -> list[Polygon]:
        lines = [(group, _around([polygons[index] for index in group])) for group in _groups(image, polygons)]
        first = [(group, line, _first_reading(image, line, phrases, threads)) for group, line in lines]
        likely = [(group, line, text, sure) for group, line, (text, sure) in first if text]
        kept: list[int] = []
        for longer, height in ((False, _HEIGHT), (True, _LESS)):  # what the second cannot read it is shown otherwise
            shown = [cut_out(image, _longer(line) if longer else line) for _, line, _, _ in likely]
            unread = []
            for one, other in zip(likely, second_readings(shown, height), strict=True):
                group, _, text, sure = one
                if _agree(text, sure, other, phrases):
                    kept += group
                else:
                    unread.append(one)
            likely = unread
        return [polygons[index] for index in sorted(kept)]

    return stay


def _groups(image: Image, polygons: list[Polygon]) -> list[list[int]]:
    """Indices of rectangles that lie over each other for a good part: one line, seen several times and in pieces."""
    masks = [mask_of(image.shape[:2], [polygon]) for polygon in polygons]
    sizes = [int(mask.sum()) for mask in masks]
    group = list(range(len(polygons)))
    for one in range(len(polygons)):
        for other in range(one):
            if (
                group[one] != group[other]
                and (masks[one] & masks[other]).sum() >= _SAME * min(sizes[one], sizes[other]) > 0
            ):
                group = [group[other] if value == group[one] else value for value in group]
    return [[index for index, value in enumerate(group) if value == name] for name in sorted(set(group))]


def _around(polygons: list[Polygon]) -> Polygon:
    """The rectangle around all of them, as the longest of them lies."""
    longest = max(polygons, key=lambda polygon: axes(polygon)[3])
    _, along, across, *_ = axes(longest)
    corners = np.concatenate(polygons)
    (left, right), (top, bottom) = (
        (float(values.min()), float(values.max())) for values in (corners @ along, corners @ across)
    )
    ends = ((left, top), (right, top), (right, bottom), (left, bottom))
    return np.array([a * along + b * across for a, b in ends], np.float32)


def _first_reading(image: Image, line: Polygon, phrases: Phrases, threads: int) -> tuple[str, float]:
    """What the recogniser reads, and how surely; "" when that may not stay, as it is or with what stands right beside it."""
    read = read_line(image, line, threads)
    if read.confidence < _SURE or not phrases.may_stay(read.text):
        return "", 0.0
    wider = read_line(image, _longer(line), threads)
    if plain(wider.text) != plain(read.text) and not phrases.may_stay(wider.text):
        return "", 0.0
    return read.text, read.confidence


def _longer(line: Polygon) -> Polygon:
    centre, along, across, half, high = axes(line)
    reach, by = along * (half + _BESIDE * 2 * high), across * high
    return np.array([centre - reach - by, centre + reach - by, centre + reach + by, centre - reach + by], np.float32)


def _agree(first: str, sure: float, second: str, phrases: Phrases) -> bool:
    """Whether the second reader speaks for the first. It reads worse: it may see nothing of a short word, and a letter or two otherwise."""
    one, other = plain(first), plain(second)
    if not other:
        return sure >= _WHOLLY_SURE and len(one) <= _SHORT
    if phrases.forbids(second):
        return False
    return phrases.may_stay(second) or SequenceMatcher(None, one, other, autojunk=False).ratio() >= _ALIKE


def second_readings(lines: list[Image], high: int = _HEIGHT) -> list[str]:
    """What Tesseract reads in each picture of a line, dark on light and one below the other on one sheet, since each start of it takes long."""
    shown = [
        (index, _dark_on_light(line, high)) for index, line in enumerate(lines) if line.shape[0] <= 1.5 * line.shape[1]
    ]
    read = [""] * len(lines)
    if not shown:
        return read
    import pytesseract

    width = max(line.shape[1] for _, line in shown) + 2 * _GAP
    step = high + _GAP
    sheet = np.full((step * len(shown) + _GAP, width), 255, np.uint8)
    for row, (_, line) in enumerate(shown):
        start = _GAP + row * step
        sheet[start : start + high, _GAP : _GAP + line.shape[1]] = line
    try:
        found = pytesseract.image_to_data(
            sheet, config="--psm 6", timeout=_TIMEOUT_S, output_type=pytesseract.Output.DICT
        )
    except (RuntimeError, OSError, pytesseract.TesseractError):
        return read
    for text, top, tall in zip(found["text"], found["top"], found["height"], strict=True):
        place = int((top + tall / 2 - _GAP / 2) // step)
        if text.strip() and 0 <= place < len(shown):
            read[shown[place][0]] = f"{read[shown[place][0]]} {text}".strip()
    return read


def _dark_on_light(line: Image, high: int) -> Image:
    grey = cv2.cvtColor(line, cv2.COLOR_RGB2GRAY)
    width = min(1600, max(8, round(grey.shape[1] * high / grey.shape[0])))
    grey = np.asarray(cv2.resize(grey, (width, high), interpolation=cv2.INTER_CUBIC), np.uint8)
    dark, light = (float(value) for value in np.percentile(grey, (2, 99)))
    grey = np.asarray(np.clip((grey.astype(np.float32) - dark) * (255 / max(light - dark, 1.0)), 0, 255), np.uint8)
    edge = np.concatenate([grey[0], grey[-1]])
    return np.asarray(255 - grey if np.median(edge) < 128 else grey, np.uint8)
