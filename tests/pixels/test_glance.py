"""A slice as acquired that carries writing is looked at in earnest; one that does not is left alone."""

import random

import numpy as np
import pytest

from dicomlake.pixels import PixelWorker
from dicomlake.rules import load_pixel_rules
from tests.pixels.lettering import stamp
from tests.pixels.objects import J2K, Form, picture, raw_of
from tests.pixels.pictures import ground

WORKER = PixelWorker(load_pixel_rules())
CT = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "Modality": "CT"}
SIGNED = Form(allocated=16, stored=16, signed=True)


def plain(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shades = ground("slice", 256, 256, rng)[..., 0].astype(float) * 6 - 1000
    return (shades + rng.normal(0, 12, shades.shape)).astype("<i2")


def written(seed: int, size: int) -> np.ndarray:
    slice_, draw = plain(seed).astype(float), random.Random(seed)
    ink = stamp("OKONKWO 40021", draw, size, draw.choice((0, 90)))
    ink = ink[:250, :250]
    h, w = ink.shape
    y, x = draw.choice((2, 253 - h)), draw.choice((2, 253 - w))
    slice_[y : y + h, x : x + w] = slice_[y : y + h, x : x + w] * (1 - ink) + 1500 * ink
    return slice_.astype("<i2")


@pytest.mark.parametrize("seed", range(12))
def test_a_slice_without_writing_is_not_looked_at(seed: int) -> None:
    assert not WORKER.needs_a_look(raw_of(picture([plain(seed)], SIGNED, **CT)))


@pytest.mark.parametrize("seed", range(12))
def test_a_slice_with_writing_is_looked_at(seed: int) -> None:
    assert WORKER.needs_a_look(raw_of(picture([written(seed, 9 + 2 * seed)], SIGNED, **CT)))


def test_a_compressed_slice_is_glanced_at_by_the_child(worker: PixelWorker) -> None:
    form = Form(J2K, allocated=16, stored=16, signed=True)
    assert worker.needs_a_look(raw_of(picture([written(3, 16)], form, **CT)))
    assert not worker.needs_a_look(raw_of(picture([plain(3)], form, **CT)))


def test_an_overlay_in_unused_bits_calls_for_a_look() -> None:
    frame = (plain(1).astype(int) + 1100).clip(0, 4095).astype("<u2")
    form = Form(allocated=16, stored=12)
    assert not WORKER.needs_a_look(raw_of(picture([frame], form, **CT)))
    frame[40, 50] |= 1 << 14
    assert WORKER.needs_a_look(raw_of(picture([frame], form, **CT)))


def test_a_sign_carried_into_unused_bits_is_no_overlay() -> None:
    frame = plain(2).clip(-2048, 2047)
    assert not WORKER.needs_a_look(raw_of(picture([frame], Form(allocated=16, stored=12, signed=True), **CT)))
