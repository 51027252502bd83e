"""A clinic's objects arrive; de-identified copies and rows come out; nothing is lost and nothing leaks."""

import csv
import hashlib
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest

from dicomlake.batches import is_manifest_name
from tests.flows.conftest import GATED_SITE, OTHER_SITE, SITE, Platform
from tests.flows.objects import PACKAGED, PLANTED, copy_third, instance, picture, ultrasound
from tests.pixels.test_clean import INK, shade

pytestmark = pytest.mark.flow
# Notes about the files, which belong to no study and would wait for one.
NOTES = ("README*", "*.dump", "FileInfo.txt")


def test_every_packaged_file_gets_an_outcome_and_a_code(platform: Platform, tmp_path: Path) -> None:
    notes = shutil.ignore_patterns("*.py", "__pycache__", *NOTES)
    shutil.copytree(PACKAGED / "charset_files", tmp_path / "out" / "charsets", ignore=notes)
    copy_third(tmp_path / "out" / "files", 1, *NOTES)
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    sent = platform.dicomlake("send", str(tmp_path / "out"), "--site", OTHER_SITE, "--json")
    assert sent.returncode == 0, sent.stderr
    result = json.loads(sent.stdout)
    assert result["sent"] == len(files)
    platform.wait_idle()
    settled = platform.receipts(result["batch"], OTHER_SITE)
    objects = {path: row for path, row in settled.items() if not is_manifest_name(path)}
    assert len(objects) == len(files)
    assert {row["outcome"] for row in objects.values()} <= {"released", "quarantined", "duplicate"}
    assert "internal_error" not in {row["code"] for row in objects.values()}
    assert all(row["code"] for row in objects.values() if row["outcome"] != "released")
    assert sum(row["outcome"] == "released" for row in objects.values()) > 30
    # Every released object is there, and an independent reader can read it.
    released = platform.rows("SELECT object, object_sha256 FROM `research.instances` WHERE site = 'clinic-b'")
    assert released
    bucket = platform.services.storage.bucket(platform.services.settings.research_bucket)
    for row in released:
        data = bucket.blob(row["object"]).download_as_bytes()
        assert hashlib.sha256(data).hexdigest() == row["object_sha256"]
        assert pydicom.dcmread(io.BytesIO(data)).PatientIdentityRemoved == "YES"


def test_nothing_planted_leaves_the_identified_side(platform: Platform) -> None:
    batch = "Zzyzxperson^Quillon ward 3"
    platform.put(f"{batch}/Zzyzxperson/CT.dcm", instance())
    platform.put(f"{batch}/Zzyzxperson_report.txt", b"Zzyzxperson Quillon, born 1961-02-03, MRN-QX000001")
    platform.put(f"{batch}/Zzyzxperson.us", ultrasound())
    platform.put(f"{batch}/broken Zzyzxperson", instance()[:900])
    platform.put(f"{batch}/manifest.csv", b"accession_number;file\nACCQ000101;Zzyzxperson/CT.dcm\n")
    platform.wait_idle()
    assert {row["outcome"] for row in platform.receipts(batch).values()} == {"released", "quarantined"}
    leaks = [
        (place, planted)
        for place, data in platform.everything_written()
        for planted in PLANTED
        if planted.lower().encode() in data.lower()
    ]
    assert leaks == []


def test_what_cannot_be_cleaned_or_read_is_held(platform: Platform) -> None:
    batch = "20261120-100000-aaaa"
    platform.put(f"{batch}/us", ultrasound(2))
    platform.put(f"{batch}/note", b"Findings: normal.")
    platform.put(f"{batch}/pdf", b"%PDF-1.7\n%%EOF")
    platform.put(f"{batch}/zip", b"PK\x03\x04rest")
    platform.put(f"{batch}/noise", bytes(range(256)) * 4)
    platform.put(f"{batch}/nothing", b"")
    platform.wait_idle()
    codes = {path: (row["outcome"], row["code"]) for path, row in platform.receipts(batch).items()}
    assert codes == {
        "us": ("quarantined", "pixel_phi_suspected"),
        "note": ("released", None),
        "pdf": ("quarantined", "corrupt"),
        "zip": ("quarantined", "unsupported"),
        "noise": ("quarantined", "not_dicom"),
        "nothing": ("quarantined", "empty"),
    }


def test_an_ultrasound_cine_comes_out_clean_and_its_row_names_what_was_painted_over(platform: Platform) -> None:
    batch, frames = "20261120-100000-aabb", cine()
    made = picture(4, NumberOfFrames=len(frames), Rows=96, Columns=144, BitsAllocated=8, BitsStored=8, HighBit=7, PixelRepresentation=0,
                   PixelData=frames.tobytes())  # fmt: skip
    platform.put(f"{batch}/cine", made)
    platform.wait_idle()
    assert platform.receipts(batch)["cine"]["outcome"] == "released"
    (row,) = platform.rows(
        "SELECT object, deid, BurnedInAnnotation FROM `research.instances` WHERE NumberOfFrames = 3 AND Modality = 'US'"
    )
    deid = json.loads(row["deid"]) if isinstance(row["deid"], str) else row["deid"]
    assert row["BurnedInAnnotation"] == "NO"
    bucket = platform.services.storage.bucket(platform.services.settings.research_bucket)
    clean = pydicom.dcmread(io.BytesIO(bucket.blob(row["object"]).download_as_bytes()))
    assert "113101" in [code.CodeValue for code in clean.DeidentificationMethodCodeSequence]
    after = clean.pixel_array
    painted = np.zeros((96, 144), bool)
    for left, top, right, bottom in deid["pixel_regions"]:
        painted[top:bottom, left:right] = True
    assert painted[INK].all()
    assert painted.mean() < 0.30  # two lines and their margins on a picture of 144 x 96
    assert all(len(set(frame[INK])) == 1 for frame in after)
    assert np.array_equal(after[:, ~painted], frames[:, ~painted])


def cine() -> np.ndarray:
    """Three frames with a name that stands still."""
    return np.stack([shade(0, 255, "bright", "u1", frame) for frame in range(3)])


def test_what_research_holds_still_counts_for_operations(platform: Platform) -> None:
    batch = "20261120-100000-bbbb"
    platform.put(f"{batch}/us", ultrasound(3))
    platform.wait_idle()
    row = platform.receipts(batch)["us"]
    assert (row["operations_outcome"], row["research_outcome"]) == ("released", "quarantined")
    facts = platform.rows(f"SELECT * FROM `ops.acquisitions` WHERE batch = '{batch}'")
    assert [fact["Modality"] for fact in facts] == ["US"]


def test_copies_and_conflicts_are_told_apart(platform: Platform) -> None:
    batch = "20261120-100000-cccc"
    first = platform.put(f"{batch}/a", instance(patient=7))
    platform.put(f"{batch}/b", instance(patient=7))
    platform.put(f"{batch}/c", instance(patient=8, number=1, SliceThickness=1))
    platform.put(f"{batch}/d", instance(patient=8, number=1, SliceThickness=2))
    platform.wait_idle()
    rows = platform.receipts(batch)
    assert {path: (row["outcome"], row["code"]) for path, row in rows.items()} == {
        "a": ("released", None),
        "b": ("duplicate", "duplicate"),
        "c": ("released", "conflict"),
        "d": ("released", "conflict"),
    }
    assert rows["b"]["first_generation"] == first


