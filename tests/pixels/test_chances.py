"""What the net overlooks at its own scales is shown to it once more, enlarged."""

import random

import cv2
import numpy as np
import pytest

from dicomlake.pixels import find as module
from dicomlake.pixels.chances import chances
from dicomlake.pixels.find import find, mask_of
from dicomlake.rules import load_pixel_rules
from tests.pixels.lettering import fonts, stamp

RULES = load_pixel_rules().look


def page(size: int, turn: float, tone: int) -> tuple[np.ndarray, np.ndarray]:
    """A bright page with one dim line, and its ink."""
    picture = np.full((300, 400, 3), 236, np.uint8)
    picture += np.random.default_rng(4).integers(0, 3, picture.shape).astype(np.uint8)
    (font,) = [path for path in fonts() if path.endswith("/DejaVuSans.ttf")]
    ink = np.zeros((300, 400), np.float32)
    letters = stamp("ID: 77092", random.Random(3), size, turn, path=font)
    ink[200 : 200 + letters.shape[0], 150 : 150 + letters.shape[1]] = letters
    return np.round(picture * (1 - ink[..., None]) + tone * ink[..., None]).astype(np.uint8), ink > 0.3


@pytest.mark.parametrize(("size", "turn"), [(8, 270), (8, 90), (9, 0), (10, 180)])
def test_small_and_dim_lines_are_found(size: int, turn: float) -> None:
    picture, ink = page(size, turn, 176)
    assert mask_of(ink.shape, find(picture, RULES, 1))[ink].mean() >= 0.95


def test_strokes_that_nothing_covers_are_proposed() -> None:
    picture, ink = page(8, 270, 176)
    proposed = np.zeros(ink.shape, bool)
    for part in chances(picture, np.zeros(ink.shape, bool)):
        proposed[part] = True
    assert proposed[ink].all()
    assert proposed.mean() < 0.02
    assert chances(picture, np.ones(ink.shape, bool)) == []


def test_what_is_proposed_counts_only_if_it_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = np.full((200, 200, 3), 20, np.uint8)
    for at in ((60, 60), (120, 90)):
        cv2.drawMarker(picture, at, (200, 200, 200), cv2.MARKER_CROSS, 9, 1)
    looked: list[object] = []
    true = module._looked_into
    monkeypatch.setattr(module, "_looked_into", lambda *asked: (looked.append(asked[1]), true(*asked))[1])
    assert find(picture, RULES, 1) == []
    assert len(looked) == 2


def test_hollow_letters_in_a_frame_are_read_where_the_net_sees_none() -> None:
    speckle = cv2.GaussianBlur(np.random.default_rng(6).rayleigh(60, (200, 300)).astype(np.float32), (0, 0), 1.2)
    picture = np.repeat(speckle.clip(0, 160).astype(np.uint8)[..., None], 3, axis=2)
    ink = np.zeros((200, 300), np.uint8)
    cv2.putText(ink, "F 71Y", (100, 110), cv2.FONT_HERSHEY_SIMPLEX, 1, 255, 1)
    around = cv2.dilate(ink, np.ones((3, 3), np.uint8))
    picture[around > 0], picture[ink > 0] = 0, 255
    cv2.rectangle(picture, (94, 80), (200, 118), (255, 255, 255), 1)
    assert mask_of(ink.shape, find(picture, RULES, 1))[ink > 0].all()
