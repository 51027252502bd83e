"""One child for all tests of this folder: it takes a second to start."""

from collections.abc import Iterator

import pytest

from dicomlake.pixels import PixelWorker
from dicomlake.rules import load_pixel_rules


@pytest.fixture(scope="session")
def worker() -> Iterator[PixelWorker]:
    made = PixelWorker(load_pixel_rules())
    yield made
    made.close()
