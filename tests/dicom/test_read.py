"""What is read, what is refused and with which code."""

import struct
import zlib

import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
)

from dicomlake.dicom import Limits, RawInstance, read_raw
from dicomlake.errors import PermanentError
from tests.dicom.builders import CT, ROOT, dataset, encoded, explicit, implicit, instance, item, minimal

ITEM, ITEM_END, SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0\0\0\0\0", b"\xfe\xff\xdd\xe0\0\0\0\0"
OPEN = b"\xff\xff\xff\xff"
PROCEDURE_CODES = 0x00081032


def code_of(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(PermanentError) as refused:
        read_raw(data, *([limits] if limits else []))
    return f"{refused.value.code} {refused.value.detail}".strip()


@pytest.mark.parametrize("part10", [True, False])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_every_plain_encoding_reads_the_same_with_and_without_file_meta(syntax: str, part10: bool) -> None:
    raw = read_raw(instance(syntax=syntax, part10=part10))
    assert raw.transfer_syntax == syntax
    assert raw.status == ("modern" if part10 else "legacy")
    assert raw.first("PatientName") == "Okonkwo^Chidi"
    assert raw.values("ImageType") == ("ORIGINAL", "PRIMARY", "AXIAL")
    assert (raw.number("Rows"), raw.study_instance_uid) == (4, f"{ROOT}.1.1")


def test_deflated_data_are_inflated() -> None:
    raw = read_raw(deflated(encoded(dataset(), part10=False)))
    assert raw.transfer_syntax == DeflatedExplicitVRLittleEndian
    assert raw.first("Modality") == "CT"


def deflated(body: bytes) -> bytes:
    engine = zlib.compressobj(9, wbits=-15)
    meta = explicit(0x00020010, b"UI", DeflatedExplicitVRLittleEndian.encode())
    return bytes(128) + b"DICM" + meta + engine.compress(body) + engine.flush()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"0123456789", "not_dicom no_element_at_start"),
        (b"Befund: unauffaellig. " * 40, "not_dicom no_element_at_start"),
        (bytes(4096), "not_dicom no_element_at_start"),
        (b"%PDF-1.7\n" + bytes(600), "not_dicom no_element_at_start"),
        (b"PK\3\4" + bytes(600), "not_dicom no_element_at_start"),
        (bytes(128) + b"DICM", "corrupt data_set_missing"),
        (bytes(128) + b"DICM" + bytes(64), "missing_uid sop_class_uid"),
    ],
)
def test_what_is_no_object_is_told_apart(data: bytes, code: str) -> None:
    assert code_of(data) == code


@pytest.mark.parametrize("keyword", ["SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"])
def test_mandatory_uids_must_be_there_and_valid(keyword: str) -> None:
    assert code_of(instance(change=lambda made: delattr(made, keyword), part10=False)).startswith("missing_uid")
    assert code_of(instance(change=lambda made: setattr(made, keyword, ""), part10=False)).startswith("missing_uid")
    tag = dataset().data_element(keyword).tag
    whole = minimal()
    at = whole.index(struct.pack("<HH", tag.group, tag.element))
    old = whole[at : at + 8 + whole[at + 6]]
    for bad in (b"../../1.2.3 ", b"1.2/3 ", b"1.2\\1.30", b"1..2", b"1.2.", b"9" * 66, b"Zubiri"):
        assert code_of(whole.replace(old, explicit(tag, b"UI", bad))).startswith("invalid_uid"), bad


def test_a_directory_of_a_disc_is_never_an_object() -> None:
    assert code_of(instance(SOPClassUID="1.2.840.10008.1.3.10")) == "unsupported dicomdir"
    assert code_of(minimal(explicit(0x00041220, b"SQ", b""))) in (
        "unsupported dicomdir",
        "not_dicom no_element_at_start",
    )


@pytest.mark.parametrize("cut", [1, 9, 40, 205, 700])
def test_a_file_cut_short_is_corrupt(cut: int) -> None:
    assert code_of(instance()[:-cut]).startswith("corrupt")


def test_pixel_data_shorter_than_the_picture_are_corrupt_and_none_at_all_are_not() -> None:
    assert code_of(instance(Rows=5)) == "corrupt pixel_data_truncated"
    assert code_of(instance(Rows=65535, Columns=65535, NumberOfFrames="2147483647")) == "corrupt pixel_data_truncated"
    assert read_raw(instance(PixelData=b"")).number("Rows") == 4


