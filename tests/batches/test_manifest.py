"""Manifests: many ways of writing one are read alike, every defect is refused by name and line, and no value shows."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomlake.batches import ManifestError, ManifestRow, format_manifest, parse_manifest
from dicomlake.errors import Code

HASH = "ab" * 32
HEADER = "accession_number,study_instance_uid,file,sha256,size,expected_files"
FULL = f"{HEADER}\nA1,1.2.3,ct/1.dcm,{HASH},10,2\nA2,,,,,\n"


def comparable(data: bytes) -> list[tuple[object, ...]]:
    return [
        (r.accession_number, r.study_instance_uid, r.file, r.sha256, r.size, r.expected_files)
        for r in parse_manifest(data).rows
    ]


EXPECTED = [("A1", "1.2.3", "ct/1.dcm", HASH, 10, 2), ("A2", None, None, None, None, None)]


@pytest.mark.parametrize(
    "data",
    [
        FULL.encode(),
        b"\xef\xbb\xbf" + FULL.encode(),
        FULL.encode("utf-16"),
        FULL.replace(",", ";").encode(),
        FULL.replace(",", "\t").encode(),
        FULL.replace("\n", "\r\n").encode(),
        FULL.replace("\n", "\r").encode(),
        FULL.replace("\n", "\n\n").encode(),
        ("\n\n" + FULL).encode(),
        (FULL + ",,,,,\n  \n").encode(),
        ("sep=,\n" + FULL).encode(),
        FULL.replace("accession_number", "Accession Number").replace("sha256", "SHA256").encode(),
        FULL.upper().replace("CT/1.DCM", "ct/1.dcm").encode(),
        FULL.replace("A1", '"A1"').replace("ct/1.dcm", '"ct\\1.dcm"').encode(),
        FULL.replace("ct/1.dcm", "./ct//1.dcm").encode(),
        FULL.replace("A1", '="A1"').encode(),
        FULL.replace("A1", "  A1 ").encode(),
        FULL.replace("A2,,,,,", "A2").encode(),
        FULL.rstrip("\n").encode(),
    ],
)  # fmt: skip
def test_one_manifest_written_in_many_ways_is_read_alike(data: bytes) -> None:
    assert comparable(data) == EXPECTED


def test_columns_may_come_in_any_order_and_unknown_ones_are_not_kept() -> None:
    manifest = parse_manifest(b"patient_name;size;accession_number;file\nMuster^Anna;5;A1;x.dcm\n")
    assert manifest.columns == ("accession_number", "file", "size")
    assert manifest.delimiter == ";"
    assert manifest.rows == (ManifestRow(2, "A1", None, "x.dcm", None, 5, None),)


def test_one_column_is_enough() -> None:
    assert [r.accession_number for r in parse_manifest(b"accession_number\nA1\nA2").rows] == ["A1", "A2"]


def test_a_comma_inside_a_semicolon_manifest_is_no_delimiter() -> None:
    manifest = parse_manifest(b"accession_number;file;note, free\nA1;a,b.dcm;x\n")
    assert manifest.rows[0].file == "a,b.dcm"


def test_latin_1_is_read_when_it_is_no_utf_8() -> None:
    assert parse_manifest("accession_number,file\nA1,Müller.dcm\n".encode("latin-1")).rows[0].file == "Müller.dcm"


def test_line_numbers_count_every_line_of_the_file() -> None:
    rows = parse_manifest(b'sep=,\naccession_number,file\n\nA1,"x.dcm"\n\nA2,\n').rows
    assert [row.line for row in rows] == [4, 6]


def test_files_are_beside_their_manifest() -> None:
    row = parse_manifest(b"accession_number,file\nA1,ct/1.dcm\n", "disc 1/manifest.csv").rows[0]
    assert row.file == "disc 1/ct/1.dcm"


@pytest.mark.parametrize("composed", ["M\u00fcller.dcm", "Mu\u0308ller.dcm"])
def test_composed_and_decomposed_names_are_one_file(composed: str) -> None:
    assert parse_manifest(f"accession_number,file\nA1,{composed}\n".encode()).rows[0].file == "M\u00fcller.dcm"


def test_upper_case_hashes_are_hashes() -> None:
    assert parse_manifest(f"accession_number,file,sha256\nA1,x,{HASH.upper()}\n".encode()).rows[0].sha256 == HASH


DEFECTS = [
    (b"", "empty", 0),
    (b" \n\n", "empty", 0),
    (b"accession_number\n", "no_lines", 0),
    (b"accession_number,file\n,\n", "no_lines", 0),
    (b"file,size\nx,1\n", "no_accession_column", 1),
    (b"A1\nA2\n", "no_accession_column", 1),
    (b"accession_number,file,File\nA1,x,y\n", "column_twice", 1),
    (b"accession_number\nA1,more\n", "too_many_fields", 2),
    (b"accession_number,size\n,5\n", "line_names_nothing", 2),
    (b'accession_number\n"A1\n', "bad_quoting", 2),
    (b'accession_number\n"A1"x\n', "bad_quoting", 2),
    (b'accession_number\n"A\n1"\n', "bad_accession_number", 3),
    (b"accession_number\n" + b"A" * 65, "bad_accession_number", 2),
    (b"accession_number\n" + b"A" * 2000, "field_too_long", 2),
    (b"accession_number\n" + b"A" * 200_000, "field_too_long", 2),
    (b"accession_number\nA\x001\n", "not_text", 0),
    (bytes(range(256)), "not_text", 0),
    (b"%PDF-1.4\n\x01", "not_text", 0),
    (b"accession_number,file\nA1,../x\n", "unsafe_path", 2),
    (b"accession_number,file\nA1,a/../../x\n", "unsafe_path", 2),
    (b"accession_number,file\nA1,..\\x\n", "unsafe_path", 2),
    (b"accession_number,file\nA1,/etc/passwd\n", "unsafe_path", 2),
    (b"accession_number,file\nA1,C:\\x\n", "unsafe_path", 2),
    (b"accession_number,file\nA1,\\\\server\\x\n", "unsafe_path", 2),
    (b"accession_number,file\nA1,.\n", "unsafe_path", 2),
    (b"accession_number,file\nA1," + "é".encode() * 600, "unsafe_path", 2),
    (b"accession_number,study_instance_uid\nA1,1.2.x\n", "bad_study_instance_uid", 2),
    (b"accession_number,study_instance_uid\nA1,1.02\n", "bad_study_instance_uid", 2),
    (b"accession_number,study_instance_uid\nA1,1." + b"2" * 70, "bad_study_instance_uid", 2),
    (b"accession_number,file,sha256\nA1,x,abc\n", "bad_sha256", 2),
    (b"accession_number,file,size\nA1,x,-1\n", "bad_size", 2),
    (b"accession_number,file,size\nA1,x,1.5\n", "bad_size", 2),
    ("accession_number,file,size\nA1,x,٣\n".encode(), "bad_size", 2),
    (b"accession_number,file,size\nA1,x," + b"9" * 30, "bad_size", 2),
    (b"accession_number,expected_files\nA1,many\n", "bad_expected_files", 2),
    (f"accession_number,file,sha256\nA1,x,{HASH}\nA1,x,{'cd' * 32}\n".encode(), "contradicting_lines", 3),
    (b"accession_number,file,size\nA1,x,1\nA2,./x,2\n", "contradicting_lines", 3),
]  # fmt: skip


@pytest.mark.parametrize(("data", "detail", "line"), DEFECTS)
def test_every_defect_is_refused_by_name_and_line(data: bytes, detail: str, line: int) -> None:
    with pytest.raises(ManifestError) as caught:
        parse_manifest(data)
    assert (caught.value.code, caught.value.detail, caught.value.line) == (Code.INVALID_MANIFEST, detail, line)


def test_one_file_on_two_lines_may_say_the_same_or_more() -> None:
    data = f"accession_number,file,sha256,size\nA1,x,,\nA2,x,{HASH},\nA3,x,,4\n"
    assert len(parse_manifest(data.encode()).rows) == 3


def test_no_error_shows_or_chains_what_stands_in_the_manifest() -> None:
    for data in (b'accession_number\n"Muster^Anna\n', b"accession_number,size\nA1,Muster^Anna\n"):
        with pytest.raises(ManifestError) as caught:
            parse_manifest(data)
        assert "Muster" not in repr(caught.value) + str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_nothing_parsed_shows_values() -> None:
    shown = repr(parse_manifest(FULL.encode()))
    assert not any(value in shown for value in ("A1", "1.2.3", "dcm", HASH))


def test_limits_are_resource_limits() -> None:
    for limits in ({"max_bytes": 10}, {"max_rows": 1}):
        with pytest.raises(ManifestError) as caught:
            parse_manifest(FULL.encode(), **limits)
        assert caught.value.code == Code.RESOURCE_LIMIT
    assert len(parse_manifest(FULL.encode(), max_rows=2).rows) == 2


def test_the_error_keeps_its_line_on_the_way_from_a_worker() -> None:
    error = pickle.loads(pickle.dumps(ManifestError("bad_size", 7)))
    assert (error.detail, error.line, error.code) == ("bad_size", 7, Code.INVALID_MANIFEST)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_give_a_manifest_or_a_manifest_error(data: bytes) -> None:
    for candidate in (data, b"accession_number,file\n" + data):
        try:
            parse_manifest(candidate)
        except ManifestError as error:
            assert error.detail


NAMES = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp"), exclude_characters="/\\"), min_size=1, max_size=20
).filter(lambda name: name not in (".", "..") and name[1:2] != ":")


@given(
    st.lists(
        st.tuples(st.text("AZ09=+-@'\"", max_size=20), NAMES, st.integers(0, 1 << 40)),
        min_size=1,
        max_size=8,
        unique_by=lambda t: t[1],
    )
)
def test_what_is_written_is_read_back_and_starts_no_formula(lines: list[tuple[str, str, int]]) -> None:
    import csv
    import unicodedata

    rows = [
        ManifestRow(i + 2, accession or None, "1.2.3", unicodedata.normalize("NFC", name), HASH, size)
        for i, (accession, name, size) in enumerate(lines)
    ]
    if len({row.file for row in rows}) < len(rows):
        return
    data = format_manifest(rows)
    assert list(parse_manifest(data).rows) == rows
    cells = [cell for row in csv.reader(data.decode().split("\n")) for cell in row]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in cells)
