"""A second look at finished bytes: `verify(raw, clean, profile)` returns, or raises PermanentError(deid_failed, slug). Called by `pipeline/`.

Independent of the walk: pydicom reads original and copy, every element of both is held against its rule, dates must all have moved by
the same days, and values the original is known to identify with are searched in all decoded text and in the raw bytes around the pixels.
Nothing is repaired here: a finding means that the walk, a rule or this reader is wrong about the object, and it stays behind.
"""

import warnings
from io import BytesIO
from typing import TYPE_CHECKING

from dicomlake.dicom.deidentify import CleanInstance
from dicomlake.dicom.elements import PIXEL_DATA
from dicomlake.dicom.known import fold, fold_bytes, known_values
from dicomlake.dicom.plan import plan_for
from dicomlake.dicom.proof import Proof, failed
from dicomlake.dicom.read import PICTURE_SIZE, RawInstance, picture_bytes
from dicomlake.dicom.syntaxes import syntax_of
from dicomlake.rules import Profile

if TYPE_CHECKING:
    from pydicom import FileDataset
    from pydicom.dataset import Dataset

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
    data = clean.to_bytes()
    after = dcmread(BytesIO(data))
    plan = plan_for(profile)
    proof = Proof(plan, clean.patient_key, clean.pixels)
    proof.compare(_read_original(raw), after)
    proof.check_picture(after)
    around = fold_bytes(_around_pixels(clean, after, data))
    # From here on pydicom's converted values are looked at; until now the bytes were.
    proof.check_marks(after)
    _check_meta(after, clean, data)
    known = known_values(raw, plan.rule, plan.engine.rules.common)
    if known.found_in(fold("\n".join(proof.texts))) or known.word_found_in(fold("\n".join(proof.codes))):
        raise failed("known_value_in_text")
    if known.word_found_in(around):
        raise failed("known_value_in_bytes")
    if any(word.encode("utf-16-le").decode("latin-1") in around for word in known.words if word.isascii()):
        raise failed("known_value_in_bytes")


def _read_original(raw: RawInstance) -> "Dataset":
    from pydicom.filereader import read_dataset

    source = BytesIO(raw.buffer)
    source.seek(raw.start)
    return read_dataset(source, not raw.syntax.explicit, True, bytelength=raw.elements[-1][4] - raw.start)


def _check_meta(after: "FileDataset", clean: CleanInstance, data: bytes) -> None:
    if data[:128].strip(b"\0") or {int(element.tag) for element in after.file_meta} != _META:
        raise failed("file_meta_not_ours")
    named = (str(after.file_meta.MediaStorageSOPClassUID), str(after.file_meta.MediaStorageSOPInstanceUID))
    if named != (str(after.SOPClassUID), str(after.SOPInstanceUID)) or named != (clean.sop_class_uid, clean.sop_uid):
        raise failed("file_meta_contradicts")
    if str(after.PatientID) != clean.patient_key:
        raise failed("patient_key_missing")


def _around_pixels(clean: CleanInstance, after: "FileDataset", data: bytes) -> bytes:
    """The bytes of the file without the value of its pixel data; what native pixel data hold beyond the picture counts as outside."""
    pixels = after.get_item(PIXEL_DATA) if PIXEL_DATA in after else None
    place = getattr(pixels, "value_tell", None)
    size = len(pixels.value or b"") if pixels is not None else 0
    if place is None:
        return data
    picture = None if syntax_of(clean.transfer_syntax).encapsulated else _picture(after)
    return data[:place] + b"\n" + data[place + min(size, picture or size) :]


def _picture(after: "FileDataset") -> int | None:
    """The bytes of native pixel data by the copy's own header."""
    rows, columns, bits, samples, frames = (_whole(after.get(keyword)) for keyword in PICTURE_SIZE)
    return picture_bytes(rows, columns, bits, samples, frames, str(after.get("PhotometricInterpretation") or ""))


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, (int, str)) and str(value).strip().lstrip("+").isdecimal() else None
