"""In selective cleaning technical lines stay, everything else goes."""

import random

import numpy as np
import pytest

from dicomlake.pixels.clean import Order, clean
from dicomlake.pixels.decide import is_technical, sparing
from dicomlake.rules import load_pixel_rules
from tests.pixels.lettering import fonts, stamp
from tests.pixels.objects import picture, raw_of

TECHNICAL = load_pixel_rules().technical


@pytest.mark.parametrize(
    "text", ["MI 1.2", "Gain 50%", "FR 32Hz", "120 kV", "R", "WL 40 WW 400", "Depth 14cm", "Vmax 85 cm/s"]
)
def test_technical_lines_may_stay(text: str) -> None:
    assert is_technical(text, TECHNICAL)


@pytest.mark.parametrize(
    "text",
    [
        "12.03.1961",
        "12/03/61",
        "2021-03-04",
        "08:15:00",
        "8:15",
        "PAT40001",
        "40001",
        "1948",
        "ZUBIRI",
        "R. ZUBIRI",
        "MI 1.2 ZUBIRI",
        "Dr. Li",
        "",
        "-",
    ],
)
def test_what_may_identify_goes(text: str) -> None:
    assert not is_technical(text, TECHNICAL)


def test_a_technical_word_that_is_a_known_value_in_full_still_goes() -> None:
    assert not is_technical("40 cm", TECHNICAL, frozenset({"40"}))


def test_the_technical_line_is_left_and_the_name_is_painted_over() -> None:
    frame = np.full((120, 260), 12, "u1")
    (font,) = [path for path in fonts() if path.endswith("/DejaVuSans-Bold.ttf")]
    boxes = []
    for text, y in (("MI 1.2", 15), ("ZUBIRI, AMAIA", 75)):
        ink = stamp(text, random.Random(2), 24, 0, path=font)
        frame[y : y + ink.shape[0], 20 : 20 + ink.shape[1]][ink > 0.4] = 240
        boxes.append((slice(y, y + ink.shape[0]), slice(20, 20 + ink.shape[1])))
    order = Order(sparing=sparing(TECHNICAL, ("Zubiri^Amaia",), 1))
    done = clean(raw_of(picture([frame])), order)
    assert done.result is not None
    assert not done.result.mask[boxes[0]].any()
    assert done.result.mask[boxes[1]].all()
