"""What manifests announce against what arrives: each kind of disagreement, whatever the order of arrival."""

from itertools import permutations

import pytest

from dicomlake.batches import Announced, Delivery, Facts, Manifest, announced, current, mismatch, parse_manifest
from dicomlake.errors import Code
from dicomlake.pseudonyms import IdentityRules, normal_accession

A, B = "aa" * 32, "bb" * 32
RULES = IdentityRules(accession_prefixes=("ACC-",), strip_leading_zeros=True)


def normalise(text: str | None) -> str | None:
    return normal_accession(RULES, text)


def manifest(*lines: str) -> Manifest:
    return parse_manifest("\n".join(("accession_number,study_instance_uid,file,sha256,size", *lines)).encode())


def said(*lines: str) -> Announced:
    return announced([manifest(*lines)], normalise)


def verdict(
    announcement: Announced, path: str = "x.dcm", sha256: str = A, size: int = 5, accession: str | None = None
) -> Code | None:
    return mismatch(announcement, Facts(path, sha256, size, accession), normalise)


def test_an_object_as_announced_is_at_odds_with_nothing() -> None:
    assert verdict(said(f"A1,,x.dcm,{A},5"), accession="A1") is None


@pytest.mark.parametrize("path", ["x.dcm", "./x.dcm", "/x.dcm"[1:], "x.dcm "])
def test_another_hash_is_a_hash_mismatch(path: str) -> None:
    assert verdict(said(f"A1,,x.dcm,{B},5"), path) is Code.HASH_MISMATCH


def test_another_size_is_a_size_mismatch() -> None:
    assert verdict(said(f"A1,,x.dcm,{A},6")) is Code.SIZE_MISMATCH
    assert verdict(said("A1,,x.dcm,,6")) is Code.SIZE_MISMATCH


def test_a_hash_is_looked_at_before_a_size_and_both_before_the_accession() -> None:
    assert verdict(said(f"A1,,x.dcm,{B},6"), accession="A9") is Code.HASH_MISMATCH
    assert verdict(said(f"A1,,x.dcm,{A},6"), accession="A9") is Code.SIZE_MISMATCH


def test_an_accession_that_is_not_on_the_list_is_an_accession_mismatch() -> None:
    assert verdict(said("A1", "A2"), accession="A3") is Code.ACCESSION_MISMATCH
    assert verdict(said("A1", "A2"), accession="A2") is None


@pytest.mark.parametrize("written", ["a1 ", "ACC-A1", "acc-00A1", "A 1", "00a1"])
def test_accessions_are_compared_in_the_sites_normal_form(written: str) -> None:
    assert verdict(said("A1"), accession=written) is None
    assert verdict(said(written), accession="A1") is None


def test_an_object_without_accession_is_not_at_odds_with_a_list() -> None:
    for nothing in (None, "", " ", "0", "unknown"):
        assert verdict(said("A1"), accession=nothing) is None


def test_a_manifest_without_accessions_lists_none() -> None:
    assert verdict(said(f",,x.dcm,{A},5"), accession="A7") is None


def test_a_file_no_manifest_names_is_at_odds_with_none() -> None:
    assert verdict(said(f"A1,,y.dcm,{B},6")) is None
    assert verdict(announced([], normalise), accession="A1") is None


def test_composed_and_decomposed_paths_are_one_file() -> None:
    assert verdict(said(f"A1,,M\u00fc.dcm,{B},5"), "Mu\u0308.dcm") is Code.HASH_MISMATCH


def test_of_one_manifest_the_latest_generation_counts_in_any_order_of_arrival() -> None:
    versions = [
        Delivery("manifest.csv", 1, manifest("A1")),
        Delivery("manifest.csv", 3, manifest("A3")),
        Delivery("manifest.csv", 2, manifest("A2")),
        Delivery("manifest-2.csv", 1, manifest("B1")),
    ]
    for order in permutations(versions):
        assert announced(current(order), normalise).accessions == {"A3", "B1"}


def test_different_manifests_of_a_batch_add_up_in_any_order() -> None:
    parts = [manifest(f"A1,,x.dcm,{A},5"), manifest("A2"), manifest(",1.2.3,x.dcm,,")]
    sums = [announced(order, normalise) for order in permutations(parts)]
    assert all(total == sums[0] for total in sums)
    assert verdict(sums[0], accession="A2") is None
    assert sums[0].belongs["x.dcm"] == {("A1", None), (None, "1.2.3")}


def test_two_manifests_that_differ_about_a_file_accept_either() -> None:
    total = announced([manifest(f"A1,,x.dcm,{A},5"), manifest(f"A1,,x.dcm,{B},5")], normalise)
    assert verdict(total) is None
    assert verdict(total, sha256=B) is None
    assert verdict(total, sha256="cc" * 32) is Code.HASH_MISMATCH


def test_nothing_announced_shows_values() -> None:
    shown = repr(said(f"SECRETACC,1.2.3,secret.dcm,{A},5")) + repr(Facts("secret.dcm", A, 5, "SECRETACC"))
    shown += repr(Delivery("secret.csv", 1, manifest("SECRETACC")))
    assert not any(value in shown for value in ("SECRETACC", "secret", "1.2.3", A))
