"""Binary data hold what their header declares and no text about people; what is longer, or is text that tells, holds the object."""

import struct

import pytest
from pydicom import Dataset

from dicomlake.errors import Code, PermanentError
from tests.dicom.builders import instance, item
from tests.dicom.conftest import Deidentify

SECRET = b"for Okonkwo at noon "


def palette(tail: bytes) -> bytes:
    def change(made: Dataset) -> None:
        made.RedPaletteColorLookupTableDescriptor = [4, 0, 16]
        made.add_new(0x00281201, "OW", bytes(range(8)) + tail)

    return instance(change=change)


def table(tail: bytes) -> bytes:
    inner = item(LUTDescriptor=[4, 0, 16])
    inner["LUTDescriptor"].VR = "US"
    inner.add_new(0x00283006, "OW", bytes(range(8)) + tail)
    return instance(ModalityLUTSequence=[inner])


def waveform(tail: bytes) -> bytes:
    inner = item(NumberOfWaveformChannels=1, NumberOfWaveformSamples=4, WaveformBitsAllocated=16)
    inner.add_new(0x54001010, "OW", bytes(range(8)) + tail)
    return instance(WaveformSequence=[inner])


def spectrum(tail: bytes) -> bytes:
    def change(made: Dataset) -> None:
        made.DataPointRows, made.DataPointColumns = 1, 2
        made.add_new(0x56000020, "OF", struct.pack("<4f", 1, 2, 3, 4) + tail)

    return instance(change=change)


@pytest.mark.parametrize("made", [palette, table, waveform, spectrum])
def test_bytes_behind_what_the_header_declares_hold_the_object(made: object, cleaned: Deidentify) -> None:
    assert callable(made)
    cleaned(made(b""))
    cleaned(made(b"\0\0"))
    with pytest.raises(PermanentError) as held:
        cleaned(made(SECRET))
    assert (held.value.code, held.value.detail) == (Code.CORRUPT, "data_too_long")


def test_binary_data_that_are_text_about_somebody_hold_the_object(cleaned: Deidentify) -> None:
    def named(text: bytes) -> bytes:
        return instance(change=lambda made: made.add_new(0x00283006, "OW", text))

    cleaned(named(bytes(range(40))))
    with pytest.raises(PermanentError) as held:
        cleaned(instance(change=lambda made: made.add_new(0x00660016, "OF", b"seen by Dr. Okafor    ")))
    assert (held.value.code, held.value.detail) == (Code.DEID_FAILED, "text_in_data")


@pytest.mark.parametrize(
    ("bits", "tag", "data"),
    [
        (8, 0x00281201, bytes((9, 8, 7, 6))),
        (8, 0x00281201, bytes((9, 0, 8, 0, 7, 0, 6, 0))),  # each in a word of its own
        (16, 0x00281201, bytes(range(8))),
        (8, 0x00281221, bytes((0, 2, 9, 8, 1, 2, 200))),
        (16, 0x00281221, struct.pack("<8H", 0, 2, 900, 800, 1, 2, 60000, 0)[:14]),
        (16, 0x00281221, struct.pack("<8H", 0, 2, 900, 800, 2, 1, 0, 0)),  # the first segment again
    ],
)
def test_a_palette_ends_with_its_entries_however_it_is_written(
    bits: int, tag: int, data: bytes, cleaned: Deidentify
) -> None:
    def made(value: bytes) -> bytes:
        def change(one: Dataset) -> None:
            one.RedPaletteColorLookupTableDescriptor = [4, 0, bits]
            one.add_new(tag, "OW", value)

        return instance(change=change)

    cleaned(made(data + b"\0" * (len(data) % 2)))
    with pytest.raises(PermanentError) as held:
        cleaned(made(data + SECRET + b"\0" * (len(data) % 2)))
    assert held.value.detail in ("data_too_long", "table_not_followed")


@pytest.mark.parametrize("written", [b"OKONKWO", b"okonkwo", "Okonkwo".encode("utf-16-le")])
def test_a_known_name_among_the_entries_of_a_palette_holds_the_object(written: bytes, cleaned: Deidentify) -> None:
    def change(made: Dataset) -> None:
        made.RedPaletteColorLookupTableDescriptor = [32, 0, 16]
        made.add_new(0x00281201, "OW", (b"\x81\x12\xc3" + written + b"\xaa\xbb").ljust(64, b"\x9c"))

    with pytest.raises(PermanentError) as held:
        cleaned(instance(patient=1, change=change))
    assert (held.value.code, held.value.detail) == (Code.DEID_FAILED, "text_in_data")
