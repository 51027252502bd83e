"""What `deidentify.py` makes of an object: the only form of it that may be written or loaded. Nothing else builds one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from dicomlake.dicom.seams import CleanPixels
from dicomlake.dicom.slices import SliceReader, chunks


@dataclass(frozen=True)
class CleanInstance:
    """A de-identified object: `slices` are its bytes in order, views into the original wherever nothing changed.

    All UIDs and the patient key are pseudonyms. `actions` counts elements by action (`D`, `Z`, `X`, `K`, `U`, `M`, `C`).
    `pixels` is the treated picture it was made with, None where the picture is the original's.
    """

    slices: tuple[bytes | memoryview, ...] = field(repr=False)
    patient_key: str
    study_uid: str
    series_uid: str
    sop_uid: str
    sop_class_uid: str
    transfer_syntax: str
    source_status: str
    profile: str
    rules_version: str
    key_version: str
    actions: Mapping[str, int]
    pixels: CleanPixels | None
    _digest8: Callable[[Iterable[bytes | memoryview]], str] = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return sum(map(len, self.slices))

    def open(self) -> SliceReader:
        """The file to read from, without joining it."""
        return SliceReader(self.slices)

    def chunks(self) -> Iterator[bytes | memoryview]:
        """The file in parts of bounded size, without joining it."""
        return chunks(self.slices)

    def to_bytes(self) -> bytes:
        """The whole file, joined in memory."""
        return self._joined

    @cached_property
    def _joined(self) -> bytes:
        return b"".join(self.slices)

    @cached_property
    def object_name(self) -> str:
        """`<patient>/<study>/<series>/<instance>-<8 hex>.dcm`; the digits are a keyed hash of the file, so that equal names mean equal bytes."""
        digest = self._digest8(self.chunks())
        return f"{self.patient_key}/{self.study_uid}/{self.series_uid}/{self.sop_uid}-{digest}.dcm"
