"""In selective cleaning technical lines stay, everything else goes."""

import random

import numpy as np
import pytest

from dicomlake.pixels.clean import Order, clean
from dicomlake.pixels.decide import sparing
from dicomlake.pixels.phrases import Phrases
from dicomlake.rules import load_pixel_rules
from tests.pixels.lettering import fonts, stamp
from tests.pixels.objects import picture, raw_of

PHRASES = Phrases(load_pixel_rules().technical)


@pytest.mark.parametrize(
    "text",
    [
        "MI 1.2", "Gain 50%", "FR 32Hz", "120 kV", "R", "WL 40 WW 400", "Depth 14cm", "Vmax 85 cm/s", "Dist 3.42 cm", "Tls 0.4", "C5-1", "9L-D",
        "RTKIDNEY",
        "W:400 C:40", "Frame 3/20", "S/D 2.41", "1 D 3.5 cm", "TE80", "Area 17.4 cm2", "512 x 512 px", "Frame 203/366",
        "21w3d", "2D Gain 61", "MechIndex 0.9",
    ],
)  # fmt: skip
def test_technical_lines_may_stay(text: str) -> None:
    assert PHRASES.may_stay(text)


@pytest.mark.parametrize(
    "text",
    [
        "12.03.1961", "12/03/61", "2021-03-04", "08:15:00", "8:15", "PAT40001", "40001", "1948", "ZUBIRI", "R. ZUBIRI", "MI 1.2 ZUBIRI", "Dr. Li",
        "", "-", "Hand, Max",
        "F 45", "45 M", "4514 7469", "LONG^MAX", "12 OCT", "MA", "No 3012", "Acc 12", "R 4514 7469", "M/45",
    ],
)  # fmt: skip
def test_what_may_identify_goes(text: str) -> None:
    assert not PHRASES.may_stay(text)


def test_a_technical_word_that_is_the_patients_name_goes() -> None:
    phrases = Phrases(PHRASES.technical, names=("Long^Hand",), others=("CHEST CLINIC", "40"))
    assert not phrases.may_stay("LONG")
    assert not phrases.may_stay("Hand 3 cm")
    assert not phrases.may_stay("40 cm")
    assert phrases.may_stay("CHEST")


def test_the_technical_line_is_left_and_the_name_is_painted_over() -> None:
    frame = np.full((120, 260), 12, "u1")
    (font,) = [path for path in fonts() if path.endswith("/DejaVuSans-Bold.ttf")]
    boxes = []
    for text, y in (("MI 1.2", 15), ("ZUBIRI, AMAIA", 75)):
        ink = stamp(text, random.Random(2), 24, 0, path=font)
        frame[y : y + ink.shape[0], 20 : 20 + ink.shape[1]][ink > 0.4] = 240
        boxes.append((slice(y, y + ink.shape[0]), slice(20, 20 + ink.shape[1])))
    order = Order(sparing=sparing(Phrases(PHRASES.technical, ("Zubiri^Amaia",)), 1))
    done = clean(raw_of(picture([frame])), order)
    assert done.result is not None
    assert not done.result.mask[boxes[0]].any()
    assert done.result.mask[boxes[1]].all()
