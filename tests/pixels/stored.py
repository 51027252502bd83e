"""Scenes as objects: in colour, in grey, in twelve bits with and without a window, light and dark exchanged, in the syntaxes they come in."""

import cv2
import numpy as np

from tests.pixels.objects import BASELINE, EXPLICIT, J2K, LS, RLE, Form, picture
from tests.pixels.pictures import Item, Scene, scene

_CLEAR = 28  # of 255: what colours still differ by when they have gone
_SYNTAXES = EXPLICIT, EXPLICIT, RLE, J2K, LS


def stored(seed: int, lines: int = -1) -> tuple[bytes, list[Item]]:
    """An object and what is written in it. Half of them are in colour, a quarter has eight bits, a quarter twelve."""
    made = scene(seed, lines=lines)
    draw = np.random.default_rng(seed)
    syntax = _SYNTAXES[seed % len(_SYNTAXES)]
    kind = seed % 4
    if kind == 1:
        frame = made.frames[0]
        even = np.ascontiguousarray(frame[:, : frame.shape[1] // 2 * 2])
        return picture([even], Form(BASELINE, "YBR_FULL_422", subsampling=seed // 4 % 3)), made.items
    if kind == 0:
        return picture([made.frames[0]], Form(syntax, "RGB")), made.items
    made = without_colour(made)
    frame = made.frames[0]
    if kind == 2:
        return picture([frame], Form(syntax)), made.items
    values = np.round(frame.astype(np.float32) * draw.uniform(2, 16) + draw.uniform(0, 30)).clip(0, 4095).astype("<u2")
    window = {}
    if seed % 8 == 3:
        window = {"WindowCenter": str(int(values.mean()) + 200), "WindowWidth": str(int(np.ptp(values)) // 2 + 50)}
    if seed % 16 == 7:
        return picture([4095 - values], Form(syntax, "MONOCHROME1", allocated=16, stored=12)), made.items
    return picture([values], Form(syntax, allocated=16, stored=12), **window), made.items


def without_colour(made: Scene) -> Scene:
    """The first frame in grey, with the items that can still be read."""
    frame = cv2.cvtColor(made.frames[0], cv2.COLOR_RGB2GRAY)
    items = []
    for item in made.items:
        x, y, w, h = item.box
        part = frame[y : y + h, x : x + w].astype(np.int16)
        assert item.ink is not None
        beside = part[~item.ink]
        if not len(beside) or abs(float(np.median(part[item.ink]) - np.median(beside))) >= _CLEAR:
            items.append(item)
    return Scene([frame], items, made.ground)
