"""What is shown to the net holds all that is written; what is plain or mere noise is not shown."""

import numpy as np
import pytest

from dicomlake.pixels.content import parts
from tests.pixels.pictures import ground, scene


def shown(picture: np.ndarray, fine: bool) -> np.ndarray:
    mask = np.zeros(picture.shape[:2], bool)
    for part in parts(picture, fine):
        assert not mask[part].any(), "parts are disjoint"
        mask[part] = True
    return mask


@pytest.mark.parametrize("kind", ["dark", "page", "screen", "photo", "ultrasound", "xray", "slice"])
def test_all_ink_is_shown_to_the_net(kind: str) -> None:
    for seed in range(300, 304):
        made = scene(seed, 384, 512, kind, lines=5, least_contrast=40)
        whole, fine = (shown(made.frames[0], flag) for flag in (False, True))
        for item in made.items:
            x, y, w, h = item.box
            assert whole[y : y + h, x : x + w][item.ink].all(), item.note
            if min(w, h) <= 18:  # enlarging is for what is small
                assert fine[y : y + h, x : x + w][item.ink].all(), item.note


def test_a_plain_picture_is_not_shown() -> None:
    assert not shown(ground("dark", 300, 400, np.random.default_rng(2)), fine=False).any()
    assert not shown(np.full((40, 40, 3), 7, np.uint8), fine=True).any()


def test_edges_of_wide_shapes_need_no_enlarging() -> None:
    picture = np.zeros((300, 400, 3), np.uint8)
    picture[60:200, 80:300] = 180
    assert shown(picture, fine=False)[60:200, 80].all()
    assert not shown(picture, fine=True).any()


def test_bands_of_nothing_part_what_is_shown() -> None:
    picture = np.zeros((320, 480, 3), np.uint8)
    picture[20:30, 20:90:6] = 255
    picture[290:300, 380:450:6] = 255
    assert len(parts(picture, fine=True)) == 2
    assert shown(picture, fine=True).mean() < 0.1
