"""Text in pictures is found and read."""

import random

import numpy as np

from dicomlake.pixels import read_words
from tests.pixels.lettering import fonts, stamp


def test_lines_are_read_where_they_stand() -> None:
    page = np.full((120, 420), 250, np.uint8)
    (font,) = [path for path in fonts() if path.endswith("/DejaVuSans.ttf")]
    for text, x, y in (("CTDIvol 12.4 mGy", 20, 15), ("DLP 512.7 mGycm", 150, 70)):
        ink = stamp(text, random.Random(1), 22, 0, path=font)
        area = page[y : y + ink.shape[0], x : x + ink.shape[1]]
        area[:] = area * (1 - ink)
    words = read_words(page)
    assert [word.text.replace(" ", "") for word in words] == ["CTDIvol12.4mGy", "DLP512.7mGycm"]
    assert [
        (abs(w.box[0] - x) < 12, abs(w.box[1] - y) < 12) for w, x, y in zip(words, (20, 150), (15, 70), strict=True)
    ] == [(True, True)] * 2
    assert all(word.confidence > 0.8 for word in words)
    assert "CTDI" not in repr(words)