def test_fragments_and_transfer_syntax_must_agree() -> None:
    fragments = explicit(0x7FE00010, b"OB", ITEM + bytes(4) + ITEM + b"\4\0\0\0" + b"ABCD" + SEQUENCE_END, 0xFFFFFFFF)
    meta = bytes(128) + b"DICM" + explicit(0x00020010, b"UI", JPEG2000Lossless.encode())
    assert read_raw(meta + minimal(fragments)).syntax.encapsulated
    assert code_of(minimal(fragments)) == "corrupt pixel_data_contradict_syntax"
    assert code_of(meta + minimal(explicit(0x7FE00010, b"OB", b"ABCD"))) == "corrupt pixel_data_contradict_syntax"
    assert code_of(meta + minimal(fragments[:-8])) == "corrupt fragments_broken"
    assert code_of(meta + minimal(fragments.replace(b"\4\0\0\0ABCD", b"\4\0\0\x40ABCD"))) == "corrupt fragments_broken"


def nested(levels: int, *, open_ended: bool = True) -> bytes:
    content = b""
    for _ in range(levels):
        if open_ended:
            content = explicit(PROCEDURE_CODES, b"SQ", ITEM + OPEN + content + ITEM_END + SEQUENCE_END, 0xFFFFFFFF)
        else:
            content = explicit(PROCEDURE_CODES, b"SQ", ITEM + struct.pack("<I", len(content)) + content)
    return minimal(content)


@pytest.mark.parametrize("open_ended", [True, False])
@pytest.mark.parametrize(("levels", "allowed"), [(20, True), (64, True), (65, False), (400, False), (20_000, False)])
def test_nesting_is_followed_to_64_levels(levels: int, allowed: bool, open_ended: bool) -> None:
    if levels > 400 and not open_ended:
        pytest.skip("takes quadratic time to build, not to read")
    if allowed:
        assert read_raw(nested(levels, open_ended=open_ended)).index[PROCEDURE_CODES][5] is not None
    else:
        assert code_of(nested(levels, open_ended=open_ended)) == "resource_limit nested_too_deeply"


def test_deep_big_endian_nesting_is_refused_too() -> None:
    content = b""
    for _ in range(400):
        content = (
            struct.pack(">HH2sHI", 8, 0x1032, b"SQ", 0, 8 + len(content))
            + struct.pack(">HHI", 0xFFFE, 0xE000, len(content))
            + content
        )
    body = instance(syntax=ExplicitVRBigEndian, part10=False)
    at = body.index(struct.pack(">HH", 8, 0x1090))
    assert code_of(body[:at] + content + body[at:]) == "resource_limit nested_too_deeply"


def test_elements_are_counted() -> None:
    many = explicit(PROCEDURE_CODES, b"SQ", (ITEM + bytes(4)) * 500)
    assert code_of(minimal(many), Limits(elements=400)) == "resource_limit too_many_elements"
    flat = b"".join(explicit(0x00091000 + n, b"UN", b"") for n in range(500))
    assert code_of(minimal(flat), Limits(elements=400)) == "resource_limit too_many_elements"


def test_a_deflate_bomb_is_refused_before_it_is_inflated() -> None:
    engine = zlib.compressobj(9, wbits=-15)
    bomb = b"".join(engine.compress(bytes(1 << 20)) for _ in range(256)) + engine.flush()
    meta = explicit(0x00020010, b"UI", DeflatedExplicitVRLittleEndian.encode())
    assert len(bomb) < 270_000
    assert code_of(bytes(128) + b"DICM" + meta + bomb) == "resource_limit inflates_too_far"


def test_damaged_deflated_data_are_corrupt() -> None:
    whole = deflated(encoded(dataset(), part10=False))
    assert code_of(whole[:-20]).startswith("corrupt")
    assert code_of(whole[:200] + b"\xff" * 50 + whole[250:]).startswith("corrupt")


@pytest.mark.parametrize("length", [0xFFFFFFFE, 0x7FFFFFFF, 0x40000000])
@pytest.mark.parametrize("vr", [b"OB", b"UN", b"SQ", b"UT"])
def test_lengths_beyond_the_file_cost_nothing(vr: bytes, length: int) -> None:
    assert code_of(minimal(explicit(0x00081032, vr, b"", length))).startswith("corrupt")


