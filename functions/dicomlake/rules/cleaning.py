"""`pixels/clean.yaml`, `pixels/technical.yaml` and `pixels/regions.yaml` in, how pictures are looked at, what may stay and where devices write out.

Called by `pipeline/`; the values go to `pixels/`. Every number has its reason in the file.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from dicomlake.rules.paths import rules_dir
from dicomlake.rules.pixels import Facts, values_of
from dicomlake.rules.reader import Field, RuleFiles

CLEAN, REGIONS, TECHNICAL = "pixels/clean.yaml", "pixels/regions.yaml", "pixels/technical.yaml"
DECISIONS = ("all", "selective")
Box = tuple[int, int, int, int]  # left, top, right, bottom; the last two not included


@dataclass(frozen=True, slots=True)
class DetectorRules:
    """`core`: probability from which a pixel counts as text; `sure`: the mean a core needs; `grow`: area over perimeter, times this, is
    added on each side; `tile` and `overlap` bound what the net sees at once, in pixels at the scale it is shown.
    """

    core: float = 0.3
    sure: float = 0.5
    grow: float = 1.6
    tile: int = 1024
    overlap: int = 96


@dataclass(frozen=True, slots=True)
class LookRules:
    """`small` and `large` are the scales of frames up to `small_pixels` and beyond; `turned_scale` that of the view on its side, whose finds
    must be `turned_sure`; `pad` pixels are added around; what is less than `least` pixels high is no text, what is more than `tall` must be
    seen at a smaller scale too; what is higher than `block` without being a line must be legible; what scores less than `doubt` or is higher
    than `plain` must be seen again or be legible. `legible` and, beyond `plain`, `surely` are the confidences of reading; `chance` is what
    a find must score in a small part that is looked into because strokes stand out there; `margin` is how
    much of the surroundings a partial look sees.
    """

    small: tuple[float, ...] = (1.0, 2.0)
    large: tuple[float, ...] = (0.5, 1.0)
    small_pixels: int = 1_300_000
    turned_scale: float = 1.4
    turned_sure: float = 0.65
    pad: int = 2
    least: int = 4
    tall: int = 72
    block: int = 40
    plain: int = 16
    doubt: float = 0.8
    legible: float = 0.4
    surely: float = 0.65
    chance: float = 0.75
    margin: int = 64
    net: DetectorRules = field(default_factory=DetectorRules)


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """Ceilings of one object: pixels of a frame, of all frames, number of frames; `task_pixels` is what a task function can look at in its
    time; `seconds` (of a job: `job_seconds`) and `memory_mib` bound the child that does it.
    """

    frame_pixels: int = 40_000_000
    pixels: int = 4_300_000_000
    frames: int = 20_000
    task_pixels: int = 120_000_000
    seconds: int = 540
    job_seconds: int = 43_200
    memory_mib: int = 1024


@dataclass(frozen=True, slots=True)
class DeviceRegion:
    """Where a device writes: `boxes` count when all `where` hold (keyword -> words, one of which the value must contain, or equal if it is a
    number).
    """

    name: str
    where: Mapping[str, tuple[str, ...]]
    boxes: tuple[Box, ...]
    source: str

    def holds(self, facts: Facts) -> bool:
        """Whether the object is of such a device."""
        return all(_shows(values_of(facts, keyword), words) for keyword, words in self.where.items())


def _shows(values: Sequence[str], words: Sequence[str]) -> bool:
    return any(value == word if word.isdecimal() else word in value for value in values for word in words)


@dataclass(frozen=True, slots=True)
class SitePictures:
    """What one site wants: `decide`, and the modalities that never leave it."""

    decide: str
    never: frozenset[str]


@dataclass(frozen=True, slots=True)
class Technical:
    """What may stay in selective cleaning, in capital letters: `words`, `units` (never first in a line), `codes` (patterns of a whole chunk)."""

    words: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PixelRules:
    """All of it."""

    version: str
    look: LookRules
    limits: PictureLimits
    technical: Technical
    regions: tuple[DeviceRegion, ...]
    default: SitePictures
    sites: Mapping[str, SitePictures]

    @property
    def keywords(self) -> frozenset[str]:
        """The facts that the regions ask for."""
        return frozenset(keyword for region in self.regions for keyword in region.where)

    def boxes(self, facts: Facts) -> tuple[Box, ...]:
        """Where the device of an object with these facts writes."""
        return tuple(box for region in self.regions if region.holds(facts) for box in region.boxes)

    def for_job(self) -> "PixelRules":
        """The same with a job's time."""
        return replace(self, limits=replace(self.limits, seconds=self.limits.job_seconds))

    def of_site(self, site: str) -> SitePictures:
        """What a site wants."""
        return self.sites.get(site, self.default)


