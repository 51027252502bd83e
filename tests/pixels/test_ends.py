"""A line goes on where the net, shown its end by itself, sees it go on."""

import cv2
import numpy as np

from dicomlake.pixels.ends import lengthened
from dicomlake.pixels.find import mask_of


def half_seen(turned: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A line that crosses from black to bright speckle, its ink, and a rectangle around what stands on black."""
    rng = np.random.default_rng(5)
    picture = np.zeros((90, 420, 3), np.uint8)
    picture[:, 200:] = cv2.GaussianBlur(rng.normal(95, 40, (90, 220, 3)).astype(np.float32), (0, 0), 1).clip(0, 255)
    ink = np.zeros((90, 420), np.uint8)
    cv2.putText(ink, "KOVACS ILONA 1949", (60, 55), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 255, 2)
    picture[ink > 0] = 235
    seen = np.array([[56, 28], [198, 28], [198, 60], [56, 60]], np.float32)
    if turned:
        picture, ink = np.ascontiguousarray(np.rot90(picture)), np.rot90(ink)
        seen = np.stack([seen[:, 1], 420 - seen[:, 0]], axis=1).astype(np.float32)
    return picture, ink > 0, seen


def test_a_line_that_crosses_an_edge_is_followed() -> None:
    for turned in (False, True):
        picture, ink, seen = half_seen(turned)
        assert mask_of(ink.shape, [seen])[ink].mean() < 0.6
        covered = mask_of(ink.shape, [seen, *lengthened(picture, [seen], 1)])
        assert covered[ink].mean() > 0.95
        assert covered.mean() < 0.45


def test_a_line_that_ends_stays_as_long_as_it_is() -> None:
    picture, _ink, seen = half_seen(turned=False)
    picture[:, 200:] = 0
    assert lengthened(picture, [seen], 1) == []
