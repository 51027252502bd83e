"""What other rooms hand to `deidentify`: a recogniser of text and a treated picture. Types only; the pipeline connects the rooms.

A recogniser is `(text, known) -> spans`: text of one value, what the object itself is known to identify people with, and the places
(start, end) in that text that identify somebody, or (start, end, placeholder) where something shall stand there instead. It must give the
same spans for the same arguments, and may be called often.
"""

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from dicomlake.dicom.dictionary import LONG_VRS, dictionary
from dicomlake.dicom.syntaxes import syntax_of
from dicomlake.errors import Code, PermanentError

# What a treated picture may change in the header besides PixelData itself (PS3.3 C.7.6.3, C.7.6.1.1.5, C.7.6.1.1.8).
PICTURE_KEYWORDS = frozenset(
    (
        "BurnedInAnnotation RecognizableVisualFeatures SamplesPerPixel PhotometricInterpretation PlanarConfiguration Rows Columns "
        "BitsAllocated BitsStored HighBit PixelRepresentation SmallestImagePixelValue LargestImagePixelValue "
        "LossyImageCompression LossyImageCompressionRatio LossyImageCompressionMethod"
    ).split()
)


@dataclass(frozen=True)
class KnownIdentity:
    """What an object is known to identify people with, as it states it. `repr` shows nothing.

    `names` are values of VR PN, component groups and `^` included; `dates` all true dates of the object, `vital_dates` those of birth
    and death among them.
    """

    names: tuple[str, ...] = field(default=(), repr=False)
    ids: tuple[str, ...] = field(default=(), repr=False)
    places: tuple[str, ...] = field(default=(), repr=False)
    phones: tuple[str, ...] = field(default=(), repr=False)
    dates: tuple[datetime.date, ...] = field(default=(), repr=False)
    vital_dates: tuple[datetime.date, ...] = field(default=(), repr=False)


# Text and what is known in, the (start, end) of what identifies somebody out, with what stands there instead where it is not left out.
Recogniser = Callable[[str, KnownIdentity], Iterable[tuple[int, int] | tuple[int, int, str]]]


@dataclass(frozen=True)
class CleanPixels:
    """A picture the pixel room has looked at. Goes into the clean instance as it is and is compared with it by `verify`.

    `data` is the new value of PixelData: native bytes, or encapsulated fragments as `pydicom.encaps.encapsulate` gives them (offset table
    first, no sequence delimiter); None leaves the picture as it was. `transfer_syntax` is that of `data`, needed where it differs from the
    input's. `attributes` are values by keyword, of `PICTURE_KEYWORDS` only: text, whole numbers or a tuple of texts. `cleaned`: text was
    looked for and none is left, so that the Clean Pixel Data Option (113101) may be stated. `regions` are the rectangles painted over, as
    (left, top, right, bottom) in pixels, the last two not included.
    """

    data: bytes | memoryview | None = field(default=None, repr=False)
    transfer_syntax: str | None = None
    attributes: Mapping[str, str | int | tuple[str, ...]] = field(default_factory=dict)
    cleaned: bool = True
    regions: tuple[tuple[int, int, int, int], ...] = ()

    def __post_init__(self) -> None:
        if not self.attributes.keys() <= PICTURE_KEYWORDS or (self.data is None and self.transfer_syntax is not None):
            raise PermanentError(Code.INTERNAL_ERROR, "picture_not_allowed")

    def encoded(self) -> dict[int, tuple[bytes, bytes]]:
        """The attributes as tag -> (VR, encoded value)."""
        made = {}
        for keyword, value in self.attributes.items():
            tag = dictionary().tag[keyword]
            vr = dictionary().vr[tag]
            made[tag] = (vr, _encoded(vr, value))
        return made

    def written_in(self, explicit: bool, syntax: str) -> str:
        """The transfer syntax of the object with this picture. A new one must be one its header can stay encoded in."""
        wanted = self.transfer_syntax or syntax
        if syntax_of(wanted).explicit != explicit or syntax_of(wanted).written_as != wanted:
            raise PermanentError(Code.INTERNAL_ERROR, "picture_needs_other_header")
        return wanted


def _encoded(vr: bytes, value: str | int | tuple[str, ...]) -> bytes:
    if isinstance(value, int):
        return value.to_bytes(2, "little", signed=vr == b"SS")
    text = (value if isinstance(value, str) else "\\".join(value)).encode("ascii")
    assert vr not in LONG_VRS, "the keywords above have short VRs"
    return text + b" " * (len(text) & 1)