@pytest.mark.parametrize(
    "value",
    [
        ITEM + OPEN,
        ITEM + b"\x10\0\0\0",
        b"\x08\0\0\0\4\0\0\0ABCD",
        SEQUENCE_END,
    ],
)
def test_broken_sequences_are_corrupt(value: bytes) -> None:
    assert code_of(minimal(explicit(PROCEDURE_CODES, b"SQ", value))).startswith("corrupt")


@pytest.mark.parametrize("padding", [b"\0", b"\0" * 512, b"\r\n", b"\x1a", b" " * 100, b"\xff" * 64])
def test_padding_behind_the_last_element_is_left_out(padding: bytes) -> None:
    assert read_raw(instance() + padding).elements == read_raw(instance()).elements


def test_anything_else_behind_the_last_element_is_corrupt() -> None:
    assert code_of(instance() + b"Zubiri").startswith("corrupt")
    assert code_of(instance() + b"Zubiri^Amaia 1948").startswith("corrupt")


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("padding", [b"\0" * 128, b" ", b"\0" * 7, b""])
def test_padding_before_the_first_element_is_passed_over(padding: bytes, syntax: str) -> None:
    assert read_raw(padding + instance(syntax=syntax, part10=False)).first("StudyID") == "ST5561"


def test_a_prefix_without_preamble_is_legacy() -> None:
    assert read_raw(instance()[128:]).status == "legacy"


def test_the_bytes_are_believed_where_the_file_meta_contradict_them() -> None:
    meta = bytes(128) + b"DICM" + explicit(0x00020010, b"UI", ImplicitVRLittleEndian.encode() + b"\0")
    assert read_raw(meta + instance(part10=False)).transfer_syntax == ExplicitVRLittleEndian


@pytest.mark.parametrize("uid", ["1.2.840.113619.5.2", "1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.7.1", "1.9.9"])
def test_private_and_referenced_encodings_are_unsupported(uid: str) -> None:
    meta = bytes(128) + b"DICM" + explicit(0x00020010, b"UI", uid.encode() + b"\0" * (len(uid) % 2))
    assert code_of(meta + instance(part10=False)) == "unsupported transfer_syntax"


def test_elements_out_of_order_are_put_in_order_and_doubles_refused() -> None:
    late = explicit(0x00080060, b"CS", b"CT")
    raw = read_raw(minimal() + late)
    assert [one[0] for one in raw.elements] == sorted(raw.index)
    assert raw.first("Modality") == "CT"
    assert code_of(minimal(late, late)) == "corrupt element_stands_twice"


def test_recognition_code_files_of_acr_nema_lack_what_an_object_needs() -> None:
    old = (
        implicit(0x00080000, struct.pack("<I", 24))
        + implicit(0x00080010, b"ACR-NEMA 2.0")
        + implicit(0x00100010, b"X^Y ")
    )
    assert code_of(old) == "missing_uid sop_class_uid"


def test_names_are_decoded_in_their_character_set_and_never_raise() -> None:
    raw = read_raw(instance(SpecificCharacterSet="ISO_IR 192", PatientName="Çelik^Gülşen"))
    assert raw.first("PatientName") == "Çelik^Gülşen"
    raw = read_raw(minimal(explicit(0x00080005, b"CS", b"NO SUCH SET "), explicit(0x00100020, b"LO", b"\xff\xfe\x80A")))
    assert raw.first("PatientID") is not None


def test_repr_shows_no_value() -> None:
    assert "Okonkwo" not in repr(read_raw(instance()))
    assert isinstance(read_raw(memoryview(instance())), RawInstance)
    assert CT in str(read_raw(instance()).values("SOPClassUID"))


def test_undefined_length_under_un_is_walked_as_implicit() -> None:
    inner = implicit(0x00080100, b"AB") + implicit(0x00080104, b"Zubiri")
    wrapped = explicit(PROCEDURE_CODES, b"UN", ITEM + struct.pack("<I", len(inner)) + inner + SEQUENCE_END, 0xFFFFFFFF)
    items = read_raw(minimal(wrapped)).index[PROCEDURE_CODES][5]
    assert items is not None
    assert [one[0] for one in items[0][4]] == [0x00080100, 0x00080104]
    assert item(CodeValue="AB").CodeValue == "AB"
