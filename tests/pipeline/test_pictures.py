"""Which pictures are looked at: by their route, and all of them where the profile asks for Clean Pixel Data (PS3.15 E.3.1)."""

from dataclasses import replace

import pytest

from dicomlake.dicom import RawInstance, read_raw
from dicomlake.pipeline.pictures import Pictures, is_heavy
from dicomlake.rules import PixelRoute, Route, load_pixel_rules, load_profile
from tests.dicom.builders import instance

PROFILE = load_profile("research")


class Calm:
    """A worker that sees no reason to look."""

    def size(self, raw: RawInstance) -> int:
        return 1

    def needs_a_look(self, raw: RawInstance) -> bool:
        return False


@pytest.mark.parametrize(
    ("route", "wanted", "looked"),
    [
        (PixelRoute.CLEAN, False, False),
        (PixelRoute.CLEAN, True, True),
        (PixelRoute.LOOK, False, True),
        (PixelRoute.NO_PIXELS, True, False),
    ],
)
def test_a_profile_that_cleans_pixels_has_every_picture_looked_at(
    route: PixelRoute, wanted: bool, looked: bool
) -> None:
    pictures = Pictures(Calm(), load_pixel_rules(), "clinic-a")  # type: ignore[arg-type]  # what is asked of a worker here
    profile = replace(PROFILE, clean_pixels=wanted)
    raw = read_raw(instance())
    assert is_heavy(raw, Route(route, "dicom_image", None, ""), pictures, profile) is looked
