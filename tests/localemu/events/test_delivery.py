import asyncio
import itertools
import json
from pathlib import Path

from localemu.config import Function
from localemu.faults import Rule

from .conftest import stage, timed, trigger


def _plan(folder: Path, *steps: object) -> None:
    (folder / "plan.json").write_text(json.dumps(steps))


def test_an_event_arrives_in_the_form_eventarc_gives_it(folder: Path) -> None:
    async def go() -> None:
        async with stage(folder, trigger(folder)) as s:
            s.put("in-a", "site1/study/IM0001.dcm")
            await s.settle()
            (call,) = s.seen()
            headers = {name.lower(): value for name, value in call["headers"].items()}
            assert (call["method"], call["path"]) == ("POST", "/")
            assert call["body"] == {"bucket": "in-a", "name": "site1/study/IM0001.dcm", "generation": "7"}
            assert headers["content-type"] == "application/json"
            assert {name: value for name, value in headers.items() if name.startswith("ce-")} == {
                "ce-specversion": "1.0",
                "ce-id": "1000000000000001",
                "ce-type": "google.cloud.storage.object.v1.finalized",
                "ce-source": "//storage.googleapis.com/projects/_/buckets/in-a",
                "ce-subject": "objects/site1/study/IM0001.dcm",
                "ce-time": "2026-11-20T20:00:00.123456Z",
                "ce-bucket": "in-a",
            }

    asyncio.run(go())


def test_only_fitting_functions_get_an_event_and_what_fits_none_stays_visible(folder: Path) -> None:
    async def go() -> None:
        tasks = trigger(folder, name="tasks", bucket="state", prefix="tasks/")
        async with stage(folder, trigger(folder), tasks) as s:
            s.put("in-a", "x")
            s.put("state", "tasks/1")
            s.put("state", "other/1")
            s.put("in-a", "x", "google.cloud.storage.object.v1.deleted")
            await s.settle()
            assert {(row["function"], row["name"]) for row in s.deliveries()} == {("take", "x"), ("tasks", "tasks/1")}
            assert {(row["name"], row["type"][-9:]) for row in s.deliveries("unmatched")} == {
                ("other/1", "finalized"),
                ("x", "1.deleted"),
            }

    asyncio.run(go())


def test_a_failing_function_is_tried_again_with_growing_delay_then_given_up_and_a_replay_delivers(folder: Path) -> None:
    async def go() -> None:
        _plan(folder, *["fail"] * 4)
        async with stage(folder, trigger(folder, max_attempts=4), time_scale=0.01) as s:
            s.put("in-a", "x")
            await s.settle()
            (row,) = s.deliveries()
            assert (row["state"], row["attempts"]) == ("dead", 4)
            assert [attempt["status"] for attempt in row["tries"]] == [500] * 4
            began = [call["began"] for call in s.seen()]
            gaps = [late - early for early, late in itertools.pairwise(began)]
            assert gaps[0] >= 0.09
            assert gaps[1] >= 0.18  # lower bounds only: a busy machine may be late, never early
            assert gaps[2] >= 0.36
            assert s.ledger.replay(row["id"]) == 1
            s.dispatcher.wake()
            await s.settle()
            (row,) = s.deliveries()
            assert (row["state"], row["attempts"]) == ("delivered", 5)
            assert len({call["headers"]["Ce-Id"] for call in s.seen()}) == 1

    asyncio.run(go())


def test_a_function_that_takes_too_long_loses_its_worker_and_the_event_comes_again(folder: Path) -> None:
    async def go() -> None:
        _plan(folder, 30)
        async with stage(folder, trigger(folder, timeout_s=0.3)) as s:
            s.put("in-a", "x")
            await s.settle()
            (row,) = s.deliveries()
            assert (row["state"], row["tries"][0]["note"]) == ("delivered", "no reply within 0.3 s")
            first, second = s.seen()
            assert first["pid"] != second["pid"]

    asyncio.run(go())


def test_a_worker_that_dies_is_replaced_and_its_event_comes_again(folder: Path) -> None:
    async def go() -> None:
        _plan(folder, "die")
        async with stage(folder, trigger(folder)) as s:
            s.put("in-a", "x")
            await s.settle()
            (row,) = s.deliveries()
            assert (row["state"], row["attempts"]) == ("delivered", 2)
            assert s.host.workers[0].restarts == 1

    asyncio.run(go())


def test_what_was_in_flight_when_the_platform_ended_is_delivered_again(folder: Path) -> None:
    async def first() -> None:
        _plan(folder, 30)
        async with stage(folder, trigger(folder)) as s:
            s.put("in-a", "x")
            s.put("in-a", "y")
            await s.until(lambda: len(s.seen()) == 1)

    async def second() -> None:
        async with stage(folder, trigger(folder)) as s:
            await s.settle()
            assert {(row["name"], row["state"], row["attempts"]) for row in s.deliveries()} == {
                ("x", "delivered", 2),
                ("y", "delivered", 1),
            }
            assert s.deliveries()[-1]["tries"][0]["note"] == "interrupted: the platform ended"

    asyncio.run(first())
    asyncio.run(second())


