"""Profiles loaded once, and a copy of the rule files a test may break."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dicomlake.rules import Profile, data_dir, load_profile

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.fixture(scope="session")
def research() -> Profile:
    return load_profile("research")


@pytest.fixture(scope="session")
def basic() -> Profile:
    return load_profile("basic")


@pytest.fixture(scope="session")
def full_dates() -> Profile:
    return load_profile("full_dates")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the rule files."""
    return Path(shutil.copytree(data_dir() / "deid_rules", tmp_path / "deid_rules"))


Edit = Callable[[str, str, str], None]


@pytest.fixture
def edit(copied: Path) -> Edit:
    """Replace the first occurrence of a text in one of the copied files; the text must be there."""

    def replace(name: str, old: str, new: str) -> None:
        path = copied / name
        text = path.read_text(encoding="utf-8")
        assert old in text, "the test edits a text that is not in the file"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace
