"""Bar codes and matrix codes go whole, by what they are made like and by what a machine reads; what only resembles them stays."""

import dataclasses

import numpy as np
import pytest

from dicomlake.pixels import clean as cleaning
from dicomlake.pixels import codes
from dicomlake.pixels.clean import Order, clean
from dicomlake.pixels.codes import find_codes
from dicomlake.pixels.find import LookRules, mask_of
from tests.pixels.barcodes import GROUNDS, LINEAR, LOOKALIKES, MATRIX, coded, lookalike, readable
from tests.pixels.objects import Form, picture, raw_of

QUICK = Order(rules=LookRules(small=(1.0,)))


@pytest.mark.parametrize("symbology", [*LINEAR, *MATRIX])
def test_a_code_goes_whole_and_no_machine_reads_it(symbology: str) -> None:
    read = 0
    for seed in range(4):
        made = coded(seed, symbology, GROUNDS[seed % len(GROUNDS)]).around(50)
        mask = mask_of(made.place.shape, find_codes(made.picture))
        if not readable(made.picture):
            continue
        read += 1
        assert mask[made.place].mean() >= 0.97, f"{seed} {made.module}"
        after = made.picture.copy()
        after[mask] = 0
        assert not readable(after)
    assert read >= 1


@pytest.mark.parametrize("symbology", [*LINEAR, "QRCode", "DataMatrix", "Aztec"])
def test_a_code_is_known_by_how_it_is_made(symbology: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "_add_readable", lambda grey, found: None)
    found = []
    for seed in range(20, 24):
        made = coded(seed, symbology, "margin").around(50)
        found.append(mask_of(made.place.shape, find_codes(made.picture))[made.place].mean() >= 0.9)
    assert sum(found) >= 1


@pytest.mark.parametrize("kind", LOOKALIKES)
def test_what_resembles_a_code_stays(kind: str) -> None:
    assert [len(find_codes(lookalike(kind, seed))) for seed in range(2)] == [0, 0]


def small() -> tuple[np.ndarray, np.ndarray]:
    """A small picture with a code of squares, and where it stands."""
    made = coded(5, "QRCode", "margin").around(20)
    return made.picture, made.place


def test_a_code_goes_where_everything_else_may_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, place = small()
    rows, columns = place.shape
    everywhere = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    monkeypatch.setattr(cleaning, "find", lambda *_: [everywhere])
    monkeypatch.setattr(cleaning, "find_changed", lambda *_: [])
    order = dataclasses.replace(QUICK, sparing=lambda image, polygons: polygons)
    values = shown[..., 1].astype("<u2") * 7 + 90
    done = clean(raw_of(picture([values], Form(allocated=16, stored=12))), order)
    assert done.result is not None
    assert done.result.mask[place].mean() >= 0.97
    assert not done.result.mask.all()


def test_the_second_look_sees_what_is_left_of_a_code(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, place = small()
    true, asked = cleaning.find_codes, []

    def short(image: np.ndarray) -> list[np.ndarray]:
        asked.append(image.shape)
        left, middle = np.nonzero(place)[1].min() - 3, np.nonzero(place)[1].min() + 4
        corner = np.array([[left, 0], [middle, 0], [middle, 400], [left, 400]], np.float32)
        return [corner] if len(asked) == 1 else true(image)

    monkeypatch.setattr(cleaning, "find_codes", short)
    monkeypatch.setattr(cleaning, "find", lambda *_: [])
    monkeypatch.setattr(cleaning, "find_changed", lambda *_: [])
    done = clean(raw_of(picture([shown[..., 1]])), QUICK)
    assert done.result is not None
    assert len(asked) > 1
    assert done.result.mask[place].mean() >= 0.85
    assert not readable(np.where(done.result.mask, 0, shown[..., 1]).astype(np.uint8))
