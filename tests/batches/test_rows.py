"""Rows of manifests: keyed, deterministic, without a value of the manifest."""

from dicomlake.batches import ManifestSource, manifest_rows, parse_manifest
from dicomlake.pseudonyms import Domain, DomainKey, IdentityRules, normal_accession
from dicomlake.rows import OperationsRow

HASH = "ab" * 32
KEY = DomainKey.from_secret(b"operations key for tests", Domain.OPERATIONS).site("clinic-a")
DATA = f"accession_number;study_instance_uid;file;sha256;size;expected_files\nsecret1;1.2.3;Muster/1.dcm;{HASH};10;\nSECRET1 ;;;;;4\nsecret2;;;;;\n"
COMMON = {"site": "clinic-a", "generation": 7, "batch": "B", "key_version": KEY.version}


def normalise(text: str | None) -> str | None:
    return normal_accession(IdentityRules(), text)


def rows(generation: int = 7, batch: str = "Station 4", path: str = "manifest.csv") -> list[OperationsRow]:
    source = ManifestSource("demo-landing-clinic-a", batch, path, generation, COMMON)
    return manifest_rows(parse_manifest(DATA.encode(), path), source, KEY, normalise)


def test_a_manifest_is_one_row_and_each_line_one_more() -> None:
    assert [row.table for row in rows()] == ["ops.batches", "ops.manifests", "ops.manifests", "ops.manifests"]
    summary = rows()[0].values
    assert (summary["lines"], summary["accessions"], summary["delimiter"]) == (3, 2, ";")
    assert summary["manifest_key"] == KEY.identifier("object", "demo-landing-clinic-a/Station 4/manifest.csv", "O")


def test_a_line_names_things_by_the_keys_that_receipts_use() -> None:
    first, second, _ = (row.values for row in rows()[1:])
    assert first["object_key"] == KEY.identifier("object", "demo-landing-clinic-a/Station 4/Muster/1.dcm", "O")
    assert first["content_key"] == KEY.identifier("content", HASH, "C")
    assert first["study_key"] == KEY.uid("1.2.3")
    assert first["accession_key"] == second["accession_key"] == KEY.identifier("accession", "SECRET1", "A")
    assert (first["line"], first["bytes"], first["expected_files"]) == (2, 10, None)
    assert (second["line"], second["bytes"], second["expected_files"], second["study_key"]) == (3, None, 4, None)


def test_each_row_carries_the_common_columns_and_no_value_of_the_manifest() -> None:
    for row in rows():
        assert row.values.items() >= COMMON.items()
    shown = repr(rows()).lower()
    assert not any(value in shown for value in ("secret", "muster", "1.2.3'", HASH, "station"))


def test_row_keys_are_unique_and_follow_from_the_manifest_and_its_generation() -> None:
    keys = [row.row_key for row in rows()]
    assert len(set(keys)) == len(keys)
    assert keys == [row.row_key for row in rows()]
    assert not set(keys) & {row.row_key for row in rows(generation=8)}
    assert not set(keys) & {row.row_key for row in rows(path="manifest-2.csv")}


def test_a_manifest_without_batch_names_files_at_the_top_of_the_bucket() -> None:
    first = rows(batch="")[1].values
    assert first["object_key"] == KEY.identifier("object", "demo-landing-clinic-a/Muster/1.dcm", "O")