def test_deliveries_to_a_function_the_config_dropped_become_dead_letters(folder: Path) -> None:
    async def first() -> None:
        _plan(folder, 30)
        async with stage(folder, trigger(folder)) as s:
            s.put("in-a", "x")
            await s.until(lambda: len(s.seen()) == 1)

    async def second() -> None:
        async with stage(folder) as s:
            await s.until(lambda: s.ledger.settled())
            assert [row["state"] for row in s.deliveries()] == ["dead"]

    asyncio.run(first())
    asyncio.run(second())


def test_no_worker_has_more_in_flight_than_its_concurrency(folder: Path) -> None:
    async def go() -> None:
        _plan(folder, *[0.05] * 8)
        async with stage(folder, trigger(folder, workers=2)) as s:
            for number in range(8):
                s.put("in-a", str(number))
            await s.settle()
            calls = sorted(s.seen(), key=lambda call: float(call["began"]))
            for pid in {call["pid"] for call in calls}:
                began = [call["began"] for call in calls if call["pid"] == pid]
                assert all(late - early > 0.045 for early, late in itertools.pairwise(began))

    asyncio.run(go())


def test_concurrency_lets_one_worker_take_several_at_once(folder: Path) -> None:
    async def go() -> None:
        _plan(folder, *[0.4] * 4)
        async with stage(folder, trigger(folder, concurrency=4)) as s:
            for number in range(4):
                s.put("in-a", str(number))
            await s.settle()
            began = [call["began"] for call in s.seen()]
            assert max(began) - min(began) < 0.35

    asyncio.run(go())


def test_a_duplicate_fault_delivers_the_same_event_twice(folder: Path) -> None:
    async def go() -> None:
        async with stage(folder, trigger(folder)) as s:
            s.faults.add([Rule("functions", "duplicate", times=1)])
            s.put("in-a", "x")
            await s.settle()
            assert len(s.seen()) == 2
            assert len({call["headers"]["Ce-Id"] for call in s.seen()}) == 1

    asyncio.run(go())


def test_an_after_fault_carries_the_event_out_and_delivers_it_again(folder: Path) -> None:
    async def go() -> None:
        async with stage(folder, trigger(folder)) as s:
            s.faults.add(
                [Rule("functions", "after", times=1), Rule("functions", "error", path="^/take/in-a/y$", times=2)]
            )
            s.put("in-a", "x")
            await s.settle()
            assert len(s.seen()) == 2
            s.put("in-a", "y")
            await s.settle()
            assert len(s.seen()) == 3
            assert [attempt["status"] for attempt in s.deliveries()[0]["tries"]] == [503, 503, 200]

    asyncio.run(go())


def test_a_broken_stream_never_reaches_the_function_whole(folder: Path) -> None:
    async def go() -> None:
        async with stage(folder, trigger(folder)) as s:
            s.faults.add([Rule("functions", "broken_stream", times=1)])
            s.put("in-a", "x")
            await s.settle()
            assert s.deliveries()[0]["attempts"] == 2

    asyncio.run(go())


def test_an_http_function_runs_by_the_clock_and_never_overlaps_itself(folder: Path) -> None:
    async def go() -> None:
        _plan(folder, *[0.12] * 3)
        async with stage(folder, timed(folder, every_s=0.05, concurrency=4)) as s:
            await asyncio.gather(*(s.schedule.run("tick") for _ in range(2)))
            await s.until(lambda: len(s.seen()) >= 3)
            began = [call["began"] for call in s.seen()]
            assert began[1] - began[0] >= 0.11
            assert began[2] - began[1] >= 0.11

    asyncio.run(go())


def test_a_run_that_fails_says_so(folder: Path) -> None:
    async def go() -> None:
        _plan(folder, "fail")
        async with stage(folder, timed(folder)) as s:
            failed, fine = await s.schedule.run("tick"), await s.schedule.run("tick")
            assert (failed.attempt.acknowledged, failed.attempt.status) == (False, 500)
            assert (fine.attempt.acknowledged, fine.body) == (True, b"OK")

    asyncio.run(go())


def test_an_event_with_nobody_to_take_it_settles_at_once(folder: Path) -> None:
    async def go() -> None:
        functions: list[Function] = []
        async with stage(folder, *functions) as s:
            s.put("in-a", "x")
            await s.settle()
            assert len(s.deliveries("unmatched")) == 1

    asyncio.run(go())
