"""Receipt files: the same receipt gives the same bytes, and reads back."""

import dataclasses
import json

import pytest

from dicomlake.batches import Receipt

RECEIPT = Receipt(
    site="clinic-a",
    object_key="O" + "A" * 20,
    generation=1700000000000001,
    received_at="2024-02-29T10:00:00+00:00",
    size=10,
    kind="dicom_image",
    status="modern",
    outcome="released",
    code=None,
    operations_outcome="released",
    research_outcome="released",
    detail="",
    decided_at="2024-02-29T10:00:01+00:00",
    batch_label="B" + "A" * 20,
    pipeline_version="0.1.0",
    rules_version="0123456789ab",
    key_version="01234567",
    batch="Station Müller",
    path="Muster^Anna/1.dcm",
    bucket="demo-landing-clinic-a",
    sha256="ab" * 32,
    patient_id="PAT1",
    accession_number="ACC1",
)


def test_a_receipt_reads_back() -> None:
    assert Receipt.from_json(RECEIPT.to_json()) == RECEIPT


def test_the_same_receipt_gives_the_same_ascii_bytes() -> None:
    data = RECEIPT.to_json()
    assert data == Receipt.from_json(data).to_json()
    assert data.isascii()


def test_a_receipt_lies_under_its_site_and_batch() -> None:
    assert RECEIPT.name == f"receipts/clinic-a/Station%20M%C3%BCller/{RECEIPT.object_key}-1700000000000001.json"


def test_the_clear_side_of_a_receipt_is_not_shown() -> None:
    assert not any(value in repr(RECEIPT) for value in ("Muster", "Müller", "PAT1", "ACC1", "abab", "landing"))


def test_a_receipt_cannot_be_mistaken_for_another_file() -> None:
    good = json.loads(RECEIPT.to_json())
    without_code = {name: value for name, value in good.items() if name != "code"}
    for data in (
        b"",
        b"{",
        b"[]",
        b"{}",
        b"\xff",
        json.dumps(without_code).encode(),
        json.dumps({**good, "format": "x"}).encode(),
    ):
        with pytest.raises(ValueError, match="not a receipt") as caught:
            Receipt.from_json(data)
        assert "PAT1" not in str(caught.value)


def test_receipts_of_a_neighbouring_version_are_read() -> None:
    values = {**json.loads(RECEIPT.to_json()), "added_later": 1}
    del values["accession_number"]
    assert Receipt.from_json(json.dumps(values).encode()) == dataclasses.replace(RECEIPT, accession_number=None)
