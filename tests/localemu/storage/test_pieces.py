"""The parts that need no server: names, masks, the multipart parser, ranges, the group writer, contents."""

import sqlite3
import threading
from concurrent.futures import wait
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localemu.storage import masks
from localemu.storage.errors import ApiError
from localemu.storage.fields import merged_object_fields, new_bucket_fields, new_object_fields
from localemu.storage.names import prefix_end
from localemu.storage.related import RelatedParser, boundary_of
from localemu.storage.writer import GroupWriter
from localemu.store import Store

_TEXT = st.text(st.characters(codec="utf-8"), max_size=6)


@given(_TEXT, _TEXT)
def test_names_with_a_prefix_are_exactly_those_before_its_end(prefix: str, name: str) -> None:
    end = prefix_end(prefix)
    inside = name.encode() >= prefix.encode() and (end is None or name.encode() < end.encode())
    assert inside == name.startswith(prefix) or not prefix


@pytest.mark.parametrize(
    ("prefix", "end"), [("", None), ("a", "b"), ("a\U0010ffff", "b"), ("\U0010ffff", None), ("\ud7ff", "\ue000")]
)
def test_prefix_ends(prefix: str, end: str | None) -> None:
    assert prefix_end(prefix) == end


@given(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=8),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=8),
)
def test_sqlite_orders_names_as_their_bytes(left: str, right: str) -> None:
    if "\0" not in left + right:
        [less] = sqlite3.connect(":memory:").execute("SELECT ? < ?", (left, right)).fetchone()
        assert bool(less) == (left.encode() < right.encode()) == (left < right)


@given(st.binary(max_size=60).filter(lambda media: b"--edge" not in media), st.lists(st.integers(1, 40), max_size=20))
def test_the_multipart_parser_does_not_care_how_the_stream_is_cut(media: bytes, cuts: list[int]) -> None:
    body = (
        b'--edge\r\nContent-Type: application/json\r\n\r\n{"name": "x"}\r\n--edge\r\nContent-Type: a/b\r\n\r\n'
        + media
        + b"\r\n--edge--\r\n"
    )
    parser, out, at = RelatedParser(b"edge"), b"", 0
    for cut in [*cuts, len(body)]:
        out += parser.feed(body[at : at + cut])
        at += cut
    assert (parser.finish(), parser.media_type, out) == (b'{"name": "x"}', "a/b", media)


def test_the_multipart_parser_holds_little_back() -> None:
    parser = RelatedParser(b"edge")
    parser.feed(b"--edge\r\n\r\n{}\r\n--edge\r\n\r\n")
    assert sum(len(parser.feed(bytes(1000))) for _ in range(100)) >= 100_000 - 20


def test_an_endless_head_is_refused() -> None:
    parser = RelatedParser(b"edge")
    with pytest.raises(ApiError):
        for _ in range(3):
            parser.feed(bytes(1 << 20))


@pytest.mark.parametrize("header", ["multipart/related; boundary=abc", 'Multipart/Related; type=x; boundary="abc"'])
def test_boundaries(header: str) -> None:
    assert boundary_of(header) == b"abc"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (None, {"a": 1, "b": {"c": 2, "d": 3}, "items": [{"n": 1, "m": 2}, {"n": 3}]}),
        ("a", {"a": 1}),
        ("a,b/c", {"a": 1, "b": {"c": 2}}),
        ("b(c,d)", {"b": {"c": 2, "d": 3}}),
        ("items(n), a", {"a": 1, "items": [{"n": 1}, {"n": 3}]}),
        ("items/*", {"items": [{"n": 1, "m": 2}, {"n": 3}]}),
        ("*/c", {"a": 1, "b": {"c": 2}, "items": [{}, {}]}),
        ("absent", {}),
    ],
)
def test_masks(fields: str | None, expected: object) -> None:
    resource = {"a": 1, "b": {"c": 2, "d": 3}, "items": [{"n": 1, "m": 2}, {"n": 3}]}
    assert masks.cut(resource, fields) == expected


@pytest.mark.parametrize("fields", ["a(", "a)", ",", "a,,b", "a/", "a(b", "a b;c", "()"])
def test_bad_masks_are_refused(fields: str) -> None:
    with pytest.raises(ApiError):
        masks.cut({}, fields)


@pytest.mark.parametrize(
    "body",
    [
        {"retention": {"mode": "Locked"}},
        {"temporaryHold": True},
        {"eventBasedHold": True},
        {"acl": [{}]},
        {"contexts": {"a": 1}},
        {"new": 1},
    ],
)
def test_object_fields_with_an_effect_are_refused_by_name(body: dict[str, object]) -> None:
    with pytest.raises(ApiError) as refusal:
        new_object_fields(body)
    assert refusal.value.status == 501


