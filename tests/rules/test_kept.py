"""Rules that were read once are read from what was kept of them, as long as nothing they follow from has changed."""

import re
from pathlib import Path
from types import MappingProxyType

import pytest

from dicomlake.rules import kept as keeping
from dicomlake.rules import load_profile
from dicomlake.rules.kept import kept

VALUE = {"form": re.compile(r"(?P<day>\d{2})[-.](\w+)", re.IGNORECASE), "frozen": MappingProxyType({1: "a"})}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(keeping, "_FOLDER", tmp_path)
    return tmp_path


def refused() -> object:
    raise AssertionError("must not be made again")


def test_what_was_made_is_made_once() -> None:
    assert kept("some", None, lambda: VALUE) is VALUE
    again = kept("some", None, refused)  # type: ignore[arg-type]
    assert again["frozen"] == VALUE["frozen"] and again["form"] == VALUE["form"]
    for text in ("on 12.May and", "12-", "a12.b 13.c"):
        assert [(m.span(), m.groupdict()) for m in again["form"].finditer(text)] == [
            (m.span(), m.groupdict())
            for m in VALUE["form"].finditer(text)  # type: ignore[attr-defined]
        ]


def test_another_state_of_the_rules_is_made_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept("some", None, lambda: 1)
    monkeypatch.setattr(keeping, "_state", lambda: "changed")
    assert kept("some", None, lambda: 2) == 2
    assert [path.name for path in folder.iterdir()] == ["some.changed.rules"], "the old one is gone"


def test_what_is_damaged_is_made_anew(folder: Path) -> None:
    kept("some", None, lambda: VALUE)
    (place,) = folder.iterdir()
    whole = place.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], b"no pickle"):
        place.write_bytes(damaged)
        assert kept("some", None, lambda: VALUE) is VALUE


def test_a_folder_that_a_caller_names_is_never_kept(folder: Path, tmp_path: Path) -> None:
    named = tmp_path / "own" / "deid_rules"
    named.mkdir(parents=True)
    assert kept("some", tmp_path / "own", lambda: 1) == 1
    assert not list(folder.glob("*.rules"))


def test_a_kept_profile_is_the_profile() -> None:
    made, again = load_profile("research"), load_profile("research")
    assert made is not again and made.version == again.version and made.table == again.table
    assert [one.regex.pattern for one in made.text.patterns] == [one.regex.pattern for one in again.text.patterns]
    assert made.types == again.types and made.defaults == again.defaults and made.dummies == again.dummies


def test_where_nothing_can_be_written_it_is_made_every_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(keeping, "_FOLDER", tmp_path / "file" / "below")
    assert kept("some", None, lambda: 1) == 1 and kept("some", None, lambda: 2) == 2
