"""A line goes as a whole: its last letter, and what lies between two parts that were found. Textures stay."""

import cv2
import numpy as np

from dicomlake.pixels.find import find, mask_of
from dicomlake.pixels.lines import whole_lines
from dicomlake.rules import load_pixel_rules
from tests.pixels.pictures import scene

RULES = load_pixel_rules().look


def line(text: str) -> np.ndarray:
    picture = np.zeros((60, 320, 3), np.uint8)
    cv2.putText(picture, text, (10, 40), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (230, 230, 230), 2)
    return picture


def upright(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def test_a_rectangle_that_stops_short_grows_over_the_last_letter() -> None:
    picture = line("ZUBIRI AMAIA")
    ink = picture[..., 0] > 100
    last = int(np.argwhere(ink)[:, 1].max())
    covered = mask_of(ink.shape, whole_lines(picture, [upright(10, 18, last - 14, 44)]))
    assert covered[ink].all()
    assert not covered[:, last + 30 :].any()


def test_a_gap_in_a_line_goes_when_something_stands_in_it() -> None:
    picture = line("ZUBIRI AMAIA")
    ink = picture[..., 0] > 100
    last = int(np.argwhere(ink)[:, 1].max())
    parts = [upright(8, 18, 70, 44), upright(112, 18, last + 2, 44)]
    assert mask_of(ink.shape, whole_lines(picture, parts))[ink].all()
    empty = picture.copy()
    empty[:, 72:110] = 0
    assert not mask_of(ink.shape, whole_lines(empty, parts))[:, 85:95].any()


def test_what_is_empty_at_the_edges_of_a_line_stays() -> None:
    picture = line("ZUBIRI AMAIA")
    ink = picture[..., 0] > 100
    rows, columns = np.argwhere(ink)[:, 0], np.argwhere(ink)[:, 1]
    covered = mask_of(ink.shape, whole_lines(picture, [upright(0, 4, 319, 56)]))
    assert covered[ink].all()
    assert not covered[: rows.min() - 6].any()
    assert not covered[rows.max() + 7 :].any()
    assert not covered[:, columns.max() + 12 :].any()


def test_a_line_over_speckle_grows_over_its_ink_only() -> None:
    rng = np.random.default_rng(3)
    ground = cv2.GaussianBlur(rng.rayleigh(60, (120, 400)).astype(np.float32), (0, 0), 1.2)
    picture = np.repeat(np.clip(ground, 0, 255).astype(np.uint8)[..., None], 3, 2)
    written = np.zeros(ground.shape, np.uint8)
    cv2.putText(written, "ZUBIRI AMAIA", (70, 70), cv2.FONT_HERSHEY_SIMPLEX, 1.1, 255, 2)
    picture[written > 0] = 250
    ink = written > 0
    rows, columns = np.argwhere(ink)[:, 0], np.argwhere(ink)[:, 1]
    part = upright(int(columns.min()) - 3, int(rows.min()) - 3, int(columns.max()) - 30, int(rows.max()) + 3)
    covered = mask_of(ink.shape, whole_lines(picture, [part]))
    assert covered[ink].all()
    assert not covered[:, columns.max() + 14 :].any()
    assert not covered[: rows.min() - 10].any()


def test_coarse_speckle_is_no_text() -> None:
    found = [find(scene(seed, 300, 400, kind="speckle", lines=0).frames[0] * 2, RULES, 1) for seed in (5, 6)]
    assert [float(mask_of((300, 400), polygons).mean()) < 0.02 for polygons in found] == [True, True]
