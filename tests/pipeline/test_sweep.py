"""What was lost is found, what is only slow is left alone, and nothing goes round for ever."""

import datetime
import time

import pytest

from dicomlake.errors import Code, TransientError
from dicomlake.pipeline import sweep as sweeping
from dicomlake.pipeline import tasks, work
from dicomlake.pipeline.arrival import arrive
from dicomlake.pipeline.sweep import sweep
from tests.flows.objects import instance, ultrasound
from tests.pipeline.conftest import Platform

NONE = datetime.timedelta(0)
HOUR = datetime.timedelta(hours=1)


def test_a_lost_event_is_made_up_for(platform: Platform) -> None:
    event = platform.put("b/a", instance())
    assert sweep(platform.services, NONE) == 1
    platform.work()
    assert platform.settled(event) == ("released", None)


def test_work_that_waits_in_line_is_not_lost(platform: Platform) -> None:
    """A backlog of heavy objects must not be sent round on top of itself until all of it is given up."""
    platform.arrive("b/us", ultrasound())
    assert len(platform.state("tasks/")) == 1
    for _ in range(12):
        sweep(platform.services, NONE)
    assert len(platform.state("tasks/")) == 1


def test_rounds_are_as_far_apart_as_an_object_may_be_late(platform: Platform) -> None:
    """Ten rounds within minutes would give up all that an outage of an hour has left over."""
    late = datetime.timedelta(seconds=1)
    platform.put("b/a", instance())
    time.sleep(1.1)
    assert sweep(platform.services, late) == 1
    for name in platform.state("tasks/"):  # lost as well
        platform.bucket(platform.services.settings.state_bucket).blob(name).delete()
    assert sweep(platform.services, late) == 0
    time.sleep(1.1)
    assert sweep(platform.services, late) == 1


def test_a_task_whose_event_was_lost_is_woken(platform: Platform) -> None:
    event = platform.arrive("b/us", ultrasound(2))
    assert platform.task_events()  # taken, and then the worker died
    platform.work()
    assert platform.settled(event) == ("pending", "pending")
    assert sweep(platform.services, HOUR) == 0
    platform.work()
    assert platform.settled(event) == ("pending", "pending")
    assert sweep(platform.services, NONE) == 1
    platform.work()
    assert platform.settled(event) == ("quarantined", "pixel_phi_suspected")


def test_a_task_that_kills_its_worker_ends_held(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "MAX_ROUNDS", 2)
    event = platform.arrive("b/us", ultrasound(3))
    for _ in range(3):
        assert platform.task_events()
        sweep(platform.services, NONE)
    platform.work()
    assert platform.settled(event) == ("quarantined", "internal_error")
    assert platform.state("tasks/") == []


def test_a_lost_retraction_is_woken_although_the_object_has_its_receipt(platform: Platform) -> None:
    event = platform.arrive("b/a", instance(patient=4))
    arrival = arrive(platform.services, event)
    assert arrival is not None
    platform.arrive("b/manifest.csv", b"accession_number\nOTHER\n")
    (manifest,) = platform.task_events()
    work.run_task(platform.services, manifest)
    assert platform.task_events()  # taken, and then the worker died
    sweep(platform.services, NONE)
    platform.work()
    assert platform.settled(event) == ("quarantined", "accession_mismatch")


def test_the_first_event_of_a_woken_task_does_its_work(platform: Platform) -> None:
    """Were only the newest event good, a line longer than an hour would never move."""
    event = platform.arrive("b/us", ultrasound(4))
    (first,) = platform.task_events()
    sweep(platform.services, NONE)
    work.run_task(platform.services, first)
    assert platform.settled(event) == ("quarantined", "pixel_phi_suspected")
    platform.work()
    assert platform.state("tasks/") == []


def test_a_retraction_is_never_given_up(platform: Platform) -> None:
    arrival = arrive(platform.services, platform.arrive("b/a", instance(patient=5)))
    assert arrival is not None
    tasks.submit(platform.services, arrival, "retract", code=Code.HASH_MISMATCH)
    (event,) = platform.task_events()
    with pytest.raises(TransientError):
        work.give_up(platform.services, event)
    assert len(platform.state("tasks/")) == 1


def test_one_fault_does_not_cost_a_report_its_translation(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    arrival = arrive(platform.services, platform.arrive("b/a", instance(patient=26)))
    assert arrival is not None
    tasks.submit(platform.services, arrival, "translate", again="turn0")
    (event,) = platform.task_events()
    with pytest.raises(TransientError):
        work.give_up(platform.services, event)
    assert len(platform.state("tasks/")) == 1
    monkeypatch.setattr(work, "_PATIENCE", NONE)
    work.give_up(platform.services, event)
    assert platform.state("tasks/") == []
    assert platform.settled(arrival.event) == ("released", None)


def test_a_report_whose_original_went_is_not_translated(platform: Platform) -> None:
    event = platform.arrive("b/a", instance(patient=27))
    arrival = arrive(platform.services, event)
    assert arrival is not None
    tasks.submit(platform.services, arrival, "translate", again="turn0")
    platform.bucket(event.bucket).blob("b/a").delete()
    platform.work()
    assert platform.state("tasks/") == []