def test_the_two_sides_share_no_key(platform: Platform) -> None:
    batch = "20261120-100000-dddd"
    platform.put(f"{batch}/a", instance(patient=9))
    platform.wait_idle()

    def texts(table: str) -> set[str]:
        shared = {"site", "pipeline_version", "rules_version", "Modality", "modality", "SOPClassUID", "Manufacturer"}
        shared |= {"ManufacturerModelName", "BodyPartExamined", "kind", "status", "source_status", "StudyTime"}
        return {
            str(value)
            for row in platform.rows(f"SELECT * FROM `{table}`")
            for column, value in row.items()
            if column not in shared and isinstance(value, str) and len(value) >= 8 and column not in ("header", "deid")
        }

    assert texts("lake.instances") & (texts("ops.receipts") | texts("ops.acquisitions")) == set()


def test_a_manifest_may_come_before_with_or_after_its_objects(platform: Platform) -> None:
    """Like files with the manifest first, in between or last settle to the same codes."""
    settled = []
    for patient, (batch, order) in enumerate((("first", "mgcs"), ("between", "gmcs"), ("last", "gcsm")), start=20):
        good, changed, stranger = (instance(patient=patient, study=study) for study in (1, 2, 3))
        lines = [
            ("accession_number", "file", "sha256"),
            (f"ACCQ{patient:04d}01", "good", hashlib.sha256(good).hexdigest()),
            (f"ACCQ{patient:04d}02", "changed", "0" * 64),
        ]
        text = io.StringIO()
        csv.writer(text).writerows(lines)
        contents = {"manifest.csv": text.getvalue().encode(), "good": good, "changed": changed, "stranger": stranger}
        for name in sorted(contents, key=lambda name: order.index(name[0])):
            platform.put(f"{batch}/{name}", contents[name])
            platform.wait_idle()
        settled.append({path: (row["outcome"], row["code"]) for path, row in platform.receipts(batch).items()})
        study = platform.services.research(SITE).uid(pydicom.dcmread(io.BytesIO(changed)).StudyInstanceUID)
        assert platform.rows(f"SELECT 1 FROM `research.instances` WHERE StudyInstanceUID = '{study}'") == []
        bucket = platform.services.settings.research_bucket
        assert not [blob.name for blob in platform.services.storage.list_blobs(bucket) if study in blob.name]
    expected = {
        "manifest.csv": ("released", None),
        "good": ("released", None),
        "changed": ("quarantined", "hash_mismatch"),
        "stranger": ("quarantined", "accession_mismatch"),
    }
    assert settled == [expected] * 3


def test_content_retracted_in_one_batch_still_stands_in_another(platform: Platform) -> None:
    data = instance(patient=25)
    study = platform.services.research(SITE).uid(pydicom.dcmread(io.BytesIO(data)).StudyInstanceUID)
    wrong = f"accession_number,file,sha256\nACCQ002501,a,{'0' * 64}\n".encode()
    right = f"accession_number,file,sha256\nACCQ002501,a,{hashlib.sha256(data).hexdigest()}\n".encode()
    for batch, manifest in (("20261120-100000-1111", wrong), ("20261120-100000-2222", right)):
        platform.put(f"{batch}/a", data)
        platform.wait_idle()
        platform.put(f"{batch}/manifest.csv", manifest)
        platform.wait_idle()
    assert platform.receipts("20261120-100000-1111")["a"]["code"] == "hash_mismatch"
    assert platform.receipts("20261120-100000-2222")["a"]["outcome"] == "released"
    [row] = platform.rows(f"SELECT object FROM `research.instances` WHERE StudyInstanceUID = '{study}'")
    assert platform.services.storage.bucket(platform.services.settings.research_bucket).blob(row["object"]).exists()


def test_a_site_may_demand_the_manifest_first(platform: Platform) -> None:
    batch = "20261120-100000-eeee"
    platform.put(f"{batch}/a", instance(patient=30), GATED_SITE)
    platform.wait_idle()
    waiting = platform.rows(f"SELECT outcome, code FROM `clinic.receipts` WHERE batch = '{batch}'")
    assert waiting == [{"outcome": "pending", "code": "pending"}]
    told = platform.dicomlake("batches", "--site", GATED_SITE, "--batch", batch).stdout
    assert "1 files: 1 pending" in told
    assert "send the manifest" in told
    platform.put(f"{batch}/manifest.csv", b"accession_number\nACCQ003001\n", GATED_SITE)
    platform.wait_idle()
    rows = platform.receipts(batch, GATED_SITE)
    assert {path: row["outcome"] for path, row in rows.items()} == {"a": "released", "manifest.csv": "released"}


