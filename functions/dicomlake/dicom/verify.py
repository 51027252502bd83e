"""A second look at finished bytes: `verify(raw, clean, profile)` returns, or raises PermanentError(deid_failed, slug). Called by `pipeline/`.

Independent of the walk: pydicom reads original and copy, every element of both is held against its rule, dates must all have moved by
the same days, and values the original is known to identify with are searched in all decoded text and in the raw bytes around the pixels.
Nothing is repaired here: a finding means that the walk, a rule or this reader is wrong about the object, and it stays behind.
"""

import warnings
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, cast

from dicomlake.dicom.clean import CleanInstance
from dicomlake.dicom.elements import PIXEL_DATA, UNDEFINED
from dicomlake.dicom.known import fold, fold_bytes, known_values
from dicomlake.dicom.plan import plan_for
from dicomlake.dicom.proof import Proof, failed
from dicomlake.dicom.read import PICTURE_SIZE, RawInstance, picture_bytes
from dicomlake.dicom.slices import SliceReader, same
from dicomlake.dicom.syntaxes import syntax_of
from dicomlake.rules import Profile

if TYPE_CHECKING:
    from pydicom import FileDataset
    from pydicom.dataelem import RawDataElement
    from pydicom.dataset import Dataset

# From this size on, the picture is compared where it stands instead of being read.
_LARGE, _DEFERRED = 8 << 20, 1 << 20
Source = BytesIO | SliceReader
_META = {0x00020000, 0x00020001, 0x00020002, 0x00020003, 0x00020010, 0x00020012, 0x00020013}


def verify(raw: RawInstance, clean: CleanInstance, profile: Profile) -> None:
    """Prove the rules on the finished bytes. Raises PermanentError(deid_failed) with what failed as a slug, never with a value."""
    from pydicom.errors import BytesLengthException, InvalidDicomError

    stopped = (ArithmeticError, AttributeError, EOFError, LookupError, NotImplementedError, OSError, RuntimeError)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's quote values
        try:
            _verify(raw, clean, profile)
        except (*stopped, TypeError, ValueError, BytesLengthException, InvalidDicomError):
            raise failed("second_reader_stopped") from None


def _verify(raw: RawInstance, clean: CleanInstance, profile: Profile) -> None:
    from pydicom import config, dcmread

    config.settings.reading_validation_mode = config.IGNORE
    large = clean.size > _LARGE and (clean.pixels is None or clean.pixels.data is None)
    copy = clean.open() if large else BytesIO(clean.to_bytes())
    original = SliceReader([raw.buffer]) if large else BytesIO(raw.buffer)
    after = dcmread(copy, defer_size=_DEFERRED if large else None)
    before = _read_original(raw, original, large)
    if isinstance(copy, SliceReader) and isinstance(original, SliceReader):
        _fetch(before, original)
        _fetch(after, copy)
        _same_pixels(raw, before, original, after, copy)
    plan = plan_for(profile)
    proof = Proof(plan, clean.patient_key, clean.pixels)
    proof.compare(before, after)
    proof.check_picture(after)
    around = fold_bytes(_around_pixels(raw, clean, after, copy))
    # From here on pydicom's converted values are looked at; until now the bytes were.
    proof.check_marks(after)
    proof.check_visual(after)
    copy.seek(0)
    _check_meta(after, clean, copy.read(128))
    known = known_values(raw, plan.rule, plan.engine.rules.common)
    if known.found_in(fold("\n".join(proof.texts))) or known.word_found_in(fold("\n".join(proof.codes))):
        raise failed("known_value_in_text")
    if known.word_found_in(around):
        raise failed("known_value_in_bytes")
    if any(word.encode("utf-16-le").decode("latin-1") in around for word in known.words if word.isascii()):
        raise failed("known_value_in_bytes")


def _read_original(raw: RawInstance, source: "Source", large: bool) -> "Dataset":
    from pydicom.filereader import read_dataset

    source.seek(raw.start)
    length = raw.elements[-1][4] - raw.start
    return read_dataset(
        cast("BinaryIO", source),
        not raw.syntax.explicit,
        True,
        bytelength=length,
        defer_size=_DEFERRED if large else None,
    )


def _fetch(dataset: "Dataset", source: SliceReader) -> None:
    """Read what was left out for its size, but the picture."""
    for tag in list(dataset.keys()):
        item = _as_read(dataset, tag)
        if item is not None and item.value is None and 0 < item.length != UNDEFINED and int(tag) != PIXEL_DATA:
            source.seek(item.value_tell)
            dataset[tag] = item._replace(value=source.read(item.length))


def _as_read(dataset: "Dataset", tag: int) -> "RawDataElement | None":
    """An element as pydicom read it, not yet converted; None when it is not there."""
    from pydicom.dataelem import RawDataElement

    item = dataset.get_item(tag, keep_deferred=True) if tag in dataset else None
    return item if isinstance(item, RawDataElement) else None


def _same_pixels(
    raw: RawInstance, before: "Dataset", original: SliceReader, after: "Dataset", copy: SliceReader
) -> None:
    """The picture of a large object, compared where it stands: as both readers found it, by the length the walk found."""
    one, two = _as_read(before, PIXEL_DATA), _as_read(after, PIXEL_DATA)
    if one is None:
        return
    if two is None:
        raise failed("element_lost")
    size = raw.index[PIXEL_DATA][4] - raw.index[PIXEL_DATA][3]
    if two.length not in (one.length, one.length + (one.length & 1)):
        raise failed("kept_value_changed")
    if not same(original, one.value_tell, copy, two.value_tell, size):
        raise failed("kept_value_changed")


def _check_meta(after: "FileDataset", clean: CleanInstance, preamble: bytes) -> None:
    if preamble.strip(b"\0") or {int(element.tag) for element in after.file_meta} != _META:
        raise failed("file_meta_not_ours")
    named = (str(after.file_meta.MediaStorageSOPClassUID), str(after.file_meta.MediaStorageSOPInstanceUID))
    if named != (str(after.SOPClassUID), str(after.SOPInstanceUID)) or named != (clean.sop_class_uid, clean.sop_uid):
        raise failed("file_meta_contradicts")
    if str(after.PatientID) != clean.patient_key:
        raise failed("patient_key_missing")


def _around_pixels(raw: RawInstance, clean: CleanInstance, after: "FileDataset", source: "Source") -> bytes:
    """The bytes of the file without the value of its pixel data; what native pixel data hold beyond the picture counts as outside."""
    pixels = _as_read(after, PIXEL_DATA)
    source.seek(0)
    if pixels is None:
        return source.read()
    place = pixels.value_tell
    size = len(pixels.value or b"")
    if pixels.value is None and pixels.length:  # left where it stands
        size = raw.index[PIXEL_DATA][4] - raw.index[PIXEL_DATA][3]
    picture = None if syntax_of(clean.transfer_syntax).encapsulated else _picture(after)
    head = source.read(place)
    source.seek(place + min(size, picture or size))
    return head + b"\n" + source.read()


def _picture(after: "FileDataset") -> int | None:
    """The bytes of native pixel data by the copy's own header."""
    rows, columns, bits, samples, frames = (_whole(after.get(keyword)) for keyword in PICTURE_SIZE)
    return picture_bytes(rows, columns, bits, samples, frames, str(after.get("PhotometricInterpretation") or ""))


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, (int, str)) and str(value).strip().lstrip("+").isdecimal() else None
