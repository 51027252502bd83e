"""Whatever a picture claims or does, it ends with a code, and the next one is dealt with."""

import multiprocessing
import os
import resource
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.encaps import encapsulate

from dicomlake.errors import Code, PermanentError
from dicomlake.pixels import PixelWorker, Wish
from dicomlake.rules import load_pixel_rules
from tests.dicom.builders import dataset, encoded
from tests.pixels.objects import J2K, RLE, US, Form, _stream, _written, picture, raw_of

RULES = load_pixel_rules()


def lying(**attributes: object) -> bytes:
    made = dataset(SOPClassUID=US, Modality="US", Rows=64, Columns=64, BitsAllocated=8, BitsStored=8, HighBit=7)
    made.PixelData = bytes(64 * 64)
    made["PixelData"].VR = "OB"
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return encoded(made)


def compressed(
    stream: bytes, syntax: str, change: Callable[[Dataset], object] = lambda _: None, **attributes: object
) -> bytes:
    made = dataset(
        SOPClassUID=US, Modality="US", Rows=64, Columns=64, BitsAllocated=8, BitsStored=8, HighBit=7, PixelData=None
    )
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    made.add_new("PixelData", "OB", encapsulate([stream]))
    made["PixelData"].is_undefined_length = True
    change(made)
    return _written(made, syntax)