def test_a_manifest_that_cannot_be_read_is_held(platform: Platform) -> None:
    batch = "20261120-100000-ffff"
    platform.put(f"{batch}/manifest.csv", b"name,colour\nx,red\n")
    platform.wait_idle()
    row = platform.receipts(batch)["manifest.csv"]
    assert (row["outcome"], row["code"]) == ("quarantined", "invalid_manifest")


def test_batches_are_reconciled(platform: Platform, tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"{number}.dcm").write_bytes(instance(patient=40, number=number))
    sent = json.loads(platform.dicomlake("send", str(tmp_path), "--site", SITE, "--json").stdout)
    platform.wait_idle()
    found = platform.rows(f"SELECT verdict FROM `clinic.batch_reconciliation` WHERE batch = '{sent['batch']}'")
    assert found == [{"verdict": "complete"}]
    told = json.loads(platform.dicomlake("batches", "--site", SITE, "--batch", sent["batch"], "--json").stdout)
    assert [(row["file"], row["outcome"]) for row in told] == [
        ("1.dcm", "released"),
        ("2.dcm", "released"),
        ("manifest-sent.csv", "released"),
    ]


def test_a_foreign_malformed_stale_or_self_made_event_changes_nothing(platform: Platform) -> None:
    before = platform.rows("SELECT COUNT(*) AS n FROM `ops.receipts`")
    landing = platform.services.settings.landing_bucket(SITE)
    odd = [
        {"bucket": "demo-elsewhere", "name": "x"},
        {"bucket": platform.services.settings.research_bucket, "name": "x"},
        {"bucket": landing, "name": "never/was", "generation": 12345},
        {"bucket": landing, "name": "x", "body": "{not json"},
        {"bucket": landing, "name": "x", "body": []},
        {"bucket": landing, "name": "x", "resource": {"bucket": landing}},
        {"bucket": landing, "name": "x", "headers": {"ce-source": "//elsewhere"}},
    ]
    for event in odd:
        platform.admin("POST", "/admin/emit", event | {"function": "on_upload"})
    platform.admin("POST", "/admin/emit", {"bucket": "demo-state", "name": "tasks/gone.json", "function": "on_task"})
    platform.admin("POST", "/admin/emit", {"bucket": landing, "name": "x", "function": "on_task"})
    platform.wait_idle()
    assert platform.rows("SELECT COUNT(*) AS n FROM `ops.receipts`") == before
    assert platform.admin("GET", "/admin/events?state=dead")["events"] == []


def test_a_steward_computes_the_very_keys_an_object_stands_under(platform: Platform, tmp_path: Path) -> None:
    file = tmp_path / "object"
    file.write_bytes(instance(patient=77))
    batch = "20261120-110000-beef"
    platform.put(f"{batch}/a", file.read_bytes())
    platform.wait_idle()
    columns = "patient_key, study_key, series_key, instance_key, accession_key, device_key"
    row = platform.rows(f"SELECT {columns} FROM `ops.acquisitions` WHERE batch = '{batch}'")[0]
    asked = platform.dicomlake("pseudonym", "--site", SITE, "--domain", "operations", "--object", str(file), "--json")
    told = {line["of"]: line["pseudonym"] for line in json.loads(asked.stdout)}
    assert told["device"] == row["device_key"] is not None
    assert [
        told[of] for of in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "AccessionNumber")
    ] == [row[key] for key in ("patient_key", "study_key", "series_key", "instance_key", "accession_key")]
