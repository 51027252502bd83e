"""What a steward decides about held objects, through the command line as a steward would."""

import dataclasses
import datetime
import io
import json

import pydicom
import pytest

from dicomlake.events import StorageEvent
from dicomlake.pipeline import ingest, receipts
from dicomlake.pipeline.arrival import arrive
from dicomlake.pipeline.services import Services
from tests.flows.conftest import SITE, Platform
from tests.flows.objects import instance, ultrasound

pytestmark = pytest.mark.flow


def held_key(platform: Platform, batch: str, path: str) -> str:
    return str(platform.receipts(batch)[path]["object_key"])


def audit_of(platform: Platform, key: str) -> list[str]:
    return [
        row["action"]
        for row in platform.rows(f"SELECT action FROM `ops.audit` WHERE object_key = '{key}' ORDER BY decided_at")
    ]


def test_a_held_picture_is_listed_shown_and_approved(platform: Platform) -> None:
    batch = "20261120-110000-aaaa"
    platform.put(f"{batch}/us", ultrasound(11))
    platform.wait_idle()
    key = held_key(platform, batch, "us")
    listed = json.loads(platform.dicomlake("quarantine", "list", "--site", SITE, "--json").stdout)
    assert [row["code"] for row in listed if row["object_key"] == key] == ["pixel_phi_suspected"]
    shown = platform.dicomlake("quarantine", "show", key, "--site", SITE, "--save", str(platform.state / "looked"))
    original, seen = sorted((platform.state / "looked").iterdir())
    assert original.read_bytes() == ultrasound(11)
    assert seen.read_bytes().startswith(b"\x89PNG")
    assert f"{batch}/us" in shown.stdout
    wrong = platform.dicomlake("quarantine", "approve", key, "--site", SITE, "--mask", "40,0,0,20")
    assert wrong.returncode == 2
    done = platform.dicomlake(
        "quarantine", "approve", key, "--site", SITE, "--actor", "reviewer", "--mask", "0,0,40,20"
    )
    assert done.returncode == 0, done.stderr
    platform.wait_idle()
    assert platform.receipts(batch)["us"]["outcome"] == "released"
    shown = platform.rows("SELECT deid FROM `research.instances` WHERE Modality = 'US' AND BurnedInAnnotation = 'NO'")
    found = [json.loads(row["deid"]) if isinstance(row["deid"], str) else row["deid"] for row in shown]
    assert [[0, 0, 40, 20]] in [deid["pixel_regions"] for deid in found]
    again = json.loads(platform.dicomlake("quarantine", "list", "--site", SITE, "--json").stdout)
    assert key not in [row["object_key"] for row in again]
    assert audit_of(platform, key) == ["quarantine_show", "quarantine_approve"]


def test_what_no_look_can_cure_cannot_be_approved(platform: Platform) -> None:
    batch = "20261120-110000-bbbb"
    platform.put(f"{batch}/cut", b"%PDF-1.7\n%%EOF")
    platform.put(f"{batch}/noise", bytes(range(256)) * 5)
    platform.wait_idle()
    for path in ("cut", "noise"):
        refused = platform.dicomlake("quarantine", "approve", held_key(platform, batch, path), "--site", SITE)
        assert refused.returncode == 2
        assert "cannot be approved" in refused.stderr
    platform.wait_idle()
    assert {row["outcome"] for row in platform.receipts(batch).values()} == {"quarantined"}


def test_a_replay_gives_the_same_outcome_and_a_delete_leaves_nothing(platform: Platform) -> None:
    batch = "20261120-110000-cccc"
    platform.put(f"{batch}/us", ultrasound(12))
    platform.wait_idle()
    key = held_key(platform, batch, "us")
    assert platform.dicomlake("quarantine", "replay", key, "--site", SITE).returncode == 0
    platform.wait_idle()
    assert platform.receipts(batch)["us"]["code"] == "pixel_phi_suspected"
    assert platform.dicomlake("quarantine", "delete", key, "--site", SITE, "--yes").returncode == 0
    assert platform.dicomlake("quarantine", "show", key, "--site", SITE).returncode == 2
    landing = platform.services.storage.bucket(platform.services.settings.landing_bucket(SITE))
    assert not landing.blob(f"{batch}/us").exists()
    assert audit_of(platform, key) == ["quarantine_replay", "quarantine_delete"]


def test_a_batch_is_replayed_and_the_lake_stays_the_same(platform: Platform) -> None:
    batch = "20261120-110000-dddd"
    platform.put(f"{batch}/a", instance(patient=50))
    platform.wait_idle()
    shown = "SELECT * EXCEPT (row_key, delivery_key) FROM `research.instances` ORDER BY SOPInstanceUID, content_key"
    before = platform.rows(shown)
    replayed = platform.dicomlake("replay", "--site", SITE, "--batch", batch, "--json")
    assert json.loads(replayed.stdout) == [{"replayed": 1}], replayed.stderr
    platform.wait_idle()
    assert platform.rows(shown) == before
    assert platform.receipts(batch)["a"]["outcome"] == "released"


def test_a_later_judgement_takes_the_place_of_an_earlier_one(platform: Platform) -> None:
    batch = "20261120-110000-eeee"
    generation = platform.put(f"{batch}/a", instance(patient=51))
    platform.wait_idle()
    landing = platform.services.settings.landing_bucket(SITE)
    [before] = objects_of(platform)
    other = Services(dataclasses.replace(platform.services.settings, profile="full_dates"))
    other.__dict__.update(storage=platform.services.storage, bigquery=platform.services.bigquery)
    event = StorageEvent(landing, f"{batch}/a", generation, "replay", datetime.datetime.now(datetime.UTC), 1)
    arrival = arrive(other, event)
    assert arrival is not None
    receipts.note_decision(other, arrival, "replay")
    ingest.process(other, arrival, light=False)
    [after] = objects_of(platform)
    assert before != after
    names = {blob.name for blob in platform.services.storage.list_blobs(platform.services.settings.research_bucket)}
    assert after in names
    assert before not in names


def objects_of(platform: Platform) -> list[str]:
    key = platform.services.research(SITE)
    study = key.uid(str(pydicom.dcmread(io.BytesIO(instance(patient=51))).StudyInstanceUID))
    return [
        row["object"]
        for row in platform.rows(f"SELECT object FROM `research.instances` WHERE StudyInstanceUID = '{study}'")
    ]