def test_object_fields_that_ask_for_nothing_pass() -> None:
    assert new_object_fields({"temporaryHold": False, "acl": [], "retention": None, "size": "5", "etag": "x"}) == {}


def test_custom_time_only_goes_forward() -> None:
    old = merged_object_fields({}, {"customTime": "2026-01-02T00:00:00Z"})
    assert merged_object_fields(old, {"customTime": "2026-01-03T00:00:00Z"})["customTime"] == "2026-01-03T00:00:00Z"
    for value in ("2026-01-01T00:00:00Z", None, "yesterday", "2026-01-03", 5):
        with pytest.raises(ApiError):
            merged_object_fields(old, {"customTime": value})


@pytest.mark.parametrize(
    "body",
    [
        {"versioning": {"enabled": True}}, {"lifecycle": {"rule": [{}]}}, {"retentionPolicy": {"retentionPeriod": "1"}}, {"cors": [{}]},
        {"softDeletePolicy": {"retentionDurationSeconds": "604800"}}, {"billing": {"requesterPays": True}},
        {"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": False}}}, {"encryption": {"defaultKmsKeyName": "k"}},
        {"hierarchicalNamespace": {"enabled": True}}, {"autoclass": {"enabled": True}}, {"website": {"mainPageSuffix": "i"}}, {"new": 1},
    ],
)  # fmt: skip
def test_bucket_fields_with_an_effect_are_refused_by_name(body: dict[str, object]) -> None:
    with pytest.raises(ApiError) as refusal:
        new_bucket_fields(body)
    assert refusal.value.status == 501


def test_bucket_fields_that_ask_for_nothing_pass() -> None:
    body = {
        "versioning": {"enabled": False},
        "softDeletePolicy": {"retentionDurationSeconds": 0},
        "cors": [],
        "labels": {"a": "b"},
    }
    assert new_bucket_fields(body)["labels"] == {"a": "b"}


def test_work_that_is_refused_leaves_no_trace_and_does_not_disturb_its_group() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.execute("CREATE TABLE t(x)")
    begun, gate, commits = threading.Event(), threading.Event(), []
    writer = GroupWriter(connection, lambda: commits.append(1), lambda _: None)
    writer.submit(lambda _: begun.set() or gate.wait())
    begun.wait()

    def add(number: int) -> int:
        connection.execute("INSERT INTO t VALUES (?)", (number,))
        if number % 2:
            raise KeyError(number)
        return number

    futures = [writer.submit(lambda _, number=number: add(number)) for number in range(10)]  # type: ignore[misc]
    gate.set()
    wait(futures)
    writer.close()
    assert [isinstance(future.exception(), KeyError) for future in futures] == [False, True] * 5
    assert [row[0] for row in connection.execute("SELECT x FROM t")] == [0, 2, 4, 6, 8]
    assert len(commits) == 2
    with pytest.raises(RuntimeError):
        writer.submit(lambda _: None)


def test_a_failed_commit_fails_all_of_its_group_and_the_next_goes_on() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.execute("CREATE TABLE t(x)")
    faults = [OSError("disk")]

    def before_commit() -> None:
        if faults:
            raise faults.pop()

    writer = GroupWriter(connection, before_commit, lambda _: None)
    insert = "INSERT INTO t VALUES (1)"
    assert isinstance(writer.submit(lambda cx: cx.execute(insert)).exception(), OSError)
    writer.submit(lambda cx: cx.execute(insert)).result()
    writer.close()
    assert connection.execute("SELECT count(*) FROM t").fetchone()[0] == 1


def test_a_listener_is_called_for_events_only_and_generations_rise(tmp_path: Path) -> None:
    store = Store(tmp_path)
    heard: list[int] = []
    store.on_commit = lambda: heard.append(1)
    store.ensure_bucket("demo-bucket")
    store.ensure_bucket("demo-bucket")
    assert heard == [] and store.list_buckets() == ["demo-bucket"]
    generations = [store.write(lambda cx: _tick(cx)).result() for _ in range(3)]
    assert generations == sorted(set(generations))
    # A clock that is set back does not set generations back.
    store.write(lambda cx: cx.execute("UPDATE clock SET generation = generation + 10000000000") and None).result()
    assert store.write(lambda cx: _tick(cx)).result() > generations[-1] + 9_000_000_000
    store.close()


def _tick(connection: sqlite3.Connection) -> int:
    from localemu.storage.catalog import _next_generation

    return _next_generation(connection)
