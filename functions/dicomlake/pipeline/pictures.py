"""An object and its route in, what its picture needs and the cleaned picture out. Called by `assess.py`.

A picture routed to `look` is looked at. One as acquired is glanced at (`pixels/glance.py`): where it shows strokes like writing it is looked
at too. What a site never lets go is blocked here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from dicomlake.dicom import CleanPixels, RawInstance, known_identity
from dicomlake.dicom.elements import PIXEL_DATA
from dicomlake.errors import Code, PermanentError
from dicomlake.pixels import PixelWorker, Wish
from dicomlake.rules import PixelRoute, PixelRules, Profile, Route
from dicomlake.rules.cleaning import Box


@dataclass(frozen=True)
class Pictures:
    """What cleaning pictures of one site takes. `bounded`: what a task function cannot finish in its time is left for the job; `preview`: a
    PNG before and after is wanted.
    """

    worker: PixelWorker
    rules: PixelRules
    site: str
    bounded: bool = False
    preview: bool = False


@dataclass(frozen=True)
class Treated:
    """A picture dealt with: `pixels` for the clean copy (None: it stays as it is), and the preview."""

    pixels: CleanPixels | None = None
    preview: bytes | None = field(default=None, repr=False)


def is_heavy(raw: RawInstance, route: Route, pictures: Pictures, profile: Profile) -> bool:
    """Whether the picture must be looked at: by its route, by what a glance at it shows, or since the profile wants to (PS3.15 E.3.1). Raises
    PermanentError for what no look could release.
    """
    if (raw.first("Modality") or "").upper() in pictures.rules.of_site(pictures.site).never:
        raise PermanentError(Code.POLICY_BLOCKED, "modality_blocked_by_site")
    wanted = profile.clean_pixels and route.pixels is PixelRoute.CLEAN and PIXEL_DATA in raw.index
    if route.pixels is PixelRoute.LOOK or wanted:
        pictures.worker.size(raw)
        return True
    return route.pixels is PixelRoute.CLEAN and pictures.worker.needs_a_look(raw)


def waits_for(raw: RawInstance, pictures: Pictures, light: bool) -> str:
    """Why a picture that must be looked at waits: its turn (`handed_on`), or a job with more time than a task function has; "" if not."""
    if light:
        return "handed_on"
    too_long = pictures.bounded and pictures.worker.size(raw) > pictures.rules.limits.task_pixels
    return "waits_for_job" if too_long else ""


def treat(raw: RawInstance, pictures: Pictures, profile: Profile, approved: bool, masks: Sequence[Box] = ()) -> Treated:
    """Look and clean. `approved`: a steward has seen the picture, what is left over after cleaning may stay. Raises PermanentError."""
    decide = pictures.rules.of_site(pictures.site).decide
    names: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    if decide == "selective":
        identity = known_identity(raw, profile)
        names, known = identity.names, (*identity.ids, *identity.places, *identity.phones)
    wish = Wish(decide, names, known, tuple(masks), approved, pictures.preview)
    done = pictures.worker.clean(raw, wish)
    return Treated(done.pixels, done.preview)
