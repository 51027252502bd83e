"""A picture that no task function has time for waits for the job, is sent round by nobody, and gets its outcome there."""

import dataclasses
import datetime

import pytest

from dicomlake.pipeline.jobs import waiting, work_off
from dicomlake.pipeline.services import Services
from dicomlake.pipeline.sweep import sweep
from tests.flows.objects import ultrasound
from tests.pipeline.conftest import Platform

NONE = datetime.timedelta(0)


def beside(services: Services, *, bounded: bool = True) -> Services:
    """Another process of the same platform, with the same clients."""
    other = Services(services.settings, bounded=bounded)
    other.__dict__ |= {"storage": services.storage, "bigquery": services.bigquery}
    return other


@pytest.fixture
def small(platform: Platform) -> Platform:
    """A platform whose task function has time for ten pixels."""
    services = beside(platform.services)
    rules = services.pixel_rules
    limits = dataclasses.replace(rules.limits, task_pixels=10)
    services.__dict__["pixel_rules"] = dataclasses.replace(rules, limits=limits)
    return Platform(services)


def test_it_waits_and_the_job_ends_the_waiting(small: Platform) -> None:
    event = small.arrive("b/us", ultrasound(31))
    small.work()
    assert small.settled(event) == ("pending", "pending")
    for _ in range(3):
        assert sweep(small.services, NONE) == 0
    assert small.state("tasks/") == []
    job = beside(small.services, bounded=False)
    (name,) = waiting(job)
    assert work_off(job, name)
    assert small.settled(event) == ("quarantined", "pixel_phi_suspected")
    assert waiting(job) == []
    assert sweep(small.services, NONE) == 0
    job.pixel_worker.close()


def test_the_job_has_more_time_and_no_ceiling_of_a_task(small: Platform) -> None:
    job = beside(small.services, bounded=False)
    assert job.pixel_rules.limits.seconds == job.pixel_rules.limits.job_seconds
    assert small.services.pixel_rules.limits.seconds < job.pixel_rules.limits.seconds


def test_an_entry_whose_object_is_gone_is_closed(small: Platform) -> None:
    event = small.arrive("b/us", ultrasound(32))
    small.work()
    small.bucket(event.bucket).blob(event.name).delete()
    job = beside(small.services, bounded=False)
    (name,) = waiting(job)
    assert work_off(job, name)
    assert small.settled(event)[0] == "ignored"
