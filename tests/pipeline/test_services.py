"""What a process remembers between events is bounded, and right whichever thread asks."""

import threading

from dicomlake.pipeline.services import Recent


def test_the_sum_of_what_is_held_is_bounded_and_the_least_asked_for_goes_first() -> None:
    recent: Recent[str] = Recent(10)
    for key, size in (("a", 4), ("b", 4)):
        recent.put(key, key.upper(), size)
    assert recent.get("a") == "A"
    recent.put("c", "C", 4)
    assert [recent.get(key) for key in "abc"] == ["A", None, "C"]


def test_the_latest_is_held_however_large() -> None:
    recent: Recent[str] = Recent(10)
    recent.put("a", "A", 1)
    assert recent.put("large", "L", 1000) == "L"
    assert [recent.get("a"), recent.get("large")] == [None, "L"]


def test_threads_may_share_it() -> None:
    recent: Recent[int] = Recent(8)
    failed: list[BaseException] = []

    def use(start: int) -> None:
        try:
            for number in range(start, start + 3000):
                recent.put(number, number, 1)
                recent.get(number - 3)
        except RuntimeError as error:
            failed.append(error)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
