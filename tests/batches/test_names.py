"""Hostile names of batches and files become safe ones, and different ones stay different."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomlake.batches import (
    batch_folder,
    batch_label,
    is_manifest_name,
    path_key,
    receipt_id,
    receipt_name,
    receipt_prefix,
    relative_path,
)
from dicomlake.pseudonyms import Domain, DomainKey

KEY = DomainKey.from_secret(b"operations key for tests", Domain.OPERATIONS).site("clinic-a")
ANY = st.text(st.characters(exclude_categories=()), max_size=60)


@pytest.mark.parametrize(
    "path", ["manifest.csv", "MANIFEST.CSV", "manifest-sent.csv", "Manifest 2.csv", "disc 1/manifest.csv"]
)
def test_manifests_are_known_by_name_in_any_folder(path: str) -> None:
    assert is_manifest_name(path)


@pytest.mark.parametrize(
    "path",
    ["manifest.txt", "a-manifest.csv", "manifest", "manifest.csv/x", "manifest.csv.dcm", "manifest\n.csv.exe", ""],
)
def test_other_names_are_no_manifests(path: str) -> None:
    assert not is_manifest_name(path)


@given(ANY)
def test_a_relative_path_never_points_outside_and_stays_itself(text: str) -> None:
    path = relative_path(text)
    if path is not None:
        assert path
        assert not path.startswith("/")
        assert not {"", ".", ".."} & set(path.split("/"))
        assert "\\" not in path
        assert relative_path(path) == path == path_key(text)
        path.encode()


@given(st.lists(ANY, min_size=2, max_size=12, unique=True))
def test_different_batches_have_different_safe_folders(batches: list[str]) -> None:
    folders = [batch_folder(batch) for batch in batches]
    assert len(set(folders)) == len(folders)
    assert all(re.fullmatch(r"[A-Za-z0-9_.~%-]{1,200}", folder) and folder.strip(".") for folder in folders)


@pytest.mark.parametrize(
    "batch", ["", ".", "..", "...", "a/b", "x" * 5000, "../../etc", "Müller Anna", "%", "%2E", "a\x00b", "\udc80"]
)
def test_hostile_batches_stay_inside_their_site(batch: str) -> None:
    name = receipt_name("clinic-a", batch, "OKEY", 17)
    assert name.count("/") == 3
    assert name.startswith(receipt_prefix("clinic-a", batch))
    assert name.startswith(receipt_prefix("clinic-a"))
    assert len(name) < 400
    assert receipt_id(name) == "OKEY-17"


@pytest.mark.parametrize("name", ["20240229-235959-0a1f", "20991231-000000-ffff"])
def test_the_uploaders_own_names_stand_in_clear(name: str) -> None:
    assert batch_label(name, KEY) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Muster^Anna",
        "20240229-235959-0A1F",
        "20240229-235959-0a1",
        "20240230-000000-0a1f",
        "19800101-000000-0a1f",
        "20240229-245959-0a1f",
        "x20240229-235959-0a1f",
        "20240229-235959-0a1f\n",
        "٢٠٢٤٠٢٢٩-235959-0a1f",
    ],
)
def test_any_other_name_of_a_batch_is_keyed(name: str) -> None:
    label = batch_label(name, KEY)
    assert re.fullmatch("B[A-Z2-7]{20}", label)
    assert label == KEY.identifier("batch", name, "B")
