"""What is found in folders, zips and files: every file is sent, skipped or failed, and no name leads outside."""

import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomlake.batches import relative_path
from dicomlake.errors import ConfigError
from dicomlake.uploader.result import Failure
from dicomlake.uploader.source import Listing, Unreadable, listing


def paths(found: Listing) -> list[str]:
    return [entry.path for entry in found.entries]


def zipped(tmp_path: Path, *members: tuple[str, bytes]) -> Path:
    file = tmp_path / "export.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file


def content(found: Listing) -> dict[str, bytes]:
    read = {}
    for entry in found.entries:
        with found.open(entry) as stream:
            read[entry.path] = stream.read()
    return read


def test_every_file_below_a_folder_is_found_with_its_relative_path(folder: Path) -> None:
    for path in ("1.dcm", "a/2.dcm", "a/b/3", "ä/ü .dcm"):
        (folder / path).parent.mkdir(exist_ok=True, parents=True)
        (folder / path).write_bytes(path.encode())
    found = listing(folder)
    assert paths(found) == ["1.dcm", "a/2.dcm", "a/b/3", "ä/ü .dcm"]
    assert content(found)["a/2.dcm"] == b"a/2.dcm"
    assert (found.skips, found.failures) == ((), ())


def test_links_are_never_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.dcm").write_bytes(b"x")
    (folder / "folder").symlink_to(tmp_path / "outside")
    (folder / "file.dcm").symlink_to(tmp_path / "outside" / "secret.dcm")
    (folder / "loop").symlink_to(folder)
    found = listing(folder)
    assert paths(found) == []
    assert set(found.skips) == {Failure("folder", "link"), Failure("file.dcm", "link"), Failure("loop", "link")}


def test_a_link_put_in_place_of_a_file_after_listing_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "1.dcm").write_bytes(b"x")
    found = listing(folder)
    (folder / "1.dcm").unlink()
    (folder / "1.dcm").symlink_to(tmp_path / "secret")
    with pytest.raises(Unreadable):
        content(found)


