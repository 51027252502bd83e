"""Delivery is at least once and unordered, services fail, processes die: the lake is the same as after one clean pass."""

import random
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from dicomlake.pipeline import sweep
from tests.flows.conftest import SITE, Platform
from tests.flows.objects import instance, ultrasound

pytestmark = pytest.mark.flow

BATCH = "20261120-120000-aaaa"


def load_of_objects(count: int) -> list[tuple[str, bytes]]:
    """Distinct instances, copies, conflicts, held ones and broken ones, in a fixed order."""
    made: list[tuple[str, bytes]] = []
    for number in range(count):
        patient, kind = number // 10, number % 10
        if kind == 8:
            data = made[-3][1]  # a copy
        elif kind == 9:
            data = instance(patient=patient, number=1, SliceThickness=9) if patient % 2 else b"\x00no DICOM at all"
        elif kind == 7:
            data = ultrasound(number) if patient % 2 else instance(patient=patient, number=number)[:2000]
        else:
            data = instance(patient=patient, number=kind)
        made.append((f"{BATCH}/{number:04d}", data))
    return made


def lake(platform: Platform) -> dict[str, list[dict[str, Any]]]:
    """What the audiences see, without the clock times that differ between two runs."""
    clocks = ("generation", "received_at", "decided_at", "event_id", "row_key", "first_generation")
    receipts = platform.rows("SELECT * FROM `clinic.receipts` ORDER BY object_key")
    return {
        "receipts": [{name: value for name, value in row.items() if name not in clocks} for row in receipts],
        "instances": platform.rows(
            "SELECT * EXCEPT (row_key, delivery_key) FROM `research.instances` ORDER BY SOPInstanceUID"
        ),
        "studies": platform.rows("SELECT * FROM `research.studies` ORDER BY StudyInstanceUID"),
        "objects": [
            {"name": blob.name, "crc32c": blob.crc32c}
            for blob in platform.services.storage.list_blobs(platform.services.settings.research_bucket)
        ],
        "held": [
            {"name": "/".join(blob.name.split("/")[:2]), "crc32c": blob.crc32c}
            for blob in platform.services.storage.list_blobs(platform.services.settings.quarantine_bucket)
            if blob.name.endswith("original")
        ],
    }


@pytest.mark.timeout(900)
@pytest.mark.parametrize("count", [300, pytest.param(1000, marks=pytest.mark.whole)])
def test_events_shuffled_repeated_and_with_faults_leave_the_lake_of_one_clean_pass(tmp_path: Path, count: int) -> None:
    objects = load_of_objects(count)
    clean = Platform(tmp_path / "clean").start()
    try:
        for name, data in objects:
            clean.put(name, data)
        clean.wait_idle(600)
        expected = lake(clean)
        shutil.copytree(tmp_path / "clean" / "secrets", tmp_path / "faulty" / "secrets")
    finally:
        clean.stop()
    assert len(expected["receipts"]) == len(objects)
    assert {row["outcome"] for row in expected["receipts"]} == {"released", "quarantined", "duplicate"}

    faulty = Platform(tmp_path / "faulty").start()
    try:
        for name, data in objects:
            faulty.put(name, data)
        rules = [
            {"service": service, "kind": kind, "rate": rate, "seed": 7}
            for service in ("storage", "bigquery", "functions")
            for kind, rate in (("error", 0.02), ("after", 0.02), ("broken_stream", 0.01))
        ]
        faulty.admin("POST", "/admin/faults", rules)
        chance = random.Random(7)
        events = [(name, chance.randint(0, 4)) for name, _ in objects]
        chance.shuffle(events)
        repeated = 0
        for name, copies in events:
            if copies:
                faulty.admin(
                    "POST",
                    "/admin/emit",
                    {"bucket": faulty.services.settings.landing_bucket(SITE), "name": name, "copies": copies},
                )
                repeated += copies
        assert repeated + count >= 2.5 * count
        faulty.wait_idle(600)
        fired = faulty.admin("GET", "/admin/faults")
        faulty.admin("DELETE", "/admin/faults")
        assert sum(rule["fired"] for rule in fired["rules"]) > count / 20
        for _ in range(20):  # what was given up is replayed, as the status page offers
            if not faulty.admin("GET", "/admin/events?state=dead")["events"]:
                break
            faulty.admin("POST", "/admin/replay-dead")
            faulty.wait_idle(600)
        assert lake(faulty) == expected
    finally:
        faulty.stop()


def test_a_platform_killed_in_the_middle_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    objects = load_of_objects(40)
    platform = Platform(tmp_path / "state").start()
    try:
        for name, data in objects[:25]:
            platform.put(name, data)
        platform.stop(signal.SIGKILL)
        platform.start()
        for name, data in objects[25:]:
            platform.put(name, data)
        platform.wait_idle()
        rows = platform.receipts(BATCH)
        assert len(rows) == len(objects)
        assert {row["outcome"] for row in rows.values()} == {"released", "quarantined", "duplicate"}
        assert len(platform.rows("SELECT * FROM `clinic.receipts`")) == len(objects)
    finally:
        platform.stop()


def test_an_object_whose_event_was_lost_is_found_by_the_sweep(platform: Platform) -> None:
    import datetime

    batch = "20261120-120000-bbbb"
    platform.put(f"{batch}/a", instance(patient=60))
    platform.wait_idle()
    bucket = platform.services.storage.bucket(platform.services.settings.state_bucket)
    receipt = next(iter(bucket.list_blobs(prefix=f"receipts/{SITE}/{batch}/")))
    receipt.delete()  # as if nobody had ever heard of the object
    assert sweep.sweep(platform.services, overdue=datetime.timedelta(0)) >= 1
    platform.wait_idle()
    assert platform.receipts(batch)["a"]["outcome"] == "released"


def test_an_object_nobody_can_settle_is_held_after_ten_rounds(platform: Platform) -> None:
    import datetime

    batch = "20261120-120000-cccc"
    platform.admin(
        "POST", "/admin/faults", [{"service": "functions", "kind": "error", "rate": 1.0, "path": "on_upload"}]
    )
    platform.put(f"{batch}/a", instance(patient=61))
    settings, storage = platform.services.settings, platform.services.storage
    key = platform.services.operations(SITE).identifier("object", f"{settings.landing_bucket(SITE)}/{batch}/a", "O")
    generation = next(iter(storage.list_blobs(settings.landing_bucket(SITE), prefix=f"{batch}/"))).generation
    for number in range(1, 11):
        storage.bucket(settings.state_bucket).blob(f"sweeps/{key}-{generation}/{number}.json").upload_from_string(b"{}")
    sweep.sweep(platform.services, overdue=datetime.timedelta(0))
    platform.admin("DELETE", "/admin/faults")
    platform.wait_idle()
    held = platform.rows(f"SELECT code FROM `ops.receipts` WHERE batch = '{batch}' AND code = 'internal_error'")
    assert len(held) == 1
