"""What stands in pixel data beside the picture goes, and the picture stays to the bit."""

from collections.abc import Callable
from io import BytesIO

import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate, generate_fragments
from pydicom.uid import JPEGBaseline8Bit, RLELossless

from dicomlake.dicom import read_raw, verify
from dicomlake.errors import Code, PermanentError
from dicomlake.rules import Profile
from tests.dicom.builders import dataset, encoded, instance
from tests.dicom.conftest import PACKAGED, Deidentify

SECRET = b"for Okonkwo at noon "
FILES = PACKAGED / "test_files"


def compressed(name: str, change: Callable[[bytes], bytes]) -> bytes:
    """A packaged file of one frame in one fragment, its code stream changed."""
    made = dcmread(FILES / name)
    (stream,) = generate_fragments(made.PixelData[8 + int.from_bytes(made.PixelData[4:8], "little") :])
    new = change(stream)
    made.PixelData = encapsulate([new + b"\0" * (len(new) & 1)])
    out = BytesIO()
    made.save_as(out)
    return out.getvalue()


def remark(stream: bytes) -> bytes:
    """A JPEG 2000 comment after SIZ."""
    at = 4 + int.from_bytes(stream[4:6], "big")
    return stream[:at] + b"\xff\x64" + (len(SECRET) + 4).to_bytes(2, "big") + b"\0\1" + SECRET + stream[at:]


def segment(marker: int) -> Callable[[bytes], bytes]:
    """A segment of JPEG after its first marker."""
    return lambda stream: (
        stream[:2] + bytes((0xFF, marker)) + (len(SECRET) + 2).to_bytes(2, "big") + SECRET + stream[2:]
    )


def behind(stream: bytes) -> bytes:
    return stream.rstrip(b"\0") + SECRET


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("MR_small_jp2klossless.dcm", remark),
        ("MR_small_jp2klossless.dcm", behind),
        ("MR_small_jpeg_ls_lossless.dcm", segment(0xFE)),
        ("MR_small_jpeg_ls_lossless.dcm", segment(0xED)),
        ("MR_small_jpeg_ls_lossless.dcm", behind),
        ("SC_rgb_jpeg_dcmtk.dcm", segment(0xE1)),
        ("SC_rgb_jpeg_dcmtk.dcm", segment(0xE0)),
        ("SC_rgb_jpeg_dcmtk.dcm", behind),
        ("MR_small_RLE.dcm", lambda stream: stream + SECRET),
        ("MR_small_RLE.dcm", lambda stream: stream[:20] + SECRET + stream[20 + len(SECRET) :]),
    ],
)
def test_what_is_no_picture_in_a_compressed_frame_goes(
    name: str, change: Callable[[bytes], bytes], cleaned: Deidentify, profile: Profile
) -> None:
    data = compressed(name, change)
    assert SECRET in data
    made = cleaned(data)
    verify(read_raw(data), made, profile)
    assert SECRET not in made.to_bytes()
    original, copy = (dcmread(BytesIO(one)) for one in (data, made.to_bytes()))
    assert (copy.pixel_array == original.pixel_array).all()


@pytest.mark.parametrize("name", ["MR_small_RLE.dcm", "MR_small_jpeg_ls_lossless.dcm", "SC_rgb_jpeg_dcmtk.dcm"])
def test_frames_with_nothing_beside_the_picture_stay_as_they_are(name: str, cleaned: Deidentify) -> None:
    data = (FILES / name).read_bytes()
    made = cleaned(data)
    assert made.pixels is None
    assert dcmread(BytesIO(made.to_bytes())).PixelData == dcmread(BytesIO(data)).PixelData


def test_a_native_picture_ends_where_its_header_says(cleaned: Deidentify, profile: Profile) -> None:
    data = instance(Rows=40, Columns=40, PixelData=bytes(range(256)) * 12 + bytes(128) + SECRET)
    made = cleaned(data)
    verify(read_raw(data), made, profile)
    assert dcmread(BytesIO(made.to_bytes())).PixelData == bytes(range(256)) * 12 + bytes(128)


def test_native_padding_stays_and_whole_frames_too_many_are_held(cleaned: Deidentify) -> None:
    assert cleaned(instance(PixelData=bytes(range(32)) + bytes(8))).pixels is None
    with pytest.raises(PermanentError) as found:
        cleaned(instance(PixelData=bytes(range(64))))
    assert (found.value.code, found.value.detail) == (Code.CORRUPT, "pixel_data_too_long")


def many(pieces: list[bytes], frames: int, syntax: str, table: bytes | None = None) -> bytes:
    def change(made: Dataset) -> None:
        made.NumberOfFrames = frames
        made.PixelData = encapsulate(pieces, has_bot=table is None)
        if table is not None:
            made.PixelData = b"\xfe\xff\x00\xe0" + len(table).to_bytes(4, "little") + table + made.PixelData[8:]
        made["PixelData"].VR = "OB"
        made["PixelData"].is_undefined_length = True

    made = dataset()
    change(made)
    return encoded(made, syntax)


RLE_FRAME = (
    (2).to_bytes(4, "little") + (64).to_bytes(4, "little") + (66).to_bytes(4, "little") + bytes(52) + b"\xf1\1\xf1\2"
)


def test_fragments_beyond_the_declared_frames_are_held(cleaned: Deidentify) -> None:
    jpeg = b"\xff\xd8\xff\xd9"
    for pieces, syntax in (([jpeg] * 3, JPEGBaseline8Bit), ([RLE_FRAME] * 3, RLELossless)):
        with pytest.raises(PermanentError) as found:
            cleaned(many(pieces, 2, syntax))
        assert (found.value.code, found.value.detail) == (Code.CORRUPT, "more_frames_than_declared")


def test_an_offset_table_that_is_none_is_made_anew(cleaned: Deidentify, profile: Profile) -> None:
    data = many([RLE_FRAME] * 2, 2, RLELossless, SECRET)
    made = cleaned(data)
    verify(read_raw(data), made, profile)
    assert SECRET not in made.to_bytes()
    assert made.pixels is not None and bytes(made.pixels.data or b"")[8:16] == b"\0\0\0\0\x4c\0\0\0"


def test_fragments_of_one_frame_are_read_as_one(cleaned: Deidentify) -> None:
    made = dcmread(FILES / "MR_small_jpeg_ls_lossless.dcm")
    (stream,) = generate_fragments(made.PixelData[8:])
    whole = segment(0xFE)(stream)
    halves = [whole[:10], whole[10:] + b"\0" * (len(whole) & 1)]
    data = many(halves, 1, made.file_meta.TransferSyntaxUID)
    assert SECRET[:4] in data
    assert SECRET[6:] not in cleaned(data).to_bytes()


def test_a_frame_that_cannot_be_followed_is_held(cleaned: Deidentify) -> None:
    with pytest.raises(PermanentError) as found:
        cleaned(many([b"\xff\xd8" + SECRET], 1, JPEGBaseline8Bit))
    assert found.value.code is Code.CORRUPT