def test_hidden_and_system_files_are_left_out_and_counted(folder: Path) -> None:
    for name in (".DS_Store", "._1.dcm", "Thumbs.db", "desktop.ini", ".git/config", "1.dcm"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x")
    found = listing(folder)
    assert paths(found) == ["1.dcm"]
    assert {skip.reason for skip in found.skips} == {"hidden_or_system"}
    assert {skip.path for skip in found.skips} == {".DS_Store", "._1.dcm", "Thumbs.db", "desktop.ini", ".git"}


def test_pipes_are_not_files(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    assert listing(folder).skips == (Failure("pipe", "not_a_file"),)


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_an_unreadable_folder_is_a_failure(folder: Path) -> None:
    (folder / "closed").mkdir(mode=0)
    assert listing(folder).failures == (Failure("closed/", "unreadable_folder"),)


def test_a_file_that_vanished_or_cannot_be_read_says_so(folder: Path) -> None:
    (folder / "1.dcm").write_bytes(b"x")
    found = listing(folder)
    (folder / "1.dcm").unlink()
    with pytest.raises(Unreadable, match="vanished"):
        content(found)


def test_names_no_object_may_have_are_made_printable(folder: Path) -> None:
    for name in (b"line\nbreak.dcm", b"latin-\xfc.dcm", b"tab\there", b"C:drive.dcm", b"back\\slash"):
        (Path(os.fsdecode(os.fsencode(folder) + b"/" + name))).write_bytes(name)
    found = listing(folder)
    assert sorted(paths(found)) == ["C_drive.dcm", "back_slash", "latin-_.dcm", "line_break.dcm", "tab_here"]
    assert found.failures == ()
    assert sorted(content(found).values()) == [
        b"C:drive.dcm",
        b"back\\slash",
        b"latin-\xfc.dcm",
        b"line\nbreak.dcm",
        b"tab\there",
    ]


def test_names_that_become_one_stay_two_objects(folder: Path) -> None:
    for name in ("a:1.dcm", "a_1.dcm", "a\t1.dcm", "e\u0301", "\u00e9"):
        (folder / name).write_bytes(name.encode())
    first, second = listing(folder), listing(folder)
    assert paths(first) == paths(second)
    assert sorted(paths(first)) == ["a_1.dcm", "a_1~2.dcm", "a_1~3.dcm", "é", "é~2"]
    assert len(set(content(first).values())) == 5


def test_one_file_is_a_batch_of_one(folder: Path) -> None:
    (folder / "1.dcm").write_bytes(b"x")
    assert content(listing(folder / "1.dcm")) == {"1.dcm": b"x"}


def test_what_is_not_there_is_an_error_for_the_user(folder: Path) -> None:
    with pytest.raises(ConfigError):
        listing(folder / "nothing")


class TestZip:
    def test_members_are_sent_and_leftovers_skipped(self, tmp_path: Path) -> None:
        found = listing(
            zipped(
                tmp_path,
                ("a/1.dcm", b"1"),
                ("2.dcm", b"2"),
                ("__MACOSX/._1.dcm", b"x"),
                ("a/.DS_Store", b"x"),
                ("b/", b""),
            )
        )
        assert content(found) == {"2.dcm": b"2", "a/1.dcm": b"1"}
        assert [skip.reason for skip in found.skips] == ["hidden_or_system"] * 2

    @pytest.mark.parametrize(
        "name",
        [
            "../evil.dcm",
            "a/../../evil.dcm",
            "/etc/evil.dcm",
            "..\\evil.dcm",
            "C:\\evil.dcm",
            "C:/evil.dcm",
            "\\\\host\\evil",
        ],
    )
    def test_no_member_leads_outside(self, tmp_path: Path, name: str) -> None:
        found = listing(zipped(tmp_path, (name, b"x"), ("good.dcm", b"x")))
        assert paths(found) == ["good.dcm"]
        assert [failure.reason for failure in found.failures] == ["unsafe_name"]

    def test_backslashes_of_windows_are_folders(self, tmp_path: Path) -> None:
        assert paths(listing(zipped(tmp_path, ("a\\1.dcm", b"x")))) == ["a/1.dcm"]

    def test_links_in_a_zip_are_skipped(self, tmp_path: Path) -> None:
        file = tmp_path / "x.zip"
        with zipfile.ZipFile(file, "w") as archive:
            link = zipfile.ZipInfo("link.dcm")
            link.external_attr = 0o120777 << 16
            archive.writestr(link, "/etc/passwd")
        assert listing(file).skips == (Failure("link.dcm", "link"),)

    def test_a_member_under_a_password_fails_by_name(self, tmp_path: Path) -> None:
        file = zipped(tmp_path, ("1.dcm", b"x" * 100))
        data = bytearray(file.read_bytes())
        data[data.index(b"PK\x01\x02") + 8] |= 1
        file.write_bytes(data)
        assert [failure.reason for failure in listing(file).failures] == ["encrypted"]

    def test_a_damaged_member_fails_when_it_is_read(self, tmp_path: Path) -> None:
        file = tmp_path / "x.zip"
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("1.dcm", b"payload" * 100)
        file.write_bytes(file.read_bytes().replace(b"payload", b"pAyload", 1))
        with pytest.raises(Unreadable, match="damaged_in_zip"):
            content(listing(file))

    def test_a_zip_that_is_none_is_an_error_for_the_user(self, tmp_path: Path) -> None:
        (tmp_path / "x.zip").write_bytes(b"not a zip")
        with pytest.raises(ConfigError, match="zip"):
            listing(tmp_path / "x.zip")

    def test_a_member_without_a_name_fails_by_its_reason(self, tmp_path: Path) -> None:
        file = zipped(tmp_path, ("Xnul.dcm", b"x"), ("good.dcm", b"x"))
        file.write_bytes(file.read_bytes().replace(b"Xnul", b"\0nul"))
        found = listing(file)
        assert paths(found) == ["good.dcm"]
        assert [failure.reason for failure in found.failures] == ["unsafe_name"]

    def test_two_members_of_one_name_are_two_objects(self, tmp_path: Path) -> None:
        with pytest.warns(UserWarning, match="Duplicate"):
            file = zipped(tmp_path, ("1.dcm", b"1"), ("1.dcm", b"2"))
        assert content(listing(file)) == {"1.dcm": b"1", "1~2.dcm": b"2"}

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    @given(
        st.lists(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30), min_size=1, max_size=6)
    )
    def test_every_member_is_accounted_for_and_every_name_is_safe(
        self, tmp_path_factory: pytest.TempPathFactory, names: list[str]
    ) -> None:
        file = tmp_path_factory.getbasetemp() / "fuzz.zip"
        with zipfile.ZipFile(file, "w") as archive:
            for name in names:
                member = zipfile.ZipInfo("x")
                member.filename = name
                archive.writestr(member, b"")
            members = [member for member in archive.infolist() if not member.filename.endswith("/")]
        found = listing(file)
        content(found)
        assert len(found.entries) + len(found.skips) + len(found.failures) == len(members)
        assert len(set(paths(found))) == len(found.entries)
        assert all(relative_path(path) == path for path in paths(found))