GOOD = np.full((64, 64), 40, "u1")
STREAM = _stream(GOOD, Form(J2K))
# SOI, SOF1 of 64 x 64 with 12 bits and one component, SOS
DEEP = bytes.fromhex("ffd8ffc1000b0c00400040010111 00ffda0008010100003f00") + bytes(20)
JP2 = (
    (12).to_bytes(4, "big")
    + b"jP  \r\n\x87\n"
    + (20).to_bytes(4, "big")
    + b"xml ZUBIRI^AMAIA"
    + (0).to_bytes(4, "big")
    + b"jp2c"
    + STREAM
)
BIG = STREAM[:8] + (60000).to_bytes(4, "big") * 2 + STREAM[16:]
BAD = {
    "palette without a table": (lambda: lying(PhotometricInterpretation="PALETTE COLOR"), Code.CORRUPT),
    "colour with one sample": (lambda: lying(PhotometricInterpretation="RGB"), Code.CORRUPT),
    "an interpretation nobody knows": (lambda: lying(PhotometricInterpretation="HSV"), Code.UNSUPPORTED),
    "more bits stored than allocated": (lambda: lying(BitsStored=12), Code.CORRUPT),
    "twelve bits allocated": (
        lambda: lying(BitsAllocated=12, BitsStored=12, HighBit=11, Rows=40, Columns=40),
        Code.UNSUPPORTED,
    ),
    "frames that are not there": (lambda: compressed(STREAM, J2K, NumberOfFrames=40), Code.CORRUPT),
    "65535 x 65535 x 1000": (
        lambda: compressed(STREAM, J2K, Rows=65535, Columns=65535, NumberOfFrames=1000),
        Code.RESOURCE_LIMIT,
    ),
    "a stream that is larger than the header says": (lambda: compressed(BIG, J2K), Code.CORRUPT),
    "a stream cut short": (lambda: compressed(STREAM[: len(STREAM) // 2], J2K), None),
    "a stream of noise": (lambda: compressed(bytes(range(256)) * 9, J2K), Code.CORRUPT),
    "run lengths of noise": (lambda: compressed(bytes(range(256)) * 9, RLE), Code.CORRUPT),
    "video": (lambda: compressed(b"\0\0\1\xb3" + bytes(60), "1.2.840.10008.1.2.4.100"), Code.UNSUPPORTED),
    "sound JPEG of 12 bits": (
        lambda: compressed(DEEP, "1.2.840.10008.1.2.4.51", BitsAllocated=16, BitsStored=12, HighBit=11),
        Code.UNSUPPORTED,
    ),
    "a syntax without a decoder": (
        lambda: compressed(b"\xff\xd8" + bytes(60), "1.2.840.10008.1.2.4.53"),
        Code.UNSUPPORTED,
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_pictures_end_with_a_code(worker: PixelWorker, name: str) -> None:
    make, code = BAD[name]
    try:
        worker.clean(raw_of(make()), Wish())
    except PermanentError as found:
        assert code is None or found.code is code, found.detail
    else:
        assert code is None, "released though it cannot be right"


def test_a_child_that_dies_costs_one_object(worker: PixelWorker) -> None:
    raw = raw_of(picture([GOOD]))
    assert worker.clean(raw, Wish()).pixels is not None
    child = worker._child
    assert child is not None
    os.kill(child.pid, signal.SIGSTOP)  # busy with something endless
    slow = PixelWorker.__new__(PixelWorker)
    slow.__dict__.update(worker.__dict__)
    object.__setattr__(slow, "_rules", _with_seconds(1))
    with pytest.raises(PermanentError) as found:
        slow.clean(raw, Wish())
    assert (found.value.code, found.value.detail) == (Code.RESOURCE_LIMIT, "picture_reader_stopped")
    worker._child = None
    assert worker.clean(raw, Wish()).pixels is not None


def _with_seconds(seconds: int) -> object:
    import dataclasses

    return dataclasses.replace(RULES, limits=dataclasses.replace(RULES.limits, seconds=seconds))


def test_memory_has_a_ceiling() -> None:
    import dataclasses

    tight = dataclasses.replace(RULES, limits=dataclasses.replace(RULES.limits, memory_mib=400))
    worker = PixelWorker(tight)
    try:
        with pytest.raises(PermanentError) as found:
            worker.clean(raw_of(picture([np.zeros((5000, 5000), "u1")])), Wish())
        assert found.value.code is Code.RESOURCE_LIMIT
        assert worker._child is None, "a child short of memory does not go on to the next object"
        assert worker.clean(raw_of(picture([GOOD])), Wish()).pixels is not None
    finally:
        worker.close()


def test_a_picture_of_one_pixel_is_a_picture(worker: PixelWorker) -> None:
    done = worker.clean(raw_of(picture([np.zeros((1, 1), "u1")])), Wish())
    assert done.pixels is not None
    assert done.pixels.attributes["BurnedInAnnotation"] == "NO"


def test_an_object_without_pixels_has_nothing_to_clean(worker: PixelWorker) -> None:
    made = dataset(PixelData=None)
    assert worker.clean(raw_of(encoded(made)), Wish()).pixels is None


def test_the_child_has_no_surroundings_and_no_core(worker: PixelWorker) -> None:
    worker.clean(raw_of(picture([GOOD])), Wish())
    child = worker._child
    assert child is not None
    with open(f"/proc/{child.pid}/environ", "rb") as file:
        names = {entry.split(b"=")[0] for entry in file.read().split(b"\0") if entry}
    malloc = {b"MALLOC_MMAP_THRESHOLD_", b"MALLOC_TRIM_THRESHOLD_"}
    assert names == {b"PYTHONPATH", b"PATH", b"OMP_THREAD_LIMIT", b"LANG", b"TMPDIR"} | malloc


def test_a_code_stream_in_a_jp2_file_is_taken_out_of_it_with_nothing_that_stands_around(worker: PixelWorker) -> None:
    pixels = worker.clean(raw_of(compressed(JP2, J2K)), Wish()).pixels
    assert pixels is not None and pixels.data is not None
    assert b"ZUBIRI" not in pixels.data
    assert STREAM[-24:] in pixels.data


def test_two_gigabytes_of_slices_are_not_too_much() -> None:
    raw = raw_of(compressed(STREAM, J2K, Rows=1024, Columns=1024, NumberOfFrames=1024))
    assert PixelWorker(RULES).size(raw) == 1 << 30


_KEPT: list[PixelWorker] = []


def _looks(data: bytes) -> None:
    _KEPT.append(PixelWorker(RULES))
    _KEPT[0].clean(raw_of(data), Wish())


def test_a_process_of_a_pool_leaves_no_child_and_no_scratch_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It leaves by a door of its own, where nobody cleans up; the scratch files are of pictures nobody has cleaned yet."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    pool = multiprocessing.get_context("fork").Process(target=_looks, args=(compressed(STREAM, J2K),))
    pool.start()
    pool.join()
    assert pool.exitcode == 0
    assert list(tmp_path.iterdir()) == []
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime > before + 0.1  # the child was waited for