def load_pixel_rules(root: Path | None = None) -> PixelRules:
    """Read both files. Raises ConfigError for anything it does not understand."""
    files = RuleFiles(rules_dir(root))
    fields = files.open(CLEAN).mapping(["look", "limits", "default", "sites"])
    regions = files.open(REGIONS).mapping(["regions"])["regions"]
    default = _site(fields["default"])
    return PixelRules(
        look=_look(fields["look"]),
        limits=PictureLimits(**_integers(fields["limits"], PictureLimits.__dataclass_fields__)),
        technical=_technical(files.open(TECHNICAL)),
        regions=tuple(_region(entry) for entry in regions.items()),
        default=default,
        sites=MappingProxyType({name: _site(entry, default) for name, entry in fields["sites"].entries().items()}),
        version=files.version(),
    )


def _technical(entry: Field) -> Technical:
    fields = entry.mapping(["words", "units", "codes"])
    codes = []
    for item in fields["codes"].items():
        try:
            re.compile(item.text())
        except re.error:
            item.fail("must be a regular expression")
        codes.append(item.text())
    return Technical(_words(fields["words"]), _words(fields["units"]), tuple(codes))


def _words(entry: Field) -> frozenset[str]:
    return frozenset(word for line in entry.items(at_least=1) for word in line.text().upper().split())


def _integers(entry: Field, names: Mapping[str, object]) -> dict[str, int]:
    fields = entry.mapping(list(names))
    return {name: fields[name].integer(1, 9_999_999_999) for name in names}


def _look(entry: Field) -> LookRules:
    whole = ("small_pixels", "pad", "least", "tall", "block", "plain", "margin")
    parts = ("turned_scale", "turned_sure", "doubt", "legible", "surely", "chance")
    fields = entry.mapping(["small", "large", "net", *whole, *parts])
    net = fields["net"].mapping(list(DetectorRules.__dataclass_fields__))
    return LookRules(
        small=tuple(_real(one) for one in fields["small"].items(at_least=1)),
        large=tuple(_real(one) for one in fields["large"].items(at_least=1)),
        net=DetectorRules(
            core=_real(net["core"]),
            sure=_real(net["sure"]),
            grow=_real(net["grow"]),
            tile=net["tile"].integer(256, 4096),
            overlap=net["overlap"].integer(32, 255),
        ),
        small_pixels=fields["small_pixels"].integer(1, 100_000_000),
        pad=fields["pad"].integer(0, 50),
        least=fields["least"].integer(1, 100),
        tall=fields["tall"].integer(20, 1000),
        block=fields["block"].integer(8, 1000),
        plain=fields["plain"].integer(4, 1000),
        margin=fields["margin"].integer(16, 1024),
        turned_scale=_real(fields["turned_scale"]),
        turned_sure=_real(fields["turned_sure"]),
        doubt=_real(fields["doubt"]),
        legible=_real(fields["legible"]),
        surely=_real(fields["surely"]),
        chance=_real(fields["chance"]),
    )


def _real(entry: Field) -> float:
    """A number between 0 and 10, written with a point."""
    value = entry.number()
    if not 0 < value <= 10:
        entry.fail("must be a number above 0, at most 10")
    return value


def _site(entry: Field, default: SitePictures | None = None) -> SitePictures:
    """What a site wants; with a `default`, what it does not say is as there."""
    names = ("decide", "never")
    fields = entry.mapping(names) if default is None else entry.mapping((), names)
    decide = fields["decide"].choice(DECISIONS) if "decide" in fields or default is None else default.decide
    if default is not None and "never" not in fields:
        return SitePictures(decide, default.never)
    never = (item.text(r"[A-Z]{2,16}", "a modality") for item in fields["never"].items())
    return SitePictures(decide, frozenset(never))


def _region(entry: Field) -> DeviceRegion:
    fields = entry.mapping(["name", "where", "boxes"])
    where = {
        keyword: tuple(item.text().upper() for item in words.items(at_least=1))
        for keyword, words in fields["where"].entries().items()
    }
    if not where:
        fields["where"].fail("needs at least 1")
    return DeviceRegion(
        fields["name"].text(), where, tuple(_box(box) for box in fields["boxes"].items(1)), entry.source
    )


def _box(entry: Field) -> Box:
    numbers = [item.integer(0, 65535) for item in entry.items(4)]
    if len(numbers) != 4 or numbers[2] <= numbers[0] or numbers[3] <= numbers[1]:
        entry.fail("must be left, top, right, bottom in pixels")
    return numbers[0], numbers[1], numbers[2], numbers[3]
